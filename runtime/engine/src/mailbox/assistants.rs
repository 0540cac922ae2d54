//! What the Assistants actor and its hosts are told.

use super::attempt_counter::AttemptCounter;
use crate::decide::blueprint::{AssistantPart, Change};
use crate::supervision::Describing;
use greenroom_contract::assistant::{Answer, Turn, TurnFailure};
use std::sync::{Arc, Weak};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Span;

/// To the Assistants actor.
pub(crate) enum AssistantsMsg {
    /// A turn for the assistant that it began with, which may have been replaced since.
    Respond { assistant: Arc<AssistantPart>, request: Request },
    /// A turn of this assistant is to be prepared, and what is fetched for it must not wait in memory: its place first.
    Reserve { assistant: Arc<AssistantPart>, reply: oneshot::Sender<OwnedSemaphorePermit> },
    /// A crashed host comes back.
    Respawn(Weak<AssistantPart>),
    /// Another blueprint holds.
    Reconfigure(Change),
    /// Tell which hosts there are.
    Describe(Describing),
    /// Look which of the replaced and removed ones are not needed any more.
    Sweep,
}

/// To one host.
pub(crate) enum HostMsg {
    /// A turn.
    Respond(Request),
    /// The next free place for one.
    Reserve(oneshot::Sender<OwnedSemaphorePermit>),
}

/// A turn on its way to an assistant. When `reply` is closed by the asker the turn is given up.
pub(crate) struct Request {
    pub(crate) turn: Box<Turn>,
    /// Counts the attempt when the turn leaves the queue.
    pub(crate) counter: Arc<AttemptCounter>,
    /// Its place, if it was reserved.
    pub(crate) place: Option<OwnedSemaphorePermit>,
    /// What its lines in the log belong to.
    pub(crate) span: Span,
    pub(crate) reply: oneshot::Sender<Result<Answer, TurnFailure>>,
}
