//! The default engine: sled 0.34, with the discipline that makes it sound.
//!
//! * One tree, because a batch is atomic within one tree only.
//! * `flush_async` is never called: with several callers it deadlocks for good.
//! * sled's `flush` ends without asking the disk to keep what it wrote, so [`Engine::sync`] calls
//!   `fdatasync` on the log through a handle of its own; the directory is synced once after creation.

use crate::engines::{Batch, Direction, Engine, EngineError, Range, Visit};
use greenroom_contract::limits;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::mpsc;

/// Memory for sled's page cache, in bytes. Its own default is a gigabyte.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// How often sled's own thread flushes, in milliseconds. The writer flushes long before.
const FLUSH_EVERY_MS: u64 = 500;
/// The name of sled's log within its directory.
pub(crate) const LOG_FILE: &str = "db";

/// A store in one sled tree.
pub(crate) struct SledEngine {
    db: sled::Db,
    log: File,
}

impl SledEngine {
    /// Opens or creates a database in a directory.
    pub(crate) fn open(directory: &Path) -> Result<Self, EngineError> {
        let fresh = !directory.join(LOG_FILE).exists();
        until_unlocked(&directory.join(LOG_FILE));
        let config =
            sled::Config::new().path(directory).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
        let db = config.open().map_err(broken)?;
        let log = File::open(directory.join(LOG_FILE)).map_err(|error| EngineError::Broken(error.to_string()))?;
        if fresh {
            let synced = File::open(directory).and_then(|handle| handle.sync_all());
            synced.map_err(|error| EngineError::Broken(error.to_string()))?;
        }
        Ok(Self { db, log })
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.db.get(key).map_err(broken)?.map(|value| value.to_vec()))
    }

    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        if range.is_empty() {
            return Ok(());
        }
        let mut rows = self.db.range::<&[u8], _>(range.bounds());
        while let Some(row) = match range.direction {
            Direction::Up => rows.next(),
            Direction::Down => rows.next_back(),
        } {
            let (key, value) = row.map_err(broken)?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut writes = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => writes.insert(key.as_slice(), value.as_slice()),
                None => writes.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(writes).map_err(broken)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.db.flush().map(|_| ()).map_err(broken)
    }

    fn sync(&self) -> Result<(), EngineError> {
        self.log.sync_data().map_err(|error| EngineError::Broken(error.to_string()))
    }
}

/// Waits while somebody holds the log. That is an earlier engine of this process: a thread of sled's pool may keep the
/// file a moment longer than the last handle lives. Other processes are kept away by the lock of the store. What holds it
/// for longer is sled's to complain of.
fn until_unlocked(log: &Path) {
    let Ok(log) = File::open(log) else { return };
    if !matches!(log.try_lock(), Err(TryLockError::WouldBlock)) {
        // Closing the file lets go of it.
        return;
    }
    let (sender, free) = mpsc::channel();
    let wait = move || {
        let _ = log.lock();
        drop(log);
        let _ = sender.send(());
    };
    if std::thread::Builder::new().name("greenroom-store-lock".into()).spawn(wait).is_ok() {
        let _ = free.recv_timeout(limits::STORE_ENGINE_LOCK_WAIT);
    }
}

fn broken(error: sled::Error) -> EngineError {
    match error {
        sled::Error::Corruption { at, .. } => EngineError::Damaged(match at {
            Some(place) => format!("the log holds unreadable data at {place:?}"),
            None => "the log holds unreadable data".to_owned(),
        }),
        other => EngineError::Broken(greenroom_contract::cause::chain(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_waits_until_an_earlier_engine_has_let_go() {
        let directory = tempfile::tempdir().unwrap();
        drop(SledEngine::open(directory.path()).unwrap());
        let holder = File::open(directory.path().join(LOG_FILE)).unwrap();
        // The thread of sled's pool that closed it a moment ago may hold it here, too.
        holder.lock().unwrap();
        let (sender, opened) = mpsc::channel();
        let path = directory.path().to_owned();
        std::thread::spawn(move || sender.send(SledEngine::open(&path).map(|_| ())));
        opened.recv_timeout(Duration::from_millis(50)).unwrap_err();
        drop(holder);
        opened.recv_timeout(limits::STORE_ENGINE_LOCK_WAIT).unwrap().unwrap();
    }
}
