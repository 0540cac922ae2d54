//! What answers cost: `GET /api/v1/usage`.

use serde::{Deserialize, Serialize};

/// By what sums are told apart.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// The person for whom it was: the author, in a group too.
    Person,
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
            Self::Person => "person",
        }
    }
}

/// What answers cost on some days.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageView {
    /// The first day, such as `2026-11-28`. All days are those of UTC.
    pub from: String,
    /// The last day.
    pub to: String,
    /// By what the sums are told apart.
    pub by: UsageBy,
    /// The unit of the costs, as it is configured, such as `USD`.
    #[serde(default)]
    pub currency: String,
    /// The sums: days in their order, others with the highest cost first, and then with the most tokens.
    pub sums: Vec<UsageSumView>,
    /// How many sums are left out, the smallest; at most a thousand are there.
    pub left_out: u64,
    /// All of them together, those that are left out too.
    pub total: TokensView,
    /// Messages of the bot that networks billed on these days: by account and category, and by day where the sums are by
    /// day. At most a thousand entries.
    #[serde(default)]
    pub billed: Vec<BilledView>,
    /// How many messages that is, those of entries that are left out too.
    #[serde(default)]
    pub billed_total: u64,
}

/// Messages that a network billed.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledView {
    /// The day of their delivery, where the sums are by day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The account that sent them.
    pub account: String,
    /// The category, in a word of the adapter, such as `service`.
    pub category: String,
    /// How many.
    pub messages: u64,
}

/// One sum.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSumView {
    /// The day, the assistant, the model, or the number of the conversation or of the person. Absent for answers that name no
    /// model, for conversations of people who were forgotten, and for what is known of no person.
    pub of: Option<String>,
    /// The account of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The chat of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// The name of the person, as it was seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An address of the person: a number where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was spent.
    #[serde(flatten)]
    pub tokens: TokensView,
}

/// What was spent.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// What that cost by the prices that were configured then, in millionths of the unit. Zero where no price was.
    #[serde(default)]
    pub cost_millionths: u64,
}
