//! What answers cost.

use crate::ids::{AccountId, AssistantName, ConversationId, PersonId};
use crate::limits::USAGE_PER_TURN_MAX;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

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

/// What is spent on a turn, written down as it is spent, so that it is known however the work ends: with an error, too late, or
/// dropped in the middle. Clones share it.
#[derive(Clone, Default)]
pub struct Bill(Arc<Mutex<Vec<Usage>>>);

impl Bill {
    /// Adds what was spent; what one model cost is one sum.
    pub fn add(&self, usage: Usage) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = all.len() >= USAGE_PER_TURN_MAX;
        match all.iter_mut().find(|known| is_full || known.model == usage.model) {
            Some(known) => known.add(&usage),
            None => all.push(usage),
        }
    }

    /// Takes what was spent since it was last taken.
    #[must_use]
    pub fn take(&self) -> Vec<Usage> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bill")
    }
}

/// It says nothing about what is asked.
impl PartialEq for Bill {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What one assistant spent on a turn; part of its settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentBy {
    /// Which assistant.
    pub assistant: AssistantName,
    /// How much.
    pub usage: Usage,
}

/// What was spent in one conversation on one day, by one assistant at one model for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// The day: days since 1970-01-01 (UTC).
    pub day: u32,
    /// The conversation.
    pub conversation: ConversationId,
    /// The assistant.
    pub assistant: AssistantName,
    /// For whom: the author, in a group too. `None` for people who were forgotten, for those of a conversation beyond
    /// [`USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX`](crate::limits::USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX), and
    /// in sums of versions that did not tell people apart.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// How many turns it answered so.
    pub turns: u64,
    /// The sums, with the model.
    pub usage: Usage,
}

/// What was spent at one model for one person, whatever the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentFor {
    /// For whom; `None` as in [`UsageRow::person`].
    pub person: Option<PersonId>,
    /// The sums, with the model.
    pub usage: Usage,
}

/// How many messages of one account a network billed on one day under one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledRow {
    /// The day on which they were delivered: days since 1970-01-01 (UTC).
    pub day: u32,
    /// The account.
    pub account: AccountId,
    /// The category, in a word of the adapter.
    pub category: String,
    /// How many.
    pub messages: u64,
}

impl Usage {
    /// Adds what another one spent. What is told is not checked by anyone, so it may be any number.
    pub fn add(&mut self, more: &Self) {
        let Self { model: _, tokens_in, tokens_out, tokens_cached, cost_millionths } = more;
        self.tokens_in = self.tokens_in.saturating_add(*tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(*tokens_out);
        self.tokens_cached = self.tokens_cached.saturating_add(*tokens_cached);
        self.cost_millionths = self.cost_millionths.saturating_add(*cost_millionths);
    }
}
