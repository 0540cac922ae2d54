//! What is done with a store that no process uses: export, import, looking at every record, and putting
//! back what was set aside.

pub(crate) mod restore;
pub(crate) mod transfer;
pub(crate) mod verify;
