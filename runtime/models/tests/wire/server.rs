//! A server that does as it is told, over plain TCP.

use parking_lot::Mutex;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers this status, these header lines and this body.
    Status(u16, String, String),
    /// Answers 200 and these events, in pieces of so many bytes, and closes.
    Events(String, usize),
    /// The same up to this byte, and then the connection breaks.
    CutAt(String, usize),
    /// The same up to this byte, and then nothing more.
    StuckAt(String, usize),
    /// The same up to this byte, and then a clean end.
    EndAt(String, usize),
    /// Answers 200 with another type of body.
    Other(String),
    /// Reads and never answers.
    Hang,
    /// Answers 200 and repeats this without end.
    Flood(String),
    /// Answers 400 and a body without end.
    EndlessRefusal,
    /// Waits before it does something.
    After(Duration, Box<Act>),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: Value,
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// One act for each request, the last one for all others.
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { url: format!("http://{}/v1", listener.local_addr().unwrap()), seen: Arc::default() };
        let (seen, acts) = (server.seen.clone(), Arc::new(Mutex::new(acts.into_iter().collect::<VecDeque<_>>())));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acts.clone(), seen.clone()));
            }
        });
        server
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().clone()
    }

    pub(crate) fn only(&self) -> Request {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "one request");
        seen[0].clone()
    }
}

async fn serve(mut stream: TcpStream, acts: Arc<Mutex<VecDeque<Act>>>, seen: Arc<Mutex<Vec<Request>>>) {
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().push(request);
    let mut act = {
        let mut acts = acts.lock();
        if acts.len() > 1 { acts.pop_front().unwrap() } else { acts.front().cloned().unwrap_or(Act::Hang) }
    };
    while let Act::After(pause, then) = act {
        tokio::time::sleep(pause).await;
        act = *then;
    }
    let _ = perform(&mut stream, act).await;
}

const EVENTS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";

async fn perform(stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
    match act {
        Act::Status(status, headers, body) => {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all((head + &body).as_bytes()).await?;
        }
        Act::Events(text, piece) => {
            stream.write_all(EVENTS.as_bytes()).await?;
            for piece in text.as_bytes().chunks(piece.max(1)) {
                chunk(stream, piece).await?;
            }
            stream.write_all(b"0\r\n\r\n").await?;
        }
        Act::EndAt(text, at) => {
            stream.write_all(EVENTS.as_bytes()).await?;
            chunk(stream, &text.as_bytes()[..at]).await?;
            stream.write_all(b"0\r\n\r\n").await?;
        }
        Act::CutAt(text, at) => {
            stream.write_all(EVENTS.as_bytes()).await?;
            chunk(stream, &text.as_bytes()[..at]).await?;
        }
        Act::StuckAt(text, at) => {
            stream.write_all(EVENTS.as_bytes()).await?;
            chunk(stream, &text.as_bytes()[..at]).await?;
            std::future::pending::<()>().await;
        }
        Act::Other(body) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n".to_owned();
            stream.write_all((head + &body).as_bytes()).await?;
        }
        Act::Hang | Act::After(..) => std::future::pending().await,
        Act::EndlessRefusal => {
            let head = EVENTS.replace("200 OK", "400 X");
            stream.write_all(head.as_bytes()).await?;
            let block = "no ".repeat(20_000);
            loop {
                chunk(stream, block.as_bytes()).await?;
            }
        }
        Act::Flood(text) => {
            stream.write_all(EVENTS.as_bytes()).await?;
            let block = text.repeat(1 + 4096 / text.len());
            loop {
                chunk(stream, block.as_bytes()).await?;
            }
        }
    }
    stream.shutdown().await
}

async fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    stream.write_all(&framed).await
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
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Request { path, head, body: serde_json::from_slice(&body).ok()? })
}
