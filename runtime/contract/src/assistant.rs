//! What answers turns.

use crate::cause::Cause;
use crate::ids::{AssistantName, ConversationId, MessageId, PersonId, TurnId};
use crate::message::{Chat, Media, Quote, Sender};
use crate::outbound::{OutboundBody, Route};
use crate::time::Timestamp;
use crate::transcriber::Transcript;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something that answers. Built in, linked in as a crate, or loaded as a plugin.
///
/// Stateless by rule: what it must remember goes into [`Answer::state`] and comes back with the
/// next turn, through crashes and restarts.
#[async_trait]
pub trait Assistant: Send + Sync + 'static {
    /// What the engine must prepare for a turn. Asked once, at start.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Answers one turn. Called for one conversation at a time, for several conversations at once.
    /// May be called again with the same [`Turn::id`] after a failure or a crash. The future is
    /// dropped when the deadline passes or the turn is interrupted: hold nothing that must be undone.
    /// A panic is caught and counts as a failure.
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError>;
}

/// What an assistant wants to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// How many past turns it reads, at most [`crate::limits::HISTORY_TURNS_MAX`].
    pub history_turns: usize,
    /// Whether it looks at pictures. If not they are not fetched, and it sees the caption.
    pub images: bool,
    /// Whether it wants reactions as turns. If not they are noted only.
    pub reactions: bool,
}

impl Default for Needs {
    fn default() -> Self {
        Self { history_turns: 20, images: true, reactions: false }
    }
}

/// What an assistant is asked: settled messages with what came before.
///
/// Made by [`Turn::new`]; the rest is set in its fields. An assistant's own tests make one with `testing::turn`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// The same in every attempt.
    pub id: TurnId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The name under which the assistant was configured.
    pub assistant: AssistantName,
    /// The conversation.
    pub conversation: ConversationId,
    /// Where the answer will go.
    pub route: Route,
    /// The kind of chat.
    pub chat: Chat,
    /// Who wrote.
    pub sender: Sender,
    /// Who that is, across addresses.
    pub person: PersonId,
    /// What was written, oldest first; never empty. More than one only where messages are collected.
    pub messages: Vec<TurnMessage>,
    /// What was said before, oldest first.
    pub history: Vec<PastTurn>,
    /// Group talk since the last turn, oldest first, where the channel remembers it.
    pub overheard: Vec<OverheardLine>,
    /// What this assistant remembered for this conversation.
    pub state: Option<Bytes>,
    /// The wake-ups that this assistant asked for in this conversation and that are not due yet, the earliest first.
    pub wakes: Vec<Wake>,
    /// What the bot said here lately and its network took and did not deliver. Told once, as far as it is remembered.
    pub not_delivered: Vec<NotDelivered>,
    /// The present moment.
    pub now: Timestamp,
}

/// A message of the bot that its network took and did not deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDelivered {
    /// When the network said so.
    pub at: Timestamp,
    /// Its words.
    pub reason: String,
}

impl Turn {
    /// The first attempt at a turn in the chat of `route`, with nothing said before and nothing remembered, asked when
    /// the last message was written.
    pub fn new(
        id: TurnId,
        assistant: AssistantName,
        conversation: ConversationId,
        person: PersonId,
        route: Route,
        sender: Sender,
        messages: Vec<TurnMessage>,
    ) -> Self {
        Self {
            id,
            attempt: 1,
            assistant,
            conversation,
            chat: route.kind.clone(),
            route,
            sender,
            person,
            now: messages.last().map_or(Timestamp(0), |message| message.sent_at),
            messages,
            history: Vec::new(),
            overheard: Vec::new(),
            state: None,
            wakes: Vec::new(),
            not_delivered: Vec::new(),
        }
    }

    /// All words of the turn, one message per line: texts, captions, transcripts.
    pub fn text(&self) -> String {
        let words = self.messages.iter().filter_map(|message| message.content.words());
        words.collect::<Vec<_>>().join("\n")
    }
}

/// One message of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnMessage {
    /// Its id on the network.
    pub message: MessageId,
    /// When it was written.
    pub sent_at: Timestamp,
    /// What it answers.
    pub quote: Option<Quote>,
    /// What it says.
    pub content: Content,
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
            Self::Image { caption, .. } => caption.as_deref(),
            Self::Voice(transcript) => Some(&transcript.text),
            Self::Unsupported { caption, .. } => Some(caption),
            Self::Reaction { .. } | Self::Wake { .. } => None,
        }
    }
}

/// A turn that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTurn {
    /// When it was settled.
    pub at: Timestamp,
    /// The name of the person who asked, as shown then.
    pub name: Option<String>,
    /// What was asked; a picture or voice note as its words.
    pub asked: String,
    /// What was answered; empty if the assistant chose silence.
    pub answered: String,
}

/// A line of group talk that was not for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverheardLine {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub name: Option<String>,
    /// What was said.
    pub text: String,
}

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
    /// Who shall answer instead; replies given here are sent before the other's.
    pub hand_over: Option<AssistantName>,
    /// What it cost.
    pub usage: Option<Usage>,
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

    /// Silence.
    pub fn silence() -> Self {
        Self::default()
    }
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

/// What an answer cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
}

/// Why an assistant did not answer, named by what the engine can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssistantError {
    /// It may work later. Counts as an attempt.
    #[error("try again: {reason}")]
    Retry {
        /// Why.
        #[source]
        reason: Cause,
        /// How long to wait at least.
        after: Option<Duration>,
    },
    /// It will never work for this turn: quarantine it immediately.
    #[error("cannot be answered: {reason}")]
    Permanent {
        /// Why.
        #[source]
        reason: Cause,
    },
}

/// Why a turn was not answered: what the assistant said, or what its host saw. Made by the engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnFailure {
    /// The assistant said so.
    #[error(transparent)]
    Assistant(#[from] AssistantError),
    /// It panicked.
    #[error("the assistant crashed: {reason}")]
    Crashed {
        /// The panic's message.
        reason: String,
    },
    /// It took too long.
    #[error("no answer within {seconds} s")]
    TimedOut {
        /// The deadline.
        seconds: u64,
    },
    /// There is no assistant with this name.
    #[error("no assistant is configured as {name}")]
    Unknown {
        /// The name.
        name: AssistantName,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_an_answer() {
        assert_eq!(Answer::from("tea"), Answer::text("tea"));
        assert_eq!(Answer::from("tea".to_owned()), Answer::text("tea"));
    }

    #[test]
    fn a_turn_begins_with_its_messages_and_nothing_else() {
        let message = |words: &str, at| TurnMessage {
            message: words.parse().unwrap(),
            sent_at: Timestamp(at),
            quote: None,
            content: Content::Text(words.to_owned()),
        };
        let kind = Chat::Group { title: Some("friends".to_owned()) };
        let route = Route { account: "main".parse().unwrap(), chat: "friends".parse().unwrap(), kind: kind.clone() };
        let sender = Sender { id: "ana".parse().unwrap(), addresses: Vec::new(), name: None };
        let messages = vec![message("one", 1), message("two", 2)];
        let turn =
            Turn::new(TurnId(7), "echo".parse().unwrap(), ConversationId(1), PersonId(2), route, sender, messages);
        assert_eq!((turn.text().as_str(), turn.now, turn.attempt), ("one\ntwo", Timestamp(2), 1));
        assert_eq!((turn.chat, turn.history, turn.state), (kind, Vec::new(), None));
    }
}
