//! What was said before.

use super::StoreError;
use crate::assistant::{PastTurn, UsageRow};
use crate::ids::{AssistantName, ConversationId, PersonId};
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

    /// What answers cost on these days (since 1970-01-01, UTC; both ends are included), by day, conversation, assistant and
    /// model, at most `rows_max`. Kept for [`USAGE_AGE_MAX`](crate::limits::USAGE_AGE_MAX).
    async fn usage(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<UsageRow>, StoreError>;

    /// Deletes a history, everything that assistants remember with it, and the settings of its conversations.
    async fn forget(&self, history: HistoryKey) -> Result<(), StoreError>;
}

/// Whose history it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HistoryKey {
    /// A direct chat: that of the person, whatever account or adapter it came through.
    Person(PersonId),
    /// A group: that of the chat.
    Conversation(ConversationId),
}
