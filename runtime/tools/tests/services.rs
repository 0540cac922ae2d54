//! Web services, well-behaved and hostile: whatever they do, a call is made once, ends in time and says what is known of it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod server;
mod service;

use greenroom_contract::tools::{ToolError, ToolReturn};
use serde_json::json;
use server::{LONG, Running, later, word};
use service::{Mode, Service};
use std::time::{Duration, Instant};

fn remote(service: &Service, more: &str) -> Running {
    let table = format!("url = {:?}\nallow_private = true\n{more}", service.url).parse().unwrap();
    let mut running = Running::of_table(table, tempfile::tempdir().unwrap());
    running.run();
    running
}

fn hello() -> ToolReturn {
    ToolReturn { text: "hello".to_owned(), ..ToolReturn::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_is_a_tool_server() {
    let service = Service::start().await;
    let running = remote(&service, "");
    assert_eq!(running.offers().await[0].spec.name, "echo");
    for mode in [Mode::Well, Mode::Events, Mode::Slow] {
        service.is(mode);
        assert_eq!(running.call("echo").await, Ok(hello()), "{mode:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_forgotten_is_begun_again_and_the_call_is_made_once() {
    let service = Service::start().await;
    let running = remote(&service, "");
    running.offers().await;
    for _ in 0..3 {
        service.forgets();
        assert_eq!(running.call("echo").await, Ok(hello()));
    }
    assert_eq!(service.calls().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_ends_soon_and_says_what_is_known() {
    let cases = [
        (Mode::Stuck, "unclear", "within 3.0 s"),
        (Mode::Endless, "unclear", "within 3.0 s"),
        (Mode::Cut, "unclear", "ended before the answer"),
        (Mode::CutEvents, "unclear", "ended before it answered"),
        (Mode::Huge, "unclear", "longer than any message"),
        (Mode::Html, "unclear", "not that of a tool server"),
        (Mode::Status(500), "unclear", "answers 500"),
        (Mode::Status(502), "unclear", "answers 502"),
        (Mode::Status(401), "away", "token"),
        (Mode::Status(403), "away", "token"),
        (Mode::Status(429), "away", "too much to do"),
        (Mode::Status(503), "away", "too much to do"),
        (Mode::Leads, "away", "redirects are not followed"),
        (Mode::Tells, "refused", ""),
    ];
    let called = cases.map(|(mode, expected, words)| async move {
        let service = Service::start().await;
        let running = remote(&service, "timeout_seconds = 3");
        running.offers().await;
        service.is(mode);
        let begin = Instant::now();
        let outcome = running.call("echo").await;
        let (became, why) = word(&outcome);
        assert!(became == expected && why.contains(words), "{mode:?}: {became}: {why}");
        assert!(begin.elapsed() < Duration::from_secs(15), "{mode:?}");
        assert!(!why.contains("a page"), "{why}");
        assert_eq!(service.calls().len(), 1, "{mode:?}: it is made once");
        if let (Mode::Status(429 | 503), Err(ToolError::Away { after, .. })) = (mode, outcome) {
            assert_eq!(after, Some(Duration::from_secs(7)));
        }
        assert_eq!(service.led(), 0, "{mode:?}: no one went where it led");
        service.is(Mode::Well);
        assert_eq!(running.until_called("echo").await, hello(), "{mode:?}: and it comes back");
    });
    futures::future::join_all(called).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_started_says_why_and_comes_back() {
    let cases = [
        (Mode::Stuck, "not ready within 1 s"),
        (Mode::Status(401), "token"),
        (Mode::Status(404), "path of url"),
        (Mode::Status(500), "answers 500"),
        (Mode::Html, "not that of a tool server"),
        (Mode::Huge, "longer than any message"),
        (Mode::Leads, "redirects are not followed"),
        (Mode::Cut, "ended before the answer"),
    ];
    let tried = cases.map(|(mode, words)| async move {
        let service = Service::start().await;
        service.is(mode);
        let running = remote(&service, "start_seconds = 1");
        let outcome = running.server.offers(LONG).await;
        let Err(ToolError::Away { what, after: Some(_), .. }) = outcome else { panic!("{mode:?}: {outcome:?}") };
        assert!(what.contains(words), "{mode:?}: {what}");
        service.is(Mode::Well);
        assert_eq!(running.until_called("echo").await, hello(), "{mode:?}");
    });
    futures::future::join_all(tried).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_there_is_away() {
    let service = Service::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = Service { url: format!("http://127.0.0.1:{port}/mcp"), ..service };
    let running = remote(&gone, "");
    let outcome = running.server.offers(LONG).await;
    let Err(ToolError::Away { what, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(what.contains("cannot be reached"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_a_private_address_is_refused_before_anything_is_sent() {
    let service = Service::start().await;
    let url = service.url.replace("http://127.0.0.1", "https://localhost");
    let table = format!("url = {url:?}").parse().unwrap();
    let mut running = Running::of_table(table, tempfile::tempdir().unwrap());
    running.run();
    let outcome = running.server.offers(LONG).await;
    let Err(ToolError::Away { what, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(what.contains("localhost leads to the private address") && what.contains("allow_private"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_leaves_the_connection_as_it_is() {
    let service = Service::start().await;
    let running = remote(&service, "");
    running.offers().await;
    service.is(Mode::Stuck);
    tokio::select! {
        outcome = running.call_within("echo", json!({}), LONG) => panic!("{outcome:?}"),
        () = later(async || (!service.calls().is_empty()).then_some(())) => {}
    }
    service.is(Mode::Well);
    assert_eq!(running.until_called("echo").await, hello());
}
