//! What the API says about how a channel is set up. Times are milliseconds since 1970.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a channel is set up: `GET /api/v1/channels/{channel}/settings`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// The channel.
    pub channel: String,
    /// The adapter's kind, such as `whatsapp-cloud`.
    pub adapter: String,
    /// Whether the channel is there; otherwise it comes to be when all that it needs is saved.
    pub configured: bool,
    /// What can be set.
    pub fields: Vec<SettingView>,
    /// Where the network posts to, if it is known how the world reaches this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

/// One value of a channel.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingView {
    /// Its key.
    pub key: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Whether it is a secret, which is never shown.
    pub secret: bool,
    /// Whether there is a value.
    pub set: bool,
    /// The value, unless it is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SettingOriginView>,
    /// When it was saved, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_ms: Option<u64>,
}

/// Where a value comes from.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingOriginView {
    /// The configuration, or the environment.
    Configuration,
    /// It was saved here.
    Saved,
}

/// What is to be saved: `PUT /api/v1/channels/{channel}/settings`. What is not named stays.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsBody {
    /// Values by their keys; `null` takes back what was saved, so that the configuration counts.
    pub values: BTreeMap<String, Option<String>>,
    /// Who answers in a channel that comes to be by this; not needed where there is one assistant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<String>,
}

impl std::fmt::Debug for SettingsBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Some of the values are secrets.
        f.debug_struct("SettingsBody").field("keys", &self.values.keys()).finish_non_exhaustive()
    }
}

/// A value that is wrong.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblemView {
    /// Its key.
    pub key: String,
    /// What is wrong, and what to do, in a sentence.
    pub what: String,
}

/// Something that was looked at: `POST /api/v1/channels/{channel}/settings/check`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// What, in a word or two.
    pub what: String,
    /// How it is.
    pub verdict: VerdictView,
    /// What was found.
    pub found: String,
    /// What to do, unless it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How something is.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictView {
    /// As it should be.
    Good,
    /// It works, but not for long or not for everything.
    Warning,
    /// It does not work.
    Bad,
    /// It could not be looked at, because of something above.
    Skipped,
}
