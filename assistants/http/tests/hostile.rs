//! Against real servers that answer as servers do, badly and on purpose: whatever they do, a turn is answered whole or not
//! at all, in time, and within the limits.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod server;

use greenroom_assistant_http::limits::ANSWER_MARGIN;
use greenroom_assistant_http::{Http, HttpConfig, signature};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn};
use greenroom_contract::factory::{AssistantKind, AssistantParts};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_documents::TurnDocument;
use greenroom_documents::limits::ANSWER_BYTES_MAX;
use serde::Deserialize;
use server::{Act, Server, answer, response};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECRET: &str = "a secret of some length";

async fn assistant(url: &str, more: &str) -> Arc<dyn Assistant> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut table: toml::Table = format!("url = \"{url}\"\nallow_private = true\n{more}").parse().unwrap();
    table.insert("secret".to_owned(), Secret::new(SECRET).handed_over());
    let config = HttpConfig::deserialize(toml::Value::Table(table)).unwrap();
    let name: greenroom_contract::ids::AssistantName = "remote".parse().unwrap();
    let parts = AssistantParts { folder: std::env::temp_dir(), ..AssistantParts::new(name) };
    Http::build(config, parts).await.unwrap()
}

fn hello(within: Duration) -> Turn {
    let mut turn = turn("hello").build();
    turn.answer_within = within;
    turn
}

const SOON: Duration = Duration::from_secs(20);

async fn asked(act: Act) -> Result<Answer, AssistantError> {
    let server = Server::start(vec![act]).await;
    assistant(&server.url, "").await.respond(hello(SOON)).await
}

/// What became of the turn, in one word, and why.
fn word(outcome: &Result<Answer, AssistantError>) -> (&'static str, String) {
    match outcome {
        Ok(answer) => ("answer", format!("{:?}", answer.replies)),
        Err(AssistantError::Retry { reason, .. }) => ("retry", reason.to_string()),
        Err(AssistantError::Unavailable { reason, .. }) => ("away", reason.to_string()),
        Err(AssistantError::Permanent { reason }) => ("never", reason.to_string()),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_posted_once_signed_and_answered() {
    let server = Server::start(vec![Act::Say(answer(r#"{"replies":[{"text":"hi"}]}"#))]).await;
    let mut asked = hello(SOON);
    asked.attempt = 3;
    assert_eq!(assistant(&server.url, "").await.respond(asked.clone()).await, Ok(Answer::text("hi")));
    let seen = server.seen();
    let [request] = seen.as_slice() else { panic!("{} requests", seen.len()) };
    assert_eq!(request.line, "POST /turn HTTP/1.1");
    let header = |name: &str| request.header(name).unwrap_or_else(|| panic!("{name} is missing"));
    let timestamp: u64 = header(signature::TIMESTAMP_HEADER).parse().unwrap();
    let expected = signature::sign(SECRET.as_bytes(), timestamp, &request.body);
    assert_eq!(header(signature::SIGNATURE_HEADER), expected);
    assert!(timestamp.abs_diff(Clock::System.now().0 / 1_000) < 60);
    let document: TurnDocument = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(header(signature::TURN_HEADER), document.turn);
    assert_eq!((header(signature::ATTEMPT_HEADER).as_str(), document.attempt), ("3", 3));
    assert_eq!(request.header("accept-encoding"), None);
    assert_eq!(document.person.addresses, [""; 0], "addresses are told only where that is configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_means_one_thing() {
    let table: &[(&str, &str, &str, &str, &str)] = &[
        // status, headers, body, what becomes of it, and a part of the reason
        ("200 OK", "content-type: application/json", r#"{"replies":[{"text":"a"}]}"#, "answer", "\"a\""),
        ("201 Created", "content-type: application/problem+json", "{}", "answer", "[]"),
        ("204 No Content", "", "", "answer", "[]"),
        ("200 OK", "content-type: text/html", "<h1>It works</h1>", "retry", "text/html"),
        ("200 OK", "x: y", "{}", "retry", "not JSON"),
        ("200 OK", "content-type: application/json\r\ncontent-encoding: gzip", "{}", "retry", "gzip"),
        ("200 OK", "content-type: application/json", "", "retry", "at ."),
        ("200 OK", "content-type: application/json", "{\"replies\":[{\"txt\":\"a\"}]}", "retry", "replies[0].txt"),
        ("200 OK", "content-type: application/json", "{\"never\":\"not for bots\"}", "never", "not for bots"),
        ("429 Too Many Requests", "retry-after: 7", "", "away", "429"),
        ("503 Service Unavailable", "", "", "away", "503"),
        ("500 Internal Server Error", "", "a secret of the person", "retry", "500"),
        ("502 Bad Gateway", "", "", "retry", "502"),
        ("400 Bad Request", "", "hello was wrong", "never", "the service answers 400"),
        ("401 Unauthorized", "", "", "never", "the same secret"),
        ("404 Not Found", "", "", "never", "path of url"),
        (
            "422 Unprocessable",
            "content-type: text/plain",
            r#"{"never":"too long a story"}"#,
            "never",
            "too long a story",
        ),
    ];
    for (status, headers, body, expected, reason) in table {
        let outcome = asked(Act::Say(response(status, headers, body))).await;
        let (became, why) = word(&outcome);
        assert_eq!(became, *expected, "{status} {headers} {body}: {why}");
        assert!(why.contains(reason), "{status}: {why}");
        assert!(!why.contains("secret of the person") && !why.contains("hello was wrong"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pause_that_is_asked_for_is_kept() {
    let outcome = asked(Act::Say(response("503 Service Unavailable", "retry-after: 7", ""))).await;
    let Err(AssistantError::Unavailable { after, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(after, Some(Duration::from_secs(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let other = Server::start(vec![Act::Say(answer(r#"{"replies":[{"text":"stolen"}]}"#))]).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let outcome = asked(Act::Say(response(status, &format!("location: {}", other.url), ""))).await;
        let (became, why) = word(&outcome);
        assert!(became == "never" && why.contains("redirects are not followed"), "{became}: {why}");
    }
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_hangs_or_drips_is_given_up_in_time() {
    for act in [Act::Hang, Act::Drip(answer(&format!(r#"{{"replies":[{{"text":"{}"}}]}}"#, "x".repeat(5_000))))] {
        let server = Server::start(vec![act.clone()]).await;
        let begin = Instant::now();
        let within = Duration::from_secs(1);
        let outcome = assistant(&server.url, "").await.respond(hello(within)).await;
        let (became, why) = word(&outcome);
        assert!(became == "retry" && why.contains("no answer within"), "{act:?} {became}: {why}");
        assert!(
            (within.checked_sub(ANSWER_MARGIN).unwrap()..within * 10).contains(&begin.elapsed()),
            "{:?}",
            begin.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_cut_at_the_limit() {
    let server = Server::start(vec![Act::Flood]).await;
    let outcome = assistant(&server.url, "").await.respond(hello(Duration::from_secs(60))).await;
    let (became, why) = word(&outcome);
    assert!(became == "retry" && why.contains("longer than"), "{became}: {why}");
    let sent = server.stopped_after().await;
    // What lies in the buffers of two sockets is beyond the limit, and nothing else.
    assert!(sent < ANSWER_BYTES_MAX as u64 + 16 * 1024 * 1024, "{sent}");

    let declared = format!("content-type: application/json\r\ncontent-length: {}", ANSWER_BYTES_MAX + 1);
    let outcome = asked(Act::Say(format!("HTTP/1.1 200 OK\r\n{declared}\r\n\r\n{{}}"))).await;
    assert!(word(&outcome).1.contains("longer than"), "{outcome:?}");
}

/// Cut after any byte, with a length or without one: an answer comes whole or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_none() {
    let body = r#"{"replies":[{"text":"one"},{"text":"two"}]}"#;
    let with_length = answer(body);
    let until_the_end = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}");
    for whole in [with_length, until_the_end] {
        for at in 0..whole.len() {
            let outcome = asked(Act::Say(whole[..at].to_owned())).await;
            let (became, why) = word(&outcome);
            assert_eq!(became, "retry", "cut after {at}: {why}");
        }
        assert_eq!(word(&asked(Act::Say(whole)).await).0, "answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_no_answer() {
    let body = r#"{"replies":[{"text":"hello"}]}"#;
    for (declared, expected) in [(body.len() + 1, "retry"), (body.len() - 1, "retry"), (body.len(), "answer")] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {declared}\r\n\r\n");
        let outcome = asked(Act::Say(format!("{head}{body}"))).await;
        assert_eq!(word(&outcome).0, expected, "{declared}: {outcome:?}");
    }
    for garbage in ["\r\n\r\n", "SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{0}\u{1}\u{2}"] {
        let outcome = asked(Act::Say(garbage.to_owned())).await;
        assert_eq!(word(&outcome).0, "retry", "{garbage:?}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_weather() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/turn?key=hidden", listener.local_addr().unwrap());
    drop(listener);
    let outcome = assistant(&url, "").await.respond(hello(SOON)).await;
    let (became, why) = word(&outcome);
    assert!(became == "away" && !why.contains("hidden"), "{became}: {why}");
    let unknown = assistant("http://no-such-host.invalid/", "").await.respond(hello(SOON)).await;
    assert_eq!(word(&unknown).0, "away", "{unknown:?}");
}

/// A service that fails and is asked once more sees the same turn, and can tell.
#[tokio::test(flavor = "multi_thread")]
async fn another_attempt_has_the_same_key() {
    let fails = Act::Say(response("500 Internal Server Error", "", ""));
    let server = Server::start(vec![fails, Act::Say(answer("{}"))]).await;
    let assistant = assistant(&server.url, "").await;
    assert_eq!(word(&assistant.respond(hello(SOON)).await).0, "retry");
    let mut second = hello(SOON);
    second.attempt = 2;
    assert_eq!(assistant.respond(second).await, Ok(Answer::silence()));
    let seen = server.seen();
    let keys: Vec<_> = seen.iter().map(|request| request.header(signature::TURN_HEADER)).collect();
    let attempts: Vec<_> = seen.iter().map(|request| request.header(signature::ATTEMPT_HEADER).unwrap()).collect();
    assert_eq!((keys[0].clone(), attempts), (keys[1].clone(), vec!["1".to_owned(), "2".to_owned()]));
}
