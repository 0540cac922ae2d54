//! The directory of a store: its lock, and a small file beside the data that says what must be there.
//!
//! An engine that lost its end, or all of itself, may open without a word. So the number of the
//! last known commit is written beside it now and then, and at every orderly closing how long the
//! engine's log was and how much waited. What the engine gives at the next opening is compared.

use crate::engines::sled::LOG_FILE;
use crate::format::records::SentinelRecord;
use crate::open::options::{EngineKind, OpenError};
use crate::open::private::not_a_pointer;
use crate::write::core::ManifestKeeper;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that says what must be there.
const MANIFEST_FILE: &str = "store.json";
/// The file that is locked while a process uses the store. It holds the number of the process, and [`IN_DOUBT`] while the
/// engine's files may show what is on no disk.
const LOCK_FILE: &str = "lock";
/// What stands behind the number of the process. It is in the page cache exactly as long as what it warns of.
const IN_DOUBT: &str = "in doubt";
/// Looks at the length of the log before it counts as settled.
const LENGTH_LOOKS: u32 = 10;

/// What must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) engine: EngineKind,
    /// Which store this is, as hexadecimal digits.
    pub(crate) instance: String,
    /// At least so many commits were made.
    pub(crate) commit: u64,
    /// What an orderly closing left; `None` while the store is in use, and after a crash.
    pub(crate) closed: Option<Closed>,
}

impl Manifest {
    /// Of a store that is in use.
    pub(crate) fn of(engine: EngineKind, sentinel: &SentinelRecord) -> Self {
        Self { engine, instance: hex::encode(&sentinel.instance), commit: sentinel.commit, closed: None }
    }
}

/// What an orderly closing left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// The length of the engine's log, where it has one file.
    pub(crate) log_bytes: Option<u64>,
    /// Rows that waited.
    pub(crate) rows: u64,
    /// Parcels that were unsent.
    pub(crate) parcels: u64,
}

/// A directory that this process owns.
pub(crate) struct ManifestFile {
    directory: PathBuf,
    manifest: Manifest,
    lock: DirectoryLock,
}

/// The lock on the directory of a store. Unlocks when it is dropped.
pub(crate) struct DirectoryLock {
    file: File,
    /// Whether an earlier process left the engine's files in doubt.
    pub(crate) in_doubt: bool,
}

/// Makes the directory of a store, if it is not there, for its owner only: conversations lie in it.
pub(crate) fn make_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Locks the directory of a store for this process.
pub(crate) fn lock(directory: &Path) -> Result<DirectoryLock, OpenError> {
    let path = directory.join(LOCK_FILE);
    let refused = |error: std::io::Error| OpenError::directory(directory, error);
    not_a_pointer(&path).map_err(refused)?;
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(refused)?;
    let locked = file.try_lock();
    let mut holder = String::new();
    // Without the number the message is still right.
    let _ = file.read_to_string(&mut holder);
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = holder.split_whitespace().next().and_then(|number| number.parse().ok());
            return Err(OpenError::Locked { path: directory.to_owned(), process });
        }
        Err(TryLockError::Error(error)) => return Err(refused(error)),
    }
    let mut lock = DirectoryLock { file, in_doubt: holder.contains(IN_DOUBT) };
    // On a full disk the number is missing, nothing else.
    let _ = lock.write();
    Ok(lock)
}

impl DirectoryLock {
    /// Writes what it says over what it said, and only then cuts what is left of that: a kill must not lose the doubt.
    fn write(&mut self) -> std::io::Result<()> {
        let doubt = if self.in_doubt { format!(" {IN_DOUBT}") } else { String::new() };
        let text = format!("{}{doubt}", std::process::id());
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }
}

/// Whether the file at this path is the one that was opened. True where that cannot be told.
#[cfg(unix)]
fn is_same_file(path: &Path, opened: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(path), opened.metadata()) {
        (Ok(found), Ok(opened)) => (found.dev(), found.ino()) == (opened.dev(), opened.ino()),
        (Err(error), _) => error.kind() != std::io::ErrorKind::NotFound,
        (_, Err(_)) => true,
    }
}

/// Elsewhere a file that is open cannot be moved away.
#[cfg(not(unix))]
fn is_same_file(_path: &Path, _opened: &File) -> bool {
    true
}

/// Reads what must be there. An unreadable file proves that there was a store, and nothing more.
pub(crate) fn read(directory: &Path) -> Result<Option<Manifest>, OpenError> {
    let path = directory.join(MANIFEST_FILE);
    match std::fs::read(&path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) => Err(OpenError::Damaged {
                path: directory.to_owned(),
                what: format!("the file {MANIFEST_FILE} cannot be read ({error})"),
            }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::directory(directory, error)),
    }
}

/// Where the engine keeps its files.
pub(crate) fn data_directory(directory: &Path, engine: EngineKind) -> PathBuf {
    directory.join(engine.name())
}

/// Where an import makes the data of a store before it takes its name.
pub(crate) fn import_directory(directory: &Path, engine: EngineKind) -> PathBuf {
    directory.join(format!("{}.import", engine.name()))
}

/// The length of the engine's log, where it has one file.
pub(crate) fn log_bytes(directory: &Path, engine: EngineKind) -> Option<u64> {
    match engine {
        EngineKind::Sled => {
            std::fs::metadata(data_directory(directory, engine).join(LOG_FILE)).ok().map(|data| data.len())
        }
        EngineKind::Fjall => None,
    }
}

impl ManifestFile {
    /// Takes over a directory that is locked and whose store was opened.
    pub(crate) fn new(directory: &Path, engine: EngineKind, sentinel: &SentinelRecord, lock: DirectoryLock) -> Self {
        let manifest = Manifest::of(engine, sentinel);
        Self { directory: directory.to_owned(), manifest, lock }
    }

    /// What was in doubt is on the disk now.
    pub(crate) fn sure(&mut self) {
        if self.lock.in_doubt {
            self.set_in_doubt(false);
        }
    }

    /// Writes the file, so that it says that the store is in use.
    pub(crate) fn write(&self) -> std::io::Result<()> {
        let text = serde_json::to_string(&self.manifest)?;
        let (path, temporary) = (self.directory.join(MANIFEST_FILE), self.directory.join("store.json.new"));
        // A draft of a run that was killed, or a link that was put there, must not be written through.
        match std::fs::remove_file(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::create_new(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        File::open(&self.directory)?.sync_all()
    }

    /// The length of the log once it stands still: sled cuts free segments off in the background.
    fn settled_log_bytes(&self) -> Option<u64> {
        let mut before = log_bytes(&self.directory, self.manifest.engine)?;
        for _ in 0..LENGTH_LOOKS {
            // This thread has nothing else to do, and nobody wakes it.
            std::thread::park_timeout(Duration::from_millis(5));
            let now = log_bytes(&self.directory, self.manifest.engine)?;
            if now == before {
                return Some(now);
            }
            before = now;
        }
        None
    }
}

impl ManifestKeeper for ManifestFile {
    fn is_in_place(&self) -> Result<(), String> {
        let data = data_directory(&self.directory, self.manifest.engine);
        if is_same_file(&self.directory.join(LOCK_FILE), &self.lock.file) && data.try_exists().unwrap_or(true) {
            return Ok(());
        }
        Err(format!(
            "the data folder {} was moved, deleted or replaced while this program used it, so nothing can be stored any \
             more; put the folder back, then start again",
            self.directory.display()
        ))
    }

    /// At least so many commits are on disk.
    fn write_commit(&mut self, commit: u64) -> Result<(), String> {
        self.manifest.commit = commit;
        self.write().map_err(|error| {
            tracing::warn!(%error, "the manifest beside the store could not be written");
            format!("the file {MANIFEST_FILE} beside the store, by which a loss would be noticed, cannot be written: {error}")
        })
    }

    fn set_in_doubt(&mut self, in_doubt: bool) {
        self.lock.in_doubt = in_doubt;
        if let Err(error) = self.lock.write() {
            tracing::warn!(%error, "that the files of the store are in doubt could not be noted for the next process");
        }
    }

    /// The store was closed in order, and nobody holds the engine any more.
    fn write_closed(&mut self, commit: u64, rows: u64, parcels: u64) {
        let log_bytes = self.settled_log_bytes();
        self.manifest.commit = commit;
        self.manifest.closed = Some(Closed { log_bytes, rows, parcels });
        if let Err(error) = self.write() {
            tracing::warn!(%error, "the manifest beside the store could not be written");
        }
    }
}
