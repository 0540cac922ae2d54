//! What answers cost, through the API.

use super::server;
use greenroom_client::{ClientError, TokensView, UsageBy};
use greenroom_conformance::messages::{Refine, id, text_from};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::channel::Receipt;
use greenroom_contract::event::{DeliveryStatus, StatusOf};
use greenroom_contract::ids::{ConversationId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::outbound::{OutboundBody, Route};
use greenroom_contract::store::{
    Accepted, Arrival, Outcome, ParcelDraft, ParcelKind, Post, Settlement, StatusArrival, Store,
};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::Doors;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn spend(store: &dyn Store, who: &str, model: Option<&str>, tokens_in: u64, at: Timestamp) -> ConversationId {
    let accepted = store.accept(vec![text_from(who, "q").admitted()]).await.unwrap().remove(0);
    let Accepted::New { conversation, sequence } = accepted else { panic!("a new message was {accepted:?}") };
    let usage = Usage {
        model: model.map(str::to_owned),
        tokens_in,
        tokens_out: 1,
        tokens_cached: 0,
        cost_millionths: tokens_in * 10,
    };
    let end = Settlement {
        conversation,
        rows: vec![sequence],
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: Vec::new(),
        history: None,
        states: Vec::new(),
        forget: false,
        usage: vec![SpentBy { assistant: id("helper"), usage }],
        settings: None,
        settings_before: None,
        identity: None,
        wakes: Vec::new(),
        at,
    };
    store.settle(end).await.unwrap();
    conversation
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_told_by_day_assistant_model_conversation_and_person() {
    let server = server().await;
    let (store, client, now) = (server.handle.whole_store(), server.client(), Clock::System.now());
    let old = spend(&*store, "+15550000001", Some("large"), 100, now.minus(DAY * 2)).await;
    let new = spend(&*store, "+15550000002", Some("small"), 10, now).await;
    spend(&*store, "+15550000002", None, 1, now).await;
    spend(&*store, "+15550000002", Some("large"), 1_000, now.minus(DAY * 60)).await;
    let ask = async |by| client.usage(None, None, by).await.unwrap();
    let by_day = ask(UsageBy::Day).await;
    assert_eq!(
        by_day.total,
        TokensView { turns: 3, tokens_in: 111, tokens_cached: 0, tokens_out: 3, cost_millionths: 1_110 },
        "thirty days"
    );
    assert!(by_day.sums.is_sorted_by_key(|sum| sum.of.clone()) && by_day.sums.len() == 2, "{by_day:?}");
    let named = |view: greenroom_client::UsageView| -> Vec<(Option<String>, u64)> {
        view.sums.into_iter().map(|sum| (sum.of, sum.tokens.tokens_in)).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(named(ask(UsageBy::Assistant).await), [(text("helper"), 111)]);
    assert_eq!(named(ask(UsageBy::Model).await), [(text("large"), 100), (text("small"), 10), (None, 1)]);
    let by_conversation = ask(UsageBy::Conversation).await;
    assert_eq!(by_conversation.sums[1].chat.as_deref(), Some("+15550000002"));
    assert_eq!(named(by_conversation), [(text(&old.to_string()), 100), (text(&new.to_string()), 11)]);
    let by_person = ask(UsageBy::Person).await;
    assert_eq!(by_person.total, by_day.total);
    assert_eq!(by_person.currency, "EUR");
    let people: Vec<_> =
        by_person.sums.iter().map(|sum| (sum.address.as_deref(), sum.tokens.cost_millionths)).collect();
    assert_eq!(people, [(Some("+15550000001"), 1_000), (Some("+15550000002"), 110)]);
    let day = by_day.sums[0].of.clone().unwrap();
    let one = client.usage(Some(&day), Some(&day), UsageBy::Day).await.unwrap();
    assert_eq!((one.total.tokens_in, one.from, one.to), (100, day.clone(), day));
    let person = store.person_by_address(&greenroom_conformance::messages::scope(), &id("+15550000001")).await;
    store.forget_person(person.unwrap().unwrap()).await.unwrap();
    assert_eq!(named(ask(UsageBy::Conversation).await), [(None, 100), (text(&new.to_string()), 11)]);
    let left = ask(UsageBy::Person).await;
    assert_eq!((left.sums[0].of.as_ref(), left.sums[0].address.as_ref()), (None, None), "{left:?}");
    assert_eq!(left.sums[0].tokens.tokens_in, 100);
}

/// An answer that was delivered, as the network says when.
async fn delivered(store: &dyn Store, account: &str, category: &str, number: usize, at: Timestamp) {
    let message = text_from("+15550000003", "q").in_account(account);
    let accepted = store.accept(vec![message.clone().admitted()]).await.unwrap().remove(0);
    let Accepted::New { conversation, .. } = accepted else { panic!("a new message was {accepted:?}") };
    let route = Route { account: message.key.account.clone(), chat: message.key.chat, kind: message.chat };
    let draft = ParcelDraft {
        kind: ParcelKind::OwnSend,
        route,
        recipient: message.sender,
        reply_to: None,
        opened_at: at,
        speaks_first: true,
        body: OutboundBody::Text("a".to_owned()),
    };
    let (conversation, scope) = (Some(conversation), greenroom_conformance::messages::scope());
    let post = Post { conversation, scope, parcels: vec![draft], steps: Vec::new(), name: None, at };
    let key = store.post(post).await.unwrap().parcels.remove(0);
    let sent: MessageId = id(format!("net-{number}"));
    store.sent(&key, &Receipt { message: sent.clone() }, at).await.unwrap();
    for status in [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read] {
        let (account, of, billed_as) = (id(account), StatusOf::Message(sent.clone()), Some(category.to_owned()));
        let status = StatusArrival { account, of, status, at, billed_as };
        store.accept(vec![Arrival::Status(status)]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn billed_messages_are_told_beside_what_answers_cost() {
    let server = server().await;
    let (store, client, now) = (server.handle.whole_store(), server.client(), Clock::System.now());
    let nothing = client.usage(None, None, UsageBy::Day).await.unwrap();
    assert_eq!((nothing.billed, nothing.billed_total), (Vec::new(), 0));
    for (number, (account, category, at)) in [
        ("account-1", "service", now),
        ("account-1", "service", now.minus(DAY)),
        ("account-1", "utility", now),
        ("account-2", "service", now),
        ("account-2", "marketing", now.minus(DAY * 60)),
    ]
    .into_iter()
    .enumerate()
    {
        delivered(&*store, account, category, number, at).await;
    }
    let by_model = client.usage(None, None, UsageBy::Model).await.unwrap();
    let of: Vec<_> =
        by_model.billed.iter().map(|sum| (sum.account.as_str(), sum.category.as_str(), sum.messages)).collect();
    assert_eq!(of, [("account-1", "service", 2), ("account-1", "utility", 1), ("account-2", "service", 1)]);
    assert!(by_model.billed.iter().all(|sum| sum.day.is_none()) && by_model.billed_total == 4, "{by_model:?}");
    let by_day = client.usage(None, None, UsageBy::Day).await.unwrap();
    assert_eq!((by_day.billed.len(), by_day.billed_total), (4, 4));
    assert!(by_day.billed.is_sorted_by_key(|sum| sum.day.clone()) && by_day.billed[0].day.is_some(), "{by_day:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_days_are_refused_in_words_and_many_sums_are_cut_with_their_total() {
    let server = server().await;
    let (store, client, now) = (server.handle.whole_store(), server.client(), Clock::System.now());
    for (from, to, said) in [
        (Some("yesterday"), None, "\"yesterday\" is not a day: write it as 2026-11-28"),
        (None, Some("2026-02-30"), "\"2026-02-30\" is not a day: write it as 2026-11-28"),
        (Some("2026-03-02"), Some("2026-03-01"), "2026-03-02 is after 2026-03-01"),
    ] {
        let refused = client.usage(from, to, UsageBy::Day).await;
        assert!(matches!(&refused, Err(ClientError::Refused { reason, .. }) if reason == said), "{refused:?}");
    }
    let many = limits::PAGE_ROWS_MAX as u64 + 20;
    for number in 0..many {
        spend(&*store, &format!("+1555{number:07}"), None, number, now).await;
    }
    let cut = client.usage(None, None, UsageBy::Conversation).await.unwrap();
    assert_eq!((cut.sums.len(), cut.left_out, cut.total.turns), (limits::PAGE_ROWS_MAX, 20, many));
    assert_eq!(cut.sums[0].tokens.tokens_in, many - 1, "the largest are shown");
}
