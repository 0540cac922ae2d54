//! Against a running engine and real servers that answer as servers do, badly and on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

#[path = "../../../../assistants/http/tests/server/mod.rs"]
mod server;

use greenroom_alerts::{Alert, Alerts, Kind, Options, Webhook, WebhookConfig};
use greenroom_channel_loopback::{LoopbackNetwork, Options as Network, loopback, said};
use greenroom_conformance::transcribers;
use greenroom_contract::assistant::{Answer, Assistant, HandOver, Receiver, Turn, assistant_fn};
use greenroom_contract::audio::AudioError;
use greenroom_contract::channel::Ended;
use greenroom_contract::limits::CONVERSATION_IDLE;
use greenroom_contract::message::Media;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use greenroom_engine::{AssistantPart, ChannelPart, Doors, EngineHandle, Parts, RejectionCause, SessionLimits};
use greenroom_support::signature;
use server::{Act, Request, Server, response};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const SECRET: &str = "a secret of some length";
/// Long for this machine; nothing waits so long where all is well.
const SOON: Duration = Duration::from_secs(20);

/// Nobody speaks here.
struct NoVoice;

impl VoiceEncoder for NoVoice {
    fn encode(&self, _: &Media, _: &Abort) -> Result<VoiceNote, AudioError> {
        Err(AudioError::Aborted)
    }
}

/// An engine with one loopback account and alerts to this address.
async fn engine(url: &str, folder: Option<&Path>) -> (EngineHandle, LoopbackNetwork) {
    engine_with(url, folder, Arc::new(greenroom_assistant_echo::Echo::default())).await
}

async fn engine_with(
    url: &str,
    folder: Option<&Path>,
    assistant: Arc<dyn Assistant>,
) -> (EngineHandle, LoopbackNetwork) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (channel, network) = loopback(Network::default());
    let mut policy = ChannelPolicy::new("echo".parse().unwrap());
    policy.allow_from = vec!["+15551234567".parse().unwrap()];
    let config = WebhookConfig { webhook: url.to_owned(), secret: Secret::new(SECRET), allow_private: true };
    let mut options = Options::new(folder.map(Path::to_owned), Clock::System);
    options.look_pause = Duration::from_millis(50);
    options.retry_pause = Duration::from_millis(20);
    options.retry_pause_max = Duration::from_millis(200);
    options.given_up_after = Duration::from_secs(60);
    let alerts = Alerts::new(Webhook::new(config, Clock::System).unwrap(), options);
    let parts = Parts {
        store: greenroom_store::memory(),
        channels: vec![ChannelPart { name: "front".parse().unwrap(), adapter: "loopback".to_owned(), channel, policy }],
        assistants: vec![AssistantPart { name: "echo".parse().unwrap(), assistant, turns_max: 1, timeout: SOON }],
        transcriber: transcribers::hears("hello"),
        voice_encoder: Arc::new(NoVoice),
        voice_workers: 1,
        clock: Clock::System,
        services: vec![Arc::new(alerts)],
        conversation_idle: CONVERSATION_IDLE,
        session_limits: SessionLimits::default(),
        identity: None,
    };
    let handle = greenroom_engine::start(parts).await.unwrap();
    let connected = async {
        while handle.ready().is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, connected).await.unwrap();
    (handle, network)
}

fn log_out(network: &LoopbackNetwork) {
    network.cut("main", Ended::LoggedOut { reason: "removed on the phone".to_owned() });
}

async fn seen(server: &Server, count: usize) -> Vec<Request> {
    let reached = async {
        while server.seen().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, reached).await.unwrap_or_else(|_| panic!("{} of {count} came", server.seen().len()));
    server.seen()
}

fn alert(request: &Request) -> Alert {
    let timestamp: u64 = request.header(signature::TIMESTAMP_HEADER).unwrap().parse().unwrap();
    let expected = signature::sign(SECRET.as_bytes(), timestamp, &request.body);
    assert_eq!(request.header(signature::SIGNATURE_HEADER), Some(expected));
    let alert: Alert = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(request.header("idempotency-key").as_deref(), Some(alert.id.as_str()));
    alert
}

/// Long enough for several looks.
async fn several_looks() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

fn taken() -> Act {
    Act::Say(response("204 No Content", "", ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_logged_out_is_told_once_signed_and_with_what_to_do() {
    let server = Server::start(vec![taken()]).await;
    let (handle, network) = engine(&server.url, None).await;
    several_looks().await;
    assert_eq!(server.seen().len(), 0, "all is well");
    log_out(&network);
    let requests = seen(&server, 1).await;
    let alert = alert(&requests[0]);
    assert_eq!((alert.version, alert.kind, alert.channel.as_deref()), (1, Kind::LoggedOut, Some("front")));
    assert!(alert.what.contains("removed on the phone"), "{alert:?}");
    assert_eq!(alert.next.as_ref().map(|next| next.action.as_str()), Some("link_again"));
    several_looks().await;
    assert_eq!(server.seen().len(), 1, "it lasts, and was told");
    let text = String::from_utf8(requests[0].body.clone()).unwrap();
    assert!(!text.contains(SECRET));
    handle.drain(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_handed_to_a_human_is_told_once() {
    let server = Server::start(vec![taken()]).await;
    let to_human = HandOver { to: Receiver::Human, stays: true };
    let answer = move |_: Turn| {
        let hand_over = Some(to_human.clone());
        async move { Ok(Answer { hand_over, ..Answer::text("a person comes") }) }
    };
    let (handle, network) = engine_with(&server.url, None, Arc::new(assistant_fn(answer))).await;
    network.deliver("main", said::text("+15551234567", "a person, please")).await.acknowledged().await.unwrap();
    let requests = seen(&server, 1).await;
    let alert = alert(&requests[0]);
    assert_eq!(alert.kind, Kind::HumanWanted);
    assert!(alert.what.contains("handed to a human"), "{alert:?}");
    assert_eq!(alert.next.as_ref().map(|next| next.action.as_str()), Some("release_conversation"));
    several_looks().await;
    assert_eq!(server.seen().len(), 1, "it lasts, and was told");
    handle.drain(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_in_every_way_has_the_alert_in_the_end_under_one_id() {
    let acts = vec![
        Act::Say(response("500 Internal Server Error", "", "oh no")),
        Act::Say(String::new()),
        Act::Say("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned()),
        Act::Say("not HTTP".to_owned()),
        Act::Say("HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n".to_owned()),
        taken(),
    ];
    let server = Server::start(acts).await;
    let (handle, network) = engine(&server.url, None).await;
    log_out(&network);
    let requests = seen(&server, 6).await;
    let ids: std::collections::BTreeSet<_> = requests.iter().map(|request| alert(request).id).collect();
    assert_eq!(ids.len(), 1);
    several_looks().await;
    assert_eq!(server.seen().len(), 6, "it was taken");
    handle.drain(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_up_neither_the_next_alert_nor_the_end() {
    let server = Server::start(vec![Act::Hang, taken()]).await;
    let (handle, network) = engine(&server.url, None).await;
    log_out(&network);
    seen(&server, 1).await;
    let front = "front".parse().unwrap();
    handle.note_rejected(Some(&front), RejectionCause::Signature, None, 400);
    let requests = seen(&server, 2).await;
    let kinds: Vec<Kind> = requests.iter().map(|request| alert(request).kind).collect();
    assert_eq!(kinds, [Kind::LoggedOut, Kind::RefusedPosts]);
    let next = alert(&requests[1]).next.unwrap();
    assert_eq!(next.action, "fix_config");
    tokio::time::timeout(SOON, handle.drain(SOON)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_tells_what_was_not_taken_and_nothing_that_was() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(vec![taken()]).await;
    for (run, expected) in [(1, 1), (2, 1)] {
        let (handle, network) = engine(&server.url, Some(folder.path())).await;
        handle.note_rejected(Some(&"front".parse().unwrap()), RejectionCause::Signature, None, 400);
        seen(&server, expected).await;
        several_looks().await;
        assert_eq!(server.seen().len(), expected, "run {run}");
        drop(network);
        handle.drain(SOON).await;
    }
    let kept = std::fs::read_to_string(folder.path().join("alerts.json")).unwrap();
    assert!(kept.contains("refused_posts") && !kept.contains(SECRET), "{kept}");

    let folder = TempDir::new().unwrap();
    let deaf = Server::start(vec![Act::Say(response("500 Internal Server Error", "", ""))]).await;
    let (handle, _network) = engine(&deaf.url, Some(folder.path())).await;
    handle.note_rejected(Some(&"front".parse().unwrap()), RejectionCause::Signature, None, 400);
    seen(&deaf, 2).await;
    handle.drain(SOON).await;
    // The trouble ended with that run: the alert comes all the same, as the one that the receiver may have taken.
    let server = Server::start(vec![taken()]).await;
    let (handle, _network) = engine(&server.url, Some(folder.path())).await;
    let told = alert(&seen(&server, 1).await[0]);
    assert_eq!(told.id, alert(&deaf.seen()[0]).id);
    several_looks().await;
    assert_eq!(server.seen().len(), 1);
    handle.drain(SOON).await;
}
