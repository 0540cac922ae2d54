//! What comes from outside: deliveries, errors in one shape, names, and what is counted.

use super::{ANA, Server, server, server_of};
use async_trait::async_trait;
use greenroom_channel_loopback::loopback;
use greenroom_client::{Client, ProblemView, RejectionView};
use greenroom_conformance::messages::{Refine, text_from};
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::channel::{Channel, ConnectError, Identity, Link};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::limits::REQUEST_BYTES_MAX;
use greenroom_contract::store::{AccountRow, AccountVault};
use greenroom_contract::webhook::{Decoded, UnknownIdentity, Webhook, WebhookError, WebhookRequest};
use greenroom_engine::{EndReason, NotReady};
use parking_lot::Mutex;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A loopback network that also calls: requests are signed by the header `x-signed: yes`.
struct Calling {
    inner: Arc<dyn Channel>,
    account: Mutex<Option<AccountId>>,
}

#[async_trait]
impl Channel for Calling {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn identities(&self) -> Vec<Identity> {
        self.inner.identities()
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        *self.account.lock() = Some(account.id.clone());
        self.inner.connect(account, vault).await
    }

    fn chat_with(&self, address: &Address) -> Option<ChatId> {
        self.inner.chat_with(address)
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

fn signed(request: &WebhookRequest) -> Option<&[u8]> {
    request.headers.iter().find(|(name, _)| name == "x-signed").map(|(_, value)| value.as_ref())
}

impl Webhook for Calling {
    fn check_head(&self, head: &WebhookRequest) -> Result<(), WebhookError> {
        assert!(head.body.is_empty(), "the body is not read yet");
        signed(head).map(|_| ()).ok_or(WebhookError::Forbidden)
    }

    fn verify(&self, request: &WebhookRequest) -> Result<String, WebhookError> {
        if request.query == "token=right" { Ok("challenge".to_owned()) } else { Err(WebhookError::Forbidden) }
    }

    /// `message ID`, `unknown KEY`, `unreadable`, or spaces.
    fn decode(&self, request: &WebhookRequest) -> Result<Decoded, WebhookError> {
        if signed(request) != Some(b"yes") {
            return Err(WebhookError::Forbidden);
        }
        let account = self.account.lock().clone().ok_or(WebhookError::NotReady)?;
        let text = std::str::from_utf8(&request.body).unwrap_or("?").trim();
        let mut decoded = Decoded::default();
        match text.split_once(' ').unwrap_or((text, "")) {
            ("message", id) => {
                let inbound = text_from(ANA, "hello").with_id(id).in_account(account.as_str());
                decoded.events.push((account, ChannelEvent::Message(Box::new(inbound))));
            }
            ("elsewhere", id) => {
                let other: AccountId = "acc-99".parse().unwrap();
                let message = |account: AccountId, id: &str| {
                    let inbound = text_from(ANA, "hello").with_id(id).in_account(account.as_str());
                    (account, ChannelEvent::Message(Box::new(inbound)))
                };
                decoded.events = vec![message(other, "other"), message(account, id)];
            }
            ("unknown", key) => decoded.unknown.push(UnknownIdentity { key: key.to_owned(), events: 2 }),
            ("unreadable", _) => decoded.unreadable = vec!["a part".to_owned(); 3],
            ("", _) => {}
            _ => return Err(WebhookError::Malformed { reason: "it is something else".to_owned() }),
        }
        Ok(decoded)
    }
}

async fn called() -> Server {
    let (inner, network) = loopback(greenroom_channel_loopback::Options::default());
    let server = server_of(Arc::new(Calling { inner, account: Mutex::default() }), network).await;
    server.network.connected("main").await;
    server
}

impl Server {
    async fn post(&self, signed: &str, body: impl Into<reqwest::Body>) -> u16 {
        let url = format!("{}/api/channels/front", self.base);
        reqwest::Client::new().post(url).header("x-signed", signed).body(body).send().await.unwrap().status().as_u16()
    }

    async fn rejections(&self) -> Vec<RejectionView> {
        self.client().health().await.unwrap().details.unwrap().rejections
    }

    /// Sends a head, or more, and reads the first line of the answer. Nothing else is sent.
    pub(super) async fn head(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut text = Vec::new();
        let read = stream.read_to_end(&mut text);
        tokio::time::timeout(Duration::from_secs(5), read).await.expect("an answer before the body").unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_head_says_is_decided_before_a_byte_of_the_body() {
    let server = called().await;
    let large = "Content-Length: 2097152";
    let too_large = format!("Content-Length: {}", REQUEST_BYTES_MAX + 1);
    for (path, header, status, code) in [
        ("/api/channels/nothing", large, "404", "not-found"),
        ("/api/channels/front", large, "401", "unauthorized"),
        ("/api/channels/front/more", large, "404", "not-found"),
        ("/api/v1/sessions/clean", large, "401", "unauthorized"),
        ("/healthz", large, "405", "method-not-allowed"),
        ("/api/channels/front", &format!("X-Signed: yes\r\n{too_large}"), "413", "payload-too-large"),
    ] {
        let text = server.head(&format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n")).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {header}: {text}");
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let view: ProblemView = serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {text}"));
        assert_eq!(view.code, code, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_taken_in_one_piece_or_in_many_and_under_both_spellings_of_the_path() {
    let server = called().await;
    assert_eq!(server.post("yes", "message one").await, 200);
    let chunks: Vec<Result<&str, std::io::Error>> = vec![Ok("mess"), Ok("age t"), Ok("wo")];
    assert_eq!(server.post("yes", reqwest::Body::wrap_stream(futures::stream::iter(chunks))).await, 200);
    let padded = format!("message three{}", " ".repeat(REQUEST_BYTES_MAX - 13));
    assert_eq!(server.post("yes", padded).await, 200);
    let url = format!("{}/api/channels/front/", server.base);
    let request = reqwest::Client::new().post(url).header("x-signed", "yes").body("message four");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    for id in ["one", "two", "three", "four"] {
        assert_eq!(server.client().why(id).await.unwrap().len(), 1, "{id}");
    }
    assert_eq!(server.rejections().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_counted_by_cause_and_a_wrong_secret_is_a_problem_until_one_post_was_right() {
    let server = called().await;
    for _ in 0..5 {
        assert_eq!(server.post("no", "message one").await, 401);
    }
    assert_eq!(server.post("no", " ".repeat(100_000)).await, 401);
    let health = server.client().health().await.unwrap();
    let problems = health.details.unwrap().problems;
    assert!(!health.ok && problems.iter().any(|problem| problem.what.contains("wrong signature")), "{problems:?}");
    // None of this would become better by a restart.
    let stranger = Client::new(&server.base, None).unwrap();
    assert!(stranger.alive().await.unwrap().ok);
    assert!(!stranger.health().await.unwrap().ok);
    let get = |query: &str| reqwest::get(format!("{}/api/channels/front?{query}", server.base));
    assert_eq!(get("token=right").await.unwrap().text().await.unwrap(), "challenge");
    assert_eq!(get("token=wrong").await.unwrap().status().as_u16(), 403);
    assert_eq!(server.post("yes", "unknown 599").await, 200);
    assert_eq!(server.post("yes", "unreadable").await, 200);
    assert_eq!(server.post("yes", "garbage").await, 400);
    assert_eq!(server.post("yes", vec![b' '; REQUEST_BYTES_MAX + 1]).await, 413);
    let rejections = server.rejections().await;
    let counts: Vec<_> = rejections.iter().map(|one| (one.channel.as_deref(), one.cause.as_str(), one.count)).collect();
    let front = Some("front");
    let expected = [
        (None, "turned_away", 1),
        (front, "signature", 6),
        (front, "handshake", 1),
        (front, "unreadable", 4),
        (front, "unknown_recipient", 2),
    ];
    assert_eq!(counts, expected);
    assert!(rejections.iter().all(|one| one.first_ms <= one.last_ms && one.first_ms > 0), "{rejections:?}");
    assert!(server.client().health().await.unwrap().ok, "the secret is right");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_an_account_that_does_not_run_are_not_acknowledged_and_the_others_are_taken() {
    let server = called().await;
    assert_eq!(server.post("yes", "elsewhere mine").await, 503);
    assert_eq!(server.client().why("mine").await.unwrap().len(), 1);
    let rejections = server.rejections().await;
    assert!(rejections.iter().any(|one| one.what.contains("acc-99")), "{rejections:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_called_by_its_own_names_only_and_webhooks_by_any() {
    let server = called().await;
    let status = async |path: &str, host: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", server.base)).header("host", host);
        request.bearer_auth(&server.token).send().await.unwrap().status().as_u16()
    };
    for host in ["127.0.0.1:1", "localhost", "bot.example.com"] {
        assert_eq!(status("/api/v1/sessions", host).await, 200, "{host}");
    }
    assert_eq!(status("/api/v1/sessions", "evil.example").await, 421);
    assert_eq!(status("/api/v1/no-such-path", "evil.example").await, 421);
    assert_eq!(status("/api/channels/front?token=right", "some-words.trycloudflare.com").await, 200);
    assert_eq!(status("/healthz", "greenroom").await, 200);
}

/// A gateway whose address file cannot be written fails each time it is started.
async fn without_its_folder(channel: Arc<dyn Channel>) -> greenroom_engine::EngineHandle {
    super::start(channel, Some("/nowhere/at/all".into())).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stays_down_ends_the_engine_if_a_network_calls_it_and_only_then() {
    let (inner, _network) = loopback(greenroom_channel_loopback::Options::default());
    let called = without_its_folder(Arc::new(Calling { inner, account: Mutex::default() })).await;
    let (quiet, _other_network) = loopback(greenroom_channel_loopback::Options::default());
    let quiet = without_its_folder(quiet).await;
    let ended = tokio::time::timeout(Duration::from_secs(30), called.ended()).await.expect("it does not live on deaf");
    let EndReason::ServiceLost { reason } = ended else { panic!("{ended:?}") };
    assert!(reason.starts_with("the gateway ended too often and stays down: "), "{reason}");
    assert_eq!(called.alive(), Err(NotReady::Stopping));
    let given_up = async {
        while !quiet
            .health()
            .await
            .problems
            .iter()
            .any(|problem| problem.what.contains("service gateway crashed too often"))
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), given_up).await.expect("it is shown");
    assert_eq!(quiet.alive(), Ok(()), "its messages come another way");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]
    #[test]
    fn every_refusal_has_one_shape(requests in prop::collection::vec(request(), 150)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let server = server().await;
            let http = reqwest::Client::new();
            for (method, path, (kind, body), token) in requests {
                let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
                let is_head = method == reqwest::Method::HEAD;
                let mut request = http.request(method, format!("{}{path}", server.base)).body(body);
                if token {
                    request = request.bearer_auth(&server.token);
                }
                if let Some(kind) = kind {
                    request = request.header("content-type", kind);
                }
                let answer = request.send().await.unwrap();
                let status = answer.status();
                let is_sign = status == 503 && ["/healthz", "/readyz", "/api/v1/health"].contains(&path.as_str());
                if !status.is_success() && !is_head && !is_sign {
                    let kind = answer.headers().get("content-type").cloned();
                    let text = answer.text().await.unwrap();
                    let view: Result<ProblemView, _> = serde_json::from_str(&text);
                    let view = view.unwrap_or_else(|error| panic!("{path} {status}: {error}: {text:?}"));
                    prop_assert!(kind.is_some_and(|kind| kind == "application/problem+json"), "{} {}", path, status);
                    prop_assert!(!view.detail.is_empty() && !view.code.is_empty() && view.status == status.as_u16(), "{} {}", path, text);
                }
            }
            Ok(())
        })?;
    }
}

type Asked = (&'static str, String, (Option<&'static str>, Vec<u8>), bool);

fn request() -> impl Strategy<Value = Asked> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]);
    let part =
        prop::sample::select(vec!["front", "acc-1", "%FF", "%00", "x", "9", "-1", "%2E%2E", "+15551234567", "a%20b"]);
    let path = (0_usize..PATHS.len(), part).prop_map(|(which, part)| PATHS[which].replace('*', part));
    let kind = prop::sample::select(vec![None, Some("application/json"), Some("text/plain")]);
    let body = prop_oneof![
        Just(Vec::new()),
        Just(b"{}".to_vec()),
        Just(b"{\"phone\":7}".to_vec()),
        Just(b"{\"channel\":\"front\",\"accept_risk\":true}".to_vec()),
        Just(vec![b'['; 3_000]),
        Just(vec![b'x'; 70_000]),
        Just(vec![0xff, 0xfe]),
    ];
    (method, path, (kind, body), any::<bool>())
}

/// Every path there is, and some that are not; a star is a part that varies.
const PATHS: &[&str] = &[
    "/",
    "/healthz",
    "/readyz",
    "/api/v1/health",
    "/api/v1/why",
    "/api/v1/why?last=x",
    "/api/v1/why/*",
    "/api/v1/quarantine",
    "/api/v1/outbox",
    "/api/v1/outbox/*/drop",
    "/api/v1/quarantine/*/release",
    "/api/v1/conversations/*/release",
    "/api/v1/wakes",
    "/api/v1/wakes/*",
    "/api/v1/allow",
    "/api/v1/channels/front/allow/*",
    "/api/v1/sessions",
    "/api/v1/sessions/*",
    "/api/v1/sessions/*/link?after=x",
    "/api/v1/sessions/*/link/answers",
    "/api/v1/sessions/*/reconnect",
    "/api/channels/*",
    "/api/channels/front/*",
    "/api/nothing",
    "/*",
];
