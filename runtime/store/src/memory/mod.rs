//! What is kept in memory: the index of waiting rows and unsent parcels, how it is read from the disk, what the writer
//! remembers, what waits to be written, the moment that a backup reads, and what readers and the writer share.

pub(crate) mod filter;
pub(crate) mod index;
pub(crate) mod known;
pub(crate) mod loading;
pub(crate) mod pinned;
pub(crate) mod postponed;
pub(crate) mod shared;
