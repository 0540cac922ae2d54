//! How long a turn waits for an assistant that is away. Pure.

use greenroom_contract::limits;
use std::time::Duration;

/// What is known of an assistant that is away, and of a message that waits for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    /// For how long it has been away.
    pub(crate) away_for: Duration,
    /// How long it wants to be left alone from now on.
    pub(crate) left_alone: Duration,
    /// How long until the person is told that it takes longer; `None` if that is done, or no one waits for a word.
    pub(crate) told_in: Option<Duration>,
}

/// The pause before the turn is looked at the next time: it grows with the outage, keeps what the assistant asked for, and
/// ends when the person is to be told.
pub(crate) fn pause(wait: Wait) -> Duration {
    let grown = (wait.away_for / 2).clamp(limits::TURN_RETRY_PAUSE, limits::AWAY_PAUSE_MAX);
    let until_asked = grown.max(wait.left_alone.min(limits::AWAY_AFTER_MAX));
    wait.told_in.map_or(until_asked, |told_in| until_asked.min(told_in))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_pause_grows_keeps_what_was_asked_for_and_ends_when_the_person_is_told() {
        for (away_for, left_alone, told_in, expected) in [
            (0, 0, Some(600), 1),
            (8, 0, Some(592), 4),
            (600, 0, None, 60),
            (90_000, 0, None, 60),
            (0, 30, Some(600), 30),
            (0, 7_200, None, 3_600),
            (590, 120, Some(10), 10),
            (590, 0, Some(700), 60),
        ] {
            let wait =
                Wait { away_for: seconds(away_for), left_alone: seconds(left_alone), told_in: told_in.map(seconds) };
            assert_eq!(pause(wait), seconds(expected), "{wait:?}");
        }
    }

    #[test]
    fn a_message_of_an_outage_is_asked_about_a_few_times_and_not_all_the_time() {
        let (mut at, mut asked) = (Duration::ZERO, 0);
        while at < seconds(20 * 60) {
            at += pause(Wait { away_for: at, left_alone: Duration::ZERO, told_in: None });
            asked += 1;
        }
        assert!((20..40).contains(&asked), "{asked}");
    }
}
