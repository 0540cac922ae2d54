//! What goes wrong on demand, seen by a plain client.

use crate::asking::{PATIENCE, ask, body, request, words};
use futures::StreamExt;
use greenroom_simulator_models::{Fault, ModelServer, Pieces, Protocol, Reply, RetryAfter, Script, Settings};
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime};

const SAID: &str = "Grüße aus Zürich, 🙂 und noch ein paar Wörter.";

/// The status, what came, and whether it ended properly.
async fn stream(server: &ModelServer, protocol: Protocol) -> (u16, Vec<u8>, bool) {
    let response = request(server, protocol, &body(protocol, SAID), true).send().await.unwrap();
    let status = response.status().as_u16();
    let (mut bytes, mut pieces) = (Vec::new(), response.bytes_stream());
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(_) => return (status, bytes, false),
        }
    }
    (status, bytes, true)
}

/// Whether a stream says that it is finished.
fn finished(protocol: Protocol, text: &str) -> bool {
    match protocol {
        Protocol::OpenAiChat => text.contains("[DONE]") && text.contains("\"finish_reason\":\"stop\""),
        Protocol::OpenAiResponses => text.contains("response.completed"),
        Protocol::Anthropic => text.contains("message_stop") && text.contains("end_turn"),
        Protocol::Gemini => text.contains("\"finishReason\":\"STOP\""),
    }
}

#[tokio::test]
async fn a_stream_is_whole_and_split_inside_characters() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        let response = request(&server, protocol, &body(protocol, SAID), true).send().await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        let pieces: Vec<_> = response.bytes_stream().map(Result::unwrap).collect().await;
        assert!(pieces.iter().any(|piece| std::str::from_utf8(piece).is_err()), "{protocol}: none split");
        let text = String::from_utf8(pieces.concat()).unwrap();
        assert!(finished(protocol, &text), "{text}");
        for line in text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|line| *line != "[DONE]") {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
    server.assert_no_violations();
    assert!(server.until_in_flight(PATIENCE, 0).await);
}

#[tokio::test]
async fn a_body_is_cut_at_any_byte() {
    let server =
        ModelServer::start_with(Settings { pieces: Pieces::Bytes(7), ..Settings::default() }, Script::echo()).await;
    for protocol in Protocol::ALL {
        for bytes in [1, 40, 333, 100_000] {
            server.fail_next(1, Fault::Cut(bytes));
            let (status, found, ended) = stream(&server, protocol).await;
            assert_eq!((status, ended), (200, false), "{protocol} at {bytes}");
            assert!(found.len() <= bytes && (bytes == 100_000 || found.len() == bytes), "{protocol} at {bytes}");
        }
        server.fail_next(1, Fault::Cut(30));
        let whole = request(&server, protocol, &body(protocol, SAID), false).send().await.unwrap();
        assert!(whole.bytes().await.is_err(), "{protocol}");
    }
    assert!(server.until_in_flight(PATIENCE, 0).await);
}

#[tokio::test]
async fn an_early_end_looks_proper_and_is_not_finished() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        for events in [0, 1, 3, 1000] {
            server.fail_next(1, Fault::EndEarly(events));
            let (status, found, ended) = stream(&server, protocol).await;
            assert_eq!((status, ended), (200, true), "{protocol} at {events}");
            assert!(!finished(protocol, &String::from_utf8(found).unwrap()), "{protocol} at {events}");
        }
    }
}

#[tokio::test]
async fn a_stuck_body_stays_open_until_the_client_leaves() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        server.fail_next(1, Fault::Stuck(50));
        let response = request(&server, protocol, &body(protocol, SAID), true).send().await.unwrap();
        let mut pieces = response.bytes_stream();
        let mut found = 0;
        while found < 50 {
            found += pieces.next().await.unwrap().unwrap().len();
        }
        assert!(tokio::time::timeout(Duration::from_millis(50), pieces.next()).await.is_err(), "{protocol}");
        assert_eq!((found, server.in_flight()), (50, 1));
        drop(pieces);
        assert!(server.until_in_flight(PATIENCE, 0).await, "{protocol}: the server noticed");
    }
}

#[tokio::test]
async fn statuses_come_with_retry_after_and_leave_the_reply_for_the_next_request() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        server.plan(Reply::say("planned"));
        server.fail_next(1, Fault::busy(7));
        server.fail_next(1, Fault::Status { status: 503, retry_after: Some(RetryAfter::Date(60)), echo: false });
        server.fail_next(1, Fault::status(529));
        server.fail_next(1, Fault::Status { status: 500, retry_after: None, echo: true });
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(request(&server, protocol, &body(protocol, SAID), true).send().await.unwrap());
        }
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        assert_eq!(statuses, [429, 503, 529, 500], "{protocol}");
        assert_eq!(answers[0].headers()["retry-after"], "7");
        let date = httpdate::parse_http_date(answers[1].headers()["retry-after"].to_str().unwrap()).unwrap();
        assert!(date > SystemTime::now() + Duration::from_secs(50));
        assert!(answers[2].headers().get("retry-after").is_none());
        let echo = answers.pop().unwrap().text().await.unwrap();
        assert!(echo.contains(server.key()) && echo.contains("Zürich"), "{echo}");
        let (_, answer) = ask(&server, protocol, &body(protocol, SAID)).await;
        assert_eq!(words(protocol, &answer), "planned");
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn html_bad_json_and_errors_inside_come_with_status_200() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        server.fail_next(1, Fault::Html);
        let (status, html, ended) = stream(&server, protocol).await;
        assert!(status == 200 && ended && html.starts_with(b"<!DOCTYPE html>"));
        server.fail_next(1, Fault::BadJson);
        let (status, found, ended) = stream(&server, protocol).await;
        let text = String::from_utf8(found).unwrap();
        let broken = text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter(|line| serde_json::from_str::<Value>(line).is_err());
        assert_eq!((status, ended, broken.count(), finished(protocol, &text)), (200, true, 1, false), "{text}");
        server.fail_next(1, Fault::ErrorEvent(2));
        let (status, found, _) = stream(&server, protocol).await;
        let text = String::from_utf8(found).unwrap();
        assert!(status == 200 && text.contains("error") && !finished(protocol, &text), "{text}");
        server.fail_next(1, Fault::BadJson);
        let whole = request(&server, protocol, &body(protocol, SAID), false).send().await.unwrap();
        assert!(whole.json::<Value>().await.is_err());
        server.fail_next(1, Fault::ErrorEvent(2));
        assert_eq!(ask(&server, protocol, &body(protocol, SAID)).await.0, 500);
    }
}

#[tokio::test]
async fn slow_and_held_answers_come_in_the_end() {
    let server = ModelServer::start(Script::echo()).await;
    server.fail_next(1, Fault::Slow(Duration::from_millis(60)));
    let begun = Instant::now();
    assert_eq!(ask(&server, Protocol::Anthropic, &body(Protocol::Anthropic, SAID)).await.0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));
    server.fail_next(1, Fault::Pause(Duration::from_millis(10)));
    let begun = Instant::now();
    assert!(stream(&server, Protocol::Gemini).await.2);
    assert!(begun.elapsed() >= Duration::from_millis(60));
    server.fail_next(20, Fault::Held);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move { ask(&server, Protocol::OpenAiChat, &body(Protocol::OpenAiChat, SAID)).await.0 })
        })
        .collect();
    assert!(server.until_in_flight(PATIENCE, 20).await);
    assert!(server.until_requests(PATIENCE, 22).await);
    // All of them reached their gate: a request is recorded just before.
    while asking.iter().any(|one| !one.is_finished()) {
        server.release();
        tokio::task::yield_now().await;
    }
    for one in asking {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert!(server.until_in_flight(PATIENCE, 0).await);
    assert_eq!(server.peak(), 20);
}

#[tokio::test]
async fn endless_lines_and_oversized_texts_come_as_fast_as_they_are_read() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        server.fail_next(1, Fault::EndlessLine);
        let response = request(&server, protocol, &body(protocol, SAID), true).send().await.unwrap();
        let (mut pieces, mut found) = (response.bytes_stream(), Vec::new());
        while found.len() < 1024 * 1024 {
            found.extend_from_slice(&pieces.next().await.unwrap().unwrap());
        }
        let last = found.rsplit(|byte| *byte == b'\n').next().unwrap();
        assert!(last.len() > 1_000_000, "{protocol}");
        drop(pieces);
        server.fail_next(1, Fault::Oversized(3_000_000));
        let (_, answer) = ask(&server, protocol, &body(protocol, SAID)).await;
        assert!(words(protocol, &answer).len() >= 3_000_000);
        server.fail_next(1, Fault::Oversized(1_000_000));
        let (_, found, ended) = stream(&server, protocol).await;
        assert!(ended && found.len() > 1_000_000);
    }
    assert!(server.until_in_flight(PATIENCE, 0).await);
}

#[tokio::test]
async fn usage_is_counted_cached_and_left_out() {
    let settings = Settings { cached_tokens_min: 1, ..Settings::default() };
    let server = ModelServer::start_with(settings, Script::echo()).await;
    for protocol in Protocol::ALL {
        let mut asked = body(protocol, SAID);
        if protocol == Protocol::Anthropic {
            asked["cache_control"] = serde_json::json!({"type": "ephemeral"});
        }
        let place = if protocol == Protocol::Gemini { "usageMetadata" } else { "usage" };
        let (first, second) = (ask(&server, protocol, &asked).await.1, ask(&server, protocol, &asked).await.1);
        let cached = |answer: &Value| {
            let usage = &answer[place];
            let places = [
                "/prompt_tokens_details/cached_tokens",
                "/input_tokens_details/cached_tokens",
                "/cache_read_input_tokens",
                "/cachedContentTokenCount",
            ];
            places.iter().find_map(|place| usage.pointer(place)).and_then(Value::as_u64).unwrap_or(0)
        };
        assert!(cached(&first) == 0 && cached(&second) > 0, "{protocol}: {first} {second}");
        server.fail_next(1, Fault::NoUsage);
        let (_, answer) = ask(&server, protocol, &asked).await;
        assert!(answer[place].is_null(), "{protocol}: {answer}");
    }
}

#[tokio::test]
async fn the_end_of_a_server_ends_its_connections() {
    let server = ModelServer::start(Script::echo()).await;
    let address = server.url().trim_start_matches("http://").to_owned();
    server.fail_next(1, Fault::Silent);
    let silent = request(&server, Protocol::OpenAiChat, &body(Protocol::OpenAiChat, SAID), true);
    let silent = tokio::spawn(silent.send());
    assert!(server.until_requests(PATIENCE, 1).await);
    drop(server);
    tokio::time::timeout(PATIENCE, silent).await.expect("it ended").unwrap().ok();
    // The address is free soon after.
    let again = async {
        loop {
            match ModelServer::listen(&address, Settings::default(), Script::echo()).await {
                Ok(server) => break server,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let server = tokio::time::timeout(PATIENCE, again).await.expect("the address is free");
    assert_eq!(ask(&server, Protocol::OpenAiChat, &body(Protocol::OpenAiChat, SAID)).await.0, 200);
}
