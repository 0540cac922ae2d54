//! What the tests of this folder share.

pub(crate) mod baileys;
pub(crate) mod baileys_events;
pub(crate) mod baileys_writes;
