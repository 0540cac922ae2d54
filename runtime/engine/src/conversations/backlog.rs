//! What waited before the start: rung a few conversations at a time, so that new messages are served
//! at once and memory stays bounded.

use crate::context::Context;
use crate::supervision::{Pauses, retry};
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::WaitingConversation;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Rings every conversation that has rows waiting. Ends early when the engine drains.
pub(crate) async fn ring_all(context: &Context) {
    ring(context, |_| true).await;
}

/// The same for one account.
pub(crate) async fn ring_account(context: &Context, account: &AccountId) {
    ring(context, |waiting| waiting.account == *account).await;
}

async fn ring(context: &Context, wanted: impl Fn(&WaitingConversation) -> bool) {
    let permits = Arc::new(Semaphore::new(limits::BACKLOG_ACTIVE_MAX));
    let mut after = None;
    loop {
        let read = |_| async move {
            match context.store.conversations_waiting(after, limits::BACKLOG_PAGE).await {
                Ok(page) => ControlFlow::Break(page),
                Err(error) => {
                    tracing::warn!(%error, "the backlog cannot be read and is tried again");
                    ControlFlow::Continue(())
                }
            }
        };
        let pauses = Pauses::every(limits::RESTART_PAUSE_MAX);
        let Some(page) = retry(pauses, &context.stages.draining, read).await else { return };
        let Some(last) = page.last() else { return };
        after = Some(last.conversation);
        for waiting in page.into_iter().filter(&wanted) {
            let permit = tokio::select! {
                permit = Arc::clone(&permits).acquire_owned() => permit.ok(),
                () = context.stages.draining.cancelled() => return,
            };
            context.ring(&waiting.account, waiting.conversation, permit);
        }
    }
}
