//! What arrives.
//!
//! [`Body`] may still need work: a picture to fetch, a voice note to hear. [`crate::assistant::Content`],
//! which an assistant sees, never does.

use crate::address::Address;
use crate::ids::{AccountId, ChatId, MessageId, SenderId};
use crate::time::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A message as a network delivered it, translated and nothing more.
///
/// Made by an adapter's `normalize`. The adapter never drops a message because of its author or its
/// chat: whether it is answered is decided elsewhere, once, for all networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// Which message this is.
    pub key: MessageKey,
    /// The kind of chat it was written in.
    pub chat: Chat,
    /// Who wrote it.
    pub sender: Sender,
    /// Whether a person wrote it, or a device of the linked account itself.
    pub origin: Origin,
    /// Whom it was written to, where the account itself wrote it in a direct chat. `None` for what people write, and where the
    /// network does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_to: Option<Sender>,
    /// When it was written, by the network's clock.
    pub sent_at: Timestamp,
    /// How it concerns us. Only the adapter can know: it owns the alias tables.
    pub addressing: Addressing,
    /// The message it answers.
    pub quote: Option<Quote>,
    /// What was written.
    pub body: Body,
}

/// Which message: unique within an account, given its author.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// The account that received it.
    pub account: AccountId,
    /// The chat it was written in; for a direct chat, the address to reply to.
    pub chat: ChatId,
    /// Its id on the network.
    pub message: MessageId,
}

/// The kind of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chat {
    /// One person and us.
    Direct,
    /// Several people and us.
    Group {
        /// Its title, where the network told it.
        title: Option<String>,
    },
}

impl Chat {
    /// Whether several people read what is written here.
    pub fn is_group(&self) -> bool {
        matches!(self, Self::Group { .. })
    }
}

/// The author of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// As the adapter writes it.
    pub id: SenderId,
    /// Every address of this person that the adapter knows, the most telling first. At most
    /// [`crate::limits::ADDRESSES_MAX`]. Empty where the network has none; then `id` alone tells people apart.
    pub addresses: Vec<Address>,
    /// The name the person goes by. Not a proof of anything.
    pub name: Option<String>,
}

/// Who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Somebody else.
    Person,
    /// The linked account: its phone, another companion, or this bot (told apart by the ids it has sent).
    OwnDevice {
        /// Whether it was written in the chat of the account with itself.
        to_self: bool,
    },
}

/// How a message concerns us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Addressing {
    /// A direct chat.
    Direct,
    /// A group, and we are mentioned.
    Mentioned,
    /// A group, and it answers a message of ours.
    Replied,
    /// A group, and it is not for us, as far as the network shows.
    Overheard,
}

/// The message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its id.
    pub message: MessageId,
    /// Its author, where told.
    pub sender: Option<SenderId>,
    /// Its text, where told.
    pub text: Option<String>,
}

/// What was written.
///
/// Deliberately not `#[non_exhaustive]`: what an adapter may deliver must be decided about wherever it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// Words.
    Text(String),
    /// A picture, still to be fetched.
    Image {
        /// Where its bytes are.
        media: MediaRef,
        /// The words below it.
        caption: Option<String>,
    },
    /// A voice note, still to be fetched and heard.
    Voice {
        /// Where its bytes are.
        media: MediaRef,
        /// How long it is, as the sender's phone says. Not to be trusted.
        duration: Option<Duration>,
    },
    /// One of the options that were offered was tapped.
    Choice {
        /// The option's id, as it was offered. Not to be trusted: a client may send any.
        id: String,
        /// Its title.
        title: String,
    },
    /// A file, still to be fetched.
    Document {
        /// Where its bytes are.
        media: MediaRef,
        /// Its name, as the sender calls it.
        name: Option<String>,
        /// The words below it.
        caption: Option<String>,
    },
    /// A place.
    Location(Location),
    /// People from an address book; never empty, at most [`crate::limits::CONTACTS_PER_MESSAGE_MAX`].
    Contacts(Vec<Contact>),
    /// An emoji under a message; `None` takes it back.
    Reaction {
        /// The message below which it stands.
        to: MessageId,
        /// The emoji.
        emoji: Option<String>,
    },
    /// A kind that is not understood yet. Never an error.
    Unsupported {
        /// Its kind in one word, as the network calls it: `video`, `sticker`, `poll`.
        kind: String,
        /// The words that came with it; they are answered.
        caption: Option<String>,
    },
    /// A message is there, and what it says is not. If that comes later, under the same id, it is a message like any
    /// other and no repetition.
    Unreadable(Unreadable),
    /// Something happened in the chat, and no one said anything: it was opened, a message was pinned or corrected. It
    /// is traced and not answered.
    Event {
        /// What, in one word, as the network calls it: `pin`, `request_welcome`.
        kind: String,
    },
}

/// A place on earth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
    /// What it is called.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
}

impl Location {
    /// Whether there is such a place.
    #[must_use]
    pub fn is_on_earth(&self) -> bool {
        (-90.0..=90.0).contains(&self.latitude) && (-180.0..=180.0).contains(&self.longitude)
    }
}

/// A person from an address book.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name.
    pub name: Option<String>,
    /// Phone numbers as they are written there, at most [`crate::limits::NUMBERS_PER_CONTACT_MAX`].
    pub phones: Vec<String>,
}

/// Why it is not known what a message says. [`fmt::Display`] says it in a sentence for traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// Not yet: it was asked for, and may still come.
    Waiting,
    /// It was asked for in vain. It may still come, but nothing is done for it any more.
    Lost,
    /// It can be viewed once, and the network gives it to the phone only.
    ViewOnce,
    /// The network gives it to the phone only.
    PhoneOnly,
    /// It came in a form that is not understood here.
    Foreign,
}

impl Unreadable {
    /// Every variant.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Lost, Self::ViewOnce, Self::PhoneOnly, Self::Foreign];

    /// Whether nothing is done for it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        self != Self::Waiting
    }

    /// One word for records; it does not change.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Lost => "lost",
            Self::ViewOnce => "view_once",
            Self::PhoneOnly => "phone_only",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "its content cannot be read yet; its sender and the account's phone were asked for it",
            Self::Lost => "its content could not be read, and asking its sender and the account's phone was in vain",
            Self::ViewOnce => "it can be viewed once and only on the phone",
            Self::PhoneOnly => "its content is on the phone only; the network does not give it to linked devices",
            Self::Foreign => "it came without content that this version understands; open it on the phone",
        })
    }
}

/// Where the bytes of a medium are. Written and read by one adapter, carried by everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaRef {
    /// The type the network declared, such as `audio/ogg; codecs=opus`.
    pub mime: String,
    /// The size the network declared, in bytes. Not to be trusted.
    pub size_bytes: Option<u64>,
    /// What the adapter needs to fetch it. Opaque; carries no media bytes.
    pub token: serde_json::Value,
}

/// A medium in memory.
#[derive(Clone, PartialEq)]
pub struct Media {
    /// Its type.
    pub mime: String,
    /// Its bytes.
    pub bytes: Bytes,
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Media({}, {} bytes)", self.mime, self.bytes.len())
    }
}
