//! A turn that waits for an assistant which is away. Nothing is tried and nothing counts meanwhile; its person is told once.

use super::settle;
use super::steps::{Draft, Ending};
use crate::context::away::Waiting;
use crate::decide::away::{Wait, pause};
use crate::decide::gate::is_spoken_to;
use crate::decide::notices::Notice;
use greenroom_contract::ids::{AssistantName, MessageId};
use greenroom_contract::limits;
use greenroom_contract::store::{EntryKind, Post};
use greenroom_contract::trace::{Decision, Step};
use std::time::Duration;

/// An assistant said that it is away, and wants to be left alone for so long.
pub(super) async fn went(draft: &mut Draft<'_>, by: AssistantName, reason: String, alone_for: Duration) -> Ending {
    let (context, conversation) = (draft.context, draft.first().conversation);
    let (at, since) = (context.now(), context.steady());
    let said = Waiting { turn: draft.first().turn, by: by.clone(), reason: reason.clone(), at, since, told: false };
    let is_news = context.books.away.lock().went(conversation, said, alone_for.min(limits::AWAY_AFTER_MAX));
    if is_news {
        tracing::warn!(assistant = %by, %reason, "an assistant is away; what it is asked waits until it is back");
    } else {
        tracing::info!(%conversation, assistant = %by, "an assistant is still away, and a turn waits for it");
    }
    wait(draft, by).await
}

/// The end of an attempt before it begins, where its assistant wants to be left alone; `None` if it may be asked.
pub(super) async fn not_yet(draft: &Draft<'_>) -> Option<Ending> {
    let (context, first) = (draft.context, draft.first());
    let by = {
        let mut away = context.books.away.lock();
        let waiting = away.waits(first.conversation, first.turn);
        let (by, joins) = (waiting.map_or(&draft.assistant, |waiting| &waiting.by).clone(), waiting.is_none());
        let absence = away.absence(&by)?;
        if context.steady() >= absence.alone_until {
            return None;
        }
        if joins {
            away.joins(first.conversation, first.turn, &by, (context.now(), context.steady()));
        }
        by
    };
    Some(wait(draft, by).await)
}

/// Waits for an assistant, and tells the person if that took too long.
async fn wait(draft: &Draft<'_>, by: AssistantName) -> Ending {
    let (context, first) = (draft.context, draft.first());
    let steady = context.steady();
    let (absence, waiting) = {
        let away = context.books.away.lock();
        (away.absence(&by), away.waits(first.conversation, first.turn).cloned())
    };
    // A clock that was moved back must not make a person wait for a word.
    let waited = context.now().since(first.accepted_at);
    let waited = waited.max(waiting.as_ref().map_or(Duration::ZERO, |waiting| steady.since(waiting.since)));
    let mut waits_for_word = waits_for_word(draft) && !waiting.is_some_and(|waiting| waiting.told);
    if waits_for_word && waited >= limits::AWAY_TOLD_AFTER {
        waits_for_word = !tell(draft).await;
    }
    let told_in = waits_for_word.then(|| limits::AWAY_TOLD_AFTER.saturating_sub(waited).max(limits::TURN_RETRY_PAUSE));
    let (away_for, left_alone) = absence.map_or((Duration::ZERO, Duration::ZERO), |absence| {
        (steady.since(absence.since), absence.alone_until.since(steady))
    });
    Ending::Away { by, after: pause(Wait { away_for, left_alone, told_in }) }
}

/// Whether the author of the turn waits for a word of the bot: in a direct chat, and in a group where the message was for
/// the bot. There the notice shows which message it is about, so it disturbs no one else.
pub(super) fn waits_for_word(draft: &Draft<'_>) -> bool {
    match &draft.first().kind {
        EntryKind::Message(inbound) => !draft.listens && is_spoken_to(draft.policy, inbound),
        EntryKind::Wake { .. } => false,
    }
}

/// Tells the person that it takes longer; says whether that is done. The post has the name of its turn, so that it is made
/// once, also by a later run.
async fn tell(draft: &Draft<'_>) -> bool {
    let (context, first, notice) = (draft.context, draft.first(), Notice::Later);
    if context.books.notices.lock().take(first.conversation, &notice, context.steady()) {
        let now = context.now();
        let post = Post {
            conversation: Some(first.conversation),
            scope: first.scope.clone(),
            parcels: vec![settle::notice_parcel(draft, &notice, now)],
            steps: vec![Step::new(now, Decision::Noticed { cause: notice.cause().to_owned() })],
            name: MessageId::new(format!("later:{}", first.turn)).ok(),
            at: now,
        };
        if let Err(error) = context.post(draft.card, post).await {
            tracing::warn!(conversation = %first.conversation, %error, "a notice cannot be stored now");
            context.books.notices.lock().put_back(first.conversation, &notice);
            return false;
        }
    }
    context.books.away.lock().told(first.conversation);
    true
}
