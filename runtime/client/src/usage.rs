//! What answers cost: `GET /api/v1/usage`.

use serde::{Deserialize, Serialize};

/// By what sums are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsageBy {
    /// The day (UTC).
    #[default]
    Day,
    /// The assistant.
    Assistant,
    /// The model.
    Model,
    /// The conversation.
    Conversation,
}

impl UsageBy {
    /// The word for it, in queries too.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Assistant => "assistant",
            Self::Model => "model",
            Self::Conversation => "conversation",
        }
    }
}

/// What answers cost on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageView {
    /// The first day, such as `2026-11-28`. All days are those of UTC.
    pub from: String,
    /// The last day.
    pub to: String,
    /// By what the sums are told apart.
    pub by: UsageBy,
    /// The sums: days in their order, others with the most tokens first.
    pub sums: Vec<UsageSumView>,
    /// How many sums are left out, the smallest; at most a thousand are there.
    pub left_out: u64,
    /// All of them together, those that are left out too.
    pub total: TokensView,
}

/// One sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSumView {
    /// The day, the assistant, the model or the number of the conversation. Absent for answers that name no model, and for
    /// conversations of people who were forgotten.
    pub of: Option<String>,
    /// The account of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The chat of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// What was spent.
    #[serde(flatten)]
    pub tokens: TokensView,
}

/// What was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokensView {
    /// Answered turns; one that asked several models counts at each.
    pub turns: u64,
    /// Tokens read.
    pub tokens_in: u64,
    /// Those of them that came from a cache.
    pub tokens_cached: u64,
    /// Tokens written.
    pub tokens_out: u64,
}
