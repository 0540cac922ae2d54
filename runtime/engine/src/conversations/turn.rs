//! One turn: the rows at the head of the inbox go through [`super::steps`], and what comes out of them is
//! committed. Straight-line code in a task of its own; what may wait stands in [`super::attempt`].

use super::order::Order;
use super::steps::{self, Draft, Phase, STEPS, StepOutcome, Steps};
use super::{attempt, settle};
use crate::context::{AccountCard, Context};
use crate::mailbox::conversations::TurnEnd;
use greenroom_contract::limits;
use std::sync::Arc;

/// Runs one turn.
pub(crate) async fn run(context: Arc<Context>, card: Arc<AccountCard>, order: Order) -> TurnEnd {
    run_through(STEPS, &context, &card, &order).await
}

/// Runs one turn through these steps.
pub(super) async fn run_through(steps: &Steps, context: &Arc<Context>, card: &AccountCard, order: &Order) -> TurnEnd {
    let rows_max = if order.gather { limits::ROWS_PER_TURN_MAX } else { 1 };
    let waiting = match context.store.waiting(order.conversation, rows_max).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::warn!(conversation = %order.conversation, %error, "the inbox cannot be read now");
            return TurnEnd::StoreAway;
        }
    };
    for row in &waiting {
        context.sequences.worked_on(row.sequence);
    }
    let Some(mut draft) = Draft::new(context, card, &order.wiring, &waiting) else { return TurnEnd::Nothing };
    match steps::apply(steps, Phase::Decide, &mut draft).await {
        StepOutcome::Continue => attempt::run(steps, draft, order).await,
        StepOutcome::End(ending) => match settle::conclude(&mut draft, ending).await {
            Ok(settlement) => settle::commit(context, card, settlement).await,
            Err(end) => end,
        },
    }
}
