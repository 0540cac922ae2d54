//! Why a model said nothing.

use std::time::Duration;

/// Why a model said nothing, named by what the caller can do. No variant holds what was asked, what was answered, or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Its provider is busy or wants fewer requests: ask later.
    #[error("the model {model} is busy{}", waits(*after))]
    Busy {
        /// The configured name.
        model: String,
        /// How long to wait at least, where the provider says so.
        after: Option<Duration>,
    },
    /// It cannot be reached, does not answer, or breaks off: ask later.
    #[error("the model {model} cannot be reached: {what}")]
    Unavailable {
        /// The configured name.
        model: String,
        /// What happened, in our words.
        what: String,
    },
    /// Its provider refused the request for what it says. Asking the same once more changes nothing.
    #[error("the provider of the model {model} refused the request: {what}")]
    Refused {
        /// The configured name.
        model: String,
        /// What happened, in our words.
        what: String,
    },
    /// The configuration is wrong; its owner has to act.
    #[error("the model {model} is not usable: {what}; {}", what.advice())]
    Wrong {
        /// The configured name.
        model: String,
        /// What is wrong.
        what: WrongModel,
    },
    /// The prompt is longer than the model takes: ask with less.
    #[error("the prompt is longer than the model {model} takes")]
    TooLong {
        /// The configured name.
        model: String,
    },
    /// What may be spent in a day is spent.
    #[error("the daily budget of {whose} at the model {model} is spent")]
    OverBudget {
        /// The configured name.
        model: String,
        /// Whose budget, in words: `the model` or `this person`.
        whose: String,
        /// How long until the next day begins.
        after: Duration,
    },
}

/// What is wrong with a configured model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongModel {
    /// Its provider does not take the key.
    #[error("its provider does not take the key")]
    Key,
    /// Its provider does not know the model.
    #[error("its provider does not know a model of this name")]
    Model,
    /// There is no such service at its address.
    #[error("there is no such service at its address")]
    Url,
    /// The account has no money left.
    #[error("the account at its provider has no credit left")]
    Credit,
}

impl WrongModel {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Key => "set the variable that its key names to a valid one",
            Self::Model => "correct its key model, or fetch it there first (as with `ollama pull`)",
            Self::Url => "correct its keys provider and url",
            Self::Credit => "add credit at its provider",
        }
    }
}

fn waits(after: Option<Duration>) -> String {
    after.map(|after| format!(", and takes requests in {} s", after.as_secs())).unwrap_or_default()
}
