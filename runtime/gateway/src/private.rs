//! Files that only whoever runs the server may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes such a file, whole or not at all, and says where it is.
pub fn write(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (path, draft) = (folder.join(name), folder.join(format!("{name}.new")));
    // A draft of a run that was killed must not lend its permissions to this one.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = open(&draft)?;
    file.write_all(text.as_bytes())?;
    // Tokens that were signed with what it holds must be good after a power cut.
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    Ok(path)
}

fn open(draft: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(draft)
}
