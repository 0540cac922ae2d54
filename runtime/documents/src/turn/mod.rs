//! The document of a turn.
//!
//! | module | holds |
//! |---|---|
//! | `message` | the document of one message |
//! | `of` | how a turn becomes its document |

mod message;
mod of;

pub use message::{
    ContactDocument, FileDocument, LocationDocument, MediumDocument, MessageContent, MessageDocument, QuoteDocument,
    ReactionDocument, VoiceDocument,
};
pub use of::Carrying;

use crate::media::CarriedMedium;
use crate::memory::Memory;
use greenroom_contract::capabilities::Ability;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an assistant is asked. Keys that a reader does not know are to be ignored: later versions may have more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TurnDocument {
    /// The version of this document: 1.
    pub v: u32,
    /// The turn. The same in every attempt, so that its effects can be recognised. A text to compare, not to take apart.
    pub turn: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The present moment, in milliseconds since 1970-01-01T00:00:00Z, like every time in this document.
    pub now: u64,
    /// How long the answer may take from then on, in milliseconds.
    pub deadline_ms: u64,
    /// The time zone of the people here: an IANA name such as `Europe/Zurich`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The language in which they are spoken to: a BCP 47 tag such as `de-AT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name under which the assistant is configured.
    pub assistant: String,
    /// The name of the channel.
    pub channel: String,
    /// The network, such as `whatsapp-cloud`.
    pub network: String,
    /// The conversation. A text to compare.
    pub conversation: String,
    /// The chat.
    pub chat: ChatDocument,
    /// Who wrote.
    pub person: PersonDocument,
    /// What can be said here as it is; the rest becomes words.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub can: Vec<Ability>,
    /// What was written, oldest first; never empty.
    pub messages: Vec<MessageDocument>,
    /// What was said before, oldest first.
    #[serde(default)]
    pub history: Vec<PastDocument>,
    /// Group talk since the last turn that was not for the bot, oldest first.
    #[serde(default)]
    pub overheard: Vec<OverheardDocument>,
    /// The wake-ups that wait here, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wakes: Vec<WakeDocument>,
    /// What the bot said here lately and the network did not deliver.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undelivered: Vec<UndeliveredDocument>,
    /// What the last answer remembered here.
    #[serde(default, skip_serializing_if = "Memory::is_empty")]
    pub memory: Memory,
    /// The bytes of the media that messages name by number. A plugin reads them from its host instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<CarriedMedium>,
}

/// The chat of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatDocument {
    /// Its kind.
    pub kind: ChatKind,
    /// The title of a group, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The kind of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the bot.
    Direct,
    /// Several people and the bot.
    Group,
}

/// Who wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonDocument {
    /// Who it is, across addresses. A text to compare.
    pub id: String,
    /// The name the person goes by. Not a proof of anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phone number, such as `+15551234567`, where the assistant is told addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Every address of the person, where the assistant is told them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Who that is on every channel, where the person proved an e-mail address and nothing speaks against it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedDocument>,
}

/// A person who proved an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkedDocument {
    /// The same for everyone who proved the same address, on whichever channel. A text to compare.
    pub id: String,
    /// The address, where the assistant is told addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name that the configured lookup knows, else the one that the person goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the configured lookup knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// When the address was proved.
    pub since: u64,
}

/// A turn that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PastDocument {
    /// When.
    pub at: u64,
    /// The name of the person who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was asked; a picture or voice note as its words.
    pub asked: String,
    /// What was answered; empty if it was silence.
    pub answered: String,
}

/// A line of group talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OverheardDocument {
    /// When.
    pub at: u64,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was said.
    pub text: String,
}

/// A wake-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WakeDocument {
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: u64,
    /// What to be reminded of.
    pub token: String,
}

/// A message of the bot that was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UndeliveredDocument {
    /// When the network said so.
    pub at: u64,
    /// Its words.
    pub reason: String,
}
