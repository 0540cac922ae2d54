//! The second engine: fjall 3.1. It keeps the seam honest, and is faster in large groups.

use crate::engines::{Batch, Direction, Engine, EngineError, Range, Visit, is_about_the_content, lock};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::path::Path;

/// Memory for fjall's block cache, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// The name of the file that fjall locks within its directory.
const LOCK_FILE: &str = "lock";
/// The one key space that is used.
const KEYSPACE: &str = "greenroom";

/// A store in one fjall key space.
pub(crate) struct FjallEngine {
    database: Database,
    rows: Keyspace,
}

impl FjallEngine {
    /// Opens or creates a database in a directory.
    pub(crate) fn open(directory: &Path) -> Result<Self, EngineError> {
        drop(lock::hold(&directory.join(LOCK_FILE)));
        let database = Database::builder(directory).cache_size(CACHE_BYTES).open().map_err(broken)?;
        let rows = database.keyspace(KEYSPACE, KeyspaceCreateOptions::default).map_err(broken)?;
        Ok(Self { database, rows })
    }

    /// Writes what is in memory into a table, as it does when the memory is full.
    #[cfg(test)]
    pub(crate) fn write_table(&self) {
        self.rows.rotate_memtable_and_wait().expect("the disk takes a table");
    }
}

impl Engine for FjallEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.rows.get(key).map_err(broken)?.map(|value| value.to_vec()))
    }

    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        if range.is_empty() {
            return Ok(());
        }
        let mut rows = self.rows.range::<&[u8], _>(range.bounds());
        while let Some(row) = match range.direction {
            Direction::Up => rows.next(),
            Direction::Down => rows.next_back(),
        } {
            let (key, value) = row.into_inner().map_err(broken)?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut writes = self.database.batch();
        for (key, value) in batch {
            match value {
                Some(value) => writes.insert(&self.rows, key.as_slice(), value.as_slice()),
                None => writes.remove(&self.rows, key.as_slice()),
            }
        }
        writes.commit().map_err(broken)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.database.persist(PersistMode::Buffer).map_err(broken)
    }

    fn sync(&self) -> Result<(), EngineError> {
        self.database.persist(PersistMode::SyncData).map_err(broken)
    }
}

fn broken(error: fjall::Error) -> EngineError {
    use fjall::{Error, LsmError};
    match error {
        Error::Storage(
            LsmError::ChecksumMismatch { .. }
            | LsmError::Decompress(_)
            | LsmError::InvalidVersion(_)
            | LsmError::Unrecoverable
            | LsmError::InvalidTag(_)
            | LsmError::InvalidTrailer
            | LsmError::InvalidHeader(_)
            | LsmError::Utf8(_),
        )
        | Error::JournalRecovery(_)
        | Error::InvalidVersion(_)
        | Error::Decompress(_)
        | Error::InvalidTrailer
        | Error::InvalidTag(_)
        | Error::Unrecoverable => EngineError::Damaged(greenroom_contract::cause::chain(&error)),
        // A file that ends too early, is not there, or says nonsense of itself.
        Error::Io(ref inner) | Error::Storage(LsmError::Io(ref inner)) if is_about_the_content(inner.kind()) => {
            EngineError::Damaged(greenroom_contract::cause::chain(&error))
        }
        Error::Io(error) | Error::Storage(LsmError::Io(error)) => EngineError::of_system(&error),
        other => EngineError::Broken(greenroom_contract::cause::chain(&other)),
    }
}
