//! What a model says.

use super::prompt::Said;
use crate::assistant::Usage;

/// What a model said to a prompt, as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Its words, and what it wants called.
    pub said: Said,
    /// Why it stopped.
    pub ended: Ended,
    /// What it cost, tries that came to nothing included: one entry for each model that was asked.
    pub usage: Vec<Usage>,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It said everything.
    Whole,
    /// It wants tools called first: [`Said::calls`] is not empty.
    Calls,
    /// It reached the limit of its tokens: its words are cut, and calls are left out.
    Cut,
    /// It, or a filter of its provider, declined.
    Refused,
}
