//! How long a busy provider is left alone.

use crate::limits::{COOL_DOWN_PAUSE, RETRY_AFTER_MAX};
use greenroom_contract::time::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// The pause of one model, shared by all who ask it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CoolDown {
    until: Option<Instant>,
}

impl CoolDown {
    /// Its provider is busy. A later word never makes the pause shorter: requests that were under way are refused as well.
    pub(crate) fn busy(&mut self, now: Instant, after: Option<Duration>) {
        let until = now + after.unwrap_or(COOL_DOWN_PAUSE).min(RETRY_AFTER_MAX);
        self.until = Some(self.until.map_or(until, |before| before.max(until)));
    }

    /// How long it still is.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

/// The pause that a provider asks for in `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    // Some providers write a fraction of a second, which the standard does not know.
    let pause = match value.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => greenroom_support::retry_after::retry_after(value, now.0),
    };
    pause.map(|pause| pause.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = Timestamp(1_795_000_000_000);
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(1_795_000_030));
        let of = |value: &str| retry_after(value, now);
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(of(&date), Some(Duration::from_secs(30)));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO), "a date that is over");
        assert_eq!(of("99999999"), Some(RETRY_AFTER_MAX));
        for nothing in ["", "-1", "soon", "nan", "inf", "-inf"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_word_never_makes_the_pause_shorter() {
        let (mut cool_down, now) = (CoolDown::default(), Instant::now());
        assert_eq!(cool_down.left(now), None);
        cool_down.busy(now, Some(Duration::from_secs(7)));
        cool_down.busy(now + Duration::from_secs(1), None);
        assert_eq!(cool_down.left(now + Duration::from_secs(1)), Some(Duration::from_secs(6)));
        assert_eq!(cool_down.left(now + Duration::from_secs(7)), None);
        cool_down.busy(now + Duration::from_secs(8), Some(Duration::MAX));
        assert_eq!(cool_down.left(now + Duration::from_secs(8)), Some(RETRY_AFTER_MAX));
    }

    proptest! {
        #[test]
        fn no_header_is_worse_than_none(value in any::<String>(), now in any::<u64>()) {
            prop_assert!(retry_after(&value, Timestamp(now)).is_none_or(|pause| pause <= RETRY_AFTER_MAX));
        }
    }
}
