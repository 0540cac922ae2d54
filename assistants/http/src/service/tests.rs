//! Names that lead to private addresses, with a resolver that says so.

use super::*;
use greenroom_conformance::turns::turn;
use greenroom_support::resolver::LookUp;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Says these addresses, one list for each look-up and the last one for all others.
fn says(lists: &[&[&'static str]]) -> (LookUp, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let lists: Vec<Vec<IpAddr>> =
        lists.iter().map(|list| list.iter().map(|address| address.parse().unwrap()).collect()).collect();
    let look_up: LookUp = Arc::new(move |_| {
        let found = lists[counted.fetch_add(1, Ordering::SeqCst).min(lists.len() - 1)].clone();
        Box::pin(async move { Ok(found) })
    });
    (look_up, asked)
}

fn assistant(url: &str, allow_private: bool, look_up: LookUp) -> Http {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut table: toml::Table = format!("url = \"{url}\"\nallow_private = {allow_private}").parse().unwrap();
    table.insert("secret".to_owned(), Secret::new("a secret of some length").handed_over());
    let config = HttpConfig::deserialize(toml::Value::Table(table)).unwrap();
    Http::new(Url::parse(url).unwrap(), config, Clock::System, look_up).unwrap()
}

fn refusal(outcome: Result<Answer, AssistantError>) -> String {
    match outcome {
        Err(AssistantError::Permanent { reason }) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A server that answers everything with silence and counts connections.
async fn server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
        }
    });
    (port, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent() {
    let (port, connections) = server().await;
    // One private address among others is enough: the next connection would go there.
    for list in [&["127.0.0.1"][..], &["1.1.1.1", "127.0.0.1"], &["::ffff:127.0.0.1"]] {
        let (look_up, asked) = says(&[list]);
        let assistant = assistant(&format!("https://bot.example.com:{port}/"), false, look_up);
        let why = refusal(assistant.respond(turn("hello").build()).await);
        assert!(why.contains("bot.example.com leads to the private address"), "{why}");
        assert!(why.contains("allow_private = true"), "{why}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_says_that_localhost_is_private() {
    let (port, connections) = server().await;
    let assistant = assistant(&format!("https://localhost:{port}/"), false, greenroom_support::resolver::system());
    let why = refusal(assistant.respond(turn("hello").build()).await);
    assert!(why.contains("localhost leads to the private address"), "{why}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

/// What was looked at is what is connected to: the name is not looked up a second time for the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_to_the_address_that_was_looked_at() {
    let (port, connections) = server().await;
    let (look_up, asked) = says(&[&["127.0.0.1"], &["127.9.9.9"]]);
    let assistant = assistant(&format!("http://bot.example.com:{port}/"), true, look_up);
    assert_eq!(assistant.respond(turn("hello").build()).await, Ok(Answer::silence()));
    assert_eq!((connections.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)), (1, 1));
}
