//! Against a collector that takes, fails or is away.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

use greenroom_otlp::{Options, OtlpError, layer};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

/// A collector that answers each request with this, and keeps what it was sent.
async fn collector(answer: &'static str) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 256 * 1024];
            // One write of the client is read at once on a loopback, but its head may come before its body.
            while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut bytes)).await {
                if read == 0 {
                    break;
                }
                kept.lock().unwrap().extend_from_slice(&bytes[..read]);
            }
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (endpoint, seen)
}

fn options(endpoint: &str) -> Options {
    let mut options = Options::new("1.2.3");
    options.endpoint = Some(endpoint.to_owned());
    options
}

/// Writes a span with an event, then sends what is left; how long the end took.
async fn traced(endpoint: &str) -> Duration {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (layer, sending) = layer::<Registry>(options(endpoint)).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = tracing::info_span!("turn", id = "turn-7", message = "wamid.1");
        span.in_scope(|| tracing::warn!("a line of log"));
    });
    let begun = Instant::now();
    tokio::task::spawn_blocking(move || sending.end()).await.unwrap();
    begun.elapsed()
}

fn contains(seen: &Mutex<Vec<u8>>, text: &str) -> bool {
    seen.lock().unwrap().windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_arrives_with_its_ids_and_its_lines() {
    let (endpoint, seen) = collector("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    traced(&endpoint).await;
    for part in
        ["POST /v1/traces", "application/x-protobuf", "turn-7", "wamid.1", "a line of log", "greenroom", "1.2.3"]
    {
        assert!(contains(&seen, part), "{part} in {}", String::from_utf8_lossy(&seen.lock().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_fails_or_is_away_costs_no_more_than_its_time() {
    let (failing, _) =
        collector("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = format!("http://{}/v1/traces", closed.local_addr().unwrap());
    drop(closed);
    for endpoint in [failing, away] {
        let took = traced(&endpoint).await;
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_one_is_refused_by_name() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for wrong in ["", "127.0.0.1:4318", "grpc://127.0.0.1:4317", "collector"] {
        let refused = layer::<Registry>(options(wrong)).map(|_| ()).unwrap_err();
        assert!(matches!(refused, OtlpError::Endpoint { .. }), "{wrong}: {refused}");
    }
}
