//! Another blueprint takes the place of the one that holds.

use super::handle::EngineHandle;
use crate::accounts::loading;
use crate::context::{Context, Wiring};
use crate::decide::blueprint::{Blueprint, BlueprintProblem, Change, diff};
use crate::mailbox::assistants::AssistantsMsg;
use crate::mailbox::conversations::ConversationsMsg;
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::store::StoreError;
use std::sync::Arc;

/// Why a blueprint was refused. The one before goes on, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReconfigureRefused {
    /// It cannot be run.
    #[error("{}", listed(problems))]
    Invalid {
        /// Everything that is wrong with it, never empty.
        problems: Vec<BlueprintProblem>,
    },
    /// The accounts of its channels could not be read or written. Try it again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine is stopping.
    #[error("the engine is stopping")]
    Stopping,
}

fn listed(problems: &[BlueprintProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl EngineHandle {
    /// What runs now, to be changed and handed to [`EngineHandle::reconfigure`].
    pub fn blueprint(&self) -> Blueprint {
        Blueprint::clone(&self.context.wiring.load().blueprint)
    }

    /// Runs this from now on, without a restart, and says what that changed. Refused as a whole, with everything that
    /// is wrong, if it cannot be run.
    ///
    /// It holds from the next message and the next turn on when this returns; what is under way comes to its end as it
    /// began. A turn is answered by the assistant that it began with. A channel that is gone lets its sends under way
    /// end; what else waits for it, on both ways, waits for its return. Connections are made and ended in the
    /// background.
    pub async fn reconfigure(&self, new: Blueprint) -> Result<Vec<Change>, ReconfigureRefused> {
        let context = &self.context;
        let problems = new.problems();
        if !problems.is_empty() {
            return Err(ReconfigureRefused::Invalid { problems });
        }
        let _one = context.rewiring.lock().await;
        if context.stages.draining.is_cancelled() {
            return Err(ReconfigureRefused::Stopping);
        }
        let old = Arc::clone(&context.wiring.load().blueprint);
        let changes = diff(&old, &new);
        if changes.is_empty() {
            return Ok(changes);
        }
        // What did not change stays the very same part, as running turns hold it.
        let blueprint = Arc::new(old.apply(&changes));
        let loaded = loading::load(&*context.store, &blueprint, Some(&old), context.now()).await?;
        let stored = context.store.allow_entries().await?;
        // From here on nothing waits, so nothing can come between, and whoever gives up waiting changes nothing.
        context.wiring.store(Arc::new(Wiring::new(blueprint, &stored)));
        loaded.take_over(context);
        for change in &changes {
            tracing::info!("{change}");
            tell(context, change);
        }
        Ok(changes)
    }
}

/// Consumers before producers, as at the start.
fn tell(context: &Context, change: &Change) {
    // A failed send means that the engine is stopping.
    if let Some(supervisors) = context.supervisors.get() {
        let _ = supervisors.assistants.send_message(AssistantsMsg::Reconfigure(change.clone()));
        let _ = supervisors.channels.send_message(ChannelsMsg::Reconfigure(change.clone()));
        let _ = supervisors.conversations.send_message(ConversationsMsg::Reconfigure(change.clone()));
    }
}
