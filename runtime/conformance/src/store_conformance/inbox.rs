//! Rules of [`greenroom_contract::store::Inbox`]: acceptance, order, attempts, deletions and edits.

use super::{
    Subject, accept, accept_new, begin, draft, past, settlement, told, waiting, waiting_sequences, waiting_texts,
};
use crate::messages::{ACCOUNT, Refine, START, from, id, image_from, scope, text_from, voice_from};
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Contact, Inbound, Location, MediaRef};
use greenroom_contract::store::{Accepted, Arrival, EntryKind, Outcome, Settlement, StoreError};
use greenroom_contract::trace::Ignored;
use std::time::Duration;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";

pub async fn results_are_in_the_order_of_the_batch(store: Subject) {
    let first = text_from(ANA, "one");
    let batch = vec![
        first.clone().admitted(),
        text_from(BEN, "two").refused(Ignored::NobodyAdmitted),
        first.admitted(),
        text_from(BEN, "three").admitted(),
    ];
    let accepted = store.accept(batch).await.expect("healthy");
    assert!(matches!(accepted[0], Accepted::New { .. }), "{accepted:?}");
    assert_eq!(accepted[1], Accepted::Noted);
    assert_eq!(accepted[2], Accepted::Duplicate);
    assert!(matches!(accepted[3], Accepted::New { .. }), "{accepted:?}");
    assert_eq!(accepted.len(), 4);
}

pub async fn the_same_message_is_accepted_once(store: Subject) {
    let message = text_from(ANA, "one");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    // What a second delivery says otherwise does not matter: the id is the same.
    let again = Inbound { body: Body::Text("changed on the way".to_owned()), ..message };
    assert_eq!(accept(&store, again.admitted()).await, Accepted::Duplicate);
    assert_eq!(waiting_sequences(&store, conversation).await, [sequence]);
    assert_eq!(waiting_texts(&store, conversation).await, ["one"]);
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn the_same_message_is_accepted_once_within_a_batch(store: Subject) {
    let message = text_from(ANA, "one");
    let accepted = store.accept(vec![message.clone().admitted(), message.admitted()]).await.expect("healthy");
    assert!(matches!(accepted[..], [Accepted::New { .. }, Accepted::Duplicate]), "{accepted:?}");
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn the_same_message_is_accepted_once_by_concurrent_callers(store: Subject) {
    let message = text_from(ANA, "one");
    let callers: Vec<_> = (0..5)
        .map(|_| {
            let (store, message) = (store.clone(), message.clone());
            tokio::spawn(async move { accept(&store, message.admitted()).await })
        })
        .collect();
    let mut new = 0;
    for caller in callers {
        match caller.await.expect("no caller panics") {
            Accepted::New { .. } => new += 1,
            Accepted::Duplicate => {}
            other => panic!("a message was {other:?}"),
        }
    }
    assert_eq!(new, 1, "exactly one caller is told that it is new");
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn another_chat_sender_or_account_is_another_message(store: Subject) {
    let base = || text_from(ANA, "one").with_id("m-1");
    let group = |who: &str, chat: &str| text_from(who, "one").with_id("m-1").in_group(chat, Addressing::Mentioned);
    let all = [base(), group(ANA, "g1"), group(BEN, "g1"), group(ANA, "g2"), base().in_account("account-2")];
    for message in &all {
        let accepted = accept(&store, message.clone().admitted()).await;
        assert!(matches!(accepted, Accepted::New { .. }), "{:?} was {accepted:?}", message.key);
    }
    for message in all {
        assert_eq!(accept(&store, message.admitted()).await, Accepted::Duplicate);
    }
}

pub async fn a_settled_message_is_still_recognised(store: Subject) {
    let message = text_from(ANA, "one");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    store.settle(settlement(conversation, &[sequence])).await.expect("a waiting row");
    assert_eq!(accept(&store, message.admitted()).await, Accepted::Duplicate);
    assert_eq!(waiting(&store, conversation).await, []);
}

pub async fn a_refused_message_leaves_a_trace_and_nothing_else(store: Subject) {
    let reason = Ignored::Stranger { known_as: vec![ANA.to_owned()] };
    let message = text_from(ANA, "let me in");
    assert_eq!(accept(&store, message.clone().refused(reason)).await, Accepted::Noted);
    assert_eq!(store.rows_waiting().await, Ok(0));
    assert_eq!(store.conversations_waiting(None, 10).await, Ok(vec![]));
    let traces = store.why(&message.key.message, None).await.expect("healthy");
    assert_eq!(traces.len(), 1, "it can be explained");
    let told = format!("{:?}", traces[0].steps);
    assert!(told.contains("Stranger"), "{told}");
    assert!(!format!("{traces:?}").contains("let me in"), "the body is nowhere");
}

pub async fn a_refused_message_is_not_admitted_by_a_second_delivery(store: Subject) {
    let message = text_from(ANA, "one");
    assert_eq!(accept(&store, message.clone().refused(Ignored::NobodyAdmitted)).await, Accepted::Noted);
    assert_eq!(accept(&store, message.clone().refused(Ignored::NobodyAdmitted)).await, Accepted::Duplicate);
    assert_eq!(accept(&store, message.admitted()).await, Accepted::Duplicate);
    assert_eq!(store.rows_waiting().await, Ok(0));
}

pub async fn rows_are_handed_out_in_the_order_of_acceptance(store: Subject) {
    let mut conversation = None;
    for number in 0..20 {
        conversation = Some(accept_new(&store, text_from(ANA, &format!("{number}"))).await.0);
    }
    let conversation = conversation.expect("twenty were accepted");
    let expected: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(waiting_texts(&store, conversation).await, expected);
    let first = store.waiting(conversation, 3).await.expect("healthy");
    assert_eq!(first.iter().map(super::text_of).collect::<Vec<_>>(), ["0", "1", "2"]);
}

pub async fn sequences_grow_across_conversations(store: Subject) {
    let mut last = Sequence(0);
    for number in 0..10 {
        let who = if number % 2 == 0 { ANA } else { BEN };
        let (_, sequence) = accept_new(&store, text_from(who, "hi")).await;
        assert!(number == 0 || sequence > last, "{sequence} came after {last}");
        last = sequence;
    }
}

pub async fn a_row_carries_the_message_as_it_came(store: Subject) {
    let message = text_from(ANA, "one").named("Ana").also_known_as("lid:77").quoting("earlier");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let entry = waiting(&store, conversation).await.remove(0);
    assert_eq!(entry.sequence, sequence);
    assert_eq!(entry.conversation, conversation);
    assert_eq!(entry.scope, scope());
    assert_eq!(entry.attempts, 0);
    assert_eq!(entry.accepted_at, START);
    assert_eq!(entry.kind, EntryKind::Message(Box::new(message)));
}

pub async fn every_kind_of_body_survives(store: Subject) {
    let media = MediaRef {
        mime: "image/jpeg".to_owned(),
        size_bytes: Some(12),
        token: serde_json::json!({ "key": [1, 2, 3], "path": "/v/t62" }),
    };
    let document = MediaRef { mime: "application/pdf".to_owned(), ..media.clone() };
    let place = |name: Option<&str>, address: Option<&str>| Location {
        latitude: -46.2,
        longitude: 0.0,
        name: name.map(str::to_owned),
        address: address.map(str::to_owned),
    };
    let bodies = [
        Body::Text("ünïcode \u{1f44b}\n\0 end".to_owned()),
        Body::Image { media: media.clone(), caption: None },
        Body::Image { media: media.clone(), caption: Some("us".to_owned()) },
        Body::Voice { media, duration: Some(Duration::from_millis(1234)) },
        Body::Choice { id: "1".to_owned(), title: "Large".to_owned() },
        Body::Document { media: document.clone(), name: Some("bill.pdf".to_owned()), caption: Some("pay".to_owned()) },
        Body::Document { media: document, name: None, caption: None },
        Body::Location(place(Some("the harbour"), Some("Quay 1"))),
        Body::Location(place(None, None)),
        Body::Contacts(vec![
            Contact { name: Some("Ben".to_owned()), phones: vec!["+1 555 000 0002".to_owned(), "42".to_owned()] },
            Contact::default(),
        ]),
        Body::Reaction { to: id("m"), emoji: Some("👍".to_owned()) },
        Body::Reaction { to: id("m"), emoji: None },
        Body::Unsupported { kind: "document".to_owned(), caption: Some("read this".to_owned()) },
        Body::Event { kind: "pin".to_owned() },
    ];
    let mut expected = Vec::new();
    let mut conversation = None;
    for body in bodies {
        let message = from(ANA, body);
        conversation = Some(accept_new(&store, message.clone()).await.0);
        expected.push(EntryKind::Message(Box::new(message)));
    }
    let rows = waiting(&store, conversation.expect("some were accepted")).await;
    assert_eq!(rows.into_iter().map(|entry| entry.kind).collect::<Vec<_>>(), expected);
}

pub async fn conversations_waiting_are_listed_by_id_in_pages(store: Subject) {
    let mut all = Vec::new();
    for number in 0..7 {
        let (conversation, _) = accept_new(&store, text_from(&format!("+1555000010{number}"), "hi")).await;
        accept_new(&store, text_from(&format!("+1555000010{number}"), "again")).await;
        all.push(conversation);
    }
    // One of them waits no more.
    let quiet = all.remove(3);
    let rows = waiting_sequences(&store, quiet).await;
    store.settle(settlement(quiet, &rows)).await.expect("waiting rows");
    all.sort();
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = store.conversations_waiting(after, 2).await.expect("healthy");
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.conversation);
        assert!(page.iter().all(|row| row.account.as_str() == ACCOUNT), "{page:?}");
        listed.extend(page.into_iter().map(|row| row.conversation));
    }
    assert_eq!(listed, all);
    assert_eq!(store.rows_waiting().await, Ok(12));
}

pub async fn a_begun_attempt_is_counted(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    let (_, _two) = accept_new(&store, text_from(ANA, "two")).await;
    store.begin(begin(conversation, &[one])).await.expect("a waiting row");
    store.begin(begin(conversation, &[one])).await.expect("a waiting row");
    let attempts: Vec<u32> = waiting(&store, conversation).await.iter().map(|entry| entry.attempts).collect();
    assert_eq!(attempts, [2, 0]);
}

pub async fn a_submitted_attempt_is_counted_before_what_follows(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    store.begin_submitted(begin(conversation, &[one]));
    // Commands keep their order: what is awaited now comes after the attempt.
    accept_new(&store, text_from(ANA, "two")).await;
    let attempts: Vec<u32> = waiting(&store, conversation).await.iter().map(|entry| entry.attempts).collect();
    assert_eq!(attempts, [1, 0]);
}

pub async fn a_withdrawn_attempt_is_not_counted(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    store.begin(begin(conversation, &[one])).await.expect("a waiting row");
    store.begin(begin(conversation, &[one])).await.expect("a waiting row");
    store.withdraw(begin(conversation, &[one])).await.expect("a waiting row");
    assert_eq!(waiting(&store, conversation).await[0].attempts, 1);
    store.withdraw(begin(conversation, &[one])).await.expect("a waiting row");
    assert_eq!(waiting(&store, conversation).await[0].attempts, 0);
}

pub async fn a_full_conversation_refuses_and_others_do_not(store: Subject) {
    let rows_max = limits::INBOX_ROWS_PER_CONVERSATION_MAX as usize;
    for chunk in (0..rows_max).collect::<Vec<_>>().chunks(limits::EVENTS_PER_EMIT_MAX) {
        let batch = chunk.iter().map(|_| text_from(ANA, "flood").admitted()).collect();
        let accepted = store.accept(batch).await.expect("healthy");
        assert!(accepted.iter().all(|one| matches!(one, Accepted::New { .. })));
    }
    let excess = text_from(ANA, "one too many");
    assert_eq!(accept(&store, excess.clone().admitted()).await, Accepted::Noted);
    let traces = store.why(&excess.key.message, None).await.expect("healthy");
    assert!(format!("{traces:?}").contains("ConversationFull"), "{traces:?}");
    accept_new(&store, text_from(BEN, "still open")).await;
    // The excess was settled as refused; it does not come back when there is room.
    let conversation = store.conversations_waiting(None, 1).await.expect("healthy")[0].conversation;
    let first = waiting_sequences(&store, conversation).await[0];
    store.settle(settlement(conversation, &[first])).await.expect("a waiting row");
    assert_eq!(accept(&store, excess.admitted()).await, Accepted::Duplicate);
    accept_new(&store, text_from(ANA, "room again")).await;
}

pub async fn a_full_inbox_stores_nothing_and_says_so(store: Subject) {
    let per_chat = limits::INBOX_ROWS_PER_CONVERSATION_MAX;
    let chats = limits::INBOX_ROWS_MAX / per_chat;
    for chat in 0..chats {
        let who = format!("+1444{chat:07}");
        let last = chat == chats - 1;
        let rows = if last { per_chat - 1 } else { per_chat };
        let batch = (0..rows).map(|_| text_from(&who, "flood").admitted()).collect();
        store.accept(batch).await.expect("there is room");
    }
    // One place is left: a batch of two does not fit, and nothing of it is stored.
    let pair = [text_from(BEN, "one"), text_from(BEN, "two")];
    let batch = pair.iter().cloned().map(Refine::admitted).collect();
    let refused = store.accept(batch).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    assert_eq!(store.rows_waiting().await, Ok(limits::INBOX_ROWS_MAX - 1));
    // What is no row still fits, and one message does.
    assert_eq!(accept(&store, text_from(ANA, "x").refused(Ignored::NobodyAdmitted)).await, Accepted::Noted);
    let (conversation, sequence) = accept_new(&store, pair[0].clone()).await;
    let refused = store.accept(vec![pair[1].clone().admitted()]).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    // Once something is settled there is room, and the refused message is new.
    store.settle(settlement(conversation, &[sequence])).await.expect("a waiting row");
    accept_new(&store, pair[1].clone()).await;
}

pub(super) fn revoked(message: &Inbound, by: &str) -> Arrival {
    Arrival::Revoked {
        account: message.key.account.clone(),
        scope: scope(),
        chat: message.key.chat.clone(),
        sender: id(by),
        message: message.key.message.clone(),
        at: START,
    }
}

fn edited(message: &Inbound, by: &str, text: &str) -> Arrival {
    Arrival::Edited {
        account: message.key.account.clone(),
        scope: scope(),
        chat: message.key.chat.clone(),
        sender: id(by),
        message: message.key.message.clone(),
        text: text.to_owned(),
        at: START,
    }
}

pub async fn a_deleted_message_leaves_the_inbox(store: Subject) {
    let message = text_from(ANA, "oops");
    let (conversation, _) = accept_new(&store, message.clone()).await;
    accept_new(&store, text_from(ANA, "stays")).await;
    let accepted = accept(&store, revoked(&message, ANA)).await;
    assert!(matches!(accepted, Accepted::Updated { parcel: None }), "{accepted:?}");
    assert_eq!(waiting_texts(&store, conversation).await, ["stays"]);
    assert_eq!(store.rows_waiting().await, Ok(1));
    assert_eq!(accept(&store, message.clone().admitted()).await, Accepted::Duplicate, "it does not come back");
    let traces = store.why(&message.key.message, None).await.expect("healthy");
    assert!(format!("{traces:?}").contains("Revoked"), "{traces:?}");
}

pub async fn a_deleted_message_leaves_the_history(store: Subject) {
    let message = text_from(ANA, "my secret");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let history = waiting(&store, conversation).await[0].history;
    let turn = past("my secret", "noted");
    let end = Settlement { history: Some((history, turn)), ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    assert!(format!("{:?}", store.recent(history, 10).await).contains("my secret"));
    accept(&store, revoked(&message, ANA)).await;
    let left = format!("{:?}", store.recent(history, 10).await.expect("healthy"));
    assert!(!left.contains("my secret"), "{left}");
}

pub async fn nobody_deletes_or_edits_the_message_of_another(store: Subject) {
    let message = text_from(ANA, "mine").in_group("g1", Addressing::Mentioned);
    let (conversation, _) = accept_new(&store, message.clone()).await;
    accept(&store, revoked(&message, BEN)).await;
    accept(&store, edited(&message, BEN, "forged")).await;
    assert_eq!(waiting_texts(&store, conversation).await, ["mine"]);

    // Nor once it is in the history,
    let entry = waiting(&store, conversation).await.remove(0);
    let end = Settlement {
        history: Some((entry.history, past("mine", "noted"))),
        ..settlement(conversation, &[entry.sequence])
    };
    store.settle(end).await.expect("a waiting row");
    accept(&store, revoked(&message, BEN)).await;
    assert_eq!(told(&store, entry.history).await, [past("mine", "noted")]);

    // nor while it is in quarantine.
    let poison = text_from(ANA, "poison").in_group("g1", Addressing::Mentioned);
    let (_, sequence) = accept_new(&store, poison.clone()).await;
    let outcome = Outcome::Quarantined { reason: "poison".to_owned() };
    store.settle(Settlement { outcome, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    accept(&store, revoked(&poison, BEN)).await;
    assert_eq!(store.quarantined(10).await.map(|rows| rows.len()), Ok(1));
}

pub async fn an_edit_replaces_the_text_of_a_waiting_message(store: Subject) {
    let message = text_from(ANA, "teh");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let accepted = accept(&store, edited(&message, ANA, "the")).await;
    assert!(matches!(accepted, Accepted::Updated { parcel: None }), "{accepted:?}");
    assert_eq!(waiting_texts(&store, conversation).await, ["the"]);
    assert_eq!(waiting_sequences(&store, conversation).await, [sequence], "it keeps its place");
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn an_edit_after_the_turn_changes_nothing(store: Subject) {
    let message = text_from(ANA, "teh");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let history = waiting(&store, conversation).await[0].history;
    let parcels = vec![draft(&message, "what?")];
    let end =
        Settlement { parcels, history: Some((history, past("teh", "what?"))), ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    accept(&store, edited(&message, ANA, "the")).await;
    assert_eq!(waiting(&store, conversation).await, [], "an edit makes no second turn");
    assert_eq!(told(&store, history).await, [past("teh", "what?")]);
    assert_eq!(store.pending(&id(ACCOUNT), None, 10).await.map(|parcels| parcels.len()), Ok(1));
}

pub async fn what_concerns_an_unknown_message_is_taken_and_harmless(store: Subject) {
    let unknown = text_from(ANA, "never seen");
    let batch = vec![revoked(&unknown, ANA), edited(&unknown, ANA, "x"), text_from(BEN, "hi").admitted()];
    let accepted = store.accept(batch).await.expect("healthy");
    assert!(matches!(accepted[0], Accepted::Updated { parcel: None }), "{accepted:?}");
    assert!(matches!(accepted[1], Accepted::Updated { parcel: None }), "{accepted:?}");
    assert!(matches!(accepted[2], Accepted::New { .. }), "{accepted:?}");
    accept_new(&store, voice_from(ANA)).await;
    accept_new(&store, image_from(ANA, None)).await;
}
