//! What a Baileys child tells: the lines of tests/web/baileys/peer.mjs as types.

use serde::Deserialize;
use serde_json::Value;

/// Something that happened to the client.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The process runs.
    Ready { node: String },
    /// A code to scan.
    Qr { code: String, number: u32 },
    /// The phone took it; a restart follows.
    Linked { jid: String, lid: Option<String> },
    /// A login was accepted.
    Open { jid: String, lid: Option<String> },
    /// Everything that waited at the server was handed over.
    CaughtUp,
    /// The connection ended.
    Close { status: u16, reason: String },
    /// A message of somebody else, or of another device of the own account.
    Message(Message),
    /// A message that could not be decrypted; the same id comes again if the retry heals it.
    Undecryptable(Message),
    /// What became of a message that this client sent.
    Status { id: String, chat: String, by: Option<String>, status: Status, problem: Option<String> },
    /// `composing`, `recording`, `paused`, `available` or `unavailable`.
    Typing { chat: String, from: String, state: String },
    /// Something about a group changed.
    Group { id: String, subject: Option<String> },
    /// People came or left.
    Participants { id: String, action: String },
    /// An error that Baileys did not handle.
    Failed { text: String },
    /// A line that this type does not know.
    #[serde(skip)]
    Unknown(Value),
    /// The process is gone.
    #[serde(skip)]
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Error,
    Pending,
    Sent,
    Delivered,
    Read,
    Played,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) chat: String,
    /// The chat's other address (LID or phone number), when the server told it.
    pub(crate) chat_alt: Option<String>,
    pub(crate) from: String,
    pub(crate) from_alt: Option<String>,
    /// Another device of the own account wrote it.
    pub(crate) from_me: bool,
    /// The name that the writer shows.
    pub(crate) name: Option<String>,
    /// It waited while this client was away.
    pub(crate) offline: bool,
    /// Why it could not be decrypted.
    pub(crate) reason: Option<String>,
    pub(crate) body: Option<Body>,
    pub(crate) quote: Option<Quote>,
    #[serde(default)]
    pub(crate) mentions: Vec<String>,
    pub(crate) file: Option<File>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Body {
    Text { text: String },
    Image { caption: Option<String>, mimetype: String },
    Voice { mimetype: String, seconds: u32, waveform: usize },
    Audio { mimetype: String },
    Document { name: Option<String>, caption: Option<String>, mimetype: String },
    Location { latitude: f64, longitude: f64, name: Option<String>, address: Option<String> },
    Reaction { emoji: String, target: Target },
    Edited { target: Target, text: String },
    Revoked { target: Target },
    Protocol,
    Other,
}

/// The message that another message is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Target {
    pub(crate) id: String,
    /// Seen from this client: whether it is a message that this account wrote.
    pub(crate) from_me: bool,
    pub(crate) participant: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Quote {
    pub(crate) id: String,
    pub(crate) participant: Option<String>,
    pub(crate) text: Option<String>,
}

/// A picture, sound or file, fetched from the media host and decrypted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct File {
    pub(crate) bytes: usize,
    /// Of the decrypted bytes, in hex.
    pub(crate) sha256: String,
    /// Whether length and hash are those that the message declared.
    pub(crate) as_declared: bool,
}

impl Message {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.body {
            Some(Body::Text { text }) => Some(text),
            _ => None,
        }
    }
}
