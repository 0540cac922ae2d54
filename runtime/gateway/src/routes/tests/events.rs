//! The stream of events.

use super::caller::Caller;
use super::linked::{begun, code, linked, owned};
use super::{ANA, Server, server};
use futures::StreamExt;
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_contract::channel::SendError;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// A stream, read line by line.
struct Reading {
    bytes: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    rest: String,
}

/// One event: its number, if it has one, its name and its data.
type Told = (Option<u64>, String, Value);

impl Reading {
    fn of(response: Response) -> Self {
        assert_eq!(response.status().as_u16(), 200);
        let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self { bytes: response.bytes_stream().boxed(), rest: String::new() }
    }

    /// The next block of lines; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.rest.find("\n\n") {
                let block = self.rest[..end].to_owned();
                self.rest.drain(..end + 2);
                return Some(block);
            }
            let bytes = tokio::time::timeout(Duration::from_secs(20), self.bytes.next()).await.expect("in time")?;
            self.rest.push_str(std::str::from_utf8(&bytes.ok()?).unwrap());
        }
    }

    /// The next event.
    async fn next(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
            let Some(data) = field("data:") else { continue };
            let number = field("id:").map(|id| id.parse().unwrap());
            return Some((number, field("event:").unwrap(), serde_json::from_str(&data).unwrap()));
        }
    }

    /// The next event like that.
    async fn until(&mut self, wanted: impl Fn(&Told) -> bool) -> Told {
        loop {
            let told = self.next().await.expect("it goes on");
            if wanted(&told) {
                return told;
            }
        }
    }
}

async fn watch(caller: &Caller, after: Option<u64>) -> Reading {
    let request = caller.request(Method::GET, "/api/v1/events");
    let request = match after {
        Some(number) => request.header("Last-Event-ID", number),
        None => request,
    };
    Reading::of(request.send().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn states_steps_counts_and_failures_are_told_and_no_words() {
    let server = linked().await;
    let admin = server.admin();
    let mut reading = watch(&admin, None).await;
    let (number, name, hello) = reading.next().await.unwrap();
    assert_eq!((name.as_str(), &hello["version"], number), ("hello", &json!("0"), hello["newest"].as_u64()));
    let session = begun(&server, "olga").await;
    let of = |told: &Told, name: &str| told.1 == name && told.2["session"] == json!(session.as_str());
    let (_, _, link) = reading.until(|told| of(told, "link") && told.2["running"] == json!(true)).await;
    assert!(link.get("code").is_none() && link["channel"] == json!("front"), "{link}");
    reading.until(|told| of(told, "state") && told.2["code"] == json!("awaiting_scan")).await;
    let shown = code(&server, &session).await;
    assert!(server.network.scan(&shown, "+15557770001"));
    reading.until(|told| of(told, "state") && told.2["code"] == json!("connected")).await;
    server.network.deliver(session.as_str(), said::text(ANA, "my secret words")).await.acknowledged().await.unwrap();
    let counted = |told: &Told| of(told, "counts") && told.2["answered"] == json!(1) && told.2["sent"] == json!(1);
    let (_, _, counts) = reading.until(counted).await;
    assert_eq!((&counts["received"], &counts["refused"]), (&json!(1), &json!(0)));
    server
        .network
        .deliver(session.as_str(), said::text("+15550000000", "let me in"))
        .await
        .acknowledged()
        .await
        .unwrap();
    reading.until(|told| of(told, "counts") && told.2["refused"] == json!(1)).await;
    let refused = SendError::Refused { reason: "no such number".into() };
    server.network.next_sends(session.as_str(), [SendPlan::Fail(refused)]);
    server.network.deliver(session.as_str(), said::text(ANA, "more secret words")).await.acknowledged().await.unwrap();
    let (last, _, failed) = reading.until(|told| of(told, "failed")).await;
    assert!(
        failed["reason"].as_str().unwrap().contains("no such number") && failed["held"] == json!(false),
        "{failed}"
    );
    let message = failed["message"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/api/v1/why/{message}")).await.0, 200);
    // All of it once more, for who was away from the beginning.
    let mut again = watch(&admin, number).await;
    let mut all = Vec::new();
    loop {
        let told = again.next().await.unwrap();
        all.push(format!("{told:?}"));
        if told.0 == last {
            break;
        }
    }
    let all = all.concat();
    for words in ["secret words", "let me in", ANA, "+15550000000", shown.as_str()] {
        assert!(!all.contains(words), "{words} in {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_continues_behind_its_last_number_or_says_that_there_is_a_gap() {
    let server = server().await;
    let admin = server.admin();
    let (first, _, _) = watch(&admin, None).await.next().await.unwrap();
    for words in ["one", "two"] {
        server.network.deliver("main", said::text(ANA, words)).await.acknowledged().await.unwrap();
        server.handle.settled().await;
    }
    let mut reading = watch(&admin, first).await;
    let hello = reading.next().await.unwrap();
    assert_eq!((hello.0, hello.1.as_str()), (None, "hello"), "who resumes keeps the number");
    let told = reading.until(|told| told.1 == "counts").await;
    assert_eq!(told.2["received"], json!(2), "the newest counts stand for those before: {told:?}");
    // Behind it nothing is told twice.
    let mut behind = watch(&admin, told.0).await;
    behind.next().await.unwrap();
    server.network.deliver("main", said::text(ANA, "three")).await.acknowledged().await.unwrap();
    let next = behind.next().await.unwrap();
    assert!(next.0 > told.0 && next.1 == "counts", "{next:?}");
    for unknown in [0, 7, u64::MAX] {
        let mut lost = watch(&admin, Some(unknown)).await;
        lost.next().await.unwrap();
        assert_eq!(lost.next().await.unwrap().1, "gap", "{unknown}");
        assert!(lost.next().await.unwrap().0.is_some(), "and then what is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_owner_hears_of_their_own_sessions() {
    let server = linked().await;
    let olga = owned(&server, "olga", "+15557770001").await;
    let otto = owned(&server, "otto", "+15557770002").await;
    let mut of_olga = watch(&server.owner("olga"), Some(0)).await;
    let mut of_otto = watch(&server.owner("otto"), Some(0)).await;
    for session in [&olga, &otto] {
        server.network.deliver(session, said::text(ANA, "hello")).await.acknowledged().await.unwrap();
    }
    server.network.sent_count_reached(2).await;
    for (reading, own) in [(&mut of_olga, &olga), (&mut of_otto, &otto)] {
        let mut seen = 0;
        loop {
            let told = reading.next().await.unwrap();
            // What was before is not kept, which the gap says once.
            if told.0.is_some() && told.1 != "gap" {
                assert_eq!(told.2["session"], json!(own), "{told:?}");
                seen += 1;
            }
            if told.1 == "counts" && told.2["sent"] == json!(1) {
                break;
            }
        }
        assert!(seen >= 3, "states and counts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_server_and_need_the_scope() {
    let server: Server = server().await;
    let mut readings = Vec::new();
    for _ in 0..20 {
        let mut reading = watch(&server.admin(), None).await;
        reading.next().await.unwrap();
        readings.push(reading);
    }
    let refused = server.with_scopes("olga", "control").request(Method::GET, "/api/v1/events").send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    let begun = std::time::Instant::now();
    server.handle.drain(Duration::from_secs(5)).await;
    for reading in &mut readings {
        while reading.next().await.is_some() {}
    }
    tokio::time::timeout(Duration::from_secs(5), server.gateway.stopped()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "no stream holds up the end");
}
