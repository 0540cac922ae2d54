//! Why a turn was not answered.

use crate::cause::Cause;
use crate::ids::AssistantName;
use std::time::Duration;

/// Why an assistant did not answer, named by what the engine can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssistantError {
    /// It may work later. Counts as an attempt.
    #[error("try again: {reason}")]
    Retry {
        /// Why.
        #[source]
        reason: Cause,
        /// How long to wait at least.
        after: Option<Duration>,
    },
    /// Not now, and for no fault of this turn: a provider is away, a process is starting. Counts no attempt. The message
    /// waits, its person is told after a while that it takes longer, and the turn is asked once more when it may work.
    #[error("away: {reason}")]
    Unavailable {
        /// Why.
        #[source]
        reason: Cause,
        /// How long to wait at least, where that is known.
        after: Option<Duration>,
    },
    /// It will never work for this turn: quarantine it immediately.
    #[error("cannot be answered: {reason}")]
    Permanent {
        /// Why.
        #[source]
        reason: Cause,
    },
}

/// Why a turn was not answered: what the assistant said, or what its host saw. Made by the engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnFailure {
    /// The assistant said so.
    #[error(transparent)]
    Assistant(#[from] AssistantError),
    /// It panicked.
    #[error("the assistant crashed: {reason}")]
    Crashed {
        /// The panic's message.
        reason: String,
    },
    /// It took too long.
    #[error("no answer within {seconds} s")]
    TimedOut {
        /// The deadline.
        seconds: u64,
    },
    /// There is no assistant with this name.
    #[error("no assistant is configured as {name}")]
    Unknown {
        /// The name.
        name: AssistantName,
    },
}

/// What was to be remembered, or was remembered, has another shape.
#[derive(Debug, thiserror::Error)]
#[error("what is remembered has another shape: {0}")]
pub struct NotRemembered(#[from] serde_json::Error);

/// An assistant may use `?` on what it recalls: the turn fails for good then, because no other attempt finds anything else.
impl From<NotRemembered> for AssistantError {
    fn from(error: NotRemembered) -> Self {
        Self::Permanent { reason: error.into() }
    }
}
