//! One turn: which rows at the head of the inbox make it, whether they are answered at all, and by
//! whom. Straight-line code in a task of its own; the attempt itself stands in [`super::attempt`].

use super::attempt::Attempt;
use super::order::{Order, group};
use super::settle;
use crate::context::{AccountCard, Context};
use crate::decide::gate::{Authorship, Verdict};
use crate::decide::notices::Notice;
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::mailbox::conversations::TurnEnd;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits;
use greenroom_contract::store::{Begin as AttemptMark, Entry, EntryKind, Outcome, Settlement};
use greenroom_contract::trace::Ignored;
use std::sync::Arc;

/// Runs one turn.
pub(crate) async fn run(context: Arc<Context>, card: Arc<AccountCard>, order: Order) -> TurnEnd {
    let rows_max = if order.gather { limits::ROWS_PER_TURN_MAX } else { 1 };
    let waiting = match context.store.waiting(order.conversation, rows_max).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::warn!(conversation = %order.conversation, %error, "the inbox cannot be read now");
            return TurnEnd::Again { after: limits::RESTART_PAUSE_MAX };
        }
    };
    let Some(first) = waiting.first() else { return TurnEnd::Nothing };
    let (assistant, listens) = match admit(&context, &card, first) {
        Ok(admitted) => admitted,
        Err(reason) => {
            let settlement = settle::ignored(&context, first, reason, Vec::new());
            return settle::commit(&context, &card, settlement).await;
        }
    };
    if let Some(settlement) = refused_at_once(&context, &card, first, listens) {
        return settle::commit(&context, &card, settlement).await;
    }
    let together = if listens { 1 } else { same_turn(&context, &card, &waiting, &assistant) };
    let attempt = Attempt {
        needs: context.needs.get(&assistant).copied().unwrap_or_default(),
        rows: &waiting[..together],
        counter: counter(&context, &waiting[..together]),
        context: &context,
        card: &card,
        assistant,
        listens,
        steps: Vec::new(),
        asked_at: None,
    };
    attempt.run(&order).await
}

fn counter(context: &Context, rows: &[Entry]) -> Arc<AttemptCounter> {
    let conversation = rows[0].conversation;
    let mark = AttemptMark { conversation, rows: rows.iter().map(|row| row.sequence).collect() };
    // A row of an earlier run may be what ended it, before its mark was on disk.
    let first = rows.iter().all(|row| row.attempts == 0 && row.accepted_at >= context.started_at);
    Arc::new(AttemptCounter::new(Arc::clone(&context.store), mark, first))
}

/// Asks the gate again: the allow-list may have changed since the message was accepted.
fn admit(context: &Context, card: &AccountCard, entry: &Entry) -> Result<(AssistantName, bool), Ignored> {
    let snapshot = context.admission.load();
    match &entry.kind {
        EntryKind::Message(inbound) => {
            match context.gate(&card.channel, &snapshot).decide(inbound, Authorship::Other) {
                Verdict::Answer { assistant, .. } => Ok((assistant, false)),
                Verdict::Listen { assistant, .. } => Ok((assistant, true)),
                Verdict::Ignore(Ignored::Stranger { .. } | Ignored::PhoneUnknown { .. } | Ignored::NobodyAdmitted) => {
                    Err(Ignored::NoLongerAdmitted)
                }
                Verdict::Ignore(reason) => Err(reason),
            }
        }
        EntryKind::Wake { route, sender, assistant, .. } => {
            let admitted = snapshot.admits(&card.channel.name, &route.account, &route.chat, &route.kind, sender);
            admitted.map_err(|_| Ignored::NoLongerAdmitted)?;
            if context.needs.contains_key(assistant) {
                Ok((assistant.clone(), false))
            } else {
                Err(Ignored::NoAssistant)
            }
        }
    }
}

/// The end of a row that failed too often already, or whose author is over the limit.
fn refused_at_once(context: &Context, card: &AccountCard, first: &Entry, listens: bool) -> Option<Settlement> {
    if first.attempts >= limits::ATTEMPTS_MAX {
        let reason = format!("{} attempts ended without an answer", first.attempts);
        return Some(settle::quarantined(context, std::slice::from_ref(first), reason, Vec::new()));
    }
    let rates = &card.channel.policy.rates;
    let is_message = matches!(first.kind, EntryKind::Message(_));
    if first.attempts > 0
        || !is_message
        || context.books.rates.lock().allows(rates, first.person, group(first), context.now())
    {
        return None;
    }
    // Nobody may notice that a message was listened to which perhaps is not for us.
    if listens {
        return Some(settle::ignored(context, first, Ignored::TooMany, Vec::new()));
    }
    Some(settle::noticed(context, first, &Notice::TooMany, Outcome::Ignored(Ignored::TooMany), Vec::new()))
}

/// How many rows at the head make one turn: those of one sender, for one assistant, in one chat.
fn same_turn(context: &Context, card: &AccountCard, waiting: &[Entry], assistant: &AssistantName) -> usize {
    let Some(first) = waiting.first() else { return 0 };
    let belongs = |entry: &&Entry| {
        entry.person == first.person
            && entry.route().chat == first.route().chat
            && admit(context, card, entry).is_ok_and(|(name, listens)| name == *assistant && !listens)
    };
    1 + waiting[1..].iter().take_while(belongs).count()
}
