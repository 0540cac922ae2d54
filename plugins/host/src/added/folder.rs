//! The folder below the store, and what lies in it.
//!
//! `added/NAME/grant.toml` says what was agreed to and which version is in use; `added/NAME/DIGEST/` holds that version.
//! `compiled/` is code that the engine made of components and will execute. All of it is its owner's alone (0700).

use super::candidate::{MANIFEST, digest, read};
use super::grant::Grant;
use crate::limits::{COMPONENT_BYTES_MAX, MANIFEST_BYTES_MAX};
use crate::manifest::{Manifest, ManifestError, is_name};
use crate::sandbox::SandboxError;
use crate::sandbox::compile::sum_of;
use greenroom_contract::ids::AssistantName;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where plugins are kept that were added.
#[derive(Debug, Clone)]
pub struct PluginFolder {
    folder: PathBuf,
}

/// A plugin that was added.
#[derive(Debug, Clone)]
pub struct AddedPlugin {
    /// What was agreed to.
    pub grant: Grant,
    /// Its manifest.
    pub manifest: Manifest,
    /// The file of its component.
    pub component: PathBuf,
    /// The digest of that file, as it was read.
    pub(crate) sum: String,
}

/// What is wrong with a file of a plugin, or with the folder.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// A file cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no plugin of this name.
    #[error("no plugin was added as {name}; `greenroom plugin add PATH` adds one{}", known(.added))]
    Unknown {
        /// The name.
        name: AssistantName,
        /// Those that were added.
        added: Vec<AssistantName>,
    },
    /// What lies there is not what was added.
    #[error("the files of the plugin {name} are not those that were added: {what}; add it once more")]
    Changed {
        /// Which plugin.
        name: AssistantName,
        /// What is different.
        what: String,
    },
    /// It cannot be loaded.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

fn known(added: &[AssistantName]) -> String {
    let names: Vec<&str> = added.iter().map(AssistantName::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" (there are: {})", names.join(", ")) }
}

impl PluginError {
    pub(crate) fn file(file: &Path, error: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), error }
    }
}

/// The file of a component among the added ones.
const COMPONENT: &str = "plugin.wasm";
/// The file of a grant.
const GRANT: &str = "grant.toml";

impl PluginFolder {
    /// Opens a folder, and makes it if it is missing.
    ///
    /// # Errors
    /// It cannot be made, or others may write into it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, PluginError> {
        let plugins = Self { folder: folder.into() };
        for one in [&plugins.folder, &plugins.compiled(), &plugins.added()] {
            private_folder(one).map_err(|error| PluginError::file(one, error))?;
        }
        Ok(plugins)
    }

    /// The folder of compiled code.
    #[must_use]
    pub fn compiled(&self) -> PathBuf {
        self.folder.join("compiled")
    }

    fn added(&self) -> PathBuf {
        self.folder.join("added")
    }

    /// The folder of a plugin. A name that no plugin can have leads nowhere: it could lead out of the plugins.
    pub(super) fn of(&self, name: &AssistantName) -> PathBuf {
        self.added().join(if is_name(name.as_str()) { name.as_str() } else { ".no-plugin" })
    }

    /// What was agreed to for this plugin; `None` if it was not added.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn grant(&self, name: &AssistantName) -> Result<Option<Grant>, PluginError> {
        let file = self.of(name).join(GRANT);
        let text = match read(&file, MANIFEST_BYTES_MAX) {
            Ok(text) => text,
            Err(PluginError::File { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let broken = |error: String| PluginError::Changed { name: name.clone(), what: error };
        toml::from_str(&String::from_utf8_lossy(&text)).map(Some).map_err(|error| broken(error.message().to_owned()))
    }

    /// A plugin that was added, its files held against what was agreed to.
    ///
    /// # Errors
    /// It was not added, or its files are others than those that were.
    pub fn get(&self, name: &AssistantName) -> Result<AddedPlugin, PluginError> {
        let Some(grant) = self.grant(name)? else {
            return Err(PluginError::Unknown { name: name.clone(), added: self.names() });
        };
        let changed = |what: String| Err(PluginError::Changed { name: name.clone(), what });
        if grant.digest.len() != 64 || !grant.digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return changed("the grant names no version".to_owned());
        }
        let folder = self.of(name).join(&grant.digest);
        let text = read(&folder.join(MANIFEST), MANIFEST_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let component = folder.join(COMPONENT);
        let bytes = read(&component, COMPONENT_BYTES_MAX)?;
        if digest(&text, &bytes) != grant.digest {
            return changed("they have another digest".to_owned());
        }
        let manifest = Manifest::read(&text)?;
        match manifest.asks.beyond(&grant.granted).first() {
            Some(more) => changed(format!("it {more}, and that was not agreed to")),
            None => Ok(AddedPlugin { grant, manifest, component, sum: sum_of(&bytes) }),
        }
    }

    /// The names of those that were added, in order.
    #[must_use]
    pub fn names(&self) -> Vec<AssistantName> {
        let entries = std::fs::read_dir(self.added()).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| AssistantName::new(entry.file_name().to_str()?).ok());
        let mut names: Vec<AssistantName> = names.filter(|name| self.of(name).join(GRANT).is_file()).collect();
        names.sort();
        names
    }

    /// All that were added, in order; one that is broken with what is wrong.
    #[must_use]
    pub fn list(&self) -> Vec<(AssistantName, Result<AddedPlugin, PluginError>)> {
        self.names().into_iter().map(|name| (name.clone(), self.get(&name))).collect()
    }

    /// Removes a plugin, with what was agreed to. `false` if it was not there.
    ///
    /// # Errors
    /// Its files cannot be removed.
    pub fn remove(&self, name: &AssistantName) -> Result<bool, PluginError> {
        let folder = self.of(name);
        // The grant first: without it the plugin is gone, whatever else is left.
        let gone = |result: std::io::Result<()>, at: &Path| match result {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            other => other.map(|()| true).map_err(|error| PluginError::file(at, error)),
        };
        let was_there = gone(std::fs::remove_file(folder.join(GRANT)), &folder.join(GRANT))?;
        gone(std::fs::remove_dir_all(&folder), &folder)?;
        Ok(was_there)
    }

    /// Puts a version beside those that are there. Nothing uses it before [`PluginFolder::put_grant`].
    pub(super) fn put_version(
        &self,
        name: &AssistantName,
        text: &str,
        component: &[u8],
    ) -> Result<PathBuf, PluginError> {
        let folder = self.of(name);
        private_folder(&folder).map_err(|error| PluginError::file(&folder, error))?;
        let staged = tempfile::Builder::new().prefix(".staged").tempdir_in(&folder);
        let staged = staged.map_err(|error| PluginError::file(&folder, error))?;
        for (name, bytes) in [(MANIFEST, text.as_bytes()), (COMPONENT, component)] {
            write(&staged.path().join(name), bytes)?;
        }
        let place = folder.join(digest(text, component));
        let failed = |error| PluginError::file(&place, error);
        if place.exists() && !is_version(&place, text, component) {
            // Damaged, or edited: what is added once more takes its place.
            let away = tempfile::Builder::new().prefix(".damaged").tempdir_in(&folder).map_err(failed)?;
            std::fs::rename(&place, away.path().join("version")).map_err(failed)?;
        }
        if !place.exists() {
            std::fs::rename(staged.path(), &place).map_err(failed)?;
        }
        Ok(place)
    }

    /// The component of a version.
    pub(super) fn component(version: &Path) -> PathBuf {
        version.join(COMPONENT)
    }

    /// From now on this version is in use, with this agreed to.
    pub(super) fn put_grant(&self, name: &AssistantName, grant: &Grant) -> Result<(), PluginError> {
        let file = self.of(name).join(GRANT);
        let failed = |error: std::io::Error| PluginError::file(&file, error);
        let text = toml::to_string_pretty(grant).map_err(|error| failed(std::io::Error::other(error)))?;
        let mut staged = tempfile::NamedTempFile::new_in(self.of(name)).map_err(failed)?;
        staged.write_all(text.as_bytes()).map_err(failed)?;
        staged.as_file().sync_all().map_err(failed)?;
        staged.persist(&file).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Removes all versions but these.
    pub(super) fn tidy(&self, name: &AssistantName, kept: &[&str]) {
        let entries = std::fs::read_dir(self.of(name)).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.path().is_dir()) {
            if !entry.file_name().to_str().is_some_and(|name| kept.contains(&name)) {
                // What cannot be removed costs room and nothing else.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Whether these very files lie there.
fn is_version(place: &Path, text: &str, component: &[u8]) -> bool {
    let is = |name: &str, bytes: &[u8]| {
        read(&place.join(name), bytes.len() as u64).is_ok_and(|there| there.as_slice() == bytes)
    };
    is(MANIFEST, text.as_bytes()) && is(COMPONENT, component)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), PluginError> {
    let failed = |error| PluginError::file(file, error);
    let mut opened = std::fs::File::create_new(file).map_err(failed)?;
    opened.write_all(bytes).map_err(failed)?;
    opened.sync_all().map_err(failed)
}

/// Makes a folder that is its owner's alone, or narrows one that is there. A link is refused: it leads elsewhere.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    if std::fs::symlink_metadata(folder)?.is_symlink() {
        return Err(std::io::Error::other("is a link; plugins are kept in the folder itself"));
    }
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
