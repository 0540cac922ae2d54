//! A whole bot into one encrypted file, and back: what goes in, and where it is put.
//!
//! | in it | as |
//! |---|---|
//! | everything in the store, as it was at one moment | records |
//! | the configuration file | `greenroom.toml` |
//! | what signs tokens, and plugins with what was agreed to | files below `data/` |
//!
//! Not in it: speech models, which are fetched anew; files that the configuration names, such as scripts; variables of the
//! environment, such as tokens of networks.

use greenroom_capsule::{CapsuleError, CapsuleReader, CapsuleWriter, Entry, Header, Key, Lock, Totals};
use greenroom_contract::cause::Cause;
use greenroom_contract::limits::{CAPSULE_FILES_BYTES_MAX, CAPSULE_FOLDERS_DEEP_MAX};
use greenroom_contract::secret::Secret;
use greenroom_contract::store::{Fence, Store, StoreError, StoredRow};
use greenroom_contract::time::Timestamp;
use greenroom_store::{OpenOptions, TransferError};
use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The name of the configuration in a capsule.
const CONFIG: &str = "greenroom.toml";
/// Before the names of files of the data folder.
const DATA: &str = "data/";
/// Files of the data folder that are the owner's and cannot be made anew, and folders of such files.
const KEPT: [&str; 2] = ["auth_secret", "plugins/added"];

/// Why there is no capsule, or nothing came of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
    /// The store that is read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store that is made.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// A file that goes in or comes out.
    #[error("{} cannot be read or written: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's error.
        #[source]
        reason: Cause,
    },
    /// More than belongs into a capsule.
    #[error("the files beside the store are too large for a capsule: more than {} MiB", CAPSULE_FILES_BYTES_MAX >> 20)]
    TooMuch,
}

/// What a capsule is made of, beside the store.
pub struct Source {
    /// The moment.
    pub made_at: Timestamp,
    /// What tells the store from its copies.
    pub fence: Fence,
    /// Whether the store is at rest for good.
    pub moved: bool,
    /// The text of the configuration file, if there is one.
    pub config: Option<Secret>,
    /// The data folder, if there is one.
    pub folder: Option<PathBuf>,
}

/// Writes a capsule of a store that may be in use. Reads the disk: on a thread that may block.
pub fn write<W: Write>(store: &dyn Store, lock: &Lock, source: &Source, out: W) -> Result<(W, Totals), BackupError> {
    let mut snapshot = store.snapshot()?;
    let header = Header {
        made_at_ms: source.made_at.0,
        made_by: crate::VERSION.to_owned(),
        instance: source.fence.instance.clone(),
        schema: snapshot.schema(),
        fence: source.fence.number,
        moved: source.moved,
    };
    let mut capsule = CapsuleWriter::new(out, lock, &header)?;
    if let Some(config) = &source.config {
        capsule.file(CONFIG, config.expose().as_bytes())?;
    }
    let mut room = CAPSULE_FILES_BYTES_MAX;
    for (name, path) in source.folder.as_deref().map_or_else(|| Ok(Vec::new()), kept_files)? {
        let bytes = Zeroizing::new(fs::read(&path).map_err(|error| failed(&path, error))?);
        room = room.checked_sub(bytes.len() as u64).ok_or(BackupError::TooMuch)?;
        capsule.file(&format!("{DATA}{name}"), &bytes)?;
    }
    loop {
        let rows = snapshot.rows()?;
        if rows.is_empty() {
            return Ok(capsule.finish()?);
        }
        rows.iter().try_for_each(|row| capsule.row(row))?;
    }
}

/// Names below the data folder, with a slash between folders, and where each is.
fn kept_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, BackupError> {
    let mut found = Vec::new();
    for name in KEPT {
        collect(name.to_owned(), &folder.join(name), CAPSULE_FOLDERS_DEEP_MAX, &mut found)?;
    }
    Ok(found)
}

fn collect(name: String, path: &Path, deep: u32, found: &mut Vec<(String, PathBuf)>) -> Result<(), BackupError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(data) => data.file_type(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(path, error)),
    };
    if kind.is_file() {
        found.push((name, path.to_owned()));
        return Ok(());
    }
    // A link leads elsewhere, and nothing of ours is that deep.
    if !kind.is_dir() || deep == 0 {
        return Ok(());
    }
    let mut entries = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>())
        .map_err(|error| failed(path, error))?;
    entries.sort();
    for entry in entries.iter().filter_map(|entry| entry.to_str()) {
        collect(format!("{name}/{entry}"), &path.join(entry), deep - 1, found)?;
    }
    Ok(())
}

/// A capsule that was opened, and of which the files were read.
pub struct Opened<R> {
    capsule: CapsuleReader<R>,
    files: Vec<(String, Zeroizing<Vec<u8>>)>,
    first: Option<StoredRow>,
}

/// What was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Records of the store.
    pub rows: u64,
    /// Files beside it.
    pub files: u64,
}

/// Opens a capsule. Nothing is written.
pub fn open<B: BufRead>(from: B, key: &Key) -> Result<Opened<impl std::io::Read + use<B>>, BackupError> {
    let mut capsule = CapsuleReader::open(from, key)?;
    let (mut files, mut room) = (Vec::new(), CAPSULE_FILES_BYTES_MAX);
    loop {
        match capsule.next_entry()? {
            Some(Entry::File { name, bytes }) => {
                room = room.checked_sub(bytes.len() as u64).ok_or(BackupError::TooMuch)?;
                files.push((name, bytes));
            }
            Some(Entry::Row(row)) => return Ok(Opened { capsule, files, first: Some(row) }),
            None => return Ok(Opened { capsule, files, first: None }),
        }
    }
}

/// Reads a capsule to its end, and says how much is in it: that it is whole, and that this key opens it.
pub fn check<B: BufRead>(from: B, key: &Key) -> Result<Totals, BackupError> {
    let mut opened = open(from, key)?;
    while opened.capsule.next_entry()?.is_some() {}
    Ok(opened.capsule.totals())
}

impl<R: std::io::Read> Opened<R> {
    /// What it says of itself.
    pub fn header(&self) -> &Header {
        self.capsule.header()
    }

    /// The configuration in it.
    pub fn config(&self) -> Option<&str> {
        let (_, bytes) = self.files.iter().find(|(name, _)| name == CONFIG)?;
        std::str::from_utf8(bytes).ok()
    }

    /// Makes the store of it, in a folder without one, and puts the files beside it. Until the capsule was read to its end
    /// nothing is there that could be taken for a store.
    pub fn into_folder(self, options: &OpenOptions, now: Timestamp) -> Result<Restored, BackupError> {
        let Self { mut capsule, files, mut first } = self;
        let schema = capsule.header().schema;
        let mut next = || -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            if let Some(row) = first.take() {
                return Ok(Some(row));
            }
            match capsule.next_entry()? {
                Some(Entry::Row(row)) => Ok(Some(row)),
                Some(Entry::File { .. }) => Err("a file stands among the records".into()),
                None => Ok(None),
            }
        };
        let filled = greenroom_store::refill(options, schema, now, &mut next)?;
        let mut put = 0;
        for (name, bytes) in &files {
            if let Some(name) = name.strip_prefix(DATA).filter(|name| is_kept(name)) {
                let path = options.path.join(name);
                put_file(&path, bytes).map_err(|error| failed(&path, error))?;
                put += 1;
            }
        }
        Ok(Restored { rows: filled.rows, files: put })
    }
}

/// Whether a name is one of those that a capsule may bring, and no other file of the data folder.
fn is_kept(name: &str) -> bool {
    let below = |kept: &str| name.strip_prefix(kept).is_some_and(|rest| rest.starts_with('/'));
    KEPT.iter().any(|kept| name == *kept || below(kept))
}

/// Writes a file that is not there, for its owner only.
pub fn put_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut create = fs::OpenOptions::new();
    create.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    let mut file = create.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn failed(path: &Path, error: std::io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), reason: error.into() }
}

#[cfg(test)]
mod tests;
