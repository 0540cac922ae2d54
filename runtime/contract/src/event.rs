//! Everything an adapter may report, and the sink that makes it durable.

use crate::address::Address;
use crate::cause::Cause;
use crate::channel::SendError;
use crate::ids::{ChatId, MessageId, OutboundId, SenderId};
use crate::message::Inbound;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What an adapter reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ChannelEvent {
    /// A message arrived.
    Message(Box<Inbound>),
    /// A message was deleted by its author.
    Revoked {
        /// The chat.
        chat: ChatId,
        /// The author.
        sender: SenderId,
        /// The deleted message.
        message: MessageId,
    },
    /// A message was edited by its author.
    Edited {
        /// The chat.
        chat: ChatId,
        /// The author.
        sender: SenderId,
        /// The edited message.
        message: MessageId,
        /// What it says now.
        text: String,
    },
    /// Something became of a message of ours: evidence for an uncertain send, and a line in its trace.
    Status {
        /// Which one.
        of: StatusOf,
        /// What became of it.
        status: DeliveryStatus,
        /// When, by the network's clock.
        at: Timestamp,
        /// Under which category the network bills the message, in one of a few words of the adapter. Told with every status
        /// that says so; the message counts once, when it is delivered. `None` where it is free, or nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        billed_as: Option<String>,
    },
    /// These addresses belong to one person. It makes no person: it is said of strangers as well.
    SamePerson {
        /// At least two.
        addresses: Vec<Address>,
    },
}

/// Which message of ours a status speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusOf {
    /// By the name that we chose.
    Outbound(OutboundId),
    /// By the name that the network gave.
    Message(MessageId),
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The network has it.
    Sent,
    /// A device of the receiver has it.
    Delivered,
    /// It was read.
    Read,
    /// It was listened to.
    Played,
    /// The network gave up on it.
    Failed {
        /// Its reason: a code and words.
        reason: String,
        /// The network's code, where it has one.
        code: Option<i64>,
        /// What follows from it, as the adapter understands the code.
        then: Consequence,
    },
}

/// What follows when the network gives up on a message that it took: the same as if it had refused the send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The network will never take this message.
    GivenUp,
    /// It may take it later.
    TriedAgain,
    /// It takes it only after the person writes again, or in the form that it takes at any time.
    PersonWrites,
    /// The account cannot send until a person acts.
    AccountStops,
}

impl From<&SendError> for Consequence {
    fn from(error: &SendError) -> Self {
        match error {
            SendError::Refused { .. } => Self::GivenUp,
            SendError::Retry { .. } | SendError::Uncertain { .. } | SendError::NotConnected => Self::TriedAgain,
            SendError::WindowClosed { .. } => Self::PersonWrites,
            SendError::AccountStopped { .. } => Self::AccountStops,
        }
    }
}

impl DeliveryStatus {
    /// Whether a device of the receiver has it. What is read was delivered, also where the network does not say so.
    pub fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered | Self::Read | Self::Played)
    }

    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed { .. } => "failed",
        }
    }
}

/// Takes what an adapter reports. One sink belongs to one account.
///
/// The sink is owned by the adapter's callbacks and may be called from several tasks at once;
/// the order of one chat is the order in which its `emit` calls return.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Returns once all events are durable, in one commit; only then may the adapter acknowledge
    /// them to its network. Waits while the inbox is full. At most
    /// [`crate::limits::EVENTS_PER_EMIT_MAX`] events. Dropping the future leaves it open whether
    /// they were stored; delivering them again is harmless.
    async fn emit(&self, events: Vec<ChannelEvent>) -> Result<(), SinkError>;

    /// Proof of life: the adapter saw a sign of its network (a frame, a pong, an acknowledgement).
    /// Cheap; never waits.
    fn alive(&self, sign: Sign);
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// The connection is made and the network accepts us.
    Connected,
    /// Any bytes arrived.
    Frame,
    /// The network acknowledged something of ours.
    Acknowledged,
}

/// Why events were not taken. None of them may be acknowledged then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The store cannot take them now. Let the network deliver them again.
    #[error("the store cannot take it now: {reason}")]
    Unavailable {
        /// The store's error.
        #[source]
        reason: Cause,
    },
    /// The runtime is stopping or the account is gone. End the run.
    #[error("the runtime is stopping")]
    Closed,
    /// The adapter sent more than one call may carry: a bug in the adapter.
    #[error("{events} events in one call are too many")]
    TooMany {
        /// How many.
        events: usize,
    },
}
