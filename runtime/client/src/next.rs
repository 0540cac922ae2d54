//! What to do now, as the API says it.

use serde::{Deserialize, Serialize};

/// What to do now: a value for programs, and the same in plain English.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextView {
    /// The value.
    #[serde(flatten)]
    pub action: NextActionView,
    /// A sentence without a full stop, for people. It names no command.
    pub sentence: String,
}

/// What the owner of an account, or the operator, should do. The field `action` names it, and the names do not change.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextActionView {
    /// Link an account that is not linked yet.
    Link {
        /// Its channel.
        channel: String,
        /// The account; absent for a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Link an account again that was unlinked.
    LinkAgain {
        /// Its channel.
        channel: String,
        /// The account.
        account: String,
    },
    /// Scan the code that is shown.
    ScanCode,
    /// Type the code that is shown on the phone.
    TypeCode,
    /// Answer what the network asks while an account is linked.
    AnswerQuestion,
    /// Do what the network wants elsewhere, such as in a browser.
    FollowGuidance {
        /// What, in a sentence.
        guidance: String,
    },
    /// Wait for the next code.
    WaitForCode,
    /// Remove a device on the phone, then link again.
    RemoveDevice {
        /// The channel.
        channel: String,
        /// The account.
        account: String,
    },
    /// Stop the other client that uses the same keys, then connect again.
    StopOtherClient {
        /// The account.
        account: String,
    },
    /// Fix what the reason names, then connect again.
    Reconnect {
        /// The account.
        account: String,
    },
    /// Report a bug, then connect the account again if there is one.
    ReportBug {
        /// The account whose session crashed; absent if it was something else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Wait, send less, and send only to people who wrote first.
    SendLess {
        /// When the network is tried again.
        until_ms: u64,
    },
    /// Update the server and start it again.
    Update,
    /// Change a key of the configuration.
    FixConfig {
        /// The key, with dots.
        key: String,
        /// What to set it to, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// Put an identity back into the configuration.
    RestoreIdentity {
        /// Its channel.
        channel: String,
        /// The account that waits for it.
        account: String,
    },
    /// Add a person or a group to the allow-list of a channel.
    AllowSomeone {
        /// The channel.
        channel: String,
    },
    /// Add this entry to the allow-list of a channel.
    AllowEntry {
        /// The channel.
        channel: String,
        /// The entry, as it is written.
        entry: String,
    },
    /// Read the warning of a channel and accept it.
    AcceptWarning {
        /// The channel.
        channel: String,
    },
    /// Unlink an account first.
    Disconnect {
        /// The account.
        account: String,
    },
    /// Unlink one of several accounts, or raise the limit that they reached.
    FreeSession {
        /// The key of the configuration that holds the limit.
        limit_key: String,
    },
    /// Use the phone behind an account, so that the network keeps the account linked.
    OpenPhone {
        /// The account.
        account: String,
    },
    /// Look at the messages in quarantine, and release them once their cause is fixed.
    ReviewQuarantine,
    /// Look at the messages of the bot that are not sent, and release or drop those that are held.
    ReviewOutbox,
    /// Answer by hand in a conversation, then let the bot answer there again.
    ReleaseConversation {
        /// Which.
        conversation: u64,
    },
    /// Ask for the same again in a moment.
    TryAgain,
    /// Something that this version of the client does not know; the sentence says what.
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_and_its_sentence_are_one_object() {
        let json = r#"{"action":"link","channel":"front","account":"acc-1","sentence":"link it"}"#;
        let (channel, account) = ("front".to_owned(), Some("acc-1".to_owned()));
        let view = NextView { action: NextActionView::Link { channel, account }, sentence: "link it".to_owned() };
        assert_eq!(serde_json::from_str::<NextView>(json).unwrap(), view);
        assert_eq!(serde_json::to_string(&view).unwrap(), json);
    }

    #[test]
    fn an_action_of_a_newer_server_is_still_a_sentence() {
        let json = r#"{"action":"dance","with":"acc-1","sentence":"dance"}"#;
        let view = NextView { action: NextActionView::Other, sentence: "dance".to_owned() };
        assert_eq!(serde_json::from_str::<NextView>(json).unwrap(), view);
    }
}
