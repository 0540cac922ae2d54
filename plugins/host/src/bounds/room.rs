//! The memory that a guest takes: all of its linear memories and tables together.

use crate::limits::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};
use wasmtime::{ResourceLimiter, Result};

/// Counts what was given, and refuses what is beyond.
#[derive(Debug)]
pub(crate) struct Room {
    bytes_max: usize,
    bytes: usize,
    elements: usize,
    refused: bool,
}

impl Room {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, elements: 0, refused: false }
    }

    /// Bytes of linear memory that it has.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it wanted more memory than it may have: then a failure that follows is because of that.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Room {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let fits = self.bytes.saturating_add(more) <= self.bytes_max;
        if fits {
            self.bytes += more;
        } else {
            self.refused = true;
        }
        Ok(fits)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let fits = self.elements.saturating_add(more) <= TABLE_ELEMENTS_MAX;
        if fits {
            self.elements += more;
        }
        Ok(fits)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_share_one_limit() {
        let mut room = Room::new(100);
        assert!(room.memory_growing(0, 60, None).unwrap() && room.memory_growing(0, 40, None).unwrap());
        assert!(!room.was_refused() && room.bytes() == 100);
        assert!(!room.memory_growing(40, 41, None).unwrap() && room.was_refused());
        assert!(room.table_growing(0, TABLE_ELEMENTS_MAX, None).unwrap() && !room.table_growing(0, 1, None).unwrap());
    }
}
