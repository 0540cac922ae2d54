//! The API: how many questions a second, and what open streams of events cost.

use super::bot::{Process, SECRET};
use super::load;
use greenroom_client::token::{self, AUDIENCE, Claims};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections that ask at the same time. The API takes 64 requests at once.
const CONNECTIONS: usize = 32;
const QUESTIONS: usize = 200_000;
/// Streams of events that are open at the same time.
const STREAMS: usize = 1_000;
/// Posts while they are open.
const POSTS: u64 = 30_000;

/// `GET /api/v1/sessions`, with a signed token that is proven each time.
pub(crate) async fn questions(bot: &Process) {
    let address = address(bot);
    let request: Arc<[u8]> = get(&address, "/api/v1/sessions").into();
    ask(&address, &request, QUESTIONS / 10).await;
    let (rate, mut latencies) = ask(&address, &request, QUESTIONS).await;
    latencies.sort_unstable();
    let p99 = latencies.get(latencies.len() * 99 / 100).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0);
    let figure = format!("{rate:.0} /s, p99 {p99:.1} ms");
    super::row("GET /api/v1/sessions with a signed token, 32 connections", "greenroom", &figure);
}

async fn ask(address: &str, request: &Arc<[u8]>, questions: usize) -> (f64, Vec<Duration>) {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (request, next, address) = (Arc::clone(request), Arc::clone(&next), address.to_owned());
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.set_nodelay(true).expect("a TCP stream");
            let mut latencies = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < questions {
                let begun = Instant::now();
                stream.write_all(&request).await.expect("the connection stays");
                assert_eq!(load::status(&mut stream).await, 200, "every question is answered");
                latencies.push(begun.elapsed());
            }
            latencies
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("a connection does not panic"));
    }
    (latencies.len() as f64 / started.elapsed().as_secs_f64(), latencies)
}

/// What a thousand open streams cost in memory, and what they do to posts of the network.
pub(crate) async fn streams(bot: &Process) {
    let _ = rlimit::increase_nofile_limit(8 * 1_024);
    let address = address(bot);
    load::row(&bot.url, "greenroom, no stream", POSTS).await;
    let before = bot.resident_kib();
    let request = get(&address, "/api/v1/events");
    let mut open = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS {
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        stream.write_all(&request).await.expect("the connection stays");
        let mut head = [0_u8; 12];
        stream.read_exact(&mut head).await.expect("it answers");
        assert_eq!(&head, b"HTTP/1.1 200", "every stream is taken");
        open.push(stream);
    }
    let grown = bot.resident_kib().saturating_sub(before) as f64 / 1_024.0;
    super::row("1,000 open streams of events", "greenroom", &format!("{grown:.1} MiB"));
    // Each of them reads what it is told, as pages do.
    let readers: Vec<_> = open.into_iter().map(|stream| tokio::spawn(read(stream))).collect();
    load::row(&bot.url, "greenroom, 1,000 streams", POSTS).await;
    let grown = bot.resident_kib().saturating_sub(before) as f64 / 1_024.0;
    super::row("the same after the posts", "greenroom", &format!("{grown:.1} MiB"));
    for reader in readers {
        reader.abort();
    }
}

async fn read(mut stream: TcpStream) {
    let mut buffer = [0_u8; 4_096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

fn address(bot: &Process) -> String {
    let rest = bot.url.strip_prefix("http://").unwrap_or_default();
    rest.split('/').next().unwrap_or_default().to_owned()
}

fn get(address: &str, path: &str) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (owner, scope) = ("local".to_owned(), "read admin".to_owned());
    let claims = Claims { owner, scope, expires: now + 3_600, begins: None, id: None, csrf: None };
    let token = token::sign(SECRET.as_bytes(), AUDIENCE, &claims).expect("the secret is long enough");
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}
