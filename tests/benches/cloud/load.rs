//! Signed posts over 64 connections, as fast as they are answered.

use super::number;
use greenroom_simulator_whatsapp_cloud::{Settings, signature};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;

/// Posts so many messages of as many people as there are connections times ten, and prints what came of it.
pub(crate) async fn row(url: &str, system: &str, posts: u64) {
    run(url, 0, posts / 10).await;
    let outcome = run(url, posts / 10, posts).await;
    let Outcome { mut latencies, refused, took } = outcome;
    latencies.sort_unstable();
    let at = |share: f64| {
        let place = ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
        latencies.get(place).map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    };
    let rate = latencies.len() as f64 / took.as_secs_f64();
    let figure = format!("{rate:.0} /s, p50 {:.1} ms, p99 {:.1} ms, {refused} not taken", at(0.5), at(0.99));
    super::row("signed webhook to a durable 200, 64 connections", system, &figure);
}

struct Outcome {
    latencies: Vec<Duration>,
    refused: usize,
    took: Duration,
}

async fn run(url: &str, from: u64, posts: u64) -> Outcome {
    let (address, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a plain URL");
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((from..from + posts).map(|at| request(address, path, at)).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (requests, next, address) = (requests.clone(), next.clone(), address.to_owned());
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.set_nodelay(true).expect("a TCP stream");
            let (mut latencies, mut refused) = (Vec::new(), 0);
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let begun = Instant::now();
                stream.write_all(request).await.expect("the connection stays");
                if status(&mut stream).await == 200 {
                    latencies.push(begun.elapsed());
                } else {
                    refused += 1;
                }
            }
            (latencies, refused)
        }));
    }
    let mut outcome = Outcome { latencies: Vec::new(), refused: 0, took: Duration::ZERO };
    for task in tasks {
        let (latencies, refused) = task.await.expect("a connection does not panic");
        outcome.latencies.extend(latencies);
        outcome.refused += refused;
    }
    outcome.took = started.elapsed();
    outcome
}

/// A whole request, made and signed beforehand.
fn request(address: &str, path: &str, at: u64) -> Vec<u8> {
    let settings = Settings::default();
    let person = format!("1555{:07}", at % (10 * CONNECTIONS as u64));
    let (waba, number) = (&settings.waba_id, number());
    let display = &settings.numbers[0].display;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{waba}","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"{display}","phone_number_id":"{number}"}},"contacts":[{{"profile":{{"name":"Person {person}"}},"wa_id":"{person}","user_id":"US.{person}"}}],"messages":[{{"from":"{person}","from_user_id":"US.{person}","id":"wamid.BENCH{at:020}","timestamp":"{now}","type":"text","text":{{"body":"hello there"}}}}]}}}}]}}]}}"#
    );
    let signature = signature(&settings.app_secret, body.as_bytes());
    format!(
        "POST /{path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nx-hub-signature-256: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads one answer whole.
pub(crate) async fn status(stream: &mut TcpStream) -> u16 {
    let mut buffer = Vec::with_capacity(512);
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                return head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
            }
        }
        let read = stream.read_buf(&mut buffer).await.expect("the connection stays");
        assert!(read > 0, "the connection was closed");
    }
}
