//! What a message said, for whoever quotes it.

use super::{Subject, accept, accept_new, draft, past, settlement, waiting};
use crate::messages::{ACCOUNT, Refine, START, id, scope, text_from, voice_from};
use greenroom_contract::address::Address;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{ConversationId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Inbound};
use greenroom_contract::store::{Arrival, HistoryKey, ParcelKey, Said, Settlement};
use greenroom_contract::time::Timestamp;
use std::time::Duration;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";
const LID: &str = "lid:7";

/// A chat in which something was said.
struct Talk {
    conversation: ConversationId,
    history: HistoryKey,
}

#[allow(clippy::unnecessary_wraps, reason = "as it is compared")]
fn ours(text: &str) -> Option<Said> {
    Some(Said { ours: true, text: Some(text.to_owned()) })
}

#[allow(clippy::unnecessary_wraps, reason = "as it is compared")]
fn theirs(text: &str) -> Option<Said> {
    Some(Said { ours: false, text: Some(text.to_owned()) })
}

impl Talk {
    async fn said(&self, store: &Subject, message: &str) -> Option<Said> {
        store.said(self.conversation, self.history, &id(message)).await.expect("healthy")
    }
}

/// Messages that are answered together, with so many messages of the bot.
async fn talk(store: &Subject, messages: &[Inbound], answers: &[&str]) -> (Talk, Vec<ParcelKey>) {
    let mut rows = Vec::new();
    for message in messages {
        rows.push(accept_new(store, message.clone()).await);
    }
    let conversation = rows[0].0;
    let history = waiting(store, conversation).await[0].history;
    let asked = messages.iter().map(words).collect::<Vec<_>>().join("\n");
    let end = Settlement {
        parcels: answers.iter().map(|words| draft(&messages[0], words)).collect(),
        history: Some((history, past(&asked, &answers.join("\n\n")))),
        ..settlement(conversation, &rows.iter().map(|row| row.1).collect::<Vec<_>>())
    };
    let parcels = store.settle(end).await.expect("waiting rows").parcels;
    (Talk { conversation, history }, parcels)
}

fn words(message: &Inbound) -> String {
    match &message.body {
        greenroom_contract::message::Body::Text(text) => text.clone(),
        _ => "what was heard".to_owned(),
    }
}

/// The network takes a parcel, under the name that was chosen or under one of its own.
async fn sent(store: &Subject, key: &ParcelKey, as_message: Option<&str>) -> String {
    let chosen = super::parcel(store, key).await.id;
    let name = as_message.unwrap_or(chosen.as_str()).to_owned();
    store.sent(key, &Receipt { message: id(&name) }, START).await.expect("an unsent parcel");
    name
}

pub async fn a_turn_of_history_names_its_messages(store: Subject) {
    let messages = [text_from(ANA, "one").with_id("m-1"), text_from(ANA, "two").with_id("m-2")];
    let (conversation, _) = accept_new(&store, messages[0].clone()).await;
    let first = waiting(&store, conversation).await.remove(0);
    let (_, two) = accept_new(&store, messages[1].clone()).await;
    let end = Settlement {
        history: Some((first.history, past("one\ntwo", "yes"))),
        ..settlement(conversation, &[first.sequence, two])
    };
    store.settle(end).await.expect("waiting rows");
    let turns = store.recent(first.history, 10).await.expect("healthy");
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0].messages, [id::<MessageId>("m-1"), id("m-2")]);
    assert_eq!(turns[0].turn, Some(first.turn), "the name that the turn had");
}

pub async fn what_was_asked_is_known_by_its_id(store: Subject) {
    let (one, _) = talk(&store, &[text_from(ANA, "how much is it").with_id("m-1")], &["ten"]).await;
    let together = [text_from(ANA, "and two").with_id("m-2"), voice_from(ANA).with_id("m-3")];
    talk(&store, &together, &["eighteen"]).await;
    assert_eq!(one.said(&store, "m-1").await, theirs("how much is it"));
    assert_eq!(one.said(&store, "m-2").await, theirs("and two"), "one of several");
    assert_eq!(one.said(&store, "m-3").await, theirs("and two\nwhat was heard"), "not what it said alone");
    assert_eq!(one.said(&store, "m-4").await, None);
}

pub async fn what_was_answered_is_known_by_both_ids(store: Subject) {
    let (ana, parcels) = talk(&store, &[text_from(ANA, "how much")], &["ten"]).await;
    let chosen = super::parcel(&store, &parcels[0]).await.id;
    sent(&store, &parcels[0], Some("net-1")).await;
    assert_eq!(ana.said(&store, "net-1").await, ours("ten"));
    assert_eq!(ana.said(&store, chosen.as_str()).await, ours("ten"));
    let long = "x".repeat(limits::QUOTED_BYTES_MAX + 10);
    let (_, parcels) = talk(&store, &[text_from(ANA, "and then")], &["eighteen", "and a tip", &long]).await;
    let chosen = sent(&store, &parcels[0], None).await;
    sent(&store, &parcels[1], Some("net-2")).await;
    sent(&store, &parcels[2], Some("net-3")).await;
    assert_eq!(ana.said(&store, &chosen).await, ours("eighteen"), "each of several says its own");
    assert_eq!(ana.said(&store, "net-2").await, ours("and a tip"));
    let text = ana.said(&store, "net-3").await.and_then(|said| said.text).expect("it is kept");
    assert!(text.len() <= limits::QUOTED_BYTES_MAX && text.ends_with('…'), "{} bytes", text.len());
}

/// A message that is quoted from another chat says there what it said, and nothing of it here.
pub async fn what_was_said_elsewhere_is_not_told(store: Subject) {
    let (_, parcels) = talk(&store, &[text_from(ANA, "my secret").with_id("m-1")], &["kept"]).await;
    let chosen = sent(&store, &parcels[0], None).await;
    let (ben, _) = talk(&store, &[text_from(BEN, "hello")], &["hi"]).await;
    let group = text_from(BEN, "bot").in_group("friends", Addressing::Mentioned);
    let (group, _) = talk(&store, &[group], &["yes"]).await;
    for other in [ben, group] {
        assert_eq!(other.said(&store, "m-1").await, None);
        assert_eq!(other.said(&store, &chosen).await, Some(Said { ours: true, text: None }));
    }
}

pub async fn what_the_bot_said_without_a_turn_is_known_as_its_own(store: Subject) {
    let message = text_from(ANA, "hello");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let history = waiting(&store, conversation).await[0].history;
    let end = Settlement { parcels: vec![draft(&message, "sorry")], ..settlement(conversation, &[sequence]) };
    let parcels = store.settle(end).await.expect("a waiting row").parcels;
    sent(&store, &parcels[0], Some("net-1")).await;
    let talk = Talk { conversation, history };
    assert_eq!(talk.said(&store, "net-1").await, Some(Said { ours: true, text: None }));
}

pub async fn quotes_lead_across_merges(store: Subject) {
    let (ana, parcels) = talk(&store, &[text_from(LID, "how much").with_id("m-1")], &["ten", "or nine"]).await;
    sent(&store, &parcels[1], Some("net-1")).await;
    let (older, _) = talk(&store, &[text_from(ANA, "hello").with_id("m-2")], &["hi"]).await;
    let addresses = [LID, ANA].map(id::<Address>).to_vec();
    accept(&store, Arrival::SamePerson { scope: scope(), addresses, admitted: true }).await;
    for talk in [ana, older] {
        assert_eq!(talk.said(&store, "net-1").await, ours("or nine"));
        assert_eq!(talk.said(&store, "m-1").await, theirs("how much"));
        assert_eq!(talk.said(&store, "m-2").await, theirs("hello"));
    }
}

pub async fn what_is_forgotten_is_not_quoted(store: Subject) {
    let (ana, parcels) = talk(&store, &[text_from(ANA, "how much").with_id("m-1")], &["ten"]).await;
    sent(&store, &parcels[0], Some("net-1")).await;
    store.forget(ana.history).await.expect("healthy");
    assert_eq!(ana.said(&store, "m-1").await, None);
    assert_eq!(ana.said(&store, "net-1").await, Some(Said { ours: true, text: None }));
    let (again, _) = talk(&store, &[text_from(ANA, "and two").with_id("m-3")], &["eighteen"]).await;
    let sender = text_from(ANA, "").sender.id;
    let revoked =
        Arrival::Revoked { account: id(ACCOUNT), scope: scope(), chat: id(ANA), sender, message: id("m-3"), at: START };
    accept(&store, revoked).await;
    assert_eq!(again.said(&store, "m-3").await, None, "a deleted message is gone");
}

/// Names that the bot chose lead to their turns when retention took the index of what was sent.
pub async fn an_old_answer_is_known_while_its_turn_is(store: Subject) {
    let (ana, parcels) = talk(&store, &[text_from(ANA, "how much").with_id("m-1")], &["ten", "or nine"]).await;
    let chosen = [sent(&store, &parcels[0], None).await, sent(&store, &parcels[1], None).await];
    let later = Timestamp(START.0).plus(limits::TRACE_AGE_MAX + Duration::from_secs(3600));
    store.sweep(later).await.expect("healthy");
    assert_eq!(store.parcel(&parcels[0]).await, Ok(None), "retention took it");
    assert_eq!(ana.said(&store, &chosen[0]).await, ours("ten"));
    assert_eq!(ana.said(&store, &chosen[1]).await, ours("or nine"));
    assert_eq!(ana.said(&store, "m-1").await, theirs("how much"));
    let (ben, _) = talk(&store, &[text_from(BEN, "hello")], &["hi"]).await;
    assert_eq!(ben.said(&store, &chosen[0]).await, None, "it is of another history");
}
