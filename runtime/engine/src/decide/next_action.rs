//! What to do now, as a value: a page makes a button of it, the command line a command.

use greenroom_contract::ids::{AccountId, ChannelName, ConversationId};
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use std::fmt;

/// What the owner of an account, or the operator, should do now.
///
/// In JSON the field `action` holds [`NextAction::code`]. [`fmt::Display`] says it in plain English, without the
/// command of any one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextAction {
    /// Link an account that is not linked yet.
    Link {
        /// Its channel.
        channel: ChannelName,
        /// The account; `None` makes a new one.
        account: Option<AccountId>,
    },
    /// Link an account again that was unlinked.
    LinkAgain {
        /// Its channel.
        channel: ChannelName,
        /// The account.
        account: AccountId,
    },
    /// Scan the code that is shown.
    ScanCode,
    /// Type the code that is shown on the phone.
    TypeCode,
    /// Answer what the network asks while an account is linked.
    AnswerQuestion,
    /// Do what the network wants elsewhere, such as in a browser.
    FollowGuidance {
        /// What, in a sentence of the adapter.
        guidance: String,
    },
    /// Wait for the next code.
    WaitForCode,
    /// Remove a device on the phone, then link again.
    RemoveDevice {
        /// The channel.
        channel: ChannelName,
        /// The account.
        account: AccountId,
    },
    /// Stop the other client that uses the same keys, then connect again.
    StopOtherClient {
        /// The account.
        account: AccountId,
    },
    /// Fix what the reason names, then connect again.
    Reconnect {
        /// The account.
        account: AccountId,
    },
    /// Report a bug, then connect the account again if there is one.
    ReportBug {
        /// The account whose session crashed; `None` if it was something else.
        account: Option<AccountId>,
    },
    /// Wait, send less, and send only to people who wrote first.
    SendLess {
        /// When the network is tried again.
        until: Timestamp,
    },
    /// Update this program and start it again.
    Update,
    /// Change a key of the configuration.
    FixConfig {
        /// The key, with dots, such as `channels.front.adapter`.
        key: String,
        /// What to set it to, where that is known.
        value: Option<String>,
    },
    /// Put an identity back into the configuration.
    RestoreIdentity {
        /// Its channel.
        channel: ChannelName,
        /// The account that waits for it.
        account: AccountId,
    },
    /// Add a person or a group to the allow-list of a channel.
    AllowSomeone {
        /// The channel.
        channel: ChannelName,
    },
    /// Add this entry to the allow-list of a channel.
    AllowEntry {
        /// The channel.
        channel: ChannelName,
        /// The entry, as it is written.
        entry: String,
    },
    /// Read the warning of a channel and accept it.
    AcceptWarning {
        /// The channel.
        channel: ChannelName,
    },
    /// Unlink an account first.
    Disconnect {
        /// The account.
        account: AccountId,
    },
    /// Unlink one of several accounts, or raise the limit that they reached.
    FreeSession {
        /// The key of the configuration that holds the limit.
        limit_key: String,
    },
    /// Use the phone behind an account, so that the network keeps the account linked.
    OpenPhone {
        /// The account.
        account: AccountId,
    },
    /// Look at the messages in quarantine, and release them once their cause is fixed.
    ReviewQuarantine,
    /// Look at the messages of the bot that are not sent, and release or drop those that are held.
    ReviewOutbox,
    /// Answer by hand in a conversation, then let the bot answer there again.
    ReleaseConversation {
        /// Which.
        conversation: ConversationId,
    },
    /// Ask for the same again in a moment.
    TryAgain,
}

impl NextAction {
    /// One word for programs. It does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Link { .. } => "link",
            Self::LinkAgain { .. } => "link_again",
            Self::ScanCode => "scan_code",
            Self::TypeCode => "type_code",
            Self::AnswerQuestion => "answer_question",
            Self::FollowGuidance { .. } => "follow_guidance",
            Self::WaitForCode => "wait_for_code",
            Self::RemoveDevice { .. } => "remove_device",
            Self::StopOtherClient { .. } => "stop_other_client",
            Self::Reconnect { .. } => "reconnect",
            Self::ReportBug { .. } => "report_bug",
            Self::SendLess { .. } => "send_less",
            Self::Update => "update",
            Self::FixConfig { .. } => "fix_config",
            Self::RestoreIdentity { .. } => "restore_identity",
            Self::AllowSomeone { .. } => "allow_someone",
            Self::AllowEntry { .. } => "allow_entry",
            Self::AcceptWarning { .. } => "accept_warning",
            Self::Disconnect { .. } => "disconnect",
            Self::FreeSession { .. } => "free_session",
            Self::OpenPhone { .. } => "open_phone",
            Self::ReviewQuarantine => "review_quarantine",
            Self::ReviewOutbox => "review_outbox",
            Self::ReleaseConversation { .. } => "release_conversation",
            Self::TryAgain => "try_again",
        }
    }
}

impl fmt::Display for NextAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link { account: Some(_), .. } => f.write_str("link it"),
            Self::Link { account: None, .. } => f.write_str("link one"),
            Self::LinkAgain { .. } => f.write_str("link it again"),
            Self::ScanCode => f.write_str("scan the code that is shown"),
            Self::TypeCode => f.write_str("type the code that is shown on the phone"),
            Self::AnswerQuestion => f.write_str("answer what is asked where the account is being linked"),
            Self::FollowGuidance { guidance } => f.write_str(guidance),
            Self::WaitForCode => f.write_str("wait for the next code"),
            Self::RemoveDevice { .. } => f.write_str("remove a device on the phone, then link again"),
            Self::StopOtherClient { .. } => f.write_str("stop the other client, then connect this account again"),
            Self::Reconnect { .. } => f.write_str("fix that, then connect this account again"),
            Self::ReportBug { account: Some(_) } => f.write_str("report this bug, then connect this account again"),
            Self::ReportBug { account: None } => f.write_str("report this bug"),
            Self::SendLess { .. } => f.write_str("wait; send less, and only to people who wrote first"),
            Self::Update => f.write_str("update this program and start it again"),
            Self::FixConfig { key, value: Some(value) } => write!(f, "set {key} = {value:?} to continue with it"),
            Self::FixConfig { key, value: None } => write!(f, "change {key} in the configuration"),
            Self::RestoreIdentity { .. } => f.write_str("put it back into the configuration to continue with it"),
            Self::AllowSomeone { channel } => {
                write!(f, "set channels.{channel}.allow_from, or add someone to the allow-list of channel {channel}")
            }
            Self::AllowEntry { channel, entry } => write!(f, "add {entry} to the allow-list of channel {channel}"),
            Self::AcceptWarning { .. } => f.write_str("read the warning and accept it"),
            Self::Disconnect { .. } => f.write_str("unlink it first"),
            Self::FreeSession { limit_key } => write!(f, "disconnect an account, or raise {limit_key}"),
            Self::OpenPhone { .. } => f.write_str("open the app of the network on that phone"),
            Self::ReviewQuarantine => f.write_str("look at them, and release them once the cause is fixed"),
            Self::ReviewOutbox => f.write_str("look at them, and release or drop them"),
            Self::ReleaseConversation { conversation } => {
                write!(f, "answer there by hand, then release conversation {conversation}")
            }
            Self::TryAgain => f.write_str("try again in a moment"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<NextAction> {
        let channel: ChannelName = "front".parse().unwrap();
        let account: AccountId = "acc-1".parse().unwrap();
        vec![
            NextAction::Link { channel: channel.clone(), account: None },
            NextAction::LinkAgain { channel: channel.clone(), account: account.clone() },
            NextAction::ScanCode,
            NextAction::TypeCode,
            NextAction::AnswerQuestion,
            NextAction::FollowGuidance { guidance: "open a browser".to_owned() },
            NextAction::WaitForCode,
            NextAction::RemoveDevice { channel: channel.clone(), account: account.clone() },
            NextAction::StopOtherClient { account: account.clone() },
            NextAction::Reconnect { account: account.clone() },
            NextAction::ReportBug { account: Some(account.clone()) },
            NextAction::SendLess { until: Timestamp(7) },
            NextAction::Update,
            NextAction::FixConfig { key: "voice.model".to_owned(), value: None },
            NextAction::RestoreIdentity { channel: channel.clone(), account: account.clone() },
            NextAction::AllowSomeone { channel: channel.clone() },
            NextAction::AllowEntry { channel: channel.clone(), entry: "+15551234567".to_owned() },
            NextAction::AcceptWarning { channel },
            NextAction::Disconnect { account: account.clone() },
            NextAction::FreeSession { limit_key: "gateway.sessions_max".to_owned() },
            NextAction::OpenPhone { account },
            NextAction::ReviewQuarantine,
            NextAction::ReviewOutbox,
            NextAction::ReleaseConversation { conversation: ConversationId(7) },
            NextAction::TryAgain,
        ]
    }

    #[test]
    fn the_code_is_what_the_json_says() {
        for action in all() {
            let json = serde_json::to_value(&action).unwrap();
            assert_eq!(json["action"], action.code(), "{action:?}");
        }
    }

    #[test]
    fn every_action_has_a_sentence_without_a_command() {
        for action in all() {
            let sentence = action.to_string();
            assert!(!sentence.is_empty() && !sentence.contains("greenroom"), "{sentence}");
            assert!(!sentence.ends_with('.'), "{sentence}");
        }
    }
}
