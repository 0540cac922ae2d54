//! What the Assistants actor and its hosts are told.

use super::attempt_counter::AttemptCounter;
use crate::decide::blueprint::{AssistantPart, Change};
use greenroom_contract::assistant::{Answer, Turn, TurnFailure};
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

/// To the Assistants actor.
pub(crate) enum AssistantsMsg {
    /// A turn for the assistant that it began with, which may have been replaced since.
    Respond { assistant: Arc<AssistantPart>, request: Request },
    /// A crashed host comes back.
    Respawn(Weak<AssistantPart>),
    /// Another blueprint holds.
    Reconfigure(Change),
    /// Look which of the replaced and removed ones are not needed any more.
    Sweep,
}

/// A turn on its way to an assistant. When `reply` is closed by the asker the turn is given up.
pub(crate) struct Request {
    pub(crate) turn: Box<Turn>,
    /// Counts the attempt when the turn leaves the queue.
    pub(crate) counter: Arc<AttemptCounter>,
    pub(crate) reply: oneshot::Sender<Result<Answer, TurnFailure>>,
}
