//! What handlers share.

use crate::hub::Hub;

/// What a handler may look at beside the world.
pub(crate) struct Context<'a> {
    pub(crate) hub: &'a Hub,
    /// Seconds since 1970.
    pub(crate) now: u64,
    pub(crate) now_ms: u64,
}

impl<'a> Context<'a> {
    pub(crate) fn new(hub: &'a Hub) -> Self {
        let now_ms = hub.clock.now_ms();
        Self { hub, now: now_ms / 1000, now_ms }
    }
}
