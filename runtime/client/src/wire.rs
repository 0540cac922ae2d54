//! What the API says. Times are milliseconds since 1970.

use crate::explained::StageView;
use crate::next::NextView;
use crate::sessions::SessionView;
use crate::settings::FieldProblemView;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where a running server is found, and what opens it: the content of `gateway.json`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The address that reaches it from this machine.
    pub address: SocketAddr,
    /// The token of this run.
    pub token: String,
    /// The server's process.
    pub pid: u32,
    /// The server's version.
    pub version: String,
}

impl Announcement {
    /// The file's name within the data folder.
    pub const FILE_NAME: &'static str = "gateway.json";
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Announcement({}, process {}, token …)", self.address, self.pid)
    }
}

/// `GET /api/v1/health`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// Whether messages are taken and answered.
    pub ok: bool,
    /// The rest, for who has the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<HealthDetails>,
}

/// `GET /healthz` and `GET /readyz`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignView {
    /// Whether it is so.
    pub ok: bool,
    /// Why not, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same for programs, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What the server says about itself.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthDetails {
    /// Its version.
    pub version: String,
    /// When it started.
    pub started_at_ms: u64,
    /// What is wrong.
    pub problems: Vec<HealthProblemView>,
    /// What works now and will go wrong unless something is done.
    #[serde(default)]
    pub warnings: Vec<HealthProblemView>,
    /// Messages that wait for a turn.
    pub inbox_waiting: u64,
    /// Messages in quarantine.
    pub quarantined: u64,
    /// Messages of the bot that wait to be sent.
    #[serde(default)]
    pub outbox_waiting: u64,
    /// Messages of the bot that are held until the owner releases or drops them.
    #[serde(default)]
    pub outbox_held: u64,
    /// Conversations held in memory.
    pub conversations_active: u64,
    /// Actors that crashed and were restarted.
    pub restarts: u64,
    /// Every account.
    pub accounts: Vec<SessionView>,
    /// What came from outside since the start and was not taken.
    #[serde(default)]
    pub rejections: Vec<RejectionView>,
}

/// Something that came from outside and was not taken, such as posts with a wrong signature.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionView {
    /// The channel it was meant for; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Why, in one word that does not change, such as `signature`.
    pub cause: String,
    /// How often and why, in a sentence.
    pub what: String,
    /// How often.
    pub count: u64,
    /// When it happened first since the start.
    pub first_ms: u64,
    /// When it happened last.
    pub last_ms: u64,
}

/// Something that is wrong, or will be.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthProblemView {
    /// What, in a sentence.
    pub what: String,
    /// The account it is about; absent if it is about no single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What to do, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextView>,
}

/// Why a message was, or was not, answered: `GET /api/v1/why/{message}`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceView {
    /// The message.
    pub message: String,
    /// The account that received it.
    pub account: String,
    /// The chat, where it is still known.
    pub chat: Option<String>,
    /// The conversation; 0 where it is not told.
    #[serde(default)]
    pub conversation: u64,
    /// How it ended, as far as it has.
    #[serde(default)]
    pub state: TraceStateView,
    /// What was decided, in order.
    pub steps: Vec<StepView>,
    /// What was sent because of it.
    pub parcels: Vec<ParcelView>,
    /// The same as its way from stage to stage, all of them in their order.
    #[serde(default)]
    pub way: Vec<StageView>,
}

/// How it ended with a message.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceStateView {
    /// It has not.
    #[default]
    Waiting,
    /// It was answered, and what was said was sent.
    Answered,
    /// It is not answered: it, or who wrote it, was turned away.
    Refused,
    /// It could not be answered, or the answer will not be sent.
    Failed,
    /// An answer waits until something changes.
    Held,
    /// It is unknown whether an answer was sent.
    Uncertain,
}

/// One decision.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// When.
    pub at_ms: u64,
    /// What, in one word that does not change, such as `admitted`.
    #[serde(default)]
    pub code: String,
    /// More of that, in one word that does not change: why a message is not answered, or what the network said of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The addresses that the sender is known by, where that is why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_as: Vec<String>,
    /// The same in plain words.
    pub what: String,
}

/// One message of ours.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelView {
    /// Our name for it.
    pub id: String,
    /// How far it is, in one word.
    pub state: String,
    /// Until when it waits; absent if it does not, or if that is not a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// What happened to it, in order.
    pub steps: Vec<StepView>,
}

/// A message that failed too often: `GET /api/v1/quarantine`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedView {
    /// Names it, for its release.
    pub sequence: u64,
    /// The message; absent for a wake-up.
    pub message: Option<String>,
    /// The account that received it.
    pub account: String,
    /// The chat.
    pub chat: String,
    /// Why it is here.
    pub reason: String,
    /// Since when.
    pub at_ms: u64,
}

/// A wake-up that is not due yet: `GET /api/v1/wakes`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeView {
    /// Names it, to take it back.
    pub number: u64,
    /// When it is due.
    pub at_ms: u64,
    /// The assistant that asked for it.
    pub assistant: String,
    /// What it asked to be reminded of.
    pub token: String,
    /// The account of the chat.
    pub account: String,
    /// The chat.
    pub chat: String,
}

/// A message of the bot that is not sent: `GET /api/v1/outbox`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsentView {
    /// Names it, for its release.
    pub id: String,
    /// The account that sends it.
    pub account: String,
    /// The chat.
    pub chat: String,
    /// `answer`, `notice` or `own send`.
    pub kind: String,
    /// `waiting`, `uncertain` or `held`. What is held waits for the owner.
    pub state: String,
    /// What it waits for, in a sentence.
    pub reason: String,
    /// Until when it waits, where that is a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was made.
    pub made_at_ms: u64,
}

/// How many messages of the bot were released: `POST /api/v1/outbox/release`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedView {
    /// How many.
    pub released: usize,
}

/// An entry of an allow-list: `GET /api/v1/allow`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowView {
    /// The channel it holds in; absent if it holds in one account.
    pub channel: Option<String>,
    /// The account it holds in; absent if it holds in a channel.
    pub account: Option<String>,
    /// The entry.
    pub entry: String,
    /// Where it comes from. Entries of the configuration cannot be removed here.
    pub origin: String,
}

/// Why a request was refused: problem details as in RFC 9457.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// The address that names this kind of problem; it ends with the code and does not change.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong with this request, in a sentence.
    pub detail: String,
    /// The kind for programs, in words with hyphens that do not change.
    pub code: String,
    /// What must be read and accepted before the request is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What to do before the request is made again, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextView>,
    /// How many there are, where a limit was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Which values are wrong, where several were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblemView>,
}

impl ProblemView {
    /// What the address of every kind begins with.
    pub const KINDS: &'static str = "https://greenroom.dev/problems/";
    /// The media type of such an answer.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";
}
