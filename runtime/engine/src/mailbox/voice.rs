//! What the Transcriptions actor is told, and what it answers.

use super::attempt_counter::AttemptCounter;
use greenroom_contract::channel::Link;
use greenroom_contract::message::MediaRef;
use greenroom_contract::transcriber::{TranscribeError, Transcript};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// To the Transcriptions actor.
pub(crate) enum TranscriptionsMsg {
    Hear(Job),
}

/// A voice note to be heard.
pub(crate) struct Job {
    pub(crate) link: Arc<dyn Link>,
    pub(crate) media: MediaRef,
    /// Counts the attempt when the note leaves the queue.
    pub(crate) counter: Arc<AttemptCounter>,
    pub(crate) reply: oneshot::Sender<Result<Heard, IntakeError>>,
}

/// What was heard.
pub(crate) struct Heard {
    pub(crate) transcript: Transcript,
    /// How long fetching, decoding and hearing took, without waiting for a worker.
    pub(crate) took: Duration,
}

/// Why a medium was not taken in, named by what the conversation can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IntakeError {
    /// Too many voice notes wait already.
    #[error("too many voice notes wait")]
    Busy,
    /// It may work later: weather, which counts no attempt.
    #[error("{0}")]
    Retry(String),
    /// The network no longer has it, or the job crashed.
    #[error("{0}")]
    Lost(String),
    /// It is too large.
    #[error("it is larger than {bytes_max} bytes")]
    TooLarge {
        /// How large it may be.
        bytes_max: u64,
    },
    /// The transcriber refused it.
    #[error(transparent)]
    Refused(#[from] TranscribeError),
}
