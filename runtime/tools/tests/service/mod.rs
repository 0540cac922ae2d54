//! A tool server of a test that is a web service, and does as it is told.
#![allow(dead_code, reason = "not every file uses all of it")]

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It answers as it should.
    Well,
    /// It answers with events.
    Events,
    /// It takes a while.
    Slow,
    /// It never answers.
    Stuck,
    /// It breaks off in the middle.
    Cut,
    /// It begins to answer with events and ends without the answer.
    CutEvents,
    /// It answers with this status.
    Status(u16),
    /// It leads to another address.
    Leads,
    /// It writes far too much.
    Huge,
    /// It writes events without end, and never an answer.
    Endless,
    /// It answers with a page.
    Html,
    /// It repeats the token in what it says.
    Tells,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    mode: Mutex<Option<Mode>>,
    /// The sessions that it knows.
    sessions: Mutex<Vec<String>>,
    calls: Mutex<Vec<String>>,
    tokens: Mutex<Vec<String>>,
    led: Mutex<u32>,
}

pub(crate) struct Service {
    pub(crate) url: String,
    pub(crate) seen: Arc<Seen>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let led = Arc::clone(&seen);
        let count = move || async move { *led.led.lock().unwrap() += 1 };
        let router = Router::new().route("/mcp", post(answer)).route("/led", axum::routing::any(count));
        let router = router.with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen }
    }

    pub(crate) fn is(&self, mode: Mode) {
        *self.seen.mode.lock().unwrap() = Some(mode);
    }

    /// Forgets all sessions.
    pub(crate) fn forgets(&self) {
        self.seen.sessions.lock().unwrap().clear();
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.seen.calls.lock().unwrap().clone()
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        self.seen.tokens.lock().unwrap().clone()
    }

    /// How often someone went where it led.
    pub(crate) fn led(&self) -> u32 {
        *self.seen.led.lock().unwrap()
    }
}

fn response(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).header("content-type", kind).body(body.into()).unwrap()
}

async fn answer(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: String) -> Response<Body> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(token) = header("authorization") {
        seen.tokens.lock().unwrap().push(token);
    }
    let message: Value = serde_json::from_str(&body).unwrap();
    let method = message["method"].as_str().unwrap_or_default().to_owned();
    let mode = seen.mode.lock().unwrap().unwrap_or(Mode::Well);
    if method == "initialize" && mode == Mode::Well {
        let session = format!("s-{}", uuid());
        seen.sessions.lock().unwrap().push(session.clone());
        let info = json!({ "name": "service", "version": "2" });
        let result = json!({ "protocolVersion": message["params"]["protocolVersion"], "capabilities": { "tools": {} }, "serverInfo": info });
        let mut response = response(
            200,
            "application/json",
            json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string(),
        );
        response.headers_mut().insert("mcp-session-id", session.parse().unwrap());
        return response;
    }
    let is_known = header("mcp-session-id").is_some_and(|session| seen.sessions.lock().unwrap().contains(&session));
    if !is_known && mode == Mode::Well {
        return response(404, "text/plain", "no such session");
    }
    if message.get("id").is_none() {
        return response(202, "text/plain", "");
    }
    if method == "tools/call" {
        seen.calls.lock().unwrap().push(message["params"]["name"].as_str().unwrap_or_default().to_owned());
    }
    does(mode, &method, &message, header("authorization").unwrap_or_default()).await
}

/// A number that is used once.
fn uuid() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
}

async fn does(mode: Mode, method: &str, message: &Value, token: String) -> Response<Body> {
    let result = match method {
        "tools/list" => json!({ "tools": [{ "name": "echo", "inputSchema": { "type": "object" } }] }),
        "tools/call" => json!({ "content": [{ "type": "text", "text": "hello" }] }),
        _ => json!({}),
    };
    let whole = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
    let broken = || std::io::Error::other("cut");
    match mode {
        Mode::Well => response(200, "application/json", whole),
        Mode::Events => response(200, "text/event-stream", format!(": hello\n\ndata: {whole}\n\n")),
        Mode::Slow => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            response(200, "application/json", whole)
        }
        Mode::Stuck => pending().await,
        Mode::Cut => {
            let pieces = futures::stream::iter([Ok(whole[..20].to_owned()), Err(broken())]);
            response(200, "application/json", Body::from_stream(pieces))
        }
        Mode::CutEvents => response(200, "text/event-stream", "data: {\"jsonrpc\":\"2.0\",\"met"),
        Mode::Status(status) => {
            let mut response = response(status, "text/html", "<p>a page</p>");
            response.headers_mut().insert("retry-after", "7".parse().unwrap());
            response
        }
        Mode::Leads => {
            let mut response = response(307, "text/plain", "");
            response.headers_mut().insert("location", "/led".parse().unwrap());
            response
        }
        Mode::Huge => response(200, "application/json", vec![b' '; 20_000_000]),
        Mode::Endless => {
            let event = format!(
                "event: message\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{{\"level\":\"info\",\"data\":\"{}\"}}}}\n\n",
                "x".repeat(1_000)
            );
            let events = futures::stream::unfold(event, |event| async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Some((Ok::<_, std::io::Error>(event.clone()), event))
            });
            response(200, "text/event-stream", Body::from_stream(events))
        }
        Mode::Html => response(200, "text/html", "<p>a page</p>"),
        Mode::Tells => {
            let error = json!({ "code": -32602, "message": token });
            response(
                200,
                "application/json",
                json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }).to_string(),
            )
        }
    }
}
