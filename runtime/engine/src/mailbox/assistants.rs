//! What the Assistants actor and its hosts are told.

use super::attempt_counter::AttemptCounter;
use greenroom_contract::assistant::{Answer, Turn, TurnFailure};
use greenroom_contract::ids::AssistantName;
use std::sync::Arc;
use tokio::sync::oneshot;

/// To the Assistants actor.
pub(crate) enum AssistantsMsg {
    Respond { assistant: AssistantName, request: Request },
    Respawn(AssistantName),
}

/// A turn on its way to an assistant. When `reply` is closed by the asker the turn is given up.
pub(crate) struct Request {
    pub(crate) turn: Box<Turn>,
    /// Counts the attempt when the turn leaves the queue.
    pub(crate) counter: Arc<AttemptCounter>,
    pub(crate) reply: oneshot::Sender<Result<Answer, TurnFailure>>,
}
