//! What is kept in memory: the index of waiting rows and unsent parcels, how it is read from the disk, and what readers
//! and the writer share.

pub(crate) mod index;
pub(crate) mod loading;
pub(crate) mod shared;
