//! What a supervisor says of an actor, for the tree that is shown.

use ractor::{ActorCell, ActorStatus};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One actor.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    /// What people call it.
    pub(crate) name: String,
    /// Of what kind it is, in one word.
    pub(crate) kind: &'static str,
    pub(crate) actor: ActorCell,
    /// When it began.
    pub(crate) since: Instant,
    /// How often it crashed and came back.
    pub(crate) restarts: u64,
    /// What waits for it, where it knows that.
    pub(crate) waiting: Option<u64>,
}

/// Where a supervisor tells of its actors.
pub(crate) type Describing = oneshot::Sender<Vec<Described>>;

/// How far an actor is, in one word.
pub(crate) fn state(actor: &ActorCell) -> &'static str {
    match actor.get_status() {
        ActorStatus::Unstarted | ActorStatus::Starting => "starting",
        ActorStatus::Running | ActorStatus::Upgrading => "running",
        ActorStatus::Draining | ActorStatus::Stopping => "stopping",
        ActorStatus::Stopped => "stopped",
    }
}
