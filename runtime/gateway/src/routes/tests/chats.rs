//! Conversations over HTTP: the list, what was said, silence, messages of the owner, and an end of it all.

use super::caller::read;
use super::linked::{linked, owned};
use super::{ANA, server};
use greenroom_channel_loopback::said;
use greenroom_contract::assistant::{Answer, Turn, assistant_fn};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_engine::AssistantPart;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const BEN: &str = "+15551234568";

/// How many messages were sent, once they are so many and nothing is under way.
async fn sent(server: &super::Server, at_least: u64) -> usize {
    let all = server.network.sent_count_reached(at_least);
    tokio::time::timeout(Duration::from_secs(10), all).await.unwrap();
    server.handle.settled().await;
    server.network.sent().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_shown_and_read() {
    let server = server().await;
    let admin = server.admin();
    assert_eq!(admin.get("/api/v1/conversations").await, (200, json!({ "items": [] })));
    server.network.deliver("main", said::text(ANA, "hello").named("Ana <script>")).await.acknowledged().await.unwrap();
    assert_eq!(sent(&server, 1).await, 1);
    let (status, list) = admin.get("/api/v1/conversations").await;
    assert_eq!((status, list["items"].as_array().map(Vec::len), &list["next"]), (200, Some(1), &Value::Null), "{list}");
    let one = &list["items"][0];
    assert_eq!((&one["channel"], &one["person"], &one["name"]), (&json!("front"), &json!(ANA), &json!("Ana <script>")));
    assert_eq!((&one["group"], &one["waiting"], &one["assistant"]), (&json!(false), &json!(0), &json!("echo")));
    assert!(one["last_activity_ms"].as_u64().is_some_and(|at| at > 0), "{one}");
    assert!(one.get("text").is_none() && !list.to_string().contains("hello"), "{list}");
    let number = one["conversation"].as_u64().unwrap();
    let path = format!("/api/v1/conversations/{number}");
    assert_eq!(admin.get(&path).await, (200, one.clone()));
    let (status, turns) = admin.get(&format!("{path}/turns")).await;
    assert_eq!(status, 200);
    let said: Vec<_> = turns["items"].as_array().unwrap().iter().map(|one| (&one["from"], &one["text"])).collect();
    assert_eq!(said, [(&json!("person"), &json!("hello")), (&json!("bot"), &json!("hello"))], "{turns}");
    let session = one["session"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/api/v1/conversations?session={session}")).await.1, list);
    assert_eq!(admin.get("/api/v1/conversations?session=acc-99").await.0, 404);
    let next = format!("{}-{number}", one["last_activity_ms"]);
    assert_eq!(admin.get(&format!("/api/v1/conversations?before={next}")).await, (200, json!({ "items": [] })));
    let (status, problem) = admin.get("/api/v1/conversations?before=x").await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad-place")));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_listed_once_with_what_they_are_known_by() {
    let server = server().await;
    let admin = server.admin();
    assert_eq!(admin.get("/api/v1/people").await, (200, json!({ "items": [], "more": false })));
    server.network.deliver("main", said::text(ANA, "hello").named("Ana <b>")).await.acknowledged().await.unwrap();
    sent(&server, 1).await;
    server.network.deliver("main", said::text(ANA, "me again").named("Ana <b>")).await.acknowledged().await.unwrap();
    sent(&server, 2).await;
    let (status, people) = admin.get("/api/v1/people").await;
    let only = &people["items"][0];
    assert_eq!((status, people["items"].as_array().map(Vec::len)), (200, Some(1)), "{people}");
    assert_eq!((&only["name"], &only["channel"]), (&json!("Ana <b>"), &json!("front")));
    assert!(only["addresses"].as_array().unwrap().contains(&json!(ANA)), "{only}");
    let conversation = &admin.get("/api/v1/conversations").await.1["items"][0];
    assert_eq!(only["conversations"], json!([conversation["conversation"]]));
    assert_eq!(only["last_activity_ms"], conversation["last_activity_ms"]);
    assert!(!people.to_string().contains("hello"));
    assert_eq!(server.owner("otto").get("/api/v1/people").await.1["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_conversation_is_silent_until_it_is_resumed() {
    let server = server().await;
    let admin = server.admin();
    server.network.deliver("main", said::text(ANA, "one")).await.acknowledged().await.unwrap();
    sent(&server, 1).await;
    let list = admin.get("/api/v1/conversations").await.1;
    let path = format!("/api/v1/conversations/{}", list["items"][0]["conversation"]);
    assert_eq!(admin.post(&format!("{path}/pause"), json!({})).await.0, 204);
    let shown = admin.get(&path).await.1;
    assert_eq!(&shown["paused_by"], "owner", "{shown}");
    server.network.deliver("main", said::text(ANA, "two")).await.acknowledged().await.unwrap();
    server.handle.settled().await;
    assert_eq!(server.network.sent().len(), 1, "it is silent");
    assert_eq!(admin.post(&format!("{path}/resume"), json!({})).await.0, 204);
    assert!(admin.get(&path).await.1.get("paused_until_ms").is_none());
    server.network.deliver("main", said::text(ANA, "three")).await.acknowledged().await.unwrap();
    assert_eq!(sent(&server, 2).await, 2, "what was written in the pause is not answered later");
    let later = u64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis());
    let later = later.unwrap() + 3_600_000;
    assert_eq!(admin.post(&format!("{path}/pause"), json!({ "until_ms": later })).await.0, 204);
    let shown = admin.get(&path).await.1;
    assert_eq!((&shown["paused_until_ms"], shown.get("paused_by")), (&json!(later), None));
    for moment in [json!(1), json!(u64::MAX)] {
        let (status, problem) = admin.post(&format!("{path}/pause"), json!({ "until_ms": moment })).await;
        assert_eq!((status, &problem["code"]), (422, &json!("bad-moment")), "{moment}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_one_key_is_sent_once() {
    let server = server().await;
    let admin = server.admin();
    server.network.deliver("main", said::text(ANA, "hello")).await.acknowledged().await.unwrap();
    sent(&server, 1).await;
    let list = admin.get("/api/v1/conversations").await.1;
    let path = format!("/api/v1/conversations/{}/messages", list["items"][0]["conversation"]);
    let send = |key: &str, text: &str| {
        let request = admin.request(Method::POST, &path).json(&json!({ "text": text }));
        request.header("Idempotency-Key", key)
    };
    let first = read(send("order-7", "it is ready").send().await.unwrap()).await;
    assert_eq!(first.0, 202, "{}", first.1);
    assert_eq!(read(send("order-7", "it is ready").send().await.unwrap()).await, first, "the same answer");
    assert_eq!(sent(&server, 2).await, 2);
    let other = read(send("order-8", "and this too").send().await.unwrap()).await;
    assert_eq!((other.0, other.1["id"] != first.1["id"]), (202, true));
    assert_eq!(sent(&server, 3).await, 3);
    let (status, trace) = admin.get(&format!("/api/v1/why/{}", first.1["id"].as_str().unwrap())).await;
    assert_eq!((status, trace.as_array().map(Vec::len)), (200, Some(1)), "{trace}");
    assert!(!trace.to_string().contains("it is ready"));
    let (status, problem) = admin.post(&path, json!({ "text": "without" })).await;
    assert_eq!((status, &problem["code"]), (400, &json!("missing-idempotency-key")));
    let (status, problem) = read(send("k", "  ").send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (422, &json!("nothing-to-say")));
    let (status, problem) = read(send(&"k".repeat(10_000), "long").send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad-idempotency-key")));
    // Who is not admitted any more gets nothing, whatever the key.
    let mut strict = server.handle.blueprint();
    let mut part = strict.channels().next().unwrap();
    part.policy.allow_from = vec![BEN.parse().unwrap()];
    strict = strict.with_channel(part);
    server.handle.reconfigure(strict).await.unwrap();
    let (status, problem) = read(send("order-9", "no").send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (403, &json!("not-admitted")), "{problem}");
    // What was taken before is the same request with the same answer.
    assert_eq!(read(send("order-7", "it is ready").send().await.unwrap()).await, first);
    assert_eq!(server.network.sent().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_conversation_leaves_nothing_to_read() {
    let server = server().await;
    let admin = server.admin();
    server.network.deliver("main", said::text(ANA, "a secret").with_id("m-1")).await.acknowledged().await.unwrap();
    sent(&server, 1).await;
    let list = admin.get("/api/v1/conversations").await.1;
    let path = format!("/api/v1/conversations/{}", list["items"][0]["conversation"]);
    assert_eq!(admin.delete(&path).await.0, 204);
    assert_eq!(admin.get("/api/v1/conversations").await, (200, json!({ "items": [] })));
    for gone in [path.clone(), format!("{path}/turns")] {
        assert_eq!(admin.get(&gone).await.0, 404, "{gone}");
    }
    assert_eq!(admin.delete(&path).await.0, 404);
    // A copy of what was seen does not come back as new, and whoever writes again is someone new.
    server.network.deliver("main", said::text(ANA, "a secret").with_id("m-1")).await.acknowledged().await.unwrap();
    server.handle.settled().await;
    assert_eq!(server.network.sent().len(), 1);
    server.network.deliver("main", said::text(ANA, "me again")).await.acknowledged().await.unwrap();
    assert_eq!(sent(&server, 2).await, 2);
    let list = admin.get("/api/v1/conversations").await.1;
    let turns = format!("/api/v1/conversations/{}/turns", list["items"][0]["conversation"]);
    assert!(!admin.get(&turns).await.1.to_string().contains("a secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_not_forgotten_while_it_is_answered_and_a_pause_outlives_the_turn() {
    let server = server().await;
    let admin = server.admin();
    server.network.deliver("main", said::text(ANA, "hello")).await.acknowledged().await.unwrap();
    sent(&server, 1).await;
    let list = admin.get("/api/v1/conversations").await.1;
    let path = format!("/api/v1/conversations/{}", list["items"][0]["conversation"]);
    // From now on an assistant answers that waits until it is let go, and asks a question.
    let (asked, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (rings, waits) = (Arc::clone(&asked), Arc::clone(&let_go));
    let slow = assistant_fn(move |_turn: Turn| {
        let (rings, waits) = (Arc::clone(&rings), Arc::clone(&waits));
        async move {
            rings.notify_one();
            waits.notified().await;
            let options = [Choice::new("tea", "Tea"), Choice::new("coffee", "Coffee")];
            Ok(Answer::choices(Choices::new("Tea or coffee?", options)))
        }
    });
    let name = "echo".parse().unwrap();
    let part = AssistantPart { name, assistant: Arc::new(slow), turns_max: 4, timeout: Duration::from_secs(20) };
    server.handle.reconfigure(server.handle.blueprint().with_assistant(part)).await.unwrap();
    server.network.deliver("main", said::text(ANA, "and now?")).await.acknowledged().await.unwrap();
    asked.notified().await;
    let (status, problem) = admin.delete(&path).await;
    assert_eq!((status, &problem["code"]), (409, &json!("busy")), "{problem}");
    assert_eq!(admin.get(&path).await.1["waiting"], json!(1), "nothing of it is gone");
    assert_eq!(admin.post(&format!("{path}/pause"), json!({})).await.0, 204);
    let_go.notify_one();
    assert_eq!(sent(&server, 2).await, 2, "a turn that is under way ends as it began");
    assert_eq!(admin.get(&path).await.1["paused_by"], json!("owner"), "its question did not undo the pause");
    assert_eq!(admin.delete(&path).await.0, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_of_another_owner_are_not_there() {
    let server = linked().await;
    let olga = owned(&server, "olga", "+15557770001").await;
    server.network.deliver(&olga, said::text(ANA, "for olga only")).await.acknowledged().await.unwrap();
    sent(&server, 1).await;
    let list = server.owner("olga").get("/api/v1/conversations").await.1;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    let number = list["items"][0]["conversation"].as_u64().unwrap();
    let otto = server.owner("otto");
    assert_eq!(otto.get("/api/v1/conversations").await, (200, json!({ "items": [] })));
    let path = |number: u64, rest: &str| format!("/api/v1/conversations/{number}{rest}");
    let never = number + 1_000_000;
    let alike = |real: (u16, Value), missing: (u16, Value)| {
        let missing = missing.1.to_string().replace(&never.to_string(), &number.to_string());
        assert_eq!((real.0, real.1.to_string()), (404, missing));
    };
    for rest in ["", "/turns"] {
        alike(otto.get(&path(number, rest)).await, otto.get(&path(never, rest)).await);
    }
    for rest in ["/pause", "/resume"] {
        alike(otto.post(&path(number, rest), json!({})).await, otto.post(&path(never, rest), json!({})).await);
    }
    alike(otto.delete(&path(number, "")).await, otto.delete(&path(never, "")).await);
    let send = async |number: u64| {
        let request = otto.request(Method::POST, &path(number, "/messages")).header("Idempotency-Key", "k");
        read(request.json(&json!({ "text": "hi" })).send().await.unwrap()).await
    };
    alike(send(number).await, send(never).await);
    assert_eq!(otto.get(&format!("/api/v1/conversations?session={olga}")).await.0, 404);
    assert_eq!(server.network.sent().len(), 1, "nothing was sent");
    // Reading what was said needs a scope of its own.
    let reader = server.with_scopes("olga", "read");
    assert_eq!(reader.get(&path(number, "")).await.0, 200);
    let (status, problem) = reader.get(&path(number, "/turns")).await;
    assert_eq!((status, &problem["code"]), (403, &json!("missing-scope")));
}
