//! What was told, across restarts: a process that is started again and again tells a trouble once.

use crate::alert::Key;
use crate::limits::KEPT_BYTES_MAX;
use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The file in the data folder.
pub(crate) const FILE_NAME: &str = "alerts.json";

/// One line of it.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    #[serde(flatten)]
    key: Key,
    since_ms: u64,
}

/// Where it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept(Option<PathBuf>);

impl Kept {
    /// In this folder, or nowhere.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// What earlier runs told. A file that cannot be read is as none: an alert too many is better than one too few.
    pub(crate) fn read(&self) -> Vec<(Key, Timestamp)> {
        let Some(folder) = &self.0 else { return Vec::new() };
        match read(&folder.join(FILE_NAME)) {
            Ok(told) => told.into_iter().map(|told| (told.key, Timestamp(told.since_ms))).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "what was told to the owner cannot be read, and may be told once more");
                Vec::new()
            }
        }
    }

    /// Writes it, whole or not at all, readable by its owner only.
    pub(crate) fn write(&self, told: Vec<(Key, Timestamp)>) {
        let Some(folder) = &self.0 else { return };
        let told: Vec<Told> = told.into_iter().map(|(key, since)| Told { key, since_ms: since.0 }).collect();
        if let Err(error) = write(folder, &told) {
            tracing::warn!(%error, "what was told to the owner cannot be written down, and may be told once more");
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<Told>> {
    let mut text = String::new();
    File::open(path)?.take(KEPT_BYTES_MAX).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(io::Error::other)
}

fn write(folder: &Path, told: &[Told]) -> io::Result<()> {
    let mut draft = NamedTempFile::with_prefix_in(FILE_NAME, folder)?;
    draft.write_all(&serde_json::to_vec_pretty(told).map_err(io::Error::other)?)?;
    draft.persist(folder.join(FILE_NAME)).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Kind;

    #[test]
    fn what_was_told_is_read_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(Some(folder.path().to_owned()));
        assert_eq!(kept.read(), []);
        let told = vec![(Key { kind: Kind::LoggedOut, about: "acc-1".to_owned() }, Timestamp(7))];
        kept.write(told.clone());
        assert_eq!(kept.read(), told);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_file_that_is_damaged_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), "[{").unwrap();
        assert_eq!(Kept::new(Some(folder.path().to_owned())).read(), []);
        assert_eq!(Kept::new(None).read(), []);
    }
}
