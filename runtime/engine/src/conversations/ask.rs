//! Asking the assistant, and what follows when it fails.

use super::steps::{Asked, Draft, Ending};
use crate::context::Context;
use crate::decide::restart::doubled;
use greenroom_contract::assistant::{Answer, AssistantError, HandOver, Receiver, Turn, TurnFailure, Wake};
use greenroom_contract::ids::{AssistantName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::store::{Counted, StoreError};
use greenroom_contract::trace::Decision;
use std::time::Duration;

/// Asks the assistant of the draft.
pub(super) async fn ask(draft: &mut Draft<'_>) -> Ending {
    let turn = match turn(draft).await {
        Ok(turn) => turn,
        Err(error) => {
            tracing::warn!(%error, "the history cannot be read now");
            return Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::Yes };
        }
    };
    draft.asked = Some(Asked { at: turn.now, steady: draft.context.steady(), words: turn.text() });
    match ask_until_answered(draft, turn).await {
        Ok(answer) => Ending::Answer(answer),
        Err(failure) => failed(draft, &failure).await,
    }
}

async fn turn(draft: &mut Draft<'_>) -> Result<Turn, StoreError> {
    let (context, first) = (draft.context, draft.first());
    let store = &context.store;
    let turns_max = draft.needs().history_turns.min(limits::HISTORY_TURNS_MAX);
    let history = if turns_max == 0 { Vec::new() } else { store.recent(first.history, turns_max).await? };
    let state = store.state(first.conversation, &draft.assistant).await?;
    let wakes = wakes(context, first.conversation, &draft.assistant).await?;
    let route = first.route();
    let now = context.now();
    let overheard = if route.kind.is_group() {
        context.books.overheard.lock().lines(&route.account, &route.chat, now)
    } else {
        Vec::new()
    };
    let (id, assistant, sender) = (first.turn, draft.assistant.clone(), first.sender().clone());
    let messages = std::mem::take(&mut draft.messages);
    let mut turn = Turn::new(id, assistant, first.conversation, first.person, route, sender, messages);
    turn.attempt = first.attempts + 1;
    turn.history = history;
    turn.overheard = overheard;
    turn.state = state;
    turn.wakes = wakes;
    turn.undelivered = context.books.undelivered.lock().of(first.conversation);
    turn.now = now;
    Ok(turn)
}

/// The wake-ups that an assistant asked for in a conversation.
async fn wakes(
    context: &Context,
    conversation: ConversationId,
    assistant: &AssistantName,
) -> Result<Vec<Wake>, StoreError> {
    let all = context.store.wakes(Some(conversation), limits::WAKES_PER_CONVERSATION_MAX).await?;
    let own = all.into_iter().filter(|wake| wake.assistant == *assistant);
    Ok(own.map(|wake| Wake { at: wake.at, token: wake.token }).collect())
}

/// Asks, and asks again whoever the turn is handed over to.
async fn ask_until_answered(draft: &mut Draft<'_>, mut turn: Turn) -> Result<Answer, TurnFailure> {
    let context = draft.context;
    let mut spoken = Vec::new();
    for _ in 0..=limits::HAND_OVERS_MAX {
        let name = turn.assistant.clone();
        draft.note(Decision::Asked { assistant: name.clone(), attempt: turn.attempt });
        // The one that was planned when the turn began, whatever is called like it now.
        let unknown = || TurnFailure::Unknown { name: name.clone() };
        let assistant = draft.wiring.blueprint.assistant(&name).ok_or_else(unknown)?;
        let mut answer = context.ask(assistant, turn.clone(), &draft.counter, draft.place.take()).await?;
        let next = match answer.hand_over.take() {
            Some(HandOver { to: Receiver::Assistant(next), .. }) if next != name => Some(next),
            _ => None,
        };
        let Some(next) = next else {
            draft.assistant = name;
            spoken.append(&mut answer.replies);
            answer.replies = spoken;
            return Ok(answer);
        };
        spoken.append(&mut answer.replies);
        draft.note(Decision::HandedOver { to: next.clone() });
        let unreadable = |error: StoreError| AssistantError::Retry { reason: error.into(), after: None };
        turn.state = context.store.state(turn.conversation, &next).await.map_err(unreadable)?;
        turn.wakes = wakes(context, turn.conversation, &next).await.map_err(unreadable)?;
        turn.assistant = next;
    }
    let reason = format!("handed over more than {} times", limits::HAND_OVERS_MAX).into();
    Err(AssistantError::Permanent { reason }.into())
}

/// What follows a failure: another attempt after a pause, or quarantine.
async fn failed(draft: &mut Draft<'_>, failure: &TurnFailure) -> Ending {
    // A failure counts, wherever it happened.
    if let Err(error) = draft.counter.count().await {
        tracing::warn!(%error, "an attempt cannot be counted now");
        return Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::Yes };
    }
    let first = draft.first();
    let attempts = first.attempts + 1;
    draft.note(Decision::Failed { reason: failure.to_string() });
    let permanent = matches!(failure, TurnFailure::Assistant(AssistantError::Permanent { .. }));
    if permanent || attempts >= limits::ATTEMPTS_MAX {
        return Ending::Quarantine { reason: failure.to_string() };
    }
    tracing::warn!(conversation = %first.conversation, attempt = attempts, error = %failure, "a turn failed and is tried again");
    let least = match failure {
        TurnFailure::Assistant(AssistantError::Retry { after: Some(after), .. }) => {
            (*after).min(limits::RECONNECT_PAUSE_MAX)
        }
        _ => Duration::ZERO,
    };
    let pause = doubled(limits::TURN_RETRY_PAUSE, attempts - 1, limits::RESTART_PAUSE_MAX);
    Ending::Again { after: pause.max(least), attempt: Counted::Yes }
}
