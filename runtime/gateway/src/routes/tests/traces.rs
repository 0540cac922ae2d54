//! What was decided, for programs: words that do not change, and how it ended.

use super::{ANA, server};
use greenroom_channel_loopback::said;
use greenroom_contract::assistant::{AssistantError, Turn, assistant_fn};
use greenroom_engine::AssistantPart;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const EVE: &str = "+15559990000";

fn codes(trace: &Value) -> Vec<&str> {
    trace["steps"].as_array().unwrap().iter().map(|step| step["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_is_told_in_words_that_do_not_change() {
    let server = server().await;
    let admin = server.admin();
    server.network.deliver("main", said::text(ANA, "hello").with_id("m-1")).await.acknowledged().await.unwrap();
    server.network.sent_count_reached(1).await;
    server.network.deliver("main", said::text(EVE, "let me in").with_id("m-2")).await.acknowledged().await.unwrap();
    server.handle.settled().await;
    let answered = &admin.get("/api/v1/why/m-1").await.1[0];
    assert_eq!(codes(answered)[..2], ["admitted", "asked"], "{answered}");
    assert_eq!(answered["state"], "answered", "{answered}");
    assert!(answered["parcels"][0]["steps"].as_array().unwrap().iter().any(|step| step["code"] == "sent"));
    let refused = &admin.get("/api/v1/why/m-2").await.1[0];
    let step = &refused["steps"][0];
    assert_eq!(
        (&refused["state"], &step["code"], &step["cause"]),
        (&json!("refused"), &json!("ignored"), &json!("stranger"))
    );
    assert!(step["known_as"].as_array().unwrap().contains(&json!(EVE)), "{refused}");
    assert!(!refused.to_string().contains("let me in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_are_chosen_by_how_it_ended() {
    let server = server().await;
    let admin = server.admin();
    for at in 0..3 {
        let said = said::text(EVE, "let me in").with_id(&format!("e-{at}"));
        server.network.deliver("main", said).await.acknowledged().await.unwrap();
    }
    server.network.deliver("main", said::text(ANA, "hello").with_id("a-1")).await.acknowledged().await.unwrap();
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let broken = assistant_fn(|_turn: Turn| async { Err(AssistantError::Permanent { reason: "it is broken".into() }) });
    let name = "echo".parse().unwrap();
    let part = AssistantPart { name, assistant: Arc::new(broken), turns_max: 1, timeout: Duration::from_secs(5) };
    server.handle.reconfigure(server.handle.blueprint().with_assistant(part)).await.unwrap();
    server.network.deliver("main", said::text(ANA, "and now?").with_id("a-2")).await.acknowledged().await.unwrap();
    let found = async |query: &str| {
        let (status, traces) = admin.get(&format!("/api/v1/why?{query}")).await;
        assert_eq!(status, 200, "{traces}");
        let ids = traces.as_array().unwrap().iter().map(|trace| trace["message"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(found("last=9&state=refused").await, ["e-2", "e-1", "e-0"], "behind what is newer");
    assert_eq!(found("last=1&state=refused").await, ["e-2"]);
    assert_eq!(found("last=9&state=answered").await, ["a-1"]);
    let failed = async {
        while found("last=9&state=failed").await != ["a-2"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), failed).await.unwrap();
    assert_eq!(found("last=9").await.len(), 5);
    assert_eq!(admin.get("/api/v1/why?state=other").await.0, 400);
    let otto = server.owner("otto").get("/api/v1/why?last=9&state=refused").await;
    assert_eq!(otto, (200, json!([])), "of another owner nothing");
}
