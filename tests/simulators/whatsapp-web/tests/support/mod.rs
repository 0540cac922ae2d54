//! What the tests of this folder share.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod baileys;
pub(crate) mod baileys_events;
pub(crate) mod baileys_writes;
