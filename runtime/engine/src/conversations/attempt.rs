//! One attempt at a turn whose rows are decided about: the steps that may wait, and the assistant, until
//! newer messages give it up or the engine stops. It decides nothing that a step or a pure module could.

use super::ack::Ack;
use super::order::{Order, overtaken};
use super::steps::{self, Draft, Phase, StepOutcome, Steps};
use super::{ask, away, settle, typing};
use crate::mailbox::conversations::TurnEnd;
use greenroom_contract::store::{EntryKind, Settlement};

/// Runs the attempt.
pub(super) async fn run(steps: &Steps, mut draft: Draft<'_>, order: &Order) -> TurnEnd {
    let (context, card, first) = (draft.context, draft.card, draft.first());
    let route = first.route();
    let message = match &first.kind {
        EntryKind::Message(inbound) => Some(&inbound.key.message),
        EntryKind::Wake { .. } => None,
    };
    let halted = context.stages.halting.cancelled();
    let overtaken = overtaken(context, draft.rows(), order);
    // Listening for a name must not show typing: nothing may be noticed of it. Neither is anything done for a turn while
    // its assistant is away.
    let silent = draft.listens || context.books.away.lock().waits(first.conversation, first.turn).is_some();
    let mut ack = Ack::of(&draft, silent);
    let prepared = tokio::select! {
        biased;
        () = halted => None,
        () = overtaken => Some(Err(TurnEnd::Interrupted)),
        prepared = async {
            let prepared = prepare(steps, &mut draft);
            if silent { prepared.await } else { typing::shown(context, (&route, first.sender()), message, prepared).await }
        } => Some(prepared),
        never = ack.put() => match never {},
    };
    ack.is_put().await;
    // The commit stands outside: once it is under way nothing may cut it off from its bell.
    match prepared {
        Some(Ok(settlement)) => {
            let asked = draft.asked.as_ref().filter(|asked| asked.overheard && route.kind.is_group());
            let heard_until = asked.map(|asked| asked.at);
            let end = settle::commit(context, card, settlement).await;
            if let Some(until) = heard_until {
                context.books.overheard.lock().forget_given(&route.account, &route.chat, until);
            }
            end
        }
        Some(Err(TurnEnd::Interrupted)) => withdraw(&draft, TurnEnd::Interrupted).await,
        Some(Err(end)) => end,
        None => withdraw(&draft, TurnEnd::Nothing).await,
    }
}

/// Everything up to the settlement; `Err` if the turn ended otherwise.
async fn prepare(steps: &Steps, draft: &mut Draft<'_>) -> Result<Settlement, TurnEnd> {
    let ending = match away::not_yet(draft).await {
        Some(ending) => ending,
        None => match steps::apply(steps, Phase::Prepare, draft).await {
            StepOutcome::Continue => ask::ask(draft).await,
            StepOutcome::End(ending) => ending,
        },
    };
    settle::conclude(draft, ending).await
}

async fn withdraw(draft: &Draft<'_>, end: TurnEnd) -> TurnEnd {
    draft.counter.uncount().await;
    end
}
