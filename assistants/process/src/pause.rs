//! How long a program that ended is left down before it is started again. Pure.

use crate::limits::{PAUSE_MAX, PAUSE_MIN, PROVEN_AFTER};
use std::time::Duration;

/// The pauses of one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pauses {
    next: Duration,
}

impl Pauses {
    pub(crate) fn new() -> Self {
        Self { next: PAUSE_MIN }
    }

    /// The pause after a program that lived this long. It doubles, up to a minute, until one has proven itself: it lived for
    /// long, or it answered. A program that ends after each answer is started again soon each time.
    pub(crate) fn after(&mut self, lived: Duration, answered: bool) -> Duration {
        if answered || lived >= PROVEN_AFTER {
            self.next = PAUSE_MIN;
        }
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(PAUSE_MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_thousand_ends_in_a_row_wait_a_minute_each_at_last() {
        let mut pauses = Pauses::new();
        let waited: Vec<Duration> = (0..10_000).map(|_| pauses.after(Duration::ZERO, false)).collect();
        assert_eq!(waited[..3], [200, 400, 800].map(Duration::from_millis));
        assert!(waited.is_sorted() && waited[9..].iter().all(|pause| *pause == PAUSE_MAX));
        assert_eq!(pauses.after(PROVEN_AFTER, false), PAUSE_MIN, "one that ran for a minute is started soon again");
        assert_eq!(pauses.after(PROVEN_AFTER / 2, false), PAUSE_MIN * 2);
        assert_eq!(pauses.after(Duration::ZERO, true), PAUSE_MIN, "and so is one that answered");
    }

    proptest! {
        #[test]
        fn no_pause_is_shorter_or_longer_than_declared(lives in proptest::collection::vec((any::<u32>(), any::<bool>()), 0..100)) {
            let mut pauses = Pauses::new();
            for (lived, answered) in lives {
                let pause = pauses.after(Duration::from_millis(u64::from(lived)), answered);
                prop_assert!((PAUSE_MIN..=PAUSE_MAX).contains(&pause));
            }
        }
    }
}
