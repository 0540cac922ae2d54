//! What the messages of a turn say.

use crate::ids::{MessageId, SenderId};
use crate::message::{Contact, Location, Media};
use crate::time::Timestamp;
use crate::transcriber::Transcript;

/// One message of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnMessage {
    /// Its id on the network.
    pub message: MessageId,
    /// When it was written.
    pub sent_at: Timestamp,
    /// What it answers.
    pub quote: Option<Quoted>,
    /// What it says.
    pub content: Content,
}

/// The message that another one answers, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Its id.
    pub message: MessageId,
    /// Its author, where told.
    pub sender: Option<SenderId>,
    /// What it says: as it is remembered here, else as the network tells it.
    pub text: Option<String>,
    /// Whether it is a message of the bot.
    pub ours: bool,
    /// Whether the text is only what the one who quotes it claims; no one else saw it.
    pub claimed: bool,
}

/// What a message says; nothing left to fetch or to hear.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Words.
    Text(String),
    /// A picture. `None` where the assistant does not look at pictures.
    Image {
        /// The picture.
        media: Option<Media>,
        /// The words below it.
        caption: Option<String>,
    },
    /// A voice note, heard.
    Voice(Transcript),
    /// One of the options that were offered, however it was picked: by a tap, by its number or by its title.
    Choice {
        /// The option's id, as it was offered.
        id: String,
        /// Its title.
        title: String,
    },
    /// A file.
    Document {
        /// The file. `None` where the assistant does not read documents.
        media: Option<Media>,
        /// Its name, as the sender calls it. Not a path, and not to be trusted.
        name: Option<String>,
        /// The words below it.
        caption: Option<String>,
    },
    /// A place.
    Location(Location),
    /// People from an address book; never empty.
    Contacts(Vec<Contact>),
    /// An emoji under a message.
    Reaction {
        /// The message.
        to: MessageId,
        /// The emoji; `None` takes it back.
        emoji: Option<String>,
    },
    /// A wake-up that the assistant asked for earlier.
    Wake {
        /// What it asked to be reminded of.
        token: String,
    },
    /// A kind that is not understood, with its words.
    Unsupported {
        /// Which kind.
        kind: String,
        /// The words that came with it.
        caption: String,
    },
}

impl Content {
    /// Its words, if it has any.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Image { caption, .. } | Self::Document { caption, .. } => caption.as_deref(),
            Self::Voice(transcript) => Some(&transcript.text),
            Self::Choice { title, .. } => Some(title),
            Self::Location(location) => location.name.as_deref().or(location.address.as_deref()),
            Self::Unsupported { caption, .. } => Some(caption),
            Self::Contacts(_) | Self::Reaction { .. } | Self::Wake { .. } => None,
        }
    }
}
