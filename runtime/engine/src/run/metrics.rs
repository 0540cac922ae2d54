//! What an operator watches, as numbers.

use crate::run::handle::EngineHandle;
use greenroom_support::metrics::words::Queue;
use greenroom_support::metrics::{depth, text};
use std::sync::atomic::Ordering;

impl EngineHandle {
    /// The metrics of this process in the text format of Prometheus, with how much waits at this moment. They hold no
    /// name, no id, no number of a person and no secret. Two engines in one process count together.
    pub async fn metrics(&self) -> String {
        let store = &self.context.store;
        // What cannot be read now keeps the number that it had.
        if let Ok(rows) = store.rows_waiting().await {
            depth(Queue::Inbox, rows);
        }
        if let Ok(rows) = store.quarantined_count().await {
            depth(Queue::Quarantine, rows);
        }
        if let Ok(unsent) = store.unsent_count().await {
            depth(Queue::Outbox, unsent.waiting);
            depth(Queue::Held, unsent.held);
        }
        depth(Queue::Conversations, self.context.conversations_active.load(Ordering::Relaxed));
        text()
    }
}
