//! `gateway.json`: how a command on the same machine finds the running server.

use crate::private;
use greenroom_client::Announcement;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file, for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Announced {
    path: PathBuf,
    content: String,
}

impl Announced {
    /// Writes the file, readable by its owner only, whole or not at all.
    pub(crate) fn write(folder: &Path, announcement: &Announcement) -> io::Result<Self> {
        let content = serde_json::to_string_pretty(announcement).map_err(io::Error::other)?;
        let path = private::write(folder, Announcement::FILE_NAME, &content)?;
        Ok(Self { path, content })
    }
}

/// The file in the data folder that holds the first link into the portal where there was no terminal to print it on.
pub(crate) const LINK_FILE_NAME: &str = "portal_link";

/// The link into the portal at this address that holds a code, where no server and no log sees it: a browser keeps what is
/// behind `#` to itself.
pub(crate) fn portal_link(base: &str, code: &str) -> String {
    format!("{}/portal/#login={code}", base.trim_end_matches('/'))
}

impl Drop for Announced {
    fn drop(&mut self) {
        // Another server's announcement is not ours to remove.
        if fs::read_to_string(&self.path).is_ok_and(|content| content == self.content)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the announcement could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(token: &str) -> Announcement {
        let address = "127.0.0.1:8787".parse().unwrap();
        Announcement { address, token: token.to_owned(), pid: 1, version: "0".to_owned() }
    }

    #[test]
    fn it_is_private_and_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Announcement::FILE_NAME);
        let announced = Announced::write(folder.path(), &announcement("secret")).unwrap();
        let read: Announcement = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(read, announcement("secret"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(announced);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_run_left_is_replaced_and_what_another_wrote_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Announcement::FILE_NAME);
        fs::write(folder.path().join("gateway.json.new"), "half").unwrap();
        fs::write(&path, "old").unwrap();
        let first = Announced::write(folder.path(), &announcement("first")).unwrap();
        let _second = Announced::write(folder.path(), &announcement("second")).unwrap();
        drop(first);
        assert!(fs::read_to_string(&path).unwrap().contains("second"));
    }
}
