//! When a crashed actor comes back. Pure.

use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// The crashes of one actor within the window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Restarts {
    crashes: VecDeque<Timestamp>,
    /// The last crash, once it crashed too often: it is started rarely until it stays up.
    rare_since: Option<Timestamp>,
}

/// What to do about a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    /// Start it again after this pause.
    After(Duration),
    /// It crashed too often: show it as failed, and start it again after this long pause. What is at fault may pass.
    Rarely(Duration),
}

impl Restart {
    /// How long to wait before it is started again.
    pub(crate) fn pause(self) -> Duration {
        match self {
            Self::After(pause) | Self::Rarely(pause) => pause,
        }
    }
}

impl Restarts {
    /// Notes a crash and decides. The pause doubles with each crash within the window.
    pub(crate) fn crashed(&mut self, now: Timestamp) -> Restart {
        if self.rare_since.is_some_and(|last| now.since(last) <= limits::RESTART_RARE_PAUSE + limits::RESTART_WINDOW) {
            self.rare_since = Some(now);
            return Restart::Rarely(limits::RESTART_RARE_PAUSE);
        }
        self.rare_since = None;
        let window_start = now.minus(limits::RESTART_WINDOW);
        while self.crashes.front().is_some_and(|at| *at < window_start) {
            self.crashes.pop_front();
        }
        self.crashes.push_back(now);
        let count = u32::try_from(self.crashes.len()).unwrap_or(u32::MAX);
        if count > limits::RESTARTS_MAX {
            self.rare_since = Some(now);
            return Restart::Rarely(limits::RESTART_RARE_PAUSE);
        }
        Restart::After(doubled(limits::RESTART_PAUSE_MIN, count - 1, limits::RESTART_PAUSE_MAX))
    }
}

/// `first`, doubled `times` times, but not beyond `most`.
pub(crate) fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.checked_mul(2u32.saturating_pow(times)).map_or(most, |pause| pause.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_it_is_started_rarely_and_the_window_forgets() {
        let mut restarts = Restarts::default();
        let mut pauses = Vec::new();
        for second in 0..5 {
            pauses.push(restarts.crashed(Timestamp(second * 1000)));
        }
        let expected = [100, 200, 400, 800, 1600].map(|ms| Restart::After(Duration::from_millis(ms)));
        assert_eq!(pauses, expected);
        assert_eq!(restarts.crashed(Timestamp(6_000)), Restart::Rarely(limits::RESTART_RARE_PAUSE));
        let again = Timestamp(6_000).plus(limits::RESTART_RARE_PAUSE + Duration::from_secs(3));
        assert_eq!(restarts.crashed(again), Restart::Rarely(limits::RESTART_RARE_PAUSE), "one try at a time");
        assert_eq!(restarts.crashed(Timestamp(6_000_000)), Restart::After(Duration::from_millis(100)));
    }

    #[test]
    fn doubling_never_overflows() {
        assert_eq!(doubled(Duration::from_secs(1), u32::MAX, Duration::from_secs(300)), Duration::from_secs(300));
    }
}
