//! Conversations: the list, what was said, silence, and an end of it all.

use super::State;
use crate::errors::Refusal;
use crate::limits;
use crate::principal::{Allowed, Control, Delete, Principal, Read, Text};
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{ConversationView, ConversationsView, PauseBody, SaidByView, SaidView, TurnsView};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::ids::{ConversationId, OwnerId};
use greenroom_contract::limits as contract_limits;
use greenroom_contract::store::{
    Conversation, ConversationSettings, ConversationsAsked, HistoryKey, ListedConversation, Person, UNTIL_RELEASED,
    UNTIL_STARTED,
};
use greenroom_contract::time::Timestamp;
use greenroom_engine::ForgetRefused;
use serde::Deserialize;

/// Which conversations are wanted.
#[cfg_attr(feature = "mcp", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those of this session.
    session: Option<String>,
    /// Only those behind this place: `next` of an earlier answer.
    before: Option<String>,
    /// How many, at most 200; 50 unless it is told.
    limit: Option<usize>,
}

/// Conversations, the one with the newest activity first.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", operation_id = "list_conversations",
    params(Wanted), responses((status = 200, body = ConversationsView)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<ConversationsView>, Refusal> {
    let account = match &wanted.session {
        Some(session) => Some(state.account(&caller, session).await?.id),
        None => None,
    };
    let after = wanted.before.as_deref().map(place).transpose()?;
    let limit = wanted.limit.unwrap_or(limits::CONVERSATIONS_PER_PAGE).clamp(1, limits::CONVERSATIONS_PER_PAGE_MAX);
    let asked = ConversationsAsked { owner: only_of(&caller), account, after, only: None };
    let store = state.handle.store();
    // One more than is shown tells whether there is more.
    let mut found = store.conversations(&asked, limit + 1).await?;
    let next = (found.len() > limit).then(|| written(found[limit - 1].place()));
    found.truncate(limit);
    let mut items = Vec::with_capacity(found.len());
    for one in found {
        items.push(state.conversation_view(one).await?);
    }
    Ok(Json(ConversationsView { items, next }))
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}", tag = "conversations",
    operation_id = "show_conversation", params(("conversation" = u64, Path)),
    responses((status = 200, body = ConversationView)))]
pub(super) async fn show(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
) -> Result<Json<ConversationView>, Refusal> {
    let found = state.seen_conversation(&caller, conversation).await?;
    // Read like the list, so that both say the same.
    let asked = ConversationsAsked { only: Some(found.id), ..ConversationsAsked::default() };
    let one = state.handle.store().conversations(&asked, 1).await?.pop().ok_or_else(|| unknown(conversation))?;
    Ok(Json(state.conversation_view(one).await?))
}

/// Which part of a history is wanted.
#[cfg_attr(feature = "mcp", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// Only what was said before this moment: `next` of an earlier answer.
    before: Option<u64>,
    /// How many questions with their answers, at most 200; 50 unless it is told.
    limit: Option<usize>,
}

/// What was said in a conversation, as far as it is remembered, the oldest first.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}/turns", tag = "conversations", operation_id = "turns",
    params(("conversation" = u64, Path), Part), responses((status = 200, body = TurnsView)))]
pub(super) async fn turns(
    Allowed(caller, _): Allowed<Text>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
    Query(part): Query<Part>,
) -> Result<Json<TurnsView>, Refusal> {
    let found = state.seen_conversation(&caller, conversation).await?;
    let history = found.person.map_or(HistoryKey::Conversation(found.id), HistoryKey::Person);
    let kept = state.handle.store().recent(history, contract_limits::HISTORY_TURNS_MAX).await?;
    let limit = part.limit.unwrap_or(limits::TURNS_PER_PAGE).clamp(1, contract_limits::HISTORY_TURNS_MAX);
    let (turns, next) = page(kept, part.before.map(Timestamp), limit);
    Ok(Json(TurnsView { items: turns.into_iter().flat_map(said).collect(), next: next.map(|at| at.0) }))
}

/// The newest turns before a moment, and the moment before which there are more. Turns of one moment stay together.
fn page(mut turns: Vec<PastTurn>, before: Option<Timestamp>, limit: usize) -> (Vec<PastTurn>, Option<Timestamp>) {
    turns.retain(|turn| before.is_none_or(|before| turn.at < before));
    let mut begin = turns.len().saturating_sub(limit);
    while begin > 0 && turns[begin - 1].at == turns[begin].at {
        begin -= 1;
    }
    let shown = turns.split_off(begin);
    let next = if turns.is_empty() { None } else { shown.first().map(|turn| turn.at) };
    (shown, next)
}

fn said(turn: PastTurn) -> impl Iterator<Item = SaidView> {
    let line = |from, name, text: String| {
        let text = (!text.is_empty()).then_some(text)?;
        Some(SaidView { at_ms: turn.at.0, from, name, text: Some(text), kind: "text".to_owned() })
    };
    let person = line(SaidByView::Person, turn.name, turn.asked);
    let ours = if turn.by_owner { SaidByView::Owner } else { SaidByView::Bot };
    let bot = line(ours, None, turn.answered);
    person.into_iter().chain(bot)
}

/// Silences the bot in a conversation. What people write in the meantime is not answered later.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/pause", tag = "conversations",
    operation_id = "pause_conversation", params(("conversation" = u64, Path)), request_body = PauseBody,
    responses((status = 204)))]
pub(super) async fn pause(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
    Json(body): Json<PauseBody>,
) -> Result<StatusCode, Refusal> {
    let found = state.seen_conversation(&caller, conversation).await?;
    let until = body.until_ms.map(Timestamp);
    if until.is_some_and(|until| until <= state.clock.now() || until >= UNTIL_STARTED) {
        let reason = "until_ms is a moment that lies ahead, in milliseconds since 1970";
        return Err(Refusal::coded(StatusCode::UNPROCESSABLE_ENTITY, "bad-moment", reason));
    }
    state.handle.pause_conversation(found.id, until).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every silence in a conversation.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/resume", tag = "conversations",
    operation_id = "resume_conversation", params(("conversation" = u64, Path)), responses((status = 204)))]
pub(super) async fn resume(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
) -> Result<StatusCode, Refusal> {
    let found = state.seen_conversation(&caller, conversation).await?;
    state.handle.resume_conversation(found.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a conversation.
///
/// Of a direct one its person is forgotten, in all sessions of the channel that belong to the same owner: what was said, what
/// assistants remember, settings, waiting messages and unsent answers. Of a group what was said and remembered goes. That
/// messages were seen stays, so that none comes back as new, and what was spent stays without a name. Refused (409 `busy`)
/// while it is being answered.
#[utoipa::path(delete, path = "/api/v1/conversations/{conversation}", tag = "conversations",
    operation_id = "forget_conversation", params(("conversation" = u64, Path)), responses((status = 204)))]
pub(super) async fn forget(
    Allowed(caller, _): Allowed<Delete>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
) -> Result<StatusCode, Refusal> {
    let found = state.seen_conversation(&caller, conversation).await?;
    match state.handle.forget_conversation(found.id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ForgetRefused::Store(error)) => Err(error.into()),
        Err(refused) => Err(Refusal::coded(StatusCode::CONFLICT, "busy", refused.to_string())),
    }
}

impl State {
    /// A conversation that the caller sees.
    pub(super) async fn seen_conversation(&self, caller: &Principal, number: u64) -> Result<Conversation, Refusal> {
        let found = self.handle.store().conversation(ConversationId(number)).await?;
        found.filter(|found| caller.sees(&found.scope.owner)).ok_or_else(|| unknown(number))
    }

    async fn conversation_view(&self, listed: ListedConversation) -> Result<ConversationView, Refusal> {
        let ListedConversation { conversation, last_at, waiting, settings, .. } = listed;
        let person = match conversation.person {
            Some(person) => self.handle.store().person(person).await?,
            None => None,
        };
        let plan = self.handle.blueprint().channels().find(|part| part.name == conversation.scope.channel);
        let configured = plan.map(|part| part.policy.assistant.to_string());
        let bound = settings.assistant.as_ref().map(ToString::to_string);
        let now = self.clock.now();
        let paused_until = settings.paused_until.filter(|_| settings.is_paused(now));
        let window = self.handle.window_until(&conversation, last_at);
        Ok(ConversationView {
            conversation: conversation.id.0,
            session: conversation.account.to_string(),
            channel: conversation.scope.channel.to_string(),
            chat: conversation.chat.to_string(),
            person: person.as_ref().and_then(best_address),
            name: person.and_then(|person| person.name),
            group: conversation.person.is_none(),
            last_activity_ms: last_at.0,
            waiting: waiting as u64,
            paused_until_ms: paused_until.map(|until| until.0),
            paused_by: paused_by(&settings, now),
            assistant: bound.or(configured).unwrap_or_default(),
            window_until_ms: window.map(|until| until.0),
        })
    }
}

/// The phone number where one is known.
fn best_address(person: &Person) -> Option<String> {
    let phone = person.addresses.iter().find(|address| address.namespace() == Address::PHONE);
    phone.or(person.addresses.first()).map(ToString::to_string)
}

fn paused_by(settings: &ConversationSettings, now: Timestamp) -> Option<String> {
    match settings.paused_until.filter(|_| settings.is_paused(now))? {
        UNTIL_STARTED => Some("person".to_owned()),
        UNTIL_RELEASED => Some("owner".to_owned()),
        _ => None,
    }
}

/// Whose conversations the caller sees; `None`: everyone's.
pub(super) fn only_of(caller: &Principal) -> Option<OwnerId> {
    (!caller.sees_everything()).then(|| caller.owner.clone())
}

fn unknown(conversation: u64) -> Refusal {
    Refusal::not_found(&format!("conversation {conversation}"))
}

/// A place in the list, as it is written into `next`.
fn written((at, conversation): (Timestamp, ConversationId)) -> String {
    format!("{}-{}", at.0, conversation.0)
}

fn place(text: &str) -> Result<(Timestamp, ConversationId), Refusal> {
    let read = || {
        let (at, conversation) = text.split_once('-')?;
        Some((Timestamp(at.parse().ok()?), ConversationId(conversation.parse().ok()?)))
    };
    let refused =
        || Refusal::coded(StatusCode::BAD_REQUEST, "bad-place", "before is what an earlier answer said as next");
    read().ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turn(at: u64) -> PastTurn {
        PastTurn { at: Timestamp(at), asked: "a".to_owned(), ..PastTurn::default() }
    }

    proptest! {
        /// Whatever the pages, everything is shown once and in order.
        #[test]
        fn pages_make_up_the_whole(moments in proptest::collection::vec(0_u64..6, 0..30), limit in 1_usize..7) {
            let mut moments = moments;
            moments.sort_unstable();
            let all: Vec<PastTurn> = moments.iter().copied().map(turn).collect();
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let (shown, next) = page(all.clone(), before, limit);
                seen.splice(0..0, shown.iter().map(|turn| turn.at.0));
                before = next;
                if next.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, moments);
        }

        #[test]
        fn a_place_reads_back(at in any::<u64>(), conversation in any::<u64>()) {
            let at = (Timestamp(at), ConversationId(conversation));
            prop_assert_eq!(place(&written(at)).ok(), Some(at));
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in ["", "-", "1", "1-", "-1", "1-x", "1-2-3", "18446744073709551616-1"] {
            assert!(place(text).is_err(), "{text:?}");
        }
    }
}
