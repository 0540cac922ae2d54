//! What the API says about who is admitted by which rule, what was refused, and when nothing could arrive. Times are
//! milliseconds since 1970.

use serde::{Deserialize, Serialize};

/// Whether someone is admitted, in each session: `GET /api/v1/access/explain`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessView {
    /// Who was asked about, in its normal form.
    pub who: String,
    /// The group in which they write, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What is so in each session, and in channels without one.
    pub places: Vec<AccessPlaceView>,
}

/// What is so in one session.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPlaceView {
    /// The channel.
    pub channel: String,
    /// The session; absent for a channel that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Whether they are admitted: what they write is answered, and they may be written to.
    pub admitted: bool,
    /// Why not, in one word that does not change, such as `stranger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Why not, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The addresses that were compared.
    #[serde(default)]
    pub known_as: Vec<String>,
    /// The rules that say so, the one that decides first; empty where no entry names them.
    pub rules: Vec<AccessRuleView>,
    /// The entry that may have been meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<NearestView>,
}

/// One rule.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRuleView {
    /// An entry such as `+15551234567`, or a key with its value.
    pub rule: String,
    /// The key of the configuration that holds it; absent where it was added while the bot ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// The session in whose list it is; absent where it holds in the whole channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// An entry that may have been meant.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearestView {
    /// The entry.
    pub entry: String,
    /// How alike they are, in words.
    pub why: String,
}

/// How many messages were refused on one day for one cause: `GET /api/v1/refusals`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCountView {
    /// The day (UTC), such as `2026-11-28`.
    pub day: String,
    /// The channel.
    pub channel: String,
    /// The session.
    pub session: String,
    /// Why, in one word that does not change, such as `stranger`.
    pub cause: String,
    /// Why, in a few words for people.
    pub what: String,
    /// How many.
    pub count: u64,
}

/// A time in which a session was not connected, so that nothing could arrive.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapView {
    /// Since when, as far as it is known.
    pub from_ms: u64,
    /// Until when; absent if it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// Why, in a sentence.
    pub reason: String,
}

/// One stage on the way of a message, from who wrote it to what became of the answer.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageView {
    /// In one word that does not change: `identity`, `dedup`, `account`, `admission`, `addressing`, `queue`, `media`,
    /// `assistant`, `tools`, `window`, `cost`, `outbox` or `receipts`.
    pub stage: String,
    /// When it was decided; absent where it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// How long it took, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// What became of the message there, in plain words.
    pub what: String,
}
