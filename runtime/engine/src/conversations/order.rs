//! What a conversation wants of a turn, and whether newer messages overtook it.

use crate::context::{Context, Wiring};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::store::Entry;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// What the conversation wants of a turn.
pub(crate) struct Order {
    pub(crate) conversation: ConversationId,
    /// Whether all that waits of one sender makes one turn.
    pub(crate) gather: bool,
    /// Whether what is waited for further messages was waited already.
    pub(crate) debounced: bool,
    /// How long the assistant of the turn waits for further messages: told to the conversation, for the next turn.
    pub(crate) debounce: Arc<Mutex<Option<Duration>>>,
    /// Whether newer messages of the same sender give the turn up.
    pub(crate) interruptible: bool,
    /// Rung when more arrived.
    pub(crate) rang: Arc<Notify>,
    /// What held when it was begun.
    pub(crate) wiring: Arc<Wiring>,
}

/// Ends when a newer message of the same sender waits behind these rows; never, where that is not wanted.
pub(crate) async fn overtaken(context: &Context, rows: &[Entry], order: &Order) {
    if !order.interruptible {
        std::future::pending::<()>().await;
    }
    loop {
        order.rang.notified().await;
        let waiting = context.store.waiting(order.conversation, rows.len() + 1).await.unwrap_or_default();
        let newer = waiting.get(rows.len());
        if newer.is_some_and(|newer| Some(newer.person) == rows.first().map(|row| row.person)) {
            return;
        }
    }
}

/// The group that an entry was written in, whose turns are counted beside those of its author.
pub(crate) fn group(entry: &Entry) -> Option<ConversationId> {
    entry.route().kind.is_group().then_some(entry.conversation)
}
