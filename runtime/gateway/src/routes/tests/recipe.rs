//! The recipe in `examples/recipes/send.sh`, run as its reader runs it. Left out where `sh`, `curl` or `jq` is missing, which
//! is printed.

use super::*;
use greenroom_channel_loopback::said;
use std::process::Output;
use tokio::process::Command;

async fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().await.is_ok();
    if !there {
        eprintln!("skipped: {program} cannot be run here");
    }
    there
}

async fn send(server: &Server, arguments: &[&str]) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/recipes/send.sh");
    let mut command = Command::new("sh");
    command.arg(script).args(arguments);
    command.env("GREENROOM_URL", &server.base).env("GREENROOM_TOKEN", &server.token);
    command.output().await.unwrap()
}

fn said_by(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_sends_a_message_once_however_often_it_is_tried() {
    if !(is_there("curl").await && is_there("jq").await) {
        return;
    }
    let server = server().await;
    server.network.deliver("main", said::text(ANA, "hello")).await.acknowledged().await.unwrap();
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let words = r#"It's "here": 100 % ü"#;
    let first = send(&server, &[ANA, words, "order-4711"]).await;
    assert!(first.status.success(), "{}", said_by(&first));
    assert!(said_by(&first).contains("accepted as "), "{}", said_by(&first));
    server.network.sent_count_reached(2).await;
    let again = send(&server, &[ANA, words, "order-4711"]).await;
    assert_eq!(first.stdout.split(|byte| *byte == b'\n').next(), again.stdout.split(|byte| *byte == b'\n').next());
    server.handle.settled().await;
    let sent: Vec<String> = server.network.sent().iter().map(|sent| format!("{:?}", sent.body)).collect();
    assert_eq!(sent.iter().filter(|body| body.contains("100 %")).count(), 1, "{sent:?}");
    let stranger = send(&server, &["+15550000000", "hello"]).await;
    assert!(!stranger.status.success(), "{}", said_by(&stranger));
    assert!(said_by(&stranger).contains("there is no conversation with +15550000000"), "{}", said_by(&stranger));
    server.handle.drain(Duration::from_secs(5)).await;
}

#[test]
fn the_workflow_calls_what_is_there() {
    let text = include_str!("../../../../../examples/recipes/n8n.json");
    let flow: serde_json::Value = serde_json::from_str(text).unwrap();
    let nodes = flow["nodes"].as_array().unwrap();
    let call = nodes.iter().find(|node| node["type"] == "n8n-nodes-base.httpRequest").unwrap();
    let url = call["parameters"]["url"].as_str().unwrap();
    assert!(url.contains("/api/v1/conversations/{{") && url.ends_with("}}/messages"), "{url}");
    assert_eq!(call["parameters"]["headerParameters"]["parameters"][0]["name"], "Idempotency-Key");
    // Each connection leads from a node to a node.
    let names: Vec<&str> = nodes.iter().map(|node| node["name"].as_str().unwrap()).collect();
    for (from, to) in flow["connections"].as_object().unwrap() {
        assert!(names.contains(&from.as_str()), "{from}");
        assert!(names.contains(&to["main"][0][0]["node"].as_str().unwrap()), "{to}");
    }
}
