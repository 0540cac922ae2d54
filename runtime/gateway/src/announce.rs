//! `gateway.json`: how a command on the same machine finds the running server.

use greenroom_client::Announcement;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
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
        let path = folder.join(Announcement::FILE_NAME);
        let draft = folder.join(format!("{}.new", Announcement::FILE_NAME));
        let content = serde_json::to_string_pretty(announcement).map_err(io::Error::other)?;
        // A draft of a run that was killed must not lend its permissions to this one.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&draft)?.write_all(content.as_bytes())?;
        fs::rename(&draft, &path)?;
        Ok(Self { path, content })
    }
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
