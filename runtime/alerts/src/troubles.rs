//! What of the engine's health needs a person. Pure.

use crate::alert::{Key, Kind, Next, Trouble};
use crate::limits::WHAT_BYTES_MAX;
use crate::refusals::Refusals;
use greenroom_contract::text::bounded;
use greenroom_engine::{AccountHealth, AccountStatus, Health, HealthProblem, NextAction, NotReady, RejectionCause};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that needs a person now. `alive` is whether the process runs and its store can be written.
pub(crate) fn troubles(
    health: &Health,
    alive: &Result<(), NotReady>,
    refusals: &mut Refusals,
    at: Duration,
) -> Vec<Trouble> {
    let mut found: Vec<Trouble> = health.accounts.iter().filter_map(of_account).collect();
    found.extend(health.warnings.iter().filter_map(of_human));
    if health.quarantined > 0 {
        let what = format!("{} message(s) failed too often and wait in quarantine", health.quarantined);
        found.push(of_all(Kind::Quarantine, &what, Some(&NextAction::ReviewQuarantine)));
    }
    if let Err(NotReady::Store { reason }) = alive {
        // The store says what to do itself.
        found.push(of_all(Kind::Store, &format!("the store cannot be written: {reason}"), None));
    }
    let refused = refusals.look(refused(health), at);
    found.extend(refused.into_iter().map(|(channel, count)| of_posts(channel, count)));
    found
}

/// The store does not answer: its disk hangs, so nothing else can be asked.
pub(crate) fn store_is_silent() -> Trouble {
    of_all(Kind::Store, "the store does not answer; look at the disk of the data folder", None)
}

fn of_account(account: &AccountHealth) -> Option<Trouble> {
    let kind = kind(&account.status)?;
    let key = Key { kind, about: account.account.to_string() };
    let what = format!("channel {}: {}", account.channel, account.status);
    let channel = Some(account.channel.to_string());
    let account_id = Some(account.account.to_string());
    let next = account.next.as_ref().map(next);
    Some(Trouble { key, channel, account: account_id, what: bounded(&what, WHAT_BYTES_MAX), next })
}

/// A conversation that waits for a human: each is told by itself, and once more if it waits anew.
fn of_human(warning: &HealthProblem) -> Option<Trouble> {
    let Some(action @ NextAction::ReleaseConversation { conversation }) = &warning.next else { return None };
    let key = Key { kind: Kind::HumanWanted, about: conversation.to_string() };
    let account = warning.account.as_ref().map(ToString::to_string);
    let what = bounded(&warning.what, WHAT_BYTES_MAX);
    Some(Trouble { key, channel: None, account, what, next: Some(next(action)) })
}

/// What kind of trouble a state of an account is; `None` if it is none, or one that a person sees where the account is being
/// linked.
fn kind(status: &AccountStatus) -> Option<Kind> {
    match status {
        AccountStatus::LoggedOut { .. } => Some(Kind::LoggedOut),
        AccountStatus::Banned { .. } => Some(Kind::Banned),
        AccountStatus::Stopped { .. } => Some(Kind::Stopped),
        AccountStatus::Replaced => Some(Kind::Replaced),
        AccountStatus::Outdated => Some(Kind::Outdated),
        AccountStatus::Failed { .. } => Some(Kind::Failed),
        _ => None,
    }
}

/// How many posts with a wrong signature came to each channel since the start.
fn refused(health: &Health) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let wrong = health.rejections.iter().filter(|rejection| rejection.cause == RejectionCause::Signature);
    for rejection in wrong {
        let channel = rejection.channel.as_ref().map(ToString::to_string).unwrap_or_default();
        *counts.entry(channel).or_default() += rejection.count;
    }
    counts
}

fn of_posts(channel: String, count: u64) -> Trouble {
    let what = format!(
        "channel {channel}: {count} post(s) were refused, because their signature was wrong; if they came from the \
         network, the secret that is configured here is not the one that it signs with"
    );
    let key = Key { kind: Kind::RefusedPosts, about: channel.clone() };
    let next = next(&NextAction::FixConfig { key: format!("channels.{channel}"), value: None });
    Trouble { key, channel: Some(channel), account: None, what, next: Some(next) }
}

fn of_all(kind: Kind, what: &str, action: Option<&NextAction>) -> Trouble {
    let key = Key { kind, about: String::new() };
    Trouble { key, channel: None, account: None, what: bounded(what, WHAT_BYTES_MAX), next: action.map(next) }
}

fn next(action: &NextAction) -> Next {
    Next { action: action.code().to_owned(), sentence: action.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::time::Timestamp;

    #[test]
    fn what_ends_by_itself_or_is_shown_already_needs_no_alert() {
        let reason = || "because".to_owned();
        for status in [
            AccountStatus::Connected,
            AccountStatus::Connecting,
            AccountStatus::Reconnecting { at: Timestamp(7), reason: reason() },
            AccountStatus::NotLinked { reason: reason() },
            AccountStatus::QrExpired,
            AccountStatus::Finished,
            AccountStatus::Unconfigured,
        ] {
            assert_eq!(kind(&status), None, "{status:?}");
        }
    }

    #[test]
    fn a_kind_is_called_as_the_state_is() {
        let reason = || "because".to_owned();
        for status in [
            AccountStatus::LoggedOut { reason: reason() },
            AccountStatus::Banned { until: Timestamp(7), reason: reason() },
            AccountStatus::Stopped { reason: reason() },
            AccountStatus::Replaced,
            AccountStatus::Outdated,
            AccountStatus::Failed { reason: reason() },
        ] {
            let kind = serde_json::to_value(kind(&status).unwrap()).unwrap();
            assert_eq!(kind, status.code());
        }
    }
}
