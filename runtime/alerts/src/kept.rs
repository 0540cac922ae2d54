//! The troubles that last, across restarts: a process that is started anew tells each once, under one id.

use crate::episodes::KeptEpisode;
use crate::limits::KEPT_BYTES_MAX;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The file in the data folder.
pub(crate) const FILE_NAME: &str = "alerts.json";

/// Where it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept(Option<PathBuf>);

impl Kept {
    /// In this folder, or nowhere.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// What earlier runs knew. A file that cannot be read is as none: an alert too many is better than one too few.
    pub(crate) fn read(&self) -> Vec<KeptEpisode> {
        let Some(folder) = &self.0 else { return Vec::new() };
        match read(&folder.join(FILE_NAME)) {
            Ok(kept) => kept,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "what was told to the owner cannot be read, and may be told once more");
                Vec::new()
            }
        }
    }

    /// Writes it, whole or not at all, readable by its owner only. Says whether that worked; if not, it is to be written by
    /// the next look.
    pub(crate) fn write(&self, kept: &[KeptEpisode]) -> bool {
        let Some(folder) = &self.0 else { return true };
        let written = write(folder, kept);
        if let Err(error) = &written {
            tracing::warn!(%error, "what was told to the owner cannot be written down, and may be told once more");
        }
        written.is_ok()
    }
}

fn read(path: &Path) -> io::Result<Vec<KeptEpisode>> {
    let mut text = String::new();
    File::open(path)?.take(KEPT_BYTES_MAX).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(io::Error::other)
}

fn write(folder: &Path, kept: &[KeptEpisode]) -> io::Result<()> {
    let mut draft = NamedTempFile::with_prefix_in(FILE_NAME, folder)?;
    draft.write_all(&serde_json::to_vec_pretty(kept).map_err(io::Error::other)?)?;
    draft.persist(folder.join(FILE_NAME)).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Alert, Key, Kind, Trouble};
    use greenroom_contract::time::Timestamp;

    #[test]
    fn what_was_told_is_read_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(Some(folder.path().to_owned()));
        assert_eq!(kept.read(), []);
        let key = Key { kind: Kind::LoggedOut, about: "acc-1".to_owned() };
        let trouble = Trouble { key: key.clone(), channel: None, account: None, what: "it is".to_owned(), next: None };
        let untold = Some(Alert::new(trouble, Timestamp(7)));
        let lasts = [
            KeptEpisode { key: key.clone(), since_ms: 7, untold },
            KeptEpisode { key: Key { about: "acc-2".to_owned(), ..key }, since_ms: 8, untold: None },
        ];
        assert!(kept.write(&lasts));
        assert_eq!(kept.read(), lasts);
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
        let file = folder.path().join(FILE_NAME);
        std::fs::write(&file, r#"[{"kind": "logged_out", "about": "acc-1", "since_ms": 7}]"#).unwrap();
        assert_eq!(Kept::new(Some(folder.path().to_owned())).read().len(), 1, "as an earlier version wrote it");
        std::fs::write(&file, "[{").unwrap();
        assert_eq!(Kept::new(Some(folder.path().to_owned())).read(), []);
        assert_eq!(Kept::new(None).read(), []);
    }
}
