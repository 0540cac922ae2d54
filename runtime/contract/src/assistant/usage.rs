//! What answers cost.

use crate::ids::{AssistantName, ConversationId};
use serde::{Deserialize, Serialize};

/// What an answer cost at one model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The model, as its provider calls it. `None` where there is none to name.
    #[serde(default)]
    pub model: Option<String>,
    /// Tokens read, those from a cache included.
    #[serde(default)]
    pub tokens_in: u64,
    /// Tokens written.
    #[serde(default)]
    pub tokens_out: u64,
    /// Those of the tokens read that came from a cache of the provider.
    #[serde(default)]
    pub tokens_cached: u64,
    /// What that cost by the prices that were configured then, in millionths of the unit in which they are written. Zero
    /// where no price is.
    #[serde(default)]
    pub cost_millionths: u64,
}

/// What one assistant spent on a turn; part of its settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentBy {
    /// Which assistant.
    pub assistant: AssistantName,
    /// How much.
    pub usage: Usage,
}

/// What was spent in one conversation on one day, by one assistant at one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// The day: days since 1970-01-01 (UTC).
    pub day: u32,
    /// The conversation.
    pub conversation: ConversationId,
    /// The assistant.
    pub assistant: AssistantName,
    /// How many turns it answered so.
    pub turns: u64,
    /// The sums, with the model.
    pub usage: Usage,
}
