//! The keys that seal secrets: from elsewhere, or from a file beside the store.

use crate::format::seal::{SealKey, Sealer};
use crate::open::options::{OpenError, SealSource};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// The file that holds the seal key, unless the environment does.
const KEY_FILE: &str = "master.key";

/// The keys that seal and open.
pub(crate) fn find_sealer(directory: &Path, source: &SealSource, existed: bool) -> Result<Sealer, OpenError> {
    match source {
        SealSource::Key { current, older } => {
            // A key file that lies there still opens what it sealed before there was another key.
            let mut older = older.clone();
            let file = std::fs::read_to_string(directory.join(KEY_FILE)).ok();
            older.extend(file.and_then(|text| SealKey::from_text(&text).ok()));
            Ok(Sealer::new(current, &older))
        }
        SealSource::KeyFile => Ok(Sealer::new(&key_file(directory, existed)?, &[])),
    }
}

fn key_file(directory: &Path, existed: bool) -> Result<SealKey, OpenError> {
    let path = directory.join(KEY_FILE);
    let refused = |reason: String| OpenError::Key { path: directory.to_owned(), reason };
    match std::fs::read_to_string(&path) {
        Ok(text) => SealKey::from_text(&text).map_err(|error| refused(format!("{}: {error}.", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && existed => Err(refused(format!(
            "the key file {} is missing. Put it back, or give the key in GREENROOM_MASTER_KEY.",
            path.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = SealKey::random().map_err(|error| refused(format!("{error}.")))?;
            write_key(&path, &key).map_err(|error| OpenError::directory(directory, error))?;
            Ok(key)
        }
        Err(error) => Err(OpenError::directory(directory, error)),
    }
}

fn write_key(path: &Path, key: &SealKey) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(key.to_hex().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
