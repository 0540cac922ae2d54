//! Rules of wake-ups that are not due yet: replaced, taken back, bounded, and moved with their conversation.

use super::{Subject, accept, accept_new, later, settlement};
use crate::messages::{id, sender, text_from};
use greenroom_contract::ids::{AssistantName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::message::Inbound;
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{Arrival, Settlement, StoreError, WakeDraft};
use greenroom_contract::time::Timestamp;

const ANA: &str = "+15550000001";
const LID: &str = "lid:777";

fn wake(message: &Inbound, at: Timestamp, token: &str, assistant: &str) -> WakeDraft {
    let route =
        Route { account: message.key.account.clone(), chat: message.key.chat.clone(), kind: message.chat.clone() };
    let assistant: AssistantName = id(assistant);
    WakeDraft { at, token: token.to_owned(), assistant, route, sender: sender(ANA), opened_at: message.sent_at }
}

/// A turn that asks for wake-ups after so many seconds, by one assistant; 0 takes one back.
async fn ask(store: &Subject, who: &str, assistant: &str, wakes: &[(u64, &str)]) -> ConversationId {
    let message = text_from(who, "remind me");
    let (conversation, row) = accept_new(store, message.clone()).await;
    let draft = |(seconds, token): &(u64, &str)| {
        let at = if *seconds == 0 { WakeDraft::NEVER } else { later(*seconds) };
        wake(&message, at, token, assistant)
    };
    let wakes = wakes.iter().map(draft).collect();
    store.settle(Settlement { wakes, ..settlement(conversation, &[row]) }).await.expect("a waiting row");
    conversation
}

/// What waits: when, by whom, and of what.
async fn listed(store: &Subject, conversation: Option<ConversationId>) -> Vec<(u64, String, String)> {
    let wakes = store.wakes(conversation, limits::PAGE_ROWS_MAX).await.expect("healthy");
    let seconds = |at: Timestamp| at.since(later(0)).as_secs();
    wakes.into_iter().map(|wake| (seconds(wake.at), wake.assistant.to_string(), wake.token)).collect()
}

fn row(seconds: u64, assistant: &str, token: &str) -> (u64, String, String) {
    (seconds, assistant.to_owned(), token.to_owned())
}

pub async fn a_wake_up_takes_the_place_of_the_one_with_its_token(store: Subject) {
    let conversation = ask(&store, ANA, "helper", &[(60, "tea"), (120, "bread")]).await;
    ask(&store, ANA, "other", &[(90, "tea")]).await;
    ask(&store, ANA, "helper", &[(30, "tea")]).await;
    let expected = [row(30, "helper", "tea"), row(90, "other", "tea"), row(120, "helper", "bread")];
    assert_eq!(listed(&store, Some(conversation)).await, expected, "that of another assistant is another one");
    assert_eq!(store.next_wake().await, Ok(Some(later(30))));
    assert_eq!(store.wake_due(later(60), 10).await.expect("healthy").len(), 1);
    assert_eq!(listed(&store, None).await, expected[1..], "what is due waits in the inbox");
    assert_eq!(store.rows_waiting().await, Ok(1), "the one that was replaced never comes");
}

pub async fn a_wake_up_is_taken_back_by_its_token_and_by_its_number(store: Subject) {
    let conversation = ask(&store, ANA, "helper", &[(60, "tea"), (90, "bread"), (120, "milk")]).await;
    ask(&store, ANA, "helper", &[(0, "tea"), (0, "never asked for")]).await;
    assert_eq!(listed(&store, Some(conversation)).await, [row(90, "helper", "bread"), row(120, "helper", "milk")]);
    let bread = store.wakes(None, 1).await.expect("healthy").remove(0);
    assert_eq!((bread.conversation, bread.token.as_str()), (conversation, "bread"));
    store.cancel_wake(bread.number).await.expect("it waits");
    let twice = store.cancel_wake(bread.number).await;
    assert!(matches!(twice, Err(StoreError::NotFound { .. })), "{twice:?}");
    assert_eq!(store.next_wake().await, Ok(Some(later(120))));
    let due = store.wake_due(later(1_000), 10).await.expect("healthy");
    assert_eq!((due.len(), store.rows_waiting().await), (1, Ok(1)));
}

pub async fn so_many_wake_ups_wait_in_a_conversation_and_no_more(store: Subject) {
    let most = limits::WAKES_PER_CONVERSATION_MAX;
    let tokens: Vec<String> = (0..most + 10).map(|number| format!("token {number}")).collect();
    for some in tokens.chunks(limits::WAKES_PER_TURN_MAX) {
        let wakes: Vec<(u64, &str)> = some.iter().map(|token| (60, token.as_str())).collect();
        ask(&store, ANA, "helper", &wakes).await;
    }
    assert_eq!(listed(&store, None).await.len(), most);
    // Whatever waits may be moved, and what is taken back makes room within its own turn.
    ask(&store, ANA, "helper", &[(90, "token 0"), (95, "new"), (0, "token 1")]).await;
    let all = listed(&store, None).await;
    assert_eq!(all.len(), most);
    assert_eq!(all[most - 2..], [row(90, "helper", "token 0"), row(95, "helper", "new")]);
    // Another conversation has its own.
    let other = ask(&store, "+15550000002", "helper", &[(60, "tea")]).await;
    assert_eq!(listed(&store, Some(other)).await.len(), 1);
}

pub async fn wake_ups_go_with_their_conversation(store: Subject) {
    let older = ask(&store, ANA, "helper", &[(60, "tea"), (70, "both")]).await;
    let newer = ask(&store, LID, "helper", &[(80, "bread"), (90, "both")]).await;
    let addresses = vec![id(ANA), id(LID)];
    accept(&store, Arrival::SamePerson { scope: crate::messages::scope(), addresses, admitted: false }).await;
    let expected = [row(60, "helper", "tea"), row(70, "helper", "both"), row(80, "helper", "bread")];
    assert_eq!(listed(&store, Some(older)).await, expected);
    assert_eq!(listed(&store, Some(newer)).await, expected, "the newer id leads there");
    ask(&store, LID, "helper", &[(0, "tea"), (100, "bread")]).await;
    assert_eq!(listed(&store, None).await, [row(70, "helper", "both"), row(100, "helper", "bread")]);
    let person = store.person_by_address(&crate::messages::scope(), &id(ANA)).await.expect("healthy");
    store.forget_person(person.expect("she is known")).await.expect("healthy");
    assert_eq!(listed(&store, None).await, []);
    assert_eq!(store.wake_due(later(10_000), 10).await, Ok(vec![]), "nothing comes for whoever was forgotten");
}
