//! How far retention follows the clock: what is old is told by the time that the store was in use, because a clock may be
//! wrong by months for a moment, and what was removed then does not come back. Pure.

use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// The time as the store lived through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// The time at the last sweep.
    pub(crate) at: Timestamp,
    /// For how much of its life the clock has been off by now.
    pub(crate) doubt: Duration,
}

impl Life {
    /// The first sweep has nothing to compare the clock with.
    pub(crate) fn begun(now: Timestamp) -> Self {
        Self { at: now, doubt: Duration::ZERO }
    }

    /// So much later, by a clock that never jumps. Gives the moment up to which something is old, too.
    pub(crate) fn after(self, lived: Duration, now: Timestamp) -> (Self, Timestamp) {
        let expected = self.at.plus(lived);
        let off = now.since(expected).max(expected.since(now));
        let doubt = self.doubt.saturating_add(lived);
        if off <= limits::CLOCK_DRIFT_MAX || doubt >= limits::CLOCK_BELIEVED_AFTER {
            return (Self::begun(now), now);
        }
        (Self { at: expected, doubt }, now.min(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const START: Timestamp = Timestamp(1_700_000_000_000);

    #[test]
    fn a_clock_that_is_a_month_ahead_for_one_sweep_makes_nothing_old() {
        let life = Life::begun(START);
        let (life, old) = life.after(HOUR, START.plus(HOUR * 24 * 30));
        assert_eq!(old, START.plus(HOUR));
        let (life, old) = life.after(HOUR, START.plus(HOUR * 2));
        assert_eq!((life, old), (Life::begun(old), START.plus(HOUR * 2)), "it is right once more");
    }

    #[test]
    fn what_passed_while_the_store_was_not_in_use_is_believed_after_a_day_of_use() {
        let away = HOUR * 24 * 10;
        let mut life = Life::begun(START);
        for hour in 1..=24 {
            let old;
            (life, old) = life.after(HOUR, START.plus(away + HOUR * hour));
            let expected = if hour < 24 { HOUR * hour } else { away + HOUR * hour };
            assert_eq!(old, START.plus(expected), "hour {hour}");
        }
        assert_eq!(life.doubt, Duration::ZERO);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_less_old_and_is_believed_too() {
        let life = Life::begun(START);
        let (life, old) = life.after(HOUR, START.minus(HOUR * 48));
        assert_eq!((life.at, old), (START.plus(HOUR), START.minus(HOUR * 48)));
        let (life, _) = life.after(HOUR * 23, START.minus(HOUR * 25));
        assert_eq!(life, Life::begun(START.minus(HOUR * 25)));
    }

    proptest! {
        /// Whatever the clock says for less than a day: never more is old than the store lived through.
        #[test]
        fn never_more_is_old_than_life_allows(jumps in proptest::collection::vec(any::<u64>(), 1..23)) {
            let (mut life, mut lived) = (Life::begun(START), Duration::ZERO);
            for jump in jumps {
                lived += HOUR;
                let old;
                (life, old) = life.after(HOUR, Timestamp(jump));
                prop_assert!(old <= START.plus(lived + limits::CLOCK_DRIFT_MAX * 24));
            }
        }
    }
}
