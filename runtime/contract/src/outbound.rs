//! What leaves.

use crate::ids::{AccountId, ChatId, MessageId, OutboundId};
use crate::message::{Chat, Media};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// When the message that opened this exchange was written; networks with windows need it.
    pub opened_at: Timestamp,
    /// What it says.
    pub body: OutboundBody,
}

/// What a message of ours says.
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
        /// Ogg/Opus, mono.
        media: Media,
    },
    /// An emoji under a message; `None` takes it back.
    Reaction {
        /// The message below which it stands.
        to: MessageId,
        /// The emoji.
        emoji: Option<String>,
    },
}

impl OutboundBody {
    /// The kind in one word, for traces and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Reaction { .. } => "reaction",
        }
    }
}
