//! What answers cost, through the API.

use super::server;
use greenroom_client::{ClientError, TokensView, UsageBy};
use greenroom_conformance::messages::{Refine, id, text_from};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::store::{Accepted, Outcome, Settlement, Store};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::Doors;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn spend(store: &dyn Store, who: &str, model: Option<&str>, tokens_in: u64, at: Timestamp) -> ConversationId {
    let accepted = store.accept(vec![text_from(who, "q").admitted()]).await.unwrap().remove(0);
    let Accepted::New { conversation, sequence } = accepted else { panic!("a new message was {accepted:?}") };
    let usage =
        Usage { model: model.map(str::to_owned), tokens_in, tokens_out: 1, tokens_cached: 0, ..Usage::default() };
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
        wakes: Vec::new(),
        at,
    };
    store.settle(end).await.unwrap();
    conversation
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_told_by_day_assistant_model_and_conversation() {
    let server = server().await;
    let (store, client, now) = (server.handle.whole_store(), server.client(), Clock::System.now());
    let old = spend(&*store, "+15550000001", Some("large"), 100, now.minus(DAY * 2)).await;
    let new = spend(&*store, "+15550000002", Some("small"), 10, now).await;
    spend(&*store, "+15550000002", None, 1, now).await;
    spend(&*store, "+15550000002", Some("large"), 1_000, now.minus(DAY * 60)).await;
    let ask = async |by| client.usage(None, None, by).await.unwrap();
    let by_day = ask(UsageBy::Day).await;
    assert_eq!(by_day.total, TokensView { turns: 3, tokens_in: 111, tokens_cached: 0, tokens_out: 3 }, "thirty days");
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
    let day = by_day.sums[0].of.clone().unwrap();
    let one = client.usage(Some(&day), Some(&day), UsageBy::Day).await.unwrap();
    assert_eq!((one.total.tokens_in, one.from, one.to), (100, day.clone(), day));
    let person = store.person_by_address(&greenroom_conformance::messages::scope(), &id("+15550000001")).await;
    store.forget_person(person.unwrap().unwrap()).await.unwrap();
    assert_eq!(named(ask(UsageBy::Conversation).await), [(None, 100), (text(&new.to_string()), 11)]);
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
