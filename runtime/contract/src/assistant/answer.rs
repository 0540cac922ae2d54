//! What an assistant returns.

use super::error::NotRemembered;
use super::usage::Usage;
use crate::choices::Choices;
use crate::ids::AssistantName;
use crate::message::Media;
use crate::outbound::OutboundBody;
use crate::time::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What an assistant returns; committed whole, or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// What to say, in order. Empty is silence.
    pub replies: Vec<Reply>,
    /// What to remember for this conversation; `None` leaves it as it is, empty bytes delete it.
    pub state: Option<Bytes>,
    /// When to be woken for this conversation. Survives restarts. One with a token that waits already takes its place; at
    /// most [`crate::limits::WAKES_PER_CONVERSATION_MAX`] wait.
    pub wake: Vec<Wake>,
    /// Tokens of wake-ups that are taken back.
    pub cancel_wakes: Vec<String>,
    /// Who shall answer instead; replies given here are sent before the other's. What is remembered, wished and spent here
    /// counts all the same.
    pub hand_over: Option<HandOver>,
    /// Whether what was said here before, and all that assistants remember of it, is forgotten. This turn is not: it is the
    /// first of the new history, and [`Answer::state`] is kept.
    pub forget: bool,
    /// What it cost. One entry for each model that was asked.
    pub usage: Vec<Usage>,
    /// Whether a model worded all of [`Answer::replies`]: no sentence of a program stands in them, nothing that repeats what
    /// people or tools said, and no name of a file. Kept with the history.
    pub worded: bool,
    /// What its owner is told about how it came about, for the trace; not said to anyone. At most
    /// [`crate::limits::NOTES_PER_TURN_MAX`] are kept.
    pub notes: Vec<Note>,
}

/// What is told about how an answer came about. Never what was said, asked for or returned.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A tool was called.
    Called {
        /// Which, with its server: `tasks.add`.
        tool: String,
        /// How long it took.
        took_ms: u64,
        /// Bytes of the arguments.
        bytes_in: u64,
        /// Bytes of what it returned, pictures and files included.
        bytes_out: u64,
        /// What went wrong, in our words.
        failed: Option<String>,
    },
    /// Something else, as a sentence in our words: that the model declined, that its answer was cut.
    Remark(String),
}

impl Answer {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { replies: vec![Reply::text(text)], ..Self::default() }
    }

    /// One text in Markdown, as language models write it.
    pub fn markdown(text: impl Into<String>) -> Self {
        Self { replies: vec![Reply::markdown(text)], ..Self::default() }
    }

    /// A question with options to choose from.
    pub fn choices(choices: Choices) -> Self {
        Self { replies: vec![Reply::choices(choices)], ..Self::default() }
    }

    /// Silence.
    pub fn silence() -> Self {
        Self::default()
    }

    /// Another assistant answers this turn, and only this one.
    pub fn hand_over(to: AssistantName) -> Self {
        Self { hand_over: Some(HandOver { to: Receiver::Assistant(to), stays: false }), ..Self::default() }
    }

    /// The same answer, remembering this for the conversation, as JSON. [`Turn::recall`](super::Turn::recall) gives it back.
    ///
    /// # Errors
    /// The value has no JSON form: a map whose keys are no texts, say.
    pub fn remember<T: Serialize>(mut self, what: &T) -> Result<Self, NotRemembered> {
        self.state = Some(serde_json::to_vec(what)?.into());
        Ok(self)
    }
}

/// Who answers instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Who.
    pub to: Receiver,
    /// Whether the conversation stays there: the next messages are answered by the same one, until it is handed on, its
    /// owner releases it, or its person says `/start`. An assistant that hands over to itself stays so.
    pub stays: bool,
}

/// Who a conversation is handed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receiver {
    /// An assistant.
    Assistant(AssistantName),
    /// The owner of the account. The bot is silent here: for an hour, or, if it stays so, until it is released.
    Human,
    /// Whoever the configuration names for this chat. Ends what [`HandOver::stays`] began: with `stays` from the next
    /// message on, so that the replies given here are the last words of the one who stayed; without it, the configured
    /// one answers this turn too.
    Configured,
}

/// One text.
impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// One text.
impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What.
    pub body: OutboundBody,
    /// Whether it visibly answers the message.
    pub quoting: Quoting,
    /// How its text or caption is written.
    pub markup: Markup,
}

impl Reply {
    /// This, said as it is; it visibly answers the message where that is useful.
    pub fn new(body: OutboundBody) -> Self {
        Self { body, quoting: Quoting::WhereUseful, markup: Markup::Plain }
    }

    /// A text. Any length: it is split as the network needs it.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(OutboundBody::Text(text.into()))
    }

    /// A question with options to choose from. Where the network has no buttons, it is a text with numbers.
    pub fn choices(choices: Choices) -> Self {
        Self::new(OutboundBody::Choices(choices))
    }

    /// A file under a name. Where the network takes no files, or not this one, a sentence says so.
    pub fn document(media: Media, name: impl Into<String>) -> Self {
        Self::new(OutboundBody::Document { media, name: name.into(), caption: None })
    }

    /// A text in Markdown. Any length: it is rendered with the marks that the network shows, and then split.
    pub fn markdown(text: impl Into<String>) -> Self {
        Self { markup: Markup::Markdown, ..Self::text(text) }
    }
}

/// How a text is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Markup {
    /// As it is to be read: every character is said as it stands.
    #[default]
    Plain,
    /// In Markdown (CommonMark, with tables, struck words and task lists). HTML in it is text.
    Markdown,
}

/// Whether a reply visibly answers the message that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quoting {
    /// In groups, on the first part.
    WhereUseful,
    /// Always, where the network can.
    Always,
    /// Never.
    Never,
}

/// A wish to be woken, not sooner than in a second ([`crate::limits::WAKE_AFTER_MIN`]). A turn that follows from it counts
/// like a message of its person: beyond the rates of the channel it comes later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// What to be reminded of; comes back as [`Content::Wake`].
    pub token: String,
}
