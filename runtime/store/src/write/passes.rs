//! When each table was last looked through for what is old, and when that pays again.

use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// When the tables were looked through.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    pub(crate) seen: Pass,
    pub(crate) parcels: Pass,
    /// How long this run had lasted at the last sweep.
    pub(crate) lived: Duration,
}

/// One table's passes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Pass {
    last: Option<Timestamp>,
    /// Before this moment nothing can be old.
    nothing_before: Timestamp,
}

impl Pass {
    /// Whether the table may hold something old by now.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.since(last) >= limits::STORE_PASS_PAUSE && now >= self.nothing_before)
    }

    /// Notes that the table was looked through.
    pub(crate) fn done(&mut self, now: Timestamp, nothing_before: Timestamp) {
        *self = Self { last: Some(now), nothing_before };
    }
}
