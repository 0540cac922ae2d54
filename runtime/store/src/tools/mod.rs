//! What is done with a store that no process uses: export, import, and looking at every record.

pub(crate) mod transfer;
pub(crate) mod verify;
