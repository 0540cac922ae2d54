//! A client under test: whatsapp-rust with its state in memory.

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use whatsapp_rust::async_trait;
use whatsapp_rust::bot::{Bot, BotHandle, EventDelivery};
use whatsapp_rust::http::{HttpClient, HttpRequest, HttpResponse};
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::transport::{DisconnectReason, Transport, TransportEvent, TransportFactory};
use whatsapp_rust::types::events::Event;
use whatsapp_rust::wacore::store::InMemoryBackend;
use whatsapp_rust::wacore::store::traits::Backend;
use whatsapp_rust::{Client as Library, InboundDurabilityHook, TokioRuntime, anyhow, async_channel};

/// Longer than anything takes on a loaded machine; tests wait for observations, not for time.
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) const BOT: &str = "15550000001";
pub(crate) const ANA: &str = "15551234567";

/// A simulator with the bot's phone and another person.
pub(crate) async fn simulator(options: Options) -> (Simulator, Phone, Phone) {
    let simulator = Simulator::start(options).await.unwrap();
    let bot = simulator.phone(BOT, "Bot").await.unwrap();
    let ana = simulator.phone(ANA, "Ana").await.unwrap();
    (simulator, bot, ana)
}

pub(crate) struct Client {
    handle: BotHandle,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    events: Mutex<Vec<Arc<Event>>>,
    changed: watch::Sender<()>,
}

/// What outlives a client: its keys.
pub(crate) type Keys = Arc<dyn Backend>;

pub(crate) fn keys() -> Keys {
    Arc::new(InMemoryBackend::new())
}

#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) code_for: Option<String>,
    pub(crate) hook: Option<Arc<dyn InboundDurabilityHook>>,
}

struct Hook(Arc<dyn InboundDurabilityHook>);

#[async_trait]
impl InboundDurabilityHook for Hook {
    async fn on_messages(
        &self,
        client: Arc<Library>,
        batch: &[whatsapp_rust::types::events::InboundMessage],
    ) -> anyhow::Result<()> {
        self.0.on_messages(client, batch).await
    }
}

impl Client {
    pub(crate) async fn start(simulator: &Simulator, keys: &Keys) -> Self {
        Self::start_with(simulator, keys, Wishes::default()).await
    }

    pub(crate) async fn start_with(simulator: &Simulator, keys: &Keys, wishes: Wishes) -> Self {
        let seen = Arc::new(Seen::default());
        let sink = seen.clone();
        let mut builder = Bot::builder()
            .with_backend_arc(keys.clone())
            .with_transport_factory(Factory { url: simulator.url().to_owned() })
            .with_http_client(Http::new(simulator))
            .with_runtime(TokioRuntime)
            .with_version((2, 3000, 1_023_000_000))
            .with_push_name("Bot")
            .with_wanted_pre_key_count(30)
            .skip_history_sync()
            .with_event_delivery(EventDelivery::Ordered { capacity: 4096 })
            .on_event(move |event, _client| {
                let sink = sink.clone();
                async move {
                    sink.events.lock().push(event);
                    sink.changed.send_replace(());
                }
            });
        if let Some(phone_number) = wishes.code_for {
            builder = builder.with_pair_code(PairCodeOptions { phone_number, ..Default::default() });
        }
        if let Some(hook) = wishes.hook {
            builder = builder.with_inbound_durability_hook(Hook(hook));
        }
        let handle = builder.build().await.unwrap().spawn();
        Self { handle, seen }
    }

    /// Links a new client by QR code and waits until it is connected. Returns its device number too.
    pub(crate) async fn linked(simulator: &Simulator, phone: &Phone) -> (Self, Keys, u16) {
        let keys = keys();
        let client = Self::start(simulator, &keys).await;
        let device = phone.scan(&client.qr().await).await.unwrap();
        simulator.until_connected((phone.number(), device), SOON).await.unwrap();
        client.until(|event| matches!(event, Event::Connected(_)).then_some(())).await;
        client.library().presence().set_available().await.unwrap();
        (client, keys, device)
    }

    pub(crate) fn library(&self) -> Arc<Library> {
        self.handle.client()
    }

    /// The first event in which something is found, past or to come.
    pub(crate) async fn until<T>(&self, mut find: impl FnMut(&Event) -> Option<T>) -> T {
        let mut changes = self.seen.changed.subscribe();
        let search = async {
            let mut looked = 0;
            loop {
                changes.mark_unchanged();
                {
                    let events = self.seen.events.lock();
                    for event in &events[looked..] {
                        if let Some(found) = find(event) {
                            return found;
                        }
                    }
                    looked = events.len();
                }
                changes.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(SOON, search).await;
        found.unwrap_or_else(|_| panic!("nothing found among {:?}", self.kinds()))
    }

    fn kinds(&self) -> Vec<String> {
        let events = self.seen.events.lock();
        events.iter().map(|event| format!("{event:?}").chars().take(60).collect()).collect()
    }

    pub(crate) async fn qr(&self) -> String {
        self.until(|event| match event {
            Event::PairingQrCode(qr) => Some(qr.code.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn code(&self) -> String {
        self.until(|event| match event {
            Event::PairingCode(code) => Some(code.code.clone()),
            _ => None,
        })
        .await
    }

    /// A message with this text; returns its id and where it came from.
    pub(crate) async fn hears(&self, text: &str) -> whatsapp_rust::types::events::InboundMessage {
        self.until(|event| match event {
            Event::Messages(batch) => batch.messages.iter().find(|message| words(&message.message) == text).cloned(),
            _ => None,
        })
        .await
    }

    /// How many messages with this text have come.
    pub(crate) fn heard(&self, text: &str) -> usize {
        let events = self.seen.events.lock();
        let batches = events.iter().filter_map(|event| match &**event {
            Event::Messages(batch) => Some(batch),
            _ => None,
        });
        batches.flat_map(|batch| batch.messages.iter()).filter(|message| words(&message.message) == text).count()
    }

    pub(crate) async fn stop(self) {
        self.handle.shutdown().await;
    }

    /// Ends it without a farewell.
    pub(crate) fn crash(self) {
        self.handle.abort();
    }
}

pub(crate) fn words(message: &whatsapp_rust::waproto::whatsapp::Message) -> String {
    let extended = message.extended_text_message.as_option().and_then(|text| text.text.clone());
    message.conversation.clone().or(extended).unwrap_or_default()
}

struct Factory {
    url: String,
}

struct Socket {
    out: tokio::sync::mpsc::Sender<Option<Bytes>>,
}

#[async_trait]
impl Transport for Socket {
    async fn send(&self, data: Bytes) -> anyhow::Result<()> {
        self.out.send(Some(data)).await.map_err(|_| anyhow::anyhow!("the socket is closed"))
    }

    async fn disconnect(&self) {
        let _ = self.out.send(None).await;
    }
}

#[async_trait]
impl TransportFactory for Factory {
    async fn create_transport(&self) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        let (socket, _) = tokio_tungstenite::connect_async(&self.url).await?;
        let (events, received) = async_channel::bounded(64);
        let (out, mut outgoing) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move {
            let (mut sink, mut stream) = socket.split();
            let _ = events.send(TransportEvent::Connected).await;
            loop {
                tokio::select! {
                    told = outgoing.recv() => match told {
                        Some(Some(data)) => if sink.send(Message::Binary(data)).await.is_err() { break },
                        Some(None) | None => break,
                    },
                    message = stream.next() => match message {
                        Some(Ok(Message::Binary(data))) => {
                            if events.send(TransportEvent::DataReceived(data)).await.is_err() {
                                break;
                            }
                        }
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                        Some(Ok(_)) => {}
                    },
                }
            }
            let _ = sink.close().await;
            let _ = events.send(TransportEvent::Disconnected(DisconnectReason::StreamEnded)).await;
        });
        Ok((Arc::new(Socket { out }), received))
    }
}

struct Http {
    client: reqwest::Client,
    media: (String, String),
}

impl Http {
    fn new(simulator: &Simulator) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { client: reqwest::Client::new(), media: (simulator.media_url(), simulator.media_plain_url()) }
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        let url = request.url.replace(&self.media.0, &self.media.1);
        let mut builder = match request.method.as_str() {
            "POST" => self.client.post(url),
            _ => self.client.get(url),
        };
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let response = builder.body(request.body.unwrap_or_default()).send().await?;
        Ok(HttpResponse { status_code: response.status().as_u16(), body: response.bytes().await?.to_vec() })
    }
}
