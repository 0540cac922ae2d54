//! What the model answers.

use crate::fault::Fault;
use serde_json::Value;

/// One answer of the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// What it thinks before; sent only if thinking was asked for, as the providers do.
    pub thinking: Option<String>,
    /// Its words.
    pub text: String,
    /// The tools it calls, all at the same time.
    pub calls: Vec<Call>,
    /// Why it stops.
    pub stop: Stop,
    /// What goes wrong on the way.
    pub faults: Vec<Fault>,
    /// The usage that is reported, if not the estimate.
    pub usage: Option<Usage>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The tool.
    pub name: String,
    /// The arguments. A [`Value::String`] is sent as it is, so that it may be broken JSON (OpenAI's protocols).
    pub arguments: Value,
}

/// Why the model stops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stop {
    /// It is finished, or waits for the results of its calls.
    #[default]
    Finished,
    /// The limit of tokens is reached, so the text is cut.
    MaxTokens,
    /// The model refuses, in words: a `refusal` at OpenAI, the stop reason `refusal` at Anthropic, `SAFETY` at Gemini.
    Refused,
    /// The provider's filter stops it: `content_filter` at OpenAI, `refusal` at Anthropic, a blocked prompt at Gemini.
    Filtered,
}

/// The tokens that an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the prompt.
    pub input: u64,
    /// Of these, read from the cache.
    pub cached: u64,
    /// Of these, written to the cache; only Anthropic counts them.
    pub cache_written: u64,
    /// All tokens of the answer.
    pub output: u64,
    /// Of these, thinking.
    pub thinking: u64,
}

impl Reply {
    /// Words.
    pub fn say(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The call of one tool.
    pub fn call(name: impl Into<String>, arguments: Value) -> Self {
        Self::default().and_call(name, arguments)
    }

    /// One more call at the same time.
    #[must_use]
    pub fn and_call(mut self, name: impl Into<String>, arguments: Value) -> Self {
        self.calls.push(Call { name: name.into(), arguments });
        self
    }

    /// A refusal in these words.
    pub fn refuse(text: impl Into<String>) -> Self {
        Self { text: text.into(), stop: Stop::Refused, ..Self::default() }
    }

    /// An answer that the provider's filter stopped after these words, which may be none.
    pub fn filtered(text: impl Into<String>) -> Self {
        Self { text: text.into(), stop: Stop::Filtered, ..Self::default() }
    }

    /// An answer that ends at the limit of tokens after these words.
    pub fn cut_short(text: impl Into<String>) -> Self {
        Self { text: text.into(), stop: Stop::MaxTokens, ..Self::default() }
    }

    /// Nothing but a fault.
    pub fn fault(fault: Fault) -> Self {
        Self::say("This answer was not to be seen.").with(fault)
    }

    /// The same with thinking before it.
    #[must_use]
    pub fn thinking(mut self, text: impl Into<String>) -> Self {
        self.thinking = Some(text.into());
        self
    }

    /// The same with one more fault.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// The same with this usage in place of the estimate.
    #[must_use]
    pub fn costing(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }
}
