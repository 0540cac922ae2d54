//! One turn: the rows at the head of the inbox go through [`super::steps`], and what comes out of them is
//! committed. Straight-line code in a task of its own; what may wait stands in [`super::attempt`].

use super::order::Order;
use super::steps::{self, Draft, Phase, STEPS, StepOutcome, Steps};
use super::{attempt, settle};
use crate::context::{AccountCard, Claim, Claimed, Context};
use crate::mailbox::conversations::TurnEnd;
use greenroom_contract::limits;
use greenroom_contract::store::{Entry, EntryKind};
use std::sync::Arc;
use std::time::Duration;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span};

/// Runs one turn. Every line of log that is written for it names it, and the message that it begins with.
pub(crate) async fn run(context: Arc<Context>, card: Arc<AccountCard>, order: Order) -> TurnEnd {
    let conversation = order.conversation;
    let span = tracing::info_span!("turn", account = %card.id(), %conversation, id = Empty, message = Empty);
    run_through(STEPS, &context, &card, &order).instrument(span).await
}

/// Names the turn in its lines of log, now that it is known.
fn name(first: &Entry) {
    let span = Span::current();
    span.record("id", display(&first.turn));
    if let EntryKind::Message(inbound) = &first.kind {
        span.record("message", inbound.key.message.as_str());
    }
}

/// Runs one turn through these steps.
pub(super) async fn run_through(steps: &Steps, context: &Arc<Context>, card: &AccountCard, order: &Order) -> TurnEnd {
    let rows_max = if order.gather { limits::ROWS_PER_TURN_MAX } else { 1 };
    let (waiting, _claim) = match claimed(context, order, rows_max).await {
        Ok(claimed) => claimed,
        Err(end) => return end,
    };
    if let Some(first) = waiting.first() {
        name(first);
    }
    for row in &waiting {
        context.sequences.worked_on(row.sequence);
    }
    let Some(mut draft) = Draft::new(context, card, &order.wiring, &waiting) else { return TurnEnd::Nothing };
    match steps::apply(steps, Phase::Decide, &mut draft).await {
        StepOutcome::Continue => match debounce(&draft, order).filter(|_| !order.debounced) {
            Some(pause) => TurnEnd::Debounced { pause },
            None => attempt::run(steps, draft, order).await,
        },
        StepOutcome::End(ending) => match settle::conclude(&mut draft, ending).await {
            Ok(settlement) => settle::commit(context, card, settlement).await,
            Err(end) => end,
        },
    }
}

/// How long a turn waits for more messages of the same sender: as the channel says, else as its assistant wants it.
fn debounce(draft: &Draft<'_>, order: &Order) -> Option<Duration> {
    if !matches!(draft.first().kind, EntryKind::Message(_)) {
        return None;
    }
    let wanted = draft.policy.debounce.unwrap_or_else(|| draft.needs().debounce).min(limits::DEBOUNCE_MAX);
    *order.debounce.lock() = Some(wanted);
    (draft.first().attempts == 0 && !wanted.is_zero()).then_some(wanted)
}

/// The rows at the head of the inbox, which no other turn works on for as long as the claim lives.
async fn claimed(context: &Context, order: &Order, rows_max: usize) -> Result<(Vec<Entry>, Claim), TurnEnd> {
    loop {
        // Listens from here on, so that what is let go while the inbox is read is heard.
        let released = context.claims.released();
        let waiting = context.store.waiting(order.conversation, rows_max).await.map_err(|error| {
            tracing::warn!(conversation = %order.conversation, %error, "the inbox cannot be read now");
            TurnEnd::StoreAway
        })?;
        match context.claims.take(order.conversation, waiting.iter().map(|row| row.sequence).collect()) {
            Claimed::Yes(claim) => return Ok((waiting, claim)),
            Claimed::Stale => {}
            Claimed::Busy => tokio::select! {
                () = released => {}
                () = context.stages.halting.cancelled() => return Err(TurnEnd::Nothing),
            },
        }
    }
}
