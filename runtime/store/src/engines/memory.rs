//! The engine without a disk, for simulations and tests.

use crate::engines::{Batch, Direction, Engine, EngineError, Range, Visit};
use parking_lot::RwLock;
use std::collections::BTreeMap;

/// A map in memory. Nothing survives it.
#[derive(Debug, Default)]
pub(crate) struct MemoryEngine {
    pub(crate) rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.rows.read().get(key).cloned())
    }

    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        if range.is_empty() {
            return Ok(());
        }
        let rows = self.rows.read();
        let mut rows = rows.range::<[u8], _>(range.bounds());
        while let Some((key, value)) = match range.direction {
            Direction::Up => rows.next(),
            Direction::Down => rows.next_back(),
        } {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut rows = self.rows.write();
        for (key, value) in batch {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), EngineError> {
        Ok(())
    }

    fn sync(&self) -> Result<(), EngineError> {
        Ok(())
    }
}
