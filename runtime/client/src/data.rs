//! What is kept: of everything, as a capsule, and of one person.

use crate::usage::TokensView;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The wish for a capsule: `POST /api/v1/backup`. Either a passphrase, or public keys.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupBody {
    /// What opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<String>,
    /// Public keys of age, `age1…`; whoever has the secret key of one of them opens it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
}

impl fmt::Debug for BackupBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupBody(passphrase: {}, recipients: {:?})", self.passphrase.is_some(), self.recipients)
    }
}

/// Everything that is kept of a person in one channel: `GET /api/v1/people/{entry}`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptPersonView {
    /// The person's number in the store.
    pub person: u64,
    /// The channel.
    pub channel: String,
    /// Whose bot it is.
    pub owner: String,
    /// The name last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A verified e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Every known address.
    pub addresses: Vec<String>,
    /// Direct conversations, one for each session.
    pub conversations: Vec<KeptConversationView>,
    /// What was said in them, the oldest first: the last 200 turns, of 512 KiB together, which is what is kept for assistants.
    pub turns: Vec<KeptTurnView>,
    /// What was spent for the person.
    pub spent: TokensView,
}

/// What is kept of a direct conversation, beside what was said.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptConversationView {
    /// Its number.
    pub conversation: u64,
    /// Its session.
    pub session: String,
    /// The chat as its first message named it.
    pub chat: String,
    /// Who answers instead of the configured assistant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<String>,
    /// Until when the bot is silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until_ms: Option<u64>,
    /// In which language it is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What assistants remember.
    pub states: Vec<KeptStateView>,
    /// When the bot will speak by itself.
    pub wakes_at_ms: Vec<u64>,
}

/// What an assistant remembers.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptStateView {
    /// The assistant.
    pub assistant: String,
    /// What it remembers, where that is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How long it is.
    pub bytes: u64,
}

/// What was said and answered.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTurnView {
    /// When.
    pub at_ms: u64,
    /// What the person said.
    pub asked: String,
    /// What the bot said.
    pub answered: String,
}

/// Who was forgotten: `DELETE /api/v1/people/{entry}`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgotPersonView {
    /// The channels in which the address was known.
    pub channels: Vec<String>,
}
