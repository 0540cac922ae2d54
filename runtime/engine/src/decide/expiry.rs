//! When a message that cannot be sent becomes too old for it. Pure.

use greenroom_contract::limits;
use std::time::Duration;

/// Whether an answer that its network refused once more is given up: not by the number of refusals, because networks
/// are away for hours, but by its age. A few refusals are wanted all the same, because the age may be by a clock that
/// was moved.
pub(crate) fn is_given_up(age: Duration, refusals: u32, expire_after: Duration) -> bool {
    age >= expire_after && refusals >= limits::SEND_ATTEMPTS_MIN
}

/// Why such an answer is held, in words.
pub(crate) fn given_up(age: Duration, refusals: u32, last: &str) -> String {
    format!("expired: refused {refusals} times in {}; the last time: {last}", spelled(age))
}

/// Whether a message that no one asked for has waited too long for its person.
pub(crate) fn is_stale(age: Duration) -> bool {
    age >= limits::SPEAKS_FIRST_WAIT_MAX
}

/// Why such a message is dropped, in words.
pub(crate) fn stale() -> String {
    format!("expired: the person did not write for {}", spelled(limits::SPEAKS_FIRST_WAIT_MAX))
}

fn spelled(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    match hours {
        0 => format!("{} minutes", time.as_secs() / 60),
        1 => "1 hour".to_owned(),
        2..=47 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_counts_and_not_the_number_and_a_moved_clock_alone_gives_nothing_up() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        assert!(!is_given_up(hours(23), 1_000, hours(24)));
        assert!(is_given_up(hours(24), 300, hours(24)));
        assert!(!is_given_up(hours(999), limits::SEND_ATTEMPTS_MIN - 1, hours(24)), "the clock may be wrong");
        assert!(is_given_up(hours(0), limits::SEND_ATTEMPTS_MIN, hours(0)), "an operator who does not want to wait");
    }

    #[test]
    fn why_says_how_long_and_how_often() {
        let said = given_up(Duration::from_secs(25 * 3600), 290, "not sent, try again: busy");
        assert_eq!(said, "expired: refused 290 times in 25 hours; the last time: not sent, try again: busy");
        assert_eq!(stale(), "expired: the person did not write for 5 days");
        let spelled = [30 * 60, 3600, 3 * 24 * 3600].map(|seconds| spelled(Duration::from_secs(seconds)));
        assert_eq!(spelled, ["30 minutes", "1 hour", "3 days"]);
    }
}
