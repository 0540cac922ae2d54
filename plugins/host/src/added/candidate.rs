//! A plugin that may be added.

use super::folder::PluginError;
use crate::limits::{COMPONENT_BYTES_MAX, MANIFEST_BYTES_MAX};
use crate::manifest::Manifest;
use crate::sandbox::compile::sum_of;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A manifest and its component, read from a folder.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The manifest.
    pub manifest: Manifest,
    /// Of both files; names this version.
    pub digest: String,
    /// The folder of the manifest.
    pub folder: PathBuf,
    pub(super) manifest_text: String,
    pub(super) component: Vec<u8>,
}

/// The name of the file of a manifest.
pub(super) const MANIFEST: &str = "plugin.toml";

impl Candidate {
    /// Reads the plugin in a folder, or beside a `plugin.toml`. No code of it runs.
    ///
    /// # Errors
    /// A file is missing or too large, or the manifest is wrong.
    pub fn read(path: &Path) -> Result<Self, PluginError> {
        let file = if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() };
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let text = read(&file, MANIFEST_BYTES_MAX)?;
        let text = String::from_utf8(text).map_err(|error| PluginError::file(&file, std::io::Error::other(error)))?;
        let manifest = Manifest::read(&text)?;
        let component = folder.join(&manifest.component);
        if !component.exists() {
            let reason = "is not there: build the plugin first, as its README says, or run `greenroom plugin dev`";
            return Err(PluginError::file(&component, std::io::Error::other(reason)));
        }
        let component = read(&component, COMPONENT_BYTES_MAX)?;
        Ok(Self { digest: digest(&text, &component), manifest, folder, manifest_text: text, component })
    }

    /// The digest of its component.
    pub(crate) fn sum(&self) -> String {
        sum_of(&self.component)
    }

    /// How large its component is, in bytes.
    #[must_use]
    pub fn component_bytes(&self) -> usize {
        self.component.len()
    }
}

/// Names a version: both files count.
pub(super) fn digest(manifest: &str, component: &[u8]) -> String {
    let mut sum = Sha256::new();
    sum.update((manifest.len() as u64).to_le_bytes());
    sum.update(manifest);
    sum.update(component);
    hex::encode(sum.finalize())
}

pub(super) fn read(file: &Path, bytes_max: u64) -> Result<Vec<u8>, PluginError> {
    let failed = |error| PluginError::file(file, error);
    let opened = std::fs::File::open(file).map_err(failed)?;
    let mut bytes = Vec::new();
    opened.take(bytes_max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > bytes_max {
        return Err(failed(std::io::Error::other(format!("is larger than {bytes_max} bytes"))));
    }
    Ok(bytes)
}
