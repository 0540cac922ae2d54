//! What waited before the start: rung a few conversations at a time, so that new messages are served
//! at once and memory stays bounded.

use crate::context::Context;
use greenroom_contract::limits;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Rings every conversation that has rows waiting. Ends early when the engine drains.
pub(crate) async fn ring_all(context: &Context) {
    let permits = Arc::new(Semaphore::new(limits::BACKLOG_ACTIVE_MAX));
    let mut after = None;
    loop {
        let page = match context.store.conversations_waiting(after, limits::BACKLOG_PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "the backlog cannot be read and is tried again");
                tokio::select! {
                    () = tokio::time::sleep(limits::RESTART_PAUSE_MAX) => continue,
                    () = context.stages.draining.cancelled() => return,
                }
            }
        };
        let Some(last) = page.last() else { return };
        after = Some(last.conversation);
        for waiting in page {
            let permit = tokio::select! {
                permit = Arc::clone(&permits).acquire_owned() => permit.ok(),
                () = context.stages.draining.cancelled() => return,
            };
            context.ring(&waiting.account, waiting.conversation, permit);
        }
    }
}
