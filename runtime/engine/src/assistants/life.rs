//! The life of an assistant beside its turns: begun with its host, begun once more after a pause that grows if it ends by
//! itself, and ended with its host, or when the engine has no turn left.

use super::what as assistant;
use crate::context::Context;
use crate::decide::blueprint::AssistantPart;
use crate::decide::restart::Restarts;
use crate::supervision::isolate;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// As health calls it.
pub(super) fn what(name: &AssistantName) -> String {
    format!("{}, beside its turns,", assistant(name))
}

/// Begins the life of an assistant; it ends when the guard is dropped.
pub(super) fn begin(context: &Arc<Context>, part: &Arc<AssistantPart>) -> DropGuard {
    let stop = context.stages.closing.child_token();
    // The part itself would look as if a turn held on to it.
    let (assistant, name) = (Arc::clone(&part.assistant), part.name.clone());
    tokio::spawn(live(Arc::clone(context), assistant, name, stop.clone()));
    stop.drop_guard()
}

async fn live(context: Arc<Context>, assistant: Arc<dyn Assistant>, name: AssistantName, stop: CancellationToken) {
    let _lives = context.lives.begin();
    let mut restarts = Restarts::default();
    loop {
        // The call itself may panic before it returns a future, so it is made inside one.
        let run = isolate("the life of an assistant", async { assistant.run(stop.clone()).await });
        let ended = tokio::select! {
            ended = run => ended,
            () = stopped(&stop) => {
                tracing::warn!(assistant = %name, "its life did not end in time");
                return;
            }
        };
        if stop.is_cancelled() {
            return;
        }
        let reason = ended.map_or_else(|panic| panic, |()| "it ended by itself".to_owned());
        let restart = context.crashes.note(&what(&name), &mut restarts, &reason, context.steady());
        tokio::select! {
            () = tokio::time::sleep(restart.pause()) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Told to stop, and given some time for it.
async fn stopped(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(limits::STOP_TIMEOUT).await;
}
