//! A clock that a test can push forward: windows, media and tokens age in no time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The system's clock and whatever it was pushed by.
#[derive(Debug, Default)]
pub(crate) struct SimulatedClock {
    pushed_ms: AtomicU64,
}

impl SimulatedClock {
    /// Milliseconds since 1970, pushes included.
    pub(crate) fn now_ms(&self) -> u64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        real.as_millis() as u64 + self.pushed_ms.load(Ordering::Relaxed)
    }

    /// Seconds since 1970.
    pub(crate) fn now_seconds(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// Pushes it forward. Statuses and webhook repetitions that are under way do not notice.
    pub(crate) fn advance(&self, by: Duration) {
        self.pushed_ms.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}
