//! The store as it was at one moment, and what forbids two copies of it to run.

use super::StoreError;
use crate::time::Timestamp;
use std::fmt;
use zeroize::Zeroizing;

/// What tells copies of one store apart.
///
/// A store that was restored from a backup has a larger number than the one that the backup was made of, and than every
/// earlier copy. Of two copies the one with the larger number is the younger one, and only that one may connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fence {
    /// Which store it is, whatever copy: hexadecimal digits.
    pub instance: String,
    /// 0 until it was restored for the first time. Never smaller than before, and after a restore at least its moment in
    /// milliseconds since 1970.
    pub number: u64,
    /// Since when the store is moved to another place and may not connect here any more.
    pub moved_at: Option<Timestamp>,
}

/// One record of a store, apart from how its files keep it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// Its key.
    pub key: Vec<u8>,
    /// Whether its value is sealed in a store.
    pub sealed: bool,
    /// Whether the value is as the files had it, because it could not be read.
    pub as_stored: bool,
    /// What it says, opened if it was sealed. Wiped when it is dropped.
    pub value: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredRow({} key bytes, {} value bytes, sealed: {})", self.key.len(), self.value.len(), self.sealed)
    }
}

/// Reads a store as it was at one moment, while it is written on. Dropping it ends that.
///
/// Reads wait for the disk: on a thread that may block.
pub trait Snapshot: Send {
    /// The layout of what is read.
    fn schema(&self) -> u32;

    /// The next rows, in the order of their keys; none at the end. [`StoreError::Unavailable`] if the store failed meanwhile,
    /// or changed so much that the moment could not be kept.
    fn rows(&mut self) -> Result<Vec<StoredRow>, StoreError>;
}
