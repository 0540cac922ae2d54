//! What a storage engine must be able to do, and nothing more.
//!
//! An engine keeps one ordered map from bytes to bytes. Who writes when, what a value means and
//! what belongs together is decided above it, once, so that every engine behaves alike.

#[cfg(feature = "fjall")]
pub(crate) mod fjall;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod sled;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Writes that happen together: `Some` puts, `None` deletes. One entry per key.
pub(crate) type Batch = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Keys and values.
pub(crate) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// Looks at one row of a scan.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// One ordered map on a disk, or in memory.
pub(crate) trait Engine: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Shows the rows of a range to `visit`, in its direction, until it breaks.
    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError>;

    /// Writes a batch: all of it or nothing, also after a crash. Need not be on disk on return.
    fn apply(&self, batch: &Batch) -> Result<(), EngineError>;

    /// Hands what was applied to the operating system.
    fn flush(&self) -> Result<(), EngineError>;

    /// Returns when what was flushed survives a power loss.
    fn sync(&self) -> Result<(), EngineError>;
}

/// Keys from `from` up to, and without, `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first key.
    pub(crate) from: Vec<u8>,
    /// The first key that is no longer part of it; `None` is the end of the map.
    pub(crate) until: Option<Vec<u8>>,
    /// In which order rows are shown.
    pub(crate) direction: Direction,
}

/// The order of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The smallest key first.
    Up,
    /// The largest key first.
    Down,
}

impl Range {
    /// All keys that start with `prefix`.
    pub(crate) fn prefix(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), until: end_of_prefix(prefix), direction: Direction::Up }
    }

    /// One key.
    pub(crate) fn only(key: &[u8]) -> Self {
        let mut until = key.to_vec();
        until.push(0);
        Self { from: key.to_vec(), until: Some(until), direction: Direction::Up }
    }

    /// The same range of keys that are written behind a prefix.
    #[must_use]
    pub(crate) fn within(mut self, prefix: &[u8]) -> Self {
        self.until = match self.until {
            Some(until) => Some([prefix, &until].concat()),
            None => end_of_prefix(prefix),
        };
        self.from = [prefix, &self.from].concat();
        self
    }

    /// The same range without what comes up to and including `key`.
    #[must_use]
    pub(crate) fn after(mut self, key: &[u8]) -> Self {
        let mut next = Vec::with_capacity(key.len() + 1);
        next.extend_from_slice(key);
        next.push(0);
        self.from = self.from.max(next);
        self
    }

    /// The same range, starting no earlier than `key`.
    #[must_use]
    pub(crate) fn starting(mut self, key: Vec<u8>) -> Self {
        self.from = self.from.max(key);
        self
    }

    /// The same range, the largest key first.
    #[must_use]
    pub(crate) fn down(mut self) -> Self {
        self.direction = Direction::Down;
        self
    }

    /// Whether nothing can lie in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.until.as_ref().is_some_and(|until| *until <= self.from)
    }

    /// Its bounds, as the standard library writes them.
    pub(crate) fn bounds(&self) -> (std::ops::Bound<&[u8]>, std::ops::Bound<&[u8]>) {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        (Included(self.from.as_slice()), self.until.as_deref().map_or(Unbounded, Excluded))
    }
}

/// The first key behind all that start with `prefix`.
fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// Why an engine did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// The disk is full, read-only, gone, or the engine gave up on it. The handle is not used again.
    #[error("{0}")]
    Broken(String),
    /// There is no room; the system took nothing of what was written. The handle is not used again.
    #[error("{0}")]
    Full(String),
    /// A record without which nothing can be read was written by a newer program.
    #[error("{0}")]
    NotUnderstood(String),
    /// This part of the data is damaged; other parts may be fine.
    #[error("damaged data: {0}")]
    Damaged(String),
}

/// Whether an error of the system says that a file is not what the engine left, rather than that the disk fails: it ends too
/// early, is not there, or names places that it does not have.
pub(crate) fn is_about_the_content(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, NotFound, UnexpectedEof};
    matches!(kind, InvalidData | InvalidInput | NotFound | UnexpectedEof)
}

impl EngineError {
    /// What the operating system said.
    pub(crate) fn of_system(error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_carries_over() {
        assert_eq!(end_of_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(end_of_prefix(&[b'a', 255]), Some(b"b".to_vec()));
        assert_eq!(end_of_prefix(&[255, 255]), None);
    }

    #[test]
    fn after_leaves_the_key_itself_out() {
        let range = Range::prefix(b"k").after(b"k1");
        assert_eq!(range.from, b"k1\0".to_vec());
        assert!(Range::prefix(b"k").after(b"z").is_empty());
    }
}
