//! What is counted of a conversation, and what is not in it.

use super::*;
use greenroom_channel_loopback::said;
use greenroom_engine::{Doors, RejectionCause};
use std::collections::BTreeMap;

/// What may stand in no metric: the numbers and names of people, what they write, and what opens the gateway.
const BOB: &str = "+15557654321";
const WORDS: &str = "a word that belongs to Ana alone";

impl Server {
    async fn metrics(&self) -> String {
        let request = reqwest::Client::new().get(format!("{}/metrics", self.base)).bearer_auth(&self.token);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        response.text().await.unwrap()
    }
}

fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_moves_the_counters_and_nobody_is_named_in_them() {
    let server = server().await;
    let before = samples(&server.metrics().await);
    server.network.deliver("main", said::text(ANA, WORDS)).await.acknowledged().await.unwrap();
    server.network.deliver("main", said::text(BOB, "a stranger")).await.acknowledged().await.unwrap();
    server.handle.settled().await;
    let text = server.metrics().await;
    let after = samples(&text);
    let grown = |series: &str| after.get(series).unwrap_or(&0.0) - before.get(series).unwrap_or(&0.0);
    for series in [
        r#"greenroom_messages_total{outcome="taken"}"#,
        r#"greenroom_messages_total{outcome="noted"}"#,
        r#"greenroom_messages_refused_total{cause="stranger"}"#,
        r#"greenroom_turns_total{outcome="answered"}"#,
        r#"greenroom_sends_total{outcome="sent"}"#,
        r#"greenroom_stage_seconds_count{stage="inbox"}"#,
        r#"greenroom_stage_seconds_count{stage="assistant"}"#,
        r#"greenroom_stage_seconds_count{stage="settle"}"#,
        r#"greenroom_stage_seconds_count{stage="outbox"}"#,
        r#"greenroom_stage_seconds_count{stage="send"}"#,
    ] {
        assert!(grown(series) >= 1.0, "{series} in\n{text}");
    }
    assert!(grown(r#"greenroom_stage_seconds_count{stage="accept"}"#) >= 2.0, "{text}");
    assert!(after[r#"greenroom_queue_depth{queue="inbox"}"#].abs() < 0.5);
    for secret in [&ANA[1..], &BOB[1..], "Ana", WORDS, "front", "echo", &server.token] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
    server.handle.drain(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_at_the_door_is_counted_by_its_cause() {
    let server = server().await;
    let name = "front".parse().unwrap();
    server.handle.note_rejected(Some(&name), RejectionCause::Signature, Some("15551234567"), 3);
    let text = server.metrics().await;
    assert!(samples(&text)[r#"greenroom_not_taken_total{cause="signature"}"#] >= 3.0, "{text}");
    assert!(!text.contains("15551234567"), "{text}");
    server.handle.drain(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_this_machine_and_for_whoever_runs_the_process() {
    let server = server().await;
    let get = || reqwest::Client::new().get(format!("{}/metrics", server.base));
    assert_eq!(get().send().await.unwrap().status(), 200, "a program on this machine");
    // Through a proxy anyone may ask, and the token of this machine is worth nothing.
    for forwarded in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
        let request = get().header(forwarded, "192.0.2.7");
        assert_eq!(request.send().await.unwrap().status(), 401, "{forwarded}");
        let request = get().header(forwarded, "192.0.2.7").bearer_auth(&server.token);
        assert_eq!(request.send().await.unwrap().status(), 401, "{forwarded}, with the token");
    }
    // A page of another site makes a browser on this machine call a name of its own.
    assert_eq!(get().header("host", "evil.example.com").send().await.unwrap().status(), 421);
    server.handle.drain(Duration::from_secs(5)).await;
}
