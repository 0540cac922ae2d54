//! The owner takes part in a talk of the bot.

use super::Scope;
use crate::ids::{AccountId, ChatId, MessageId, SenderId};
use crate::message::{Chat, Sender};
use crate::time::Timestamp;

/// What the owner typed in a chat, from another device than this one.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnerWrote {
    /// The account, whose name stands above it.
    pub account: AccountId,
    /// The scope of its people.
    pub scope: Scope,
    /// The chat.
    pub chat: ChatId,
    /// Its kind.
    pub kind: Chat,
    /// Whom it was written to, in a direct chat.
    pub to: Option<Sender>,
    /// Its id.
    pub message: MessageId,
    /// The account, as its network names an author.
    pub sender: SenderId,
    /// Its words; without any the history stays as it is.
    pub text: Option<String>,
    /// When it was written.
    pub at: Timestamp,
    /// How the silence of the bot changes.
    pub silence: Silence,
}

/// How the silence of the bot in a conversation changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It does not.
    AsBefore,
    /// It lasts until then, or longer if it did before.
    AtLeast(Timestamp),
    /// It lasts until then; `None` ends it.
    Until(Option<Timestamp>),
}
