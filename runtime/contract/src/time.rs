//! Milliseconds since 1970, and the clock they are read from.
//!
//! Nobody reads the system's clock directly: a [`Clock`] is passed, so that a simulation under
//! paused time sees days pass in milliseconds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The day that it falls on: days since 1970-01-01 (UTC).
    pub fn day(self) -> u32 {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        u32::try_from(self.0 / DAY_MS).unwrap_or(u32::MAX)
    }

    /// This moment and `duration` more; stops at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// This moment and `duration` less; stops at 1970.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long ago `earlier` was; zero if it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Where the time comes from. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Starts at a chosen moment and goes on as tokio's clock does, so that paused time moves it.
    Tokio {
        /// What [`Clock::now`] said when this clock was made.
        start: Timestamp,
        /// tokio's instant at that moment.
        origin: tokio::time::Instant,
    },
    /// The same, and moved by hand besides, as an operator or a time server moves the system's clock. For tests.
    Moved {
        /// What [`Clock::now`] said when this clock was made.
        start: Timestamp,
        /// tokio's instant at that moment.
        origin: tokio::time::Instant,
        /// By how many milliseconds it is off.
        by_ms: &'static AtomicI64,
    },
}

impl Clock {
    /// A clock that follows tokio's, starting at `start`. Call it inside a runtime.
    pub fn tokio(start: Timestamp) -> Self {
        Self::Tokio { start, origin: tokio::time::Instant::now() }
    }

    /// The present moment of a clock that never goes back and never jumps, whatever is done to the one on the wall: for
    /// how long something takes, and how long something waits.
    pub fn instant(&self) -> tokio::time::Instant {
        tokio::time::Instant::now()
    }

    /// The present moment on the wall.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_1970 =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
                Timestamp(millis(since_1970))
            }
            Self::Tokio { start, origin } => start.plus(origin.elapsed()),
            Self::Moved { start, origin, by_ms } => {
                let right = start.plus(origin.elapsed());
                Timestamp(right.0.saturating_add_signed(by_ms.load(Ordering::Relaxed)))
            }
        }
    }
}
