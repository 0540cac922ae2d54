//! What leaves.

use crate::choices::Choices;
use crate::ids::{AccountId, ChatId, MessageId, OutboundId, SenderId};
use crate::message::{Chat, Location, Media};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The way back to where a message came from. A value that travels with the message; it is never
/// looked up from a default account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The account that sends.
    pub account: AccountId,
    /// The chat, with the address its message came with.
    pub chat: ChatId,
    /// Its kind.
    pub kind: Chat,
}

/// One network message of ours, as a [`crate::channel::Link`] sends it.
///
/// It already fits the declared capabilities: nothing here is longer than the network allows or of
/// a kind it lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// Its name, chosen before the send and the same in every attempt.
    pub id: OutboundId,
    /// Where it goes.
    pub route: Route,
    /// The message it answers visibly.
    pub reply_to: Option<MessageId>,
    /// Who wrote the message that opened this exchange, and so the author of `reply_to`; networks that
    /// name a message by its id and its author need it. `None` if nobody did (a message of the owner's).
    pub recipient: Option<SenderId>,
    /// Whether the network still takes free words here, for networks that declare a
    /// [`WindowRule`](crate::capabilities::WindowRule); open on all others. The engine decides it.
    pub window: Window,
    /// What it says.
    pub body: OutboundBody,
}

/// Whether the person wrote lately enough for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Anything may be sent.
    Open,
    /// Only what [`WhenClosed::Template`](crate::capabilities::WhenClosed) describes.
    Closed,
}

/// What a message of ours says.
///
/// Deliberately not `#[non_exhaustive]`: an adapter must not compile before it has decided what becomes of a new kind.
#[derive(Debug, Clone, PartialEq)]
pub enum OutboundBody {
    /// Words.
    Text(String),
    /// A picture.
    Image {
        /// The picture.
        media: Media,
        /// The words below it.
        caption: Option<String>,
    },
    /// A voice note.
    Voice {
        /// Ogg/Opus, mono, once it is in the outbox; an assistant may answer with WAV or MP3 too.
        media: Media,
        /// How it sounds, for networks that draw it. Filled in by the engine.
        sound: Option<Sound>,
    },
    /// A question with options to choose from.
    Choices(Choices),
    /// A file.
    Document {
        /// The file.
        media: Media,
        /// The name under which it is shown. Not a path.
        name: String,
        /// The words below it.
        caption: Option<String>,
    },
    /// A place.
    Location(Location),
    /// An emoji under a message; `None` takes it back.
    Reaction {
        /// The message below which it stands.
        to: MessageId,
        /// The emoji.
        emoji: Option<String>,
    },
}

/// Words.
impl From<String> for OutboundBody {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Words.
impl From<&str> for OutboundBody {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// How a voice note sounds, so that a network can draw it before it is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// How long it is.
    pub duration: Duration,
    /// Loudness over time: [`crate::limits::WAVEFORM_BYTES`] values from 0 to 100.
    pub waveform: Vec<u8>,
}

impl OutboundBody {
    /// The medium that it carries, if it carries one.
    pub fn media(&self) -> Option<&Media> {
        match self {
            Self::Image { media, .. } | Self::Voice { media, .. } | Self::Document { media, .. } => Some(media),
            Self::Text(_) | Self::Choices(_) | Self::Location(_) | Self::Reaction { .. } => None,
        }
    }

    /// The kind in one word, for traces and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Choices(_) => "choices",
            Self::Document { .. } => "document",
            Self::Location(_) => "location",
            Self::Reaction { .. } => "reaction",
        }
    }
}
