//! What the API says about the parts of a running program: channels, assistants and what they are provided with, actors.

use serde::{Deserialize, Serialize};

/// A configured channel: `GET /api/v1/channels`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelView {
    /// Its name.
    pub channel: String,
    /// The adapter's kind, such as `whatsapp-web`.
    pub adapter: String,
    /// How its accounts come about.
    pub kind: ChannelKindView,
    /// Whether accounts are linked at run time.
    pub can_link: bool,
    /// In which ways an account is linked; empty where none is.
    pub methods: Vec<LinkMethodView>,
    /// What must be read and accepted before the first link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What is to be said about its licence, where there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where its network calls this program; absent where it does not, or where no public address is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Sessions of the caller that are linked, or on their way to it.
    pub sessions: u64,
    /// How many the caller may have, in all channels together.
    pub sessions_max: u64,
    /// Entries of the list that holds in all its sessions; 0 for callers who do not see it.
    pub allowed: u64,
}

/// How the accounts of a channel come about.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKindView {
    /// As a device of a phone that is linked at run time.
    Linked,
    /// As a number of a business, which calls this program.
    Business,
    /// On this machine.
    Local,
}

/// A way to link an account.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethodView {
    /// A code that is scanned.
    Qr,
    /// A code that is typed on the phone.
    Code,
}

/// An assistant, a model, a tool server or a plugin: `GET /api/v1/assistants`, `/models`, `/tools`, `/plugins`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartView {
    /// Its name in the configuration.
    pub name: String,
    /// What kind it is of, such as `llm`.
    pub kind: String,
    /// What it is for, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What it is given of a message, in words such as `pictures`.
    #[serde(default)]
    pub sees: Vec<String>,
    /// Which models, tools, assistants or hosts it uses.
    #[serde(default)]
    pub uses: Vec<String>,
    /// `ready` or `away`.
    pub state: String,
    /// Why it is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An actor and those below it: `GET /api/v1/actors`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorView {
    /// What people call it.
    pub name: String,
    /// Of what kind it is, in one word.
    pub kind: String,
    /// `starting`, `running`, `stopping`, `stopped`, or `busy` if it did not answer in time.
    pub state: String,
    /// What waits for it; absent where it has no queue of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<u64>,
    /// How often it crashed and was restarted.
    pub restarts: u64,
    /// Since when it runs.
    pub since_ms: u64,
    /// The actors below it, by name.
    #[cfg_attr(feature = "schema", schema(no_recursion))]
    pub children: Vec<ActorView>,
}

/// What reading the configuration again changed: `POST /api/v1/reload`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadedView {
    /// What holds now and did not before, one sentence each.
    pub changes: Vec<String>,
    /// What is written differently, but holds after a restart only.
    #[serde(default)]
    pub after_restart: Vec<String>,
    /// What is allowed but perhaps not meant.
    #[serde(default)]
    pub warnings: Vec<String>,
}
