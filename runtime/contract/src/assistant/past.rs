//! What was said before a turn.

use crate::ids::{AssistantName, MessageId, TurnId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A turn that was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTurn {
    /// When it was settled.
    pub at: Timestamp,
    /// The name of the person who asked, as shown then.
    pub name: Option<String>,
    /// What was asked; a picture or voice note as its words.
    pub asked: String,
    /// What was answered; empty if the assistant chose silence.
    pub answered: String,
    /// Whether the owner typed what was answered, from a device of the account: nothing was asked, and no assistant spoke.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_owner: bool,
    /// The messages that asked, in order. The store fills it in from the rows that the turn covers.
    #[serde(default)]
    pub messages: Vec<MessageId>,
    /// The turn. The store fills it in; `None` for turns of an earlier version.
    #[serde(default)]
    pub turn: Option<TurnId>,
    /// The assistant whose model worded all of the answer ([`Answer::worded`](super::Answer::worded)). `None` for everything else,
    /// and for turns of an earlier version: words of people may stand in it, so that it must not be shown to a model as
    /// words of its own.
    #[serde(default)]
    pub worded_by: Option<AssistantName>,
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

/// A message of the bot that its network took and did not deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDelivered {
    /// When the network said so.
    pub at: Timestamp,
    /// Its words.
    pub reason: String,
}
