//! One person, and copies of one bot, over HTTP.

use super::{ANA, server};
use greenroom_channel_loopback::said;
use greenroom_client::{BackupBody, Client, ClientError, FenceBody};
use greenroom_contract::time::Clock;
use greenroom_engine::Doors as _;
use serde_json::json;
use std::time::Duration;

async fn settled(server: &super::Server, sent: u64) {
    let all = server.network.sent_count_reached(sent);
    tokio::time::timeout(Duration::from_secs(10), all).await.unwrap();
    server.handle.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_kept_of_a_person_is_told_and_forgotten() {
    let server = server().await;
    let client = server.client();
    let unknown = client.export_person(ANA, None).await;
    assert!(matches!(unknown, Err(ClientError::NotFound { .. })), "{unknown:?}");
    server.network.deliver("main", said::text(ANA, "hello").named("Ana")).await.acknowledged().await.unwrap();
    settled(&server, 1).await;
    server
        .network
        .deliver("main", said::text("owner", "I am here").written_to(ANA))
        .await
        .acknowledged()
        .await
        .unwrap();
    server.handle.settled().await;
    let found = client.export_person(ANA, Some("front")).await.unwrap();
    let [person] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((person.channel.as_str(), person.name.as_deref()), ("front", Some("Ana")));
    assert_eq!(person.addresses, [ANA]);
    let said: Vec<_> = person.turns.iter().map(|turn| (turn.asked.as_str(), turn.answered.as_str())).collect();
    assert_eq!(said, [("hello", "hello"), ("", "I am here")]);
    assert!(person.conversations.len() == 1 && person.conversations[0].paused_until_ms.is_some(), "{person:?}");
    let turns = client.turns(person.conversations[0].conversation, None).await.unwrap();
    let last = turns.items.last().unwrap();
    assert_eq!((json!(last.from), last.text.as_deref()), (json!("owner"), Some("I am here")));
    let elsewhere = client.export_person(ANA, Some("other")).await;
    assert!(matches!(elsewhere, Err(ClientError::NotFound { .. })), "{elsewhere:?}");

    assert_eq!(client.forget_person(ANA, None).await.unwrap().channels, ["front"]);
    let gone = client.export_person(ANA, None).await;
    assert!(matches!(gone, Err(ClientError::NotFound { .. })), "{gone:?}");
    let bad = client.export_person("ana", None).await;
    assert!(matches!(bad, Err(ClientError::Refused { .. })), "{bad:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_makes_no_capsules_says_so() {
    let refused = server().await.client().backup(&BackupBody::default(), &mut |_| true).await;
    assert!(matches!(&refused, Err(ClientError::Refused { reason, .. }) if reason.contains("capsules")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_younger_copy_of_the_same_bot_makes_it_end() {
    let server = server().await;
    let store = server.handle.whole_store();
    let own = store.fence().await.unwrap();
    let now = || Clock::System.now().0 / 1_000;
    // Copies know each other by the name of their store, and need no token.
    let stranger = Client::new(&server.base, None).unwrap();
    let another = FenceBody::sign(&"0".repeat(32), u64::MAX, now()).unwrap();
    let told = stranger.compare_fences(&another).await;
    assert!(matches!(told, Err(ClientError::NotFound { .. })), "another bot: {told:?}");
    let same = FenceBody::sign(&own.instance, own.number, now()).unwrap();
    let answer = stranger.compare_fences(&same).await.unwrap();
    assert_eq!(answer.read(&own.instance, now()), Some(own.number));
    let late = FenceBody::sign(&own.instance, 77, now() - 3_600).unwrap();
    assert!(stranger.compare_fences(&late).await.is_err(), "what was said an hour ago is nothing");
    assert!(store.fence().await.unwrap().moved_at.is_none());
    let younger = FenceBody::sign(&own.instance, 77, now()).unwrap();
    let answer = stranger.compare_fences(&younger).await.unwrap();
    assert_eq!(answer.read(&own.instance, now()), Some(own.number), "it hears that it is the younger one");
    let ended = tokio::time::timeout(Duration::from_secs(20), server.handle.ended()).await;
    assert!(ended.is_ok(), "the older one still runs");
}
