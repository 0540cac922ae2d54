//! What is done with a store that no process uses: export, import, making one of a snapshot, another key for its secrets,
//! looking at every record, and putting back what was set aside.

pub(crate) mod refill;
pub(crate) mod restore;
pub(crate) mod rotate;
pub(crate) mod transfer;
pub(crate) mod verify;
