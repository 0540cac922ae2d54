//! The keys that seal secrets: from elsewhere, or from a file beside the store.

use crate::format::seal::{SealKey, Sealer};
use crate::open::options::{OpenError, SealSource};
use crate::open::private::not_a_pointer;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file that holds the seal key, unless the environment does.
const KEY_FILE: &str = "master.key";
/// The file of the key that takes its place, while secrets are sealed with it. Whoever opens the store knows both.
const NEXT_KEY_FILE: &str = "master.key.next";

/// The keys that seal and open.
pub(crate) fn find_sealer(directory: &Path, source: &SealSource, existed: bool) -> Result<Sealer, OpenError> {
    match source {
        SealSource::Key { current, older } => {
            // A key file that lies there still opens what it sealed before there was another key.
            let mut older = older.clone();
            older.extend(key_of(&directory.join(KEY_FILE)));
            older.extend(key_of(&directory.join(NEXT_KEY_FILE)));
            Ok(Sealer::new(current, &older))
        }
        SealSource::KeyFile => {
            let next: Vec<_> = key_of(&directory.join(NEXT_KEY_FILE)).into_iter().collect();
            Ok(Sealer::new(&key_file(directory, existed)?, &next))
        }
    }
}

/// A key that was made and is in no file yet, or in one that is not the key file yet.
pub(crate) struct NewKey {
    directory: PathBuf,
    key: SealKey,
}

impl NewKey {
    /// Writes it as the key file, which must not be there.
    pub(crate) fn write(&self) -> Result<(), OpenError> {
        let path = self.directory.join(KEY_FILE);
        write_key(&path, &self.key).map_err(|error| OpenError::directory(&self.directory, error))
    }

    /// Puts the file of the next key in the place of the key file.
    pub(crate) fn put_in_place(&self) -> Result<(), OpenError> {
        let moved = std::fs::rename(self.directory.join(NEXT_KEY_FILE), self.directory.join(KEY_FILE))
            .and_then(|()| File::open(&self.directory)?.sync_all());
        moved.map_err(|error| OpenError::directory(&self.directory, error))
    }
}

/// The keys for a store that is about to be made. A key that was made for it is in no file yet.
pub(crate) fn find_or_make_sealer(
    directory: &Path,
    source: &SealSource,
) -> Result<(Sealer, Option<NewKey>), OpenError> {
    if !matches!(source, SealSource::KeyFile) || directory.join(KEY_FILE).symlink_metadata().is_ok() {
        return Ok((find_sealer(directory, source, true)?, None));
    }
    let key = random(directory)?;
    Ok((Sealer::new(&key, &[]), Some(NewKey { directory: directory.to_owned(), key })))
}

/// The keys while secrets are sealed anew: the one that seals is the next one, on the disk before it seals anything, or the
/// one that was begun with.
pub(crate) fn begin_rotation(directory: &Path, source: &SealSource) -> Result<(Sealer, Option<NewKey>), OpenError> {
    if let SealSource::Key { .. } = source {
        return Ok((find_sealer(directory, source, true)?, None));
    }
    let old = key_file(directory, true)?;
    let path = directory.join(NEXT_KEY_FILE);
    let refused = |error: std::io::Error| OpenError::directory(directory, error);
    not_a_pointer(&path).map_err(refused)?;
    let key = if let Some(begun) = key_of(&path) {
        begun
    } else {
        // What lies there is no key: a process was killed while it wrote it, and has sealed nothing.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(refused(error)),
            _ => {}
        }
        let key = random(directory)?;
        write_key(&path, &key).map_err(refused)?;
        File::open(directory).and_then(|folder| folder.sync_all()).map_err(refused)?;
        key
    };
    Ok((Sealer::new(&key, &[old]), Some(NewKey { directory: directory.to_owned(), key })))
}

/// The key in a file, if there is one.
fn key_of(path: &Path) -> Option<SealKey> {
    std::fs::read_to_string(path).ok().and_then(|text| SealKey::from_text(&text).ok())
}

fn random(directory: &Path) -> Result<SealKey, OpenError> {
    SealKey::random().map_err(|error| OpenError::Key { path: directory.to_owned(), reason: format!("{error}.") })
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
            let key = random(directory)?;
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
