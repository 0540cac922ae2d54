//! What the API says about conversations. Times are milliseconds since 1970.

use serde::{Deserialize, Serialize};

/// A conversation: `GET /api/v1/conversations`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationView {
    /// Its number.
    pub conversation: u64,
    /// The session it is in.
    pub session: String,
    /// Its channel.
    pub channel: String,
    /// The chat, as its network names it.
    pub chat: String,
    /// Who it is with: an address, the phone number where one is known. Absent for a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The name that the person goes by. People choose it: it may say anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is a group.
    pub group: bool,
    /// When something was said last; 0 if nothing of it is left.
    pub last_activity_ms: u64,
    /// Messages that wait for an answer.
    pub waiting: u64,
    /// Until when the bot is silent here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until_ms: Option<u64>,
    /// Who ends the silence, where it ends at no certain time: `person`, who asked for it, or `owner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<String>,
    /// Who answers here.
    pub assistant: String,
    /// Until when the network takes answers, where it does not always: at least until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_until_ms: Option<u64>,
}

/// Some conversations, the one with the newest activity first.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationsView {
    /// The conversations.
    pub items: Vec<ConversationView>,
    /// What to ask `before` for to see more; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something that was said: `GET /api/v1/conversations/{conversation}/turns`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidView {
    /// When.
    pub at_ms: u64,
    /// By whom.
    pub from: SaidByView,
    /// The name that a person goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The words. People choose them: they may say anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it is: `text`.
    pub kind: String,
}

/// Who said something.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidByView {
    /// The person, or one of a group.
    Person,
    /// An assistant.
    Bot,
    /// The owner, from a phone of the account.
    Owner,
}

/// What was said, the oldest first.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnsView {
    /// What was said.
    pub items: Vec<SaidView>,
    /// What to ask `before` for to see what was said earlier; absent at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// The wish for silence: `POST /api/v1/conversations/{conversation}/pause`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// Until when; absent: until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
}

/// A message of the owner: `POST /api/v1/conversations/{conversation}/messages`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageBody {
    /// What it says.
    pub text: String,
}

/// A message that is in the outbox and will be sent.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedView {
    /// Its name, or that of its first part: `GET /api/v1/why/{id}` tells what became of it.
    pub id: String,
}
