//! A channel of one's own, over a TCP socket: the bot's process dials the test, which plays the network.
//!
//! The network knows messages of ours by the id that we chose, and shows a repetition once.

use async_trait::async_trait;
use greenroom_conformance::messages::{Refine, id, text_from};
use greenroom_contract::capabilities::{Capabilities, Marks, MediaRules, Resend, Support};
use greenroom_contract::channel::{Channel, ConnectError, Ended, Identity, Link, MediaError, Receipt, SendError};
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use greenroom_contract::ids::{AccountId, MessageId, OutboundId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Inbound, Media, MediaRef};
use greenroom_contract::outbound::{Outbound, OutboundBody};
use greenroom_contract::store::{AccountRow, AccountVault};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What the network tells the bot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum ToBot {
    /// A message; until it is acknowledged it comes again with every connection.
    Message(WireMessage),
    /// A message of ours was taken.
    Receipt(String),
}

/// What the bot tells the network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum FromBot {
    /// These messages are durable.
    Acknowledge(Vec<String>),
    /// A message of ours.
    Send { id: String, chat: String, text: String },
    /// Nothing is under way any more, said by the process after `settled`.
    Settled { waiting: u64, unsent: u64, quarantined: u64 },
}

/// A message of somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WireMessage {
    pub(crate) id: String,
    pub(crate) who: String,
    /// The group, and whether the bot is mentioned there; `None` is the direct chat.
    pub(crate) group: Option<(String, bool)>,
    pub(crate) text: String,
}

impl WireMessage {
    pub(crate) fn chat(&self) -> &str {
        self.group.as_ref().map_or(&self.who, |(chat, _)| chat)
    }

    fn inbound(&self, account: &AccountId) -> Inbound {
        let inbound = text_from(&self.who, &self.text).with_id(&self.id).in_account(account.as_str());
        match &self.group {
            None => inbound,
            Some((chat, true)) => inbound.in_group(chat, Addressing::Mentioned),
            Some((chat, false)) => inbound.in_group(chat, Addressing::Overheard),
        }
    }
}

pub(crate) fn line<T: Serialize>(value: &T) -> String {
    let mut line = serde_json::to_string(value).expect("it is plain data");
    line.push('\n');
    line
}

/// The adapter in the bot's process.
pub(crate) struct WireChannel {
    address: String,
    capabilities: Capabilities,
    link: Mutex<Option<Arc<WireLink>>>,
}

impl WireChannel {
    pub(crate) fn new(address: &str, resend: Resend) -> Arc<Self> {
        let capabilities = Capabilities {
            text_chars_max: 4_096,
            marks: Marks::None,
            caption_chars_max: 1_024,
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
            replies: Support::Yes,
            groups: Support::Yes,
            mentions: Support::Yes,
            typing: Support::No,
            resend,
            rates: None,
            window: None,
            budget: None,
            delivered_within: None,
        };
        Arc::new(Self { address: address.to_owned(), capabilities, link: Mutex::default() })
    }

    /// Tells the network something, if it listens.
    pub(crate) async fn tell(&self, what: &FromBot) {
        let link = lock(&self.link).clone();
        if let Some(link) = link {
            let _ = link.write(what).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this lock")
}

#[async_trait]
impl Channel for WireChannel {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn identities(&self) -> Vec<Identity> {
        vec![Identity { key: "wire".to_owned(), label: "the wire".to_owned() }]
    }

    async fn connect(&self, account: &AccountRow, _: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let link = Arc::new(WireLink {
            account: account.id.clone(),
            address: self.address.clone(),
            writer: tokio::sync::Mutex::new(None),
            receipts: Mutex::default(),
        });
        *lock(&self.link) = Some(link.clone());
        Ok(link)
    }
}

struct WireLink {
    account: AccountId,
    address: String,
    writer: tokio::sync::Mutex<Option<OwnedWriteHalf>>,
    receipts: Mutex<HashMap<OutboundId, oneshot::Sender<()>>>,
}

impl WireLink {
    async fn write(&self, what: &FromBot) -> Result<(), SendError> {
        let mut writer = self.writer.lock().await;
        let Some(half) = writer.as_mut() else { return Err(SendError::NotConnected) };
        half.write_all(line(what).as_bytes()).await.map_err(|error| SendError::Uncertain { reason: error.into() })
    }

    /// Reads until the wire breaks; messages go to the emitter, receipts to who waits for them.
    async fn read(&self, stream: tokio::net::tcp::OwnedReadHalf, messages: mpsc::Sender<WireMessage>) -> Ended {
        let mut lines = BufReader::new(stream).lines();
        loop {
            match lines.next_line().await {
                Ok(Some(text)) => match serde_json::from_str(&text) {
                    Ok(ToBot::Message(message)) => {
                        if messages.send(message).await.is_err() {
                            return dropped("the emitter ended");
                        }
                    }
                    Ok(ToBot::Receipt(id)) => {
                        let waiting = OutboundId::new(&id).ok().and_then(|id| lock(&self.receipts).remove(&id));
                        if let Some(waiting) = waiting {
                            let _ = waiting.send(());
                        }
                    }
                    Err(error) => return dropped(&error.to_string()),
                },
                Ok(None) => return dropped("the network closed the connection"),
                Err(error) => return dropped(&error.to_string()),
            }
        }
    }

    /// Makes messages durable in batches, then acknowledges them.
    async fn emit(&self, sink: &dyn EventSink, mut messages: mpsc::Receiver<WireMessage>) -> Ended {
        let mut batch = Vec::new();
        while messages.recv_many(&mut batch, 32).await > 0 {
            let event = |message: &WireMessage| ChannelEvent::Message(Box::new(message.inbound(&self.account)));
            match sink.emit(batch.iter().map(event).collect()).await {
                Ok(()) => {}
                Err(SinkError::Closed) => return Ended::Stopped,
                Err(error) => return dropped(&error.to_string()),
            }
            let ids = batch.drain(..).map(|message| message.id).collect();
            if self.write(&FromBot::Acknowledge(ids)).await.is_err() {
                return dropped("the acknowledgement could not be written");
            }
        }
        dropped("the reader ended")
    }
}

fn dropped(reason: &str) -> Ended {
    Ended::Dropped { reason: reason.to_owned() }
}

#[async_trait]
impl Link for WireLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        let stream = match TcpStream::connect(&self.address).await {
            Ok(stream) => stream,
            Err(error) => return dropped(&error.to_string()),
        };
        let _ = stream.set_nodelay(true);
        let (reading, writing) = stream.into_split();
        *self.writer.lock().await = Some(writing);
        sink.alive(Sign::Connected);
        let (sender, receiver) = mpsc::channel(limits::EVENTS_PER_EMIT_MAX);
        let ended = tokio::select! {
            () = stop.cancelled() => Ended::Stopped,
            ended = self.read(reading, sender) => ended,
            ended = self.emit(sink.as_ref(), receiver) => ended,
        };
        *self.writer.lock().await = None;
        lock(&self.receipts).clear();
        ended
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let OutboundBody::Text(text) = &outbound.body else {
            return Err(SendError::Refused { reason: "only words fit through the wire".to_owned() });
        };
        let (sender, receipt) = oneshot::channel();
        lock(&self.receipts).insert(outbound.id.clone(), sender);
        let send =
            FromBot::Send { id: outbound.id.to_string(), chat: outbound.route.chat.to_string(), text: text.clone() };
        self.write(&send).await?;
        receipt.await.map_err(|_| SendError::Uncertain { reason: "the connection ended before the receipt".into() })?;
        Ok(Receipt { message: id::<MessageId>(&outbound.id) })
    }

    async fn fetch(&self, _: &MediaRef, _: u64) -> Result<Media, MediaError> {
        Err(MediaError::Gone { reason: "there are no media on the wire".into() })
    }
}
