//! What the API says about the people who write.

use serde::{Deserialize, Serialize};

/// A person who wrote to a channel: one of `GET /api/v1/people`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// The person's number.
    pub person: u64,
    /// The channel that they write to.
    pub channel: String,
    /// The name that they go by. People choose it: it may say anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Everything that they are known by, as the network told it: a phone number, an id that stands for it, a handle.
    pub addresses: Vec<String>,
    /// The e-mail address that they proved to be theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When something was said last, in milliseconds since 1970.
    pub last_activity_ms: u64,
    /// Their conversations, the one with the newest activity first.
    pub conversations: Vec<u64>,
}

/// The people who wrote last: `GET /api/v1/people`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleView {
    /// The people, the one with the newest activity first.
    pub items: Vec<PersonView>,
    /// Whether there are conversations that were not looked through.
    pub more: bool,
}
