//! Wake-ups that an assistant asked for.

use crate::ids::{AssistantName, ConversationId, Sequence};
use crate::message::Sender;
use crate::outbound::Route;
use crate::time::Timestamp;

/// A wake-up to store. It takes the place of the one with the same token that the same assistant asked for in this
/// conversation, if that is not due yet. What is beyond [`crate::limits::WAKES_PER_CONVERSATION_MAX`] is left out, with a line in
/// the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeDraft {
    /// When.
    pub at: Timestamp,
    /// What to be reminded of.
    pub token: String,
    /// Who asked.
    pub assistant: AssistantName,
    /// Where the answer will go.
    pub route: Route,
    /// Who the conversation is with.
    pub sender: Sender,
    /// When the message was written that it goes back to. A network that takes answers for a day only measures from it.
    pub opened_at: Timestamp,
}

impl WakeDraft {
    /// When a wake-up is that only takes back the one whose place it has.
    pub const NEVER: Timestamp = Timestamp(u64::MAX);
}

/// A wake-up that is not due yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingWake {
    /// Names it.
    pub number: Sequence,
    /// Its conversation (after redirects).
    pub conversation: ConversationId,
    /// When.
    pub at: Timestamp,
    /// What the assistant asked to be reminded of.
    pub token: String,
    /// Who asked.
    pub assistant: AssistantName,
    /// Where the answer will go.
    pub route: Route,
}
