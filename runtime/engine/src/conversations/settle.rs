//! Ending a turn: one commit, then the bells.

use crate::context::{AccountCard, Context};
use crate::decide::notices::Notice;
use crate::mailbox::conversations::TurnEnd;
use crate::mailbox::sessions::ChannelsMsg;
use crate::supervision::{Pauses, retry};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{
    Entry, EntryKind, Outcome, ParcelDraft, ParcelKind, PendingParcel, Settlement, StoreError,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use greenroom_support::fail_point;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The end of a row that is not answered.
pub(crate) fn ignored(context: &Context, entry: &Entry, reason: Ignored, steps: Vec<Step>) -> Settlement {
    Settlement { outcome: Outcome::Ignored(reason), steps, ..blank(entry, context.now()) }
}

/// The end of a row that gets a kind sentence instead of an answer, or nothing if it was said lately.
pub(crate) fn noticed(
    context: &Context,
    entry: &Entry,
    notice: &Notice,
    outcome: Outcome,
    mut steps: Vec<Step>,
) -> Settlement {
    let now = context.now();
    let mut parcels = Vec::new();
    if context.books.notices.lock().take(entry.conversation, notice, now) {
        steps.push(Step::new(now, Decision::Noticed { cause: notice.cause().to_owned() }));
        parcels.push(draft(entry, ParcelKind::Notice, OutboundBody::Text(notice.sentence()), now));
    }
    Settlement { outcome, steps, parcels, ..blank(entry, now) }
}

/// Moves rows that failed too often out of the way. The owner sees them; the chat hears nothing.
pub(crate) fn quarantined(context: &Context, rows: &[Entry], reason: String, steps: Vec<Step>) -> Settlement {
    let first = &rows[0];
    tracing::error!(conversation = %first.conversation, row = %first.sequence, %reason, "a turn was quarantined");
    Settlement {
        rows: rows.iter().map(|row| row.sequence).collect(),
        outcome: Outcome::Quarantined { reason },
        steps,
        ..blank(first, context.now())
    }
}

/// A settlement of one row, with nothing in it.
pub(crate) fn blank(entry: &Entry, at: Timestamp) -> Settlement {
    Settlement {
        conversation: entry.conversation,
        rows: vec![entry.sequence],
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: Vec::new(),
        history: None,
        state: None,
        settings: None,
        wakes: Vec::new(),
        at,
    }
}

/// A parcel for the author of an entry, by the way its message came.
pub(crate) fn draft(entry: &Entry, kind: ParcelKind, body: OutboundBody, at: Timestamp) -> ParcelDraft {
    let opened_at = match &entry.kind {
        EntryKind::Message(inbound) => inbound.sent_at,
        EntryKind::Wake { .. } => at,
    };
    ParcelDraft { kind, route: entry.route(), recipient: entry.sender().clone(), reply_to: None, opened_at, body }
}

/// Commits, again and again while the store cannot, because the answer exists only here. Then rings
/// the session and whoever waits for room.
pub(crate) async fn commit(context: &Arc<Context>, card: &AccountCard, settlement: Settlement) -> TurnEnd {
    let pauses = Pauses::growing(limits::RESTART_PAUSE_MIN, limits::RESTART_PAUSE_MAX);
    let attempt = |failed| try_commit(context, card, &settlement, failed);
    retry(pauses, &context.stages.halting, attempt).await.unwrap_or(TurnEnd::Nothing)
}

/// One attempt. Every attempt that `failed` before may have been a commit after all.
async fn try_commit(
    context: &Arc<Context>,
    card: &AccountCard,
    settlement: &Settlement,
    failed: u32,
) -> ControlFlow<TurnEnd> {
    let conversation = settlement.conversation;
    ControlFlow::Break(match context.store.settle(settlement.clone()).await {
        Ok(settled) => {
            fail_point!(TurnSettled);
            context.freed.notify_waiters();
            let parcels = settled.parcels.into_iter().map(|key| PendingParcel { key, conversation }).collect();
            post(context, card, parcels);
            if let Some(at) = settled.wake_at {
                context.wake_at(at);
            }
            TurnEnd::Settled { more: settled.more }
        }
        // The message was deleted meanwhile, or an unclear commit was one after all.
        Err(StoreError::NotFound { .. }) => {
            if failed > 0 {
                context.recover_soon();
            }
            TurnEnd::Settled { more: true }
        }
        Err(StoreError::Unavailable { reason }) => {
            tracing::warn!(%conversation, %reason, "a turn cannot be settled now and is tried again");
            return ControlFlow::Continue(());
        }
        Err(error) => {
            tracing::error!(%conversation, %error, "a turn cannot be settled");
            TurnEnd::Again { after: limits::RESTART_PAUSE_MAX }
        }
    })
}

fn post(context: &Context, card: &AccountCard, parcels: Vec<PendingParcel>) {
    if !parcels.is_empty() {
        let busy = context.activity.begin();
        context.tell_channels(ChannelsMsg::Posted { account: card.id().clone(), parcels, busy });
    }
}
