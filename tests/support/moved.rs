//! The system's clock, moved by hand while the network's is not.

use super::rng::Rng;
use greenroom_contract::time::Clock;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::Instant;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// A clock that begins right, and what it is off by.
pub(crate) fn moved() -> (Clock, Jumps) {
    let by_ms: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
    let seed = Rng::seed();
    println!("GREENROOM_SEED={seed}");
    let clock = Clock::Moved { start: Clock::System.now(), origin: Instant::now(), by_ms };
    (clock, Jumps { by_ms, rng: Rng::new(seed) })
}

/// Moves the clock.
pub(crate) struct Jumps {
    by_ms: &'static AtomicI64,
    rng: Rng,
}

impl Jumps {
    /// A day back, a day ahead, or right, as it comes.
    pub(crate) fn jump(&mut self) {
        let days = [-1, 0, 1][self.rng.below(3) as usize];
        self.to(days);
    }

    /// So many days off.
    pub(crate) fn to(&mut self, days: i64) {
        self.by_ms.store(days * DAY_MS, Ordering::Relaxed);
    }
}
