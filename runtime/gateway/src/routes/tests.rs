mod access;
mod caller;
mod callers;
mod chats;
mod conforming;
mod described;
mod edge;
mod events;
mod kept;
mod linked;
mod lists;
#[cfg(feature = "mcp")]
mod mcp;
mod metrics;
mod outbox;
mod owners;
mod parts;
mod portal;
mod recipe;
mod sessions;
mod settings;
mod traces;
mod usage;

use super::*;
use crate::Gateway;
use crate::connections::{self, Opening, Proxies, Room};
use greenroom_client::{Client, ClientError, UsageBy};
use greenroom_conformance::transcribers;
use greenroom_contract::audio::AudioError;
use greenroom_contract::channel::Channel;
use greenroom_contract::limits as contract_limits;
use greenroom_contract::message::Media;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use greenroom_engine::{AssistantPart, ChannelPart, Parts, Service};
use std::sync::Arc;
use std::time::Duration;

/// A server with one loopback channel that admits Ana.
struct Server {
    handle: EngineHandle,
    base: String,
    token: String,
    network: greenroom_channel_loopback::LoopbackNetwork,
    gateway: Arc<Gateway>,
}

const ANA: &str = "+15551234567";

/// Nobody speaks here.
struct NoVoice;

impl VoiceEncoder for NoVoice {
    fn encode(&self, _: &Media, _: &Abort) -> Result<VoiceNote, AudioError> {
        Err(AudioError::Aborted)
    }
}

async fn server() -> Server {
    server_on(greenroom_channel_loopback::Options::default()).await
}

async fn server_on(network: greenroom_channel_loopback::Options) -> Server {
    let (channel, network) = greenroom_channel_loopback::loopback(network);
    server_of(channel, network).await
}

async fn server_of(channel: Arc<dyn Channel>, network: greenroom_channel_loopback::LoopbackNetwork) -> Server {
    let (handle, gateway) = start(channel, None).await;
    let announcement = gateway.announcement();
    Server { handle, base: format!("http://{}", announcement.address), token: announcement.token, network, gateway }
}

async fn start(channel: Arc<dyn Channel>, folder: Option<std::path::PathBuf>) -> (EngineHandle, Arc<Gateway>) {
    start_as(channel, folder, |_, _| ()).await
}

/// The same, with something about it changed.
async fn start_as(
    channel: Arc<dyn Channel>,
    folder: Option<std::path::PathBuf>,
    change: impl FnOnce(&mut Options, &mut ChannelPolicy),
) -> (EngineHandle, Arc<Gateway>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let name: ChannelName = "front".parse().unwrap();
    let mut policy = ChannelPolicy::new("echo".parse().unwrap());
    policy.allow_from = vec![ANA.parse().unwrap()];
    let mut options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        folder,
        public_url: Some("https://bot.example.com".to_owned()),
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        https: None,
        access: crate::Access { secret: Some(Secret::new(callers::SECRET)), ..crate::Access::default() },
        mcp: true,
        version: "0".to_owned(),
        currency: "EUR".to_owned(),
        clock: Clock::System,
        program: Arc::new(crate::NoProgram),
    };
    change(&mut options, &mut policy);
    let gateway = Arc::new(Gateway::bind(options).unwrap());
    let assistant = Arc::new(greenroom_assistant_echo::Echo::default());
    let echo =
        AssistantPart { name: "echo".parse().unwrap(), assistant, turns_max: 4, timeout: Duration::from_secs(10) };
    let parts = Parts {
        store: greenroom_store::memory(),
        channels: vec![ChannelPart { name, adapter: "loopback".to_owned(), channel, policy }],
        assistants: vec![echo],
        transcriber: transcribers::hears("hello"),
        voice_encoder: Arc::new(NoVoice),
        voice_workers: 1,
        clock: Clock::System,
        services: vec![Arc::clone(&gateway) as Arc<dyn Service>],
        conversation_idle: contract_limits::CONVERSATION_IDLE,
        session_limits: greenroom_engine::SessionLimits::default(),
        identity: None,
    };
    (greenroom_engine::start(parts).await.unwrap(), gateway)
}

impl Server {
    fn client(&self) -> Client {
        Client::new(&self.base, Some(self.token.clone())).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_learns_whether_it_works_and_only_the_owner_how() {
    let server = server().await;
    let open = Client::new(&server.base, None).unwrap().health().await.unwrap();
    assert!(open.ok && open.details.is_none());
    let stranger = Client::new(&server.base, None).unwrap();
    assert!(stranger.alive().await.unwrap().ok);
    let is_ready = async { while !stranger.ready().await.unwrap().ok {} };
    tokio::time::timeout(Duration::from_secs(10), is_ready).await.unwrap();
    let details = server.client().health().await.unwrap().details.unwrap();
    assert_eq!(details.accounts.len(), 1);
    assert_eq!((details.accounts[0].channel.as_str(), details.version.as_str()), ("front", "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_needs_the_token() {
    let server = server().await;
    for token in [None, Some("0".repeat(64))] {
        let client = Client::new(&server.base, token).unwrap();
        assert!(matches!(client.latest(1).await, Err(ClientError::Forbidden)));
        assert!(matches!(client.why("c-1").await, Err(ClientError::Forbidden)));
        assert!(matches!(client.quarantine().await, Err(ClientError::Forbidden)));
        assert!(matches!(client.wakes().await, Err(ClientError::Forbidden)));
        assert!(matches!(client.cancel_wake(1).await, Err(ClientError::Forbidden)));
        assert!(matches!(client.release(1).await, Err(ClientError::Forbidden)));
        assert!(matches!(client.outbox().await, Err(ClientError::Forbidden)));
        assert!(matches!(client.usage(None, None, UsageBy::Day).await, Err(ClientError::Forbidden)));
        assert!(matches!(client.release_unsent("3EB0").await, Err(ClientError::Forbidden)));
        assert!(matches!(client.release_all_unsent().await, Err(ClientError::Forbidden)));
        assert!(matches!(client.drop_unsent("3EB0").await, Err(ClientError::Forbidden)));
        assert!(matches!(client.allow_list().await, Err(ClientError::Forbidden)));
        assert!(matches!(client.allow("front", "*").await, Err(ClientError::Forbidden)));
        assert!(matches!(client.disallow("front", ANA).await, Err(ClientError::Forbidden)));
    }
    assert_eq!(server.handle.store().allow_entries().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_the_story_of_a_message_whatever_its_id_looks_like() {
    let server = server().await;
    let id = "wamid.HBgL/+==?x#%2F..";
    let said = greenroom_channel_loopback::said::text(ANA, "hello").with_id(id);
    server.network.deliver("main", said).await;
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let traces = server.client().why(id).await.unwrap();
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0].message, id);
    assert!(traces[0].steps.iter().any(|step| step.what.starts_with("admitted by")), "{traces:?}");
    assert_eq!(traces[0].parcels.len(), 1);
    assert_eq!(server.client().latest(5).await.unwrap(), traces);
    assert_eq!(server.client().why("c-1").await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_admitted_and_shut_out_again() {
    let server = server().await;
    let client = server.client();
    client.allow("front", "@ben").await.unwrap();
    let entries = client.allow_list().await.unwrap();
    let shown: Vec<_> = entries.iter().map(|entry| (entry.entry.as_str(), entry.origin.as_str())).collect();
    assert_eq!(shown, [(ANA, "the configuration"), ("@ben", "added by the API")]);
    client.disallow("front", "@ben").await.unwrap();
    assert_eq!(client.allow_list().await.unwrap().len(), 1);
    assert!(matches!(client.allow("back", "@ben").await, Err(ClientError::NotFound { .. })));
    let Err(ClientError::Refused { reason, .. }) = client.allow("front", "ben").await else { panic!() };
    assert!(reason.contains("is not an address"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_quarantine_cannot_be_released() {
    let client = server().await.client();
    assert_eq!(client.quarantine().await.unwrap(), []);
    assert!(matches!(client.release(7).await, Err(ClientError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_that_is_not_there_cannot_be_taken_back() {
    let client = server().await.client();
    assert_eq!(client.wakes().await.unwrap(), []);
    assert!(matches!(client.cancel_wake(7).await, Err(ClientError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_server_lets_go_of_its_address() {
    let server = server().await;
    let client = server.client();
    client.health().await.unwrap();
    server.handle.drain(Duration::from_secs(5)).await;
    tokio::time::timeout(Duration::from_secs(10), server.gateway.stopped()).await.unwrap();
    // Another server may have taken the address meanwhile; it does not know our token.
    assert!(!client.health().await.is_ok_and(|health| health.details.is_some()));
}

async fn panics() -> &'static str {
    panic!("as ordered")
}

/// Routes that misbehave, below the limits of all routes and one permit.
async fn misbehaving() -> (String, Arc<tokio::sync::Notify>) {
    let release = Arc::new(tokio::sync::Notify::new());
    let held = Arc::clone(&release);
    let routes = Router::new()
        .route("/slow", get(move || async move { held.notified().await }))
        .route("/panic", get(panics))
        .route("/body", axum::routing::post(|body: axum::body::Bytes| async move { body.len().to_string() }))
        .layer(RequestBodyLimitLayer::new(limits::API_BODY_BYTES_MAX))
        .layer(from_fn_with_state(Pool::new(1), Pool::admit));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let room = Room::new(64, limits::BUFFERED_BYTES_MAX, Box::new(|| {}));
    let stop = CancellationToken::new();
    tokio::spawn(connections::serve(listener, room, Proxies::new(&[]), finished(routes), Opening::Plain, stop));
    let _ = rustls::crypto::ring::default_provider().install_default();
    (base, release)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_one_request_and_a_large_body_is_refused() {
    let (base, _) = misbehaving().await;
    let http = reqwest::Client::new();
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(http.get(format!("{base}/panic"))).await, 500);
    let body = |bytes: usize| http.post(format!("{base}/body")).body(vec![0_u8; bytes]);
    assert_eq!(status(body(limits::API_BODY_BYTES_MAX)).await, 200);
    // Of a larger one nothing is read, and the client that sends it reads the answer.
    for bytes in [limits::API_BODY_BYTES_MAX + 1, 200 * 1024] {
        assert_eq!(status(body(bytes)).await, 413);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_at_once_are_refused_and_not_queued() {
    let (base, release) = misbehaving().await;
    let http = reqwest::Client::new();
    let slow = tokio::spawn(http.get(format!("{base}/slow")).send());
    let refused = async || {
        let response = http.post(format!("{base}/body")).send().await.unwrap();
        response.status().as_u16() == 503
    };
    tokio::time::timeout(Duration::from_secs(10), async { while !refused().await {} }).await.unwrap();
    release.notify_one();
    assert_eq!(slow.await.unwrap().unwrap().status().as_u16(), 200);
    tokio::time::timeout(Duration::from_secs(10), async { while refused().await {} }).await.unwrap();
}

#[tokio::test]
async fn what_was_never_added_cannot_be_taken_away() {
    let server = server().await;
    let client = server.client();
    let other = "+15551234568";
    client.allow("front", other).await.unwrap();
    client.disallow("front", other).await.unwrap();
    // Twice, a typing mistake, and an entry of the configuration: none of them was taken away.
    for entry in [other, "+15551234569", ANA] {
        let refused = client.disallow("front", entry).await;
        assert!(matches!(&refused, Err(ClientError::NotFound { reason, .. }) if reason.contains(entry)), "{refused:?}");
    }
}
