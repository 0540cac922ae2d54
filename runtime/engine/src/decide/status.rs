//! How far an account's link is, in words that tell the truth and say what to do.

use crate::decide::next_action::NextAction;
use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use std::fmt;

/// How far a link is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountStatus {
    /// The account is there, but it is not linked to a phone, so it is not connected.
    NotLinked {
        /// Why not.
        reason: String,
    },
    /// A linking run began; the network has not said yet what to show.
    LinkingBegun,
    /// A QR code is shown and waits to be scanned.
    AwaitingScan {
        /// When this code stops working.
        valid_until: Timestamp,
        /// Which rotation it is, from 1.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// A code is shown and waits to be typed on the phone.
    CodeShown {
        /// When it stops working.
        valid_until: Timestamp,
    },
    /// The network asks something that must be typed.
    AnswerNeeded {
        /// What is asked.
        guidance: String,
        /// When it stops waiting; `None` if it does not.
        valid_until: Option<Timestamp>,
    },
    /// The person must do something elsewhere, such as in a browser.
    ActionNeeded {
        /// What to do.
        guidance: String,
        /// When the network stops waiting; `None` if it does not.
        valid_until: Option<Timestamp>,
    },
    /// The code that was shown no longer works; the next one has not come yet.
    QrExpired,
    /// The phone agreed; keys are being stored.
    Finishing,
    /// The phone has no room for another device.
    SlotsFull {
        /// How many devices the network allows.
        devices_max: u32,
    },
    /// The connection is being made.
    Connecting,
    /// The network accepts us.
    Connected,
    /// It was lost and is made again at that moment.
    Reconnecting {
        /// When.
        at: Timestamp,
        /// Why it was lost.
        reason: String,
    },
    /// The network refuses this account for a while.
    Banned {
        /// When it is tried again.
        until: Timestamp,
        /// The network's words.
        reason: String,
    },
    /// Another client uses the same keys.
    Replaced,
    /// It was unlinked. Its keys are deleted; its history stays.
    LoggedOut {
        /// Why.
        reason: String,
    },
    /// The network no longer speaks with this version.
    Outdated,
    /// A person must act.
    Stopped {
        /// What is wrong and what to do.
        reason: String,
    },
    /// Its input came to its end.
    Finished,
    /// Its actor crashed too often.
    Failed {
        /// The last crash.
        reason: String,
    },
    /// It was made for another adapter than its channel uses now. It is kept and not connected.
    Elsewhere {
        /// The adapter that it was made for, where that is known.
        adapter: Option<String>,
        /// The adapter that its channel uses now; `None` if there is no such channel.
        now: Option<String>,
    },
    /// Its identity was removed from the configuration. It is kept and not connected.
    Unconfigured,
}

impl AccountStatus {
    /// One word for programs, the same as the field `status` in JSON. It does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLinked { .. } => "not_linked",
            Self::LinkingBegun => "linking_begun",
            Self::AwaitingScan { .. } => "awaiting_scan",
            Self::CodeShown { .. } => "code_shown",
            Self::AnswerNeeded { .. } => "answer_needed",
            Self::ActionNeeded { .. } => "action_needed",
            Self::QrExpired => "qr_expired",
            Self::Finishing => "finishing",
            Self::SlotsFull { .. } => "slots_full",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Banned { .. } => "banned",
            Self::Replaced => "replaced",
            Self::LoggedOut { .. } => "logged_out",
            Self::Outdated => "outdated",
            Self::Stopped { .. } => "stopped",
            Self::Finished => "finished",
            Self::Failed { .. } => "failed",
            Self::Elsewhere { .. } => "elsewhere",
            Self::Unconfigured => "unconfigured",
        }
    }

    /// A word or two for people, as in a table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotLinked { .. } => "not linked",
            Self::LinkingBegun => "linking",
            Self::AwaitingScan { .. } => "awaiting scan",
            Self::CodeShown { .. } => "code shown",
            Self::AnswerNeeded { .. } => "answer needed",
            Self::ActionNeeded { .. } => "action needed",
            Self::QrExpired => "code expired",
            Self::Finishing => "finishing",
            Self::SlotsFull { .. } => "device slots full",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Banned { .. } => "banned",
            Self::Replaced => "replaced",
            Self::LoggedOut { .. } => "logged out",
            Self::Outdated => "outdated",
            Self::Stopped { .. } => "stopped",
            Self::Finished => "finished",
            Self::Failed { .. } => "failed",
            Self::Elsewhere { .. } => "of another adapter",
            Self::Unconfigured => "not configured",
        }
    }

    /// Why it is so, where there is something to say.
    pub fn reason(&self) -> Option<String> {
        Some(match self {
            Self::NotLinked { reason }
            | Self::Reconnecting { reason, .. }
            | Self::Banned { reason, .. }
            | Self::LoggedOut { reason }
            | Self::Stopped { reason }
            | Self::Failed { reason } => reason.clone(),
            Self::AwaitingScan { number, of, .. } => format!("QR code {number} of {of} is shown"),
            Self::CodeShown { .. } => "a code is shown that must be typed on the phone".to_owned(),
            Self::AnswerNeeded { guidance, .. } | Self::ActionNeeded { guidance, .. } => guidance.clone(),
            Self::QrExpired => "the code that was shown no longer works".to_owned(),
            Self::SlotsFull { devices_max } => {
                format!("{devices_max} devices are linked to this phone already, which is all the network allows")
            }
            Self::Replaced => "another client uses the same keys".to_owned(),
            Self::Outdated => "the network no longer accepts this version".to_owned(),
            Self::Elsewhere { adapter, now } => elsewhere(adapter.as_deref(), now.as_deref()),
            Self::Unconfigured => "its identity was removed from the configuration".to_owned(),
            Self::LinkingBegun | Self::Finishing | Self::Connecting | Self::Connected | Self::Finished => return None,
        })
    }

    /// What the owner of this account should do now, if anything.
    pub fn next(&self, channel: &ChannelName, account: &AccountId) -> Option<NextAction> {
        let (channel, account) = (channel.clone(), account.clone());
        Some(match self {
            Self::NotLinked { .. } => NextAction::Link { channel, account: Some(account) },
            Self::AwaitingScan { .. } => NextAction::ScanCode,
            Self::CodeShown { .. } => NextAction::TypeCode,
            Self::AnswerNeeded { .. } => NextAction::AnswerQuestion,
            Self::ActionNeeded { guidance, .. } => NextAction::FollowGuidance { guidance: guidance.clone() },
            Self::QrExpired => NextAction::WaitForCode,
            Self::SlotsFull { .. } => NextAction::RemoveDevice { channel, account },
            Self::Replaced => NextAction::StopOtherClient { account },
            Self::LoggedOut { .. } => NextAction::LinkAgain { channel, account },
            Self::Outdated => NextAction::Update,
            Self::Stopped { .. } => NextAction::Reconnect { account },
            Self::Failed { .. } => NextAction::ReportBug { account: Some(account) },
            Self::Banned { until, .. } => NextAction::SendLess { until: *until },
            Self::Elsewhere { adapter, .. } => {
                NextAction::FixConfig { key: format!("channels.{channel}.adapter"), value: adapter.clone() }
            }
            Self::Unconfigured => NextAction::RestoreIdentity { channel, account },
            Self::LinkingBegun
            | Self::Finishing
            | Self::Connecting
            | Self::Connected
            | Self::Reconnecting { .. }
            | Self::Finished => return None,
        })
    }

    /// When it changes by itself: a code stops working, a connection is tried again.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::AwaitingScan { valid_until, .. } | Self::CodeShown { valid_until } => Some(*valid_until),
            Self::AnswerNeeded { valid_until, .. } | Self::ActionNeeded { valid_until, .. } => *valid_until,
            Self::Reconnecting { at, .. } => Some(*at),
            Self::Banned { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// Whether a linking run is under way.
    pub fn is_linking(&self) -> bool {
        matches!(
            self,
            Self::LinkingBegun
                | Self::AwaitingScan { .. }
                | Self::CodeShown { .. }
                | Self::AnswerNeeded { .. }
                | Self::ActionNeeded { .. }
                | Self::QrExpired
                | Self::Finishing
        )
    }

    /// Whether the account can be expected to work, or is being linked just now.
    pub fn is_well(&self) -> bool {
        matches!(self, Self::Connected | Self::Connecting | Self::Finished) || self.is_linking()
    }
}

fn elsewhere(adapter: Option<&str>, now: Option<&str>) -> String {
    let of = adapter.map_or_else(|| "another adapter".to_owned(), |adapter| format!("the adapter {adapter}"));
    match now {
        Some(now) => format!("it belongs to {of}; its channel uses {now} now"),
        None => format!("it belongs to {of}; its channel is not configured"),
    }
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self.reason() {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason() -> String {
        "because".to_owned()
    }

    fn all() -> Vec<AccountStatus> {
        let until = Timestamp(7);
        vec![
            AccountStatus::NotLinked { reason: reason() },
            AccountStatus::LinkingBegun,
            AccountStatus::AwaitingScan { valid_until: until, number: 1, of: 6 },
            AccountStatus::CodeShown { valid_until: until },
            AccountStatus::AnswerNeeded { guidance: "type the number".to_owned(), valid_until: None },
            AccountStatus::ActionNeeded { guidance: "open a browser".to_owned(), valid_until: Some(until) },
            AccountStatus::QrExpired,
            AccountStatus::Finishing,
            AccountStatus::SlotsFull { devices_max: 4 },
            AccountStatus::Connecting,
            AccountStatus::Connected,
            AccountStatus::Reconnecting { at: until, reason: reason() },
            AccountStatus::Banned { until, reason: reason() },
            AccountStatus::Replaced,
            AccountStatus::LoggedOut { reason: reason() },
            AccountStatus::Outdated,
            AccountStatus::Stopped { reason: reason() },
            AccountStatus::Finished,
            AccountStatus::Failed { reason: reason() },
            AccountStatus::Elsewhere { adapter: Some("web".to_owned()), now: Some("cloud".to_owned()) },
            AccountStatus::Unconfigured,
        ]
    }

    #[test]
    fn the_code_is_what_the_json_says() {
        for status in all() {
            assert_eq!(serde_json::to_value(&status).unwrap()["status"], status.code(), "{status:?}");
        }
    }

    #[test]
    fn every_state_has_a_word_of_its_own() {
        let mut words: Vec<_> = all().iter().map(AccountStatus::word).collect();
        words.sort_unstable();
        let count = words.len();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn what_is_not_well_has_a_reason_and_a_next_action() {
        let (channel, account) = ("front".parse().unwrap(), "acc-1".parse().unwrap());
        for status in all() {
            let waits = matches!(status, AccountStatus::Reconnecting { .. });
            if !status.is_well() {
                assert!(status.reason().is_some(), "{status:?}");
                assert!(waits || status.next(&channel, &account).is_some(), "{status:?}");
            }
        }
    }

    #[test]
    fn what_is_shown_to_be_scanned_says_when_it_dies() {
        for status in all() {
            let shows = matches!(status.word(), "awaiting scan" | "code shown" | "passkey needed");
            assert!(!shows || status.until() == Some(Timestamp(7)), "{status:?}");
        }
    }
}
