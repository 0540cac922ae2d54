//! A server that does as it is told, over plain TCP.
#![allow(dead_code, reason = "not every file uses all of it")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Writes this and closes.
    Say(String),
    /// Reads the request and never answers.
    Hang,
    /// Writes without end.
    Flood,
    /// Writes this, a byte at a time.
    Drip(String),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    sent: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// One act for each request, the last one for all others.
    pub(crate) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/turn", listener.local_addr().unwrap());
        let server = Self { url, seen: Arc::default(), sent: Arc::default(), stopped: Arc::default() };
        let (seen, sent, stopped) = (server.seen.clone(), server.sent.clone(), server.stopped.clone());
        tokio::spawn(async move {
            let mut acts = acts.into_iter();
            let mut act = Act::Hang;
            while let Ok((stream, _)) = listener.accept().await {
                act = acts.next().unwrap_or(act);
                let (seen, sent, stopped) = (seen.clone(), sent.clone(), stopped.clone());
                tokio::spawn(serve(stream, act.clone(), seen, sent, stopped));
            }
        });
        server
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// How much was written when the other side took no more.
    pub(crate) async fn stopped_after(&self) -> u64 {
        while !self.stopped.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        self.sent.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: TcpStream,
    act: Act,
    seen: Arc<Mutex<Vec<Request>>>,
    sent: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
) {
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().unwrap().push(request);
    match act {
        Act::Say(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Act::Hang => std::future::pending().await,
        Act::Drip(text) => {
            for byte in text.bytes() {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Act::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await;
            let block = vec![b' '; 64 * 1024];
            while let Ok(bytes) = stream.write(&block).await {
                sent.fetch_add(bytes as u64, Ordering::SeqCst);
            }
            stopped.store(true, Ordering::SeqCst);
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { line, headers, body })
}

/// A response with its length.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    // Without a body there is no length either; the end of the connection says so.
    let length = if status.starts_with("204") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("HTTP/1.1 {status}\r\n{headers}{length}connection: close\r\n\r\n{body}")
}

/// An answer.
pub(crate) fn answer(document: &str) -> String {
    response("200 OK", "content-type: application/json", document)
}
