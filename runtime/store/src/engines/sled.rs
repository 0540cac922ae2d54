//! The default engine: sled 0.34, with the discipline that makes it sound.
//!
//! * One tree, because a batch is atomic within one tree only.
//! * `flush_async` is never called: with several callers it deadlocks for good.
//! * sled's `flush` ends without asking the disk to keep what it wrote, so [`Engine::sync`] calls
//!   `fdatasync` on the log through a handle of its own; the directory is synced once after creation.

use crate::engines::{Batch, Direction, Engine, EngineError, Range, Visit, is_about_the_content, lock};
use std::fs::File;
use std::path::Path;

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
        // sled tries once; what holds it for longer is sled's to complain of.
        drop(lock::hold(&directory.join(LOG_FILE)));
        let config =
            sled::Config::new().path(directory).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
        let db = config.open().map_err(broken)?;
        let log = File::open(directory.join(LOG_FILE)).map_err(|error| EngineError::of_system(&error))?;
        if fresh {
            let synced = File::open(directory).and_then(|handle| handle.sync_all());
            synced.map_err(|error| EngineError::of_system(&error))?;
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
        self.log.sync_data().map_err(|error| EngineError::of_system(&error))
    }
}

fn broken(error: sled::Error) -> EngineError {
    match error {
        sled::Error::Corruption { at, .. } => EngineError::Damaged(match at {
            Some(place) => format!("the log holds unreadable data at {place:?}"),
            None => "the log holds unreadable data".to_owned(),
        }),
        // Of what lies in its files, or is not there.
        sled::Error::Unsupported(what) => EngineError::Damaged(what),
        sled::Error::Io(error) if is_about_the_content(error.kind()) => EngineError::Damaged(error.to_string()),
        sled::Error::Io(error) => EngineError::of_system(&error),
        other => EngineError::Broken(greenroom_contract::cause::chain(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::limits;
    use std::sync::mpsc;
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
