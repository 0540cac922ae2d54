//! How long a program that ended is left down before it is started again. Pure.

use std::time::Duration;

/// The pauses of one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// The first one.
    shortest: Duration,
    /// None is longer.
    longest: Duration,
    /// One that lived this long has proven itself.
    proven_after: Duration,
    next: Duration,
}

impl Pauses {
    /// Pauses from the shortest to the longest; one that lived for `proven_after` has proven itself.
    pub fn new(shortest: Duration, longest: Duration, proven_after: Duration) -> Self {
        Self { shortest, longest, proven_after, next: shortest }
    }

    /// The pause after a program that lived this long. It doubles, up to the longest, until one has proven itself: it lived
    /// for long, or it answered. A program that ends after each answer is started again soon each time.
    pub fn after(&mut self, lived: Duration, answered: bool) -> Duration {
        if answered || lived >= self.proven_after {
            self.next = self.shortest;
        }
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHORTEST: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(60);
    const PROVEN_AFTER: Duration = Duration::from_secs(60);

    fn pauses() -> Pauses {
        Pauses::new(SHORTEST, LONGEST, PROVEN_AFTER)
    }

    #[test]
    fn ten_thousand_ends_in_a_row_wait_a_minute_each_at_last() {
        let mut pauses = pauses();
        let waited: Vec<Duration> = (0..10_000).map(|_| pauses.after(Duration::ZERO, false)).collect();
        assert_eq!(waited[..3], [200, 400, 800].map(Duration::from_millis));
        assert!(waited.is_sorted() && waited[9..].iter().all(|pause| *pause == LONGEST));
        assert_eq!(pauses.after(PROVEN_AFTER, false), SHORTEST, "one that ran for a minute is started soon again");
        assert_eq!(pauses.after(PROVEN_AFTER / 2, false), SHORTEST * 2);
        assert_eq!(pauses.after(Duration::ZERO, true), SHORTEST, "and so is one that answered");
    }

    proptest! {
        #[test]
        fn no_pause_is_shorter_or_longer_than_declared(lives in proptest::collection::vec((any::<u32>(), any::<bool>()), 0..100)) {
            let mut pauses = pauses();
            for (lived, answered) in lives {
                let pause = pauses.after(Duration::from_millis(u64::from(lived)), answered);
                prop_assert!((SHORTEST..=LONGEST).contains(&pause));
            }
        }
    }
}
