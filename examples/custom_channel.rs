//! A channel of your own. `cargo run --example custom_channel`; the guide is `custom_channel.md`.
//!
//! The network here speaks lines of JSON over TCP, as a bridge to a modem, a game server or a program
//! in another language might:
//!
//! ```text
//! network: {"message": {"id": "m1", "from": "+15551234567", "text": "hello"}}
//! us:      {"taken": "m1"}                        only when it is on disk
//! us:      {"say": {"id": "3EB0…", "to": "+15551234567", "text": "hello"}}
//! network: {"said": "3EB0…"}                      an id is shown once, however often it is said
//! ```

#[path = "custom_channel/network.rs"]
mod network;

#[cfg(test)]
#[path = "custom_channel/conformance.rs"]
mod conformance;

use greenroom::assistants::echo::Echo;
use greenroom::prelude::adapter::*;
use greenroom::prelude::{Policy, Runtime};
use network::{Frame, Network};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Sends that wait to be written. The engine waits when it is full.
const OUTGOING_MAX: usize = 64;

/// The configured channel: where the network is, and what it can do.
struct Bridge {
    network: SocketAddr,
    capabilities: Capabilities,
}

impl Bridge {
    fn new(network: SocketAddr) -> Self {
        let capabilities = Capabilities {
            text_chars_max: 1_000,
            marks: Marks::None,
            caption_chars_max: 0,
            images: Support::No,
            image_rules: MediaRules::new(&[], 0),
            voice: Support::No,
            voice_rules: MediaRules::new(&[], 0),
            choices: None,
            choices_in_groups: Support::No,
            documents: Support::No,
            document_rules: MediaRules::new(&[], 0),
            locations: Support::No,
            reactions: Support::No,
            replies: Support::No,
            groups: Support::No,
            mentions: Support::No,
            typing: Support::No,
            // The network promises to show an id once, so a repetition after a crash does no harm.
            resend: Resend::Idempotent,
            // Rules about how often and when one may send; the engine keeps them.
            rates: None,
            window: None,
            budget: None,
            delivered_within: None,
        };
        Self { network, capabilities }
    }
}

#[async_trait]
impl Channel for Bridge {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn identities(&self) -> Vec<Identity> {
        // One account, the same at every start.
        vec![Identity { key: "bridge".to_owned(), label: self.network.to_string() }]
    }

    async fn connect(&self, account: &AccountRow, _vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        Ok(Arc::new(BridgeLink { network: self.network, account: account.id.clone(), connection: Mutex::new(None) }))
    }
}

/// The account. It connects in `run`, and only there.
struct BridgeLink {
    network: SocketAddr,
    account: AccountId,
    connection: Mutex<Option<Connection>>,
}

struct Connection {
    outgoing: mpsc::Sender<Frame>,
    /// Sends that the network has not confirmed yet.
    unconfirmed: HashMap<OutboundId, oneshot::Sender<()>>,
}

#[async_trait]
impl Link for BridgeLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        let stream = match TcpStream::connect(self.network).await {
            Ok(stream) => stream,
            // Weather is a value: the engine connects again after a pause.
            Err(error) => return Ended::Dropped { reason: error.to_string() },
        };
        let (reader, writer) = stream.into_split();
        let (outgoing, frames) = mpsc::channel(OUTGOING_MAX);
        *self.connection() = Some(Connection { outgoing: outgoing.clone(), unconfirmed: HashMap::new() });
        sink.alive(Sign::Connected);
        let ended = tokio::select! {
            () = stop.cancelled() => Ended::Stopped,
            ended = self.read(BufReader::new(reader).lines(), sink.as_ref(), &outgoing) => ended,
            ended = write(writer, frames) => ended,
        };
        // Whoever waits for a confirmation learns that there will be none.
        *self.connection() = None;
        ended
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let OutboundBody::Text(text) = &outbound.body else {
            return Err(SendError::Refused { reason: "this network knows words only".to_owned() });
        };
        let (confirm, confirmed) = oneshot::channel();
        let outgoing = {
            let mut connection = self.connection();
            let connection = connection.as_mut().ok_or(SendError::NotConnected)?;
            connection.unconfirmed.insert(outbound.id.clone(), confirm);
            connection.outgoing.clone()
        };
        let (id, to) = (outbound.id.to_string(), outbound.route.chat.to_string());
        let frame = Frame::Say { id, to, text: text.clone() };
        // From here on nobody knows what the network saw, until it says so.
        let unknown = || SendError::Uncertain { reason: "the connection was lost".into() };
        outgoing.send(frame).await.map_err(|_| SendError::NotConnected)?;
        confirmed.await.map_err(|_| unknown())?;
        let message = MessageId::new(outbound.id.as_str());
        Ok(Receipt { message: message.map_err(|error| SendError::Refused { reason: error.to_string() })? })
    }

    async fn fetch(&self, _media: &MediaRef, _bytes_max: u64) -> Result<Media, MediaError> {
        Err(MediaError::Gone { reason: "this network has no media".into() })
    }
}

impl BridgeLink {
    fn connection(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(
        &self,
        mut lines: Lines<BufReader<OwnedReadHalf>>,
        sink: &dyn EventSink,
        outgoing: &mpsc::Sender<Frame>,
    ) -> Ended {
        loop {
            let line = match lines.next_line().await {
                Ok(Some(line)) => line,
                Ok(None) => return Ended::Dropped { reason: "the network closed the connection".to_owned() },
                Err(error) => return Ended::Dropped { reason: error.to_string() },
            };
            sink.alive(Sign::Frame);
            match serde_json::from_str(&line) {
                Ok(Frame::Message { id, from, text }) => {
                    let Ok(inbound) = self.normalize(&id, &from, text) else { continue };
                    match sink.emit(vec![ChannelEvent::Message(Box::new(inbound))]).await {
                        // It is on disk: only now may the network forget it.
                        Ok(()) => drop(outgoing.send(Frame::Taken(id)).await),
                        Err(SinkError::Closed) => return Ended::Stopped,
                        // Not acknowledged, so the network delivers it again.
                        Err(_) => {}
                    }
                }
                Ok(Frame::Said(id)) => {
                    sink.alive(Sign::Acknowledged);
                    let confirm = OutboundId::new(id).ok().and_then(|id| {
                        self.connection().as_mut().and_then(|connection| connection.unconfirmed.remove(&id))
                    });
                    if let Some(confirm) = confirm {
                        let _ = confirm.send(());
                    }
                }
                // A newer network may say things that we do not know.
                Ok(Frame::Taken(_) | Frame::Say { .. }) | Err(_) => {}
            }
        }
    }

    /// Translates, and decides nothing: whoever wrote, and whatever it is, goes on.
    fn normalize(&self, id: &str, from: &str, text: String) -> Result<Inbound, IdError> {
        Ok(Inbound {
            key: MessageKey { account: self.account.clone(), chat: ChatId::new(from)?, message: MessageId::new(id)? },
            chat: Chat::Direct,
            sender: Sender { id: SenderId::new(from)?, addresses: from.parse().into_iter().collect(), name: None },
            origin: Origin::Person,
            written_to: None,
            sent_at: Clock::System.now(),
            addressing: Addressing::Direct,
            quote: None,
            body: Body::Text(text),
        })
    }
}

async fn write(mut writer: OwnedWriteHalf, mut frames: mpsc::Receiver<Frame>) -> Ended {
    while let Some(frame) = frames.recv().await {
        if let Err(error) = writer.write_all(&frame.line()).await {
            return Ended::Dropped { reason: error.to_string() };
        }
    }
    Ended::Stopped
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The other side. In earnest it is a program of its own.
    let network = Network::start().await?;

    let running = Runtime::builder()
        .assistant("echo", Echo::default())
        .channel("bridge", Bridge::new(network.address()), Policy::allow(["+15551234567"]))
        .memory_store()
        .start()
        .await?;

    network.deliver("+15557654321", "let me in");
    network.deliver("+15551234567", "hello");
    network.seen_at_least(1).await;
    for (to, text) in network.seen() {
        println!("{to} was told: {text}");
    }

    running.drain().await;
    Ok(())
}
