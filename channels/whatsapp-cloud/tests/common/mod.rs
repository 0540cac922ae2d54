//! A channel against the simulator, with a small gateway between them: it decodes, emits, and only then answers 200.
#![allow(clippy::unwrap_used, dead_code, reason = "helpers of tests; not every test file uses all of them")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use greenroom_channel_whatsapp_cloud::{CloudChannel, Config};
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{Channel, Ended, Link};
use greenroom_contract::event::{ChannelEvent, EventSink};
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::ids::{AccountId, ChannelName, ChatId, OutboundId, OwnerId};
use greenroom_contract::message::{Chat, Inbound};
use greenroom_contract::outbound::{Outbound, OutboundBody, Route, Window};
use greenroom_contract::secret::Secret;
use greenroom_contract::store::{AccountRow, AccountState, AccountVault};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::webhook::{WebhookError, WebhookRequest};
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator, Statuses};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the gateway needs: the channel, and where the events of each account go.
pub(crate) struct Gateway {
    pub(crate) channel: Arc<CloudChannel>,
    pub(crate) sinks: Mutex<HashMap<AccountId, Arc<dyn EventSink>>>,
    pub(crate) statuses: Mutex<Vec<u16>>,
}

async fn verify(State(gateway): State<Arc<Gateway>>, RawQuery(query): RawQuery) -> Result<String, StatusCode> {
    let request = WebhookRequest { headers: Vec::new(), query: query.unwrap_or_default(), body: Bytes::new() };
    gateway.channel.webhook().unwrap().verify(&request).map_err(|_| StatusCode::FORBIDDEN)
}

async fn take(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let headers = headers.iter().map(|(n, v)| (n.as_str().to_owned(), Bytes::copy_from_slice(v.as_bytes()))).collect();
    let request = WebhookRequest { headers, query: String::new(), body };
    let status = answer(&gateway, &request).await;
    gateway.statuses.lock().push(status.as_u16());
    status
}

async fn answer(gateway: &Gateway, request: &WebhookRequest) -> StatusCode {
    let decoded = match gateway.channel.webhook().unwrap().decode(request) {
        Ok(decoded) => decoded,
        Err(WebhookError::Forbidden) => return StatusCode::UNAUTHORIZED,
        Err(WebhookError::Malformed { .. }) => return StatusCode::BAD_REQUEST,
        Err(WebhookError::NotReady) => return StatusCode::SERVICE_UNAVAILABLE,
    };
    let (events, notes) = (decoded.events, decoded.notes);
    for (account, event) in events {
        let sink = gateway.sinks.lock().get(&account).cloned();
        let Some(sink) = sink else { return StatusCode::SERVICE_UNAVAILABLE };
        if sink.emit(vec![event]).await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    gateway.channel.webhook().unwrap().committed(&notes);
    StatusCode::OK
}

pub(crate) fn settings() -> Settings {
    Settings { retry_pause_min: Duration::from_millis(5), statuses: Statuses::Sent, ..Settings::default() }
}

pub(crate) fn config(meta: &Simulator) -> Config {
    let settings = meta.settings();
    let secret = |text: &str| Secret::new(text);
    Config {
        graph_url: meta.graph_url().to_owned(),
        numbers: settings.numbers.iter().map(|number| number.id.clone()).collect(),
        ..Config::new("0", secret(&settings.access_token), secret(&settings.app_secret), secret(&settings.verify_token))
    }
}

pub(crate) fn parts() -> ChannelParts {
    ChannelParts { name: ChannelName::new("whatsapp").unwrap(), names: vec!["Greeny".into()], clock: Clock::System }
}

pub(crate) fn row(number: &str) -> AccountRow {
    AccountRow {
        id: AccountId::new(format!("account-{number}")).unwrap(),
        channel: ChannelName::new("whatsapp").unwrap(),
        owner: OwnerId::local(),
        adapter: None,
        configured_key: Some(number.to_owned()),
        label: None,
        state: AccountState::Linked,
        created_at: Timestamp(0),
        changed_at: Timestamp(0),
        linked_at: None,
    }
}

/// Everything together, for one number.
pub(crate) struct Stage {
    pub(crate) meta: Simulator,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) sink: Arc<FakeSink>,
    pub(crate) link: Arc<dyn Link>,
    pub(crate) url: String,
    stop: CancellationToken,
    run: Mutex<Option<JoinHandle<Ended>>>,
}

/// The gateway of a channel, listening.
pub(crate) async fn serve(channel: Arc<CloudChannel>) -> (Arc<Gateway>, String) {
    let gateway = Arc::new(Gateway { channel, sinks: Mutex::default(), statuses: Mutex::default() });
    let router = Router::new().route("/api/channels/whatsapp", get(verify).post(take)).with_state(gateway.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/channels/whatsapp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (gateway, url)
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(settings(), |config| config).await
    }

    pub(crate) async fn with(settings: Settings, change: impl FnOnce(Config) -> Config) -> Self {
        let meta = Simulator::start_with(settings).await;
        let channel = Arc::new(CloudChannel::new(change(config(&meta)), &parts()).unwrap());
        let (gateway, url) = serve(channel.clone()).await;
        meta.connect(&url).await.unwrap();
        let account = row(&meta.settings().numbers[0].id);
        let (vault, sink) = (MemoryVault::new(), FakeSink::new());
        gateway.sinks.lock().insert(account.id.clone(), sink.clone());
        let link = channel.connect(&account, AccountVault::new(account.id.clone(), vault.clone())).await.unwrap();
        let stage =
            Self { meta, gateway, vault, sink, link, url, stop: CancellationToken::new(), run: Mutex::new(None) };
        stage.start().await;
        stage
    }

    /// Starts a run and waits until Graph accepted it.
    pub(crate) async fn start(&self) {
        let before = self.sink.signs().len();
        let (link, sink, stop) = (self.link.clone(), self.sink.clone(), self.stop.clone());
        *self.run.lock() = Some(tokio::spawn(async move { link.run(sink, stop).await }));
        self.until(|stage| stage.sink.signs().len() > before).await;
    }

    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let wait = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(15), wait).await.expect("it did not happen");
    }

    pub(crate) async fn ended(&self) -> Ended {
        let run = self.run.lock().take().expect("a run is under way");
        tokio::time::timeout(Duration::from_secs(15), run).await.expect("the run ends").unwrap()
    }

    /// The last message that arrived.
    pub(crate) fn heard(&self) -> Inbound {
        self.sink.messages().pop().expect("a message arrived")
    }

    /// What became of our messages, in words.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let word = |event: ChannelEvent| match event {
            ChannelEvent::Status { of, status, .. } => Some(format!("{of:?} {}", status.word())),
            _ => None,
        };
        self.sink.events().into_iter().filter_map(word).collect()
    }

    /// Under which categories our messages are billed, one for each status.
    pub(crate) fn billed_as(&self) -> Vec<Option<String>> {
        let billed = |event: ChannelEvent| match event {
            ChannelEvent::Status { billed_as, .. } => Some(billed_as),
            _ => None,
        };
        self.sink.events().into_iter().filter_map(billed).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

pub(crate) fn reply(to: &Inbound, body: OutboundBody) -> Outbound {
    let route = Route { account: to.key.account.clone(), chat: to.key.chat.clone(), kind: to.chat.clone() };
    outbound(route, body)
}

pub(crate) fn text(to: &Inbound, words: &str) -> Outbound {
    reply(to, OutboundBody::Text(words.to_owned()))
}

pub(crate) fn direct(chat: &str, words: &str) -> Outbound {
    let account = row("500000000000001").id;
    let route = Route { account, chat: ChatId::new(chat).unwrap(), kind: Chat::Direct };
    outbound(route, OutboundBody::Text(words.to_owned()))
}

fn outbound(route: Route, body: OutboundBody) -> Outbound {
    let id = OutboundId::new(format!("3EB0{:018X}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap();
    Outbound { id, route, reply_to: None, recipient: None, window: Window::Open, body }
}
