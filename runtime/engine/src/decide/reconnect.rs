//! What follows the end of a connection. Pure: weather is a value.

use crate::decide::restart::doubled;
use crate::decide::status::AccountStatus;
use greenroom_contract::channel::Ended;
use greenroom_contract::limits;
use greenroom_contract::store::AccountState;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

const NO_KEYS: &str = "there are no keys for it on this machine";

const REPLACED: &str = "another copy of this bot took the connection over with the same keys: stop one of the two";

/// What to do after a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: it was told to end.
    Nothing,
    /// Its input is over; it may still send.
    Finished,
    /// Connect again after this pause.
    Again(Duration),
    /// The network refuses us; connect again at that moment.
    At {
        /// When.
        until: Timestamp,
        /// After this pause at least: the moment may lie in the past.
        least: Duration,
    },
    /// Wait for a person.
    Wait {
        /// What to store about the account, if anything changes.
        state: Option<AccountState>,
        /// Whether its keys are certainly useless now.
        keys: Keys,
        /// What is shown.
        status: AccountStatus,
    },
}

/// What happens to the keys of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// They stay.
    Keep,
    /// They are deleted; only after a certain logout, never on a guess.
    Delete,
}

/// Decides. `drops` counts the connections lost in a row before this one; `up` is how long this one
/// lasted; `spread` between 0 and 1 keeps many accounts from coming back at the same moment.
pub(crate) fn after(ended: &Ended, drops: u32, up: Duration, spread: f64) -> Next {
    match ended {
        Ended::Stopped => Next::Nothing,
        Ended::Finished => Next::Finished,
        // Once in a row: a network that asks for it again and again gets the pauses of a lost connection.
        Ended::RestartRequested if in_a_row(drops, up) == 0 => Next::Again(Duration::ZERO),
        Ended::RestartRequested | Ended::Dropped { .. } => Next::Again(least_pause(drops, up, spread)),
        Ended::Suspended { until, .. } => Next::At { until: *until, least: least_pause(drops, up, spread) },
        // That there are no keys here is no word of the network: whatever is stored stays.
        Ended::NotLinked => Next::Wait {
            state: Some(AccountState::LoggedOut { reason: NO_KEYS.to_owned() }),
            keys: Keys::Keep,
            status: AccountStatus::NotLinked { reason: NO_KEYS.to_owned() },
        },
        Ended::LoggedOut { reason } => Next::Wait {
            state: Some(AccountState::LoggedOut { reason: reason.clone() }),
            keys: Keys::Delete,
            status: AccountStatus::LoggedOut { reason: reason.clone() },
        },
        // Also after a restart: two copies that take turns would fight, and keys would be used twice.
        Ended::Replaced => Next::Wait {
            state: Some(AccountState::Stopped { reason: REPLACED.to_owned() }),
            keys: Keys::Keep,
            status: AccountStatus::Replaced,
        },
        Ended::Outdated => Next::Wait { state: None, keys: Keys::Keep, status: AccountStatus::Outdated },
        Ended::Refused { reason } => Next::Wait {
            state: Some(AccountState::Stopped { reason: reason.clone() }),
            keys: Keys::Keep,
            status: AccountStatus::Stopped { reason: reason.clone() },
        },
    }
}

/// Connections lost in a row before one that lasted `up`.
fn in_a_row(drops: u32, up: Duration) -> u32 {
    if up >= limits::RECONNECT_PROVEN { 0 } else { drops }
}

/// The pause after a connection that was lost.
fn least_pause(drops: u32, up: Duration, spread: f64) -> Duration {
    let pause = doubled(limits::RECONNECT_PAUSE_MIN, in_a_row(drops, up), limits::RECONNECT_PAUSE_MAX);
    pause.mul_f64(0.75 + 0.25 * spread.clamp(0.0, 1.0))
}

/// How long a connection counts as having lasted. One on which the network acknowledged something has proven itself, however
/// short it was: what is lost after it is lost for the first time.
pub(crate) fn counted(up: Duration, acknowledged: bool) -> Duration {
    if acknowledged { up.max(limits::RECONNECT_PROVEN) } else { up }
}

/// Drops in a row after a connection that lasted `up`.
pub(crate) fn drops_after(drops: u32, up: Duration) -> u32 {
    if up >= limits::RECONNECT_PROVEN { 1 } else { drops.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped() -> Ended {
        Ended::Dropped { reason: "cable".into() }
    }

    fn check(ended: &Ended, drops: u32, up_s: u64, expected: &Next) {
        assert_eq!(&after(ended, drops, Duration::from_secs(up_s), 1.0), expected, "{ended:?}");
    }

    #[test]
    fn a_dropped_link_comes_back_with_growing_pauses_and_a_ceiling() {
        check(&dropped(), 0, 1, &Next::Again(Duration::from_secs(1)));
        check(&dropped(), 3, 1, &Next::Again(Duration::from_secs(8)));
        check(&dropped(), 60, 1, &Next::Again(limits::RECONNECT_PAUSE_MAX));
        check(&dropped(), 60, 31, &Next::Again(Duration::from_secs(1)));
    }

    #[test]
    fn connections_that_answered_do_not_lead_to_long_pauses() {
        let pause_after = |acknowledged: bool| {
            let up = counted(Duration::from_secs(2), acknowledged);
            let mut drops = 0;
            for _ in 0..6 {
                drops = drops_after(drops, up);
            }
            after(&dropped(), drops, up, 1.0)
        };
        assert_eq!(pause_after(true), Next::Again(limits::RECONNECT_PAUSE_MIN));
        assert_eq!(pause_after(false), Next::Again(Duration::from_secs(64)));
        assert_eq!(counted(Duration::from_secs(99), true), Duration::from_secs(99));
    }

    #[test]
    fn the_spread_shortens_a_pause_by_a_quarter_at_most() {
        assert_eq!(after(&dropped(), 0, Duration::ZERO, 0.0), Next::Again(Duration::from_millis(750)));
    }

    #[test]
    fn keys_are_deleted_after_a_certain_logout_only() {
        let all = [
            Ended::Stopped,
            Ended::Finished,
            dropped(),
            Ended::RestartRequested,
            Ended::Suspended { until: Timestamp(5), reason: String::new() },
            Ended::NotLinked,
            Ended::LoggedOut { reason: String::new() },
            Ended::Replaced,
            Ended::Outdated,
            Ended::Refused { reason: String::new() },
        ];
        for ended in all {
            let deletes = matches!(after(&ended, 0, Duration::ZERO, 0.0), Next::Wait { keys: Keys::Delete, .. });
            assert_eq!(deletes, matches!(ended, Ended::LoggedOut { .. }), "{ended:?}");
        }
    }

    #[test]
    fn a_suspension_waits_exactly_that_long() {
        let suspended = Ended::Suspended { until: Timestamp(77), reason: "slow down".into() };
        check(&suspended, 0, 0, &Next::At { until: Timestamp(77), least: Duration::from_secs(1) });
    }

    #[test]
    fn a_network_that_asks_for_a_restart_gets_it_once_and_then_as_if_the_connection_were_lost() {
        check(&Ended::RestartRequested, 0, 0, &Next::Again(Duration::ZERO));
        check(&Ended::RestartRequested, 1, 0, &Next::Again(Duration::from_secs(2)));
        check(&Ended::RestartRequested, 60, 0, &Next::Again(limits::RECONNECT_PAUSE_MAX));
        check(&Ended::RestartRequested, 60, 31, &Next::Again(Duration::ZERO));
    }
}
