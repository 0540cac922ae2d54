//! What was said before.

use super::StoreError;
use crate::assistant::{BilledRow, PastTurn, UsageRow};
use crate::ids::{AssistantName, ConversationId, MessageId, PersonId};
use async_trait::async_trait;
use bytes::Bytes;
use std::ops::RangeInclusive;

/// Past turns and what assistants remember. Written only by `settle`.
#[async_trait]
pub trait History: Send + Sync {
    /// The last turns, oldest first, at most `turns_max`, and no more than
    /// [`HISTORY_BYTES_MAX`](crate::limits::HISTORY_BYTES_MAX) unless the last one alone is.
    async fn recent(&self, history: HistoryKey, turns_max: usize) -> Result<Vec<PastTurn>, StoreError>;

    /// What an assistant remembers for a conversation.
    async fn state(&self, conversation: ConversationId, assistant: &AssistantName)
    -> Result<Option<Bytes>, StoreError>;

    /// What answers cost on these days (since 1970-01-01, UTC; both ends are included), by day, conversation, assistant,
    /// model and person, at most `rows_max`. Follows merges. Kept for [`USAGE_AGE_MAX`](crate::limits::USAGE_AGE_MAX).
    async fn usage(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<UsageRow>, StoreError>;

    /// How many messages of the bot networks billed on these days, by day, account and category, at most `rows_max`; each one
    /// counts once. Kept as long as [`History::usage`].
    async fn billed(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<BilledRow>, StoreError>;

    /// What a message of this conversation said, by its id on the network, as far as it is remembered: one that a turn of
    /// this history holds, or one of the bot. `None` if it is neither. A message of the bot in another conversation is
    /// told as such, and not what it said.
    async fn said(
        &self,
        conversation: ConversationId,
        history: HistoryKey,
        message: &MessageId,
    ) -> Result<Option<Said>, StoreError>;

    /// Deletes a history, everything that assistants remember with it, and the settings of its conversations.
    async fn forget(&self, history: HistoryKey) -> Result<(), StoreError>;
}

/// What is remembered of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether the bot said it.
    pub ours: bool,
    /// What it said; of one of several that were asked or answered together, at most
    /// [`QUOTED_BYTES_MAX`](crate::limits::QUOTED_BYTES_MAX). `None` if that was not kept.
    pub text: Option<String>,
}

/// Whose history it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HistoryKey {
    /// A direct chat: that of the person, whatever account or adapter it came through.
    Person(PersonId),
    /// A group: that of the chat.
    Conversation(ConversationId),
}
