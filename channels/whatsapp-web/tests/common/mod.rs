//! A simulated WhatsApp with a few phones, and an account that is linked to it through the adapter.
#![allow(clippy::unwrap_used, dead_code, reason = "helpers of tests; not every test file uses all of them")]

use greenroom_channel_whatsapp_web::config::Certificate;
use greenroom_channel_whatsapp_web::{Config, WebChannel};
use greenroom_conformance::messages::id;
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{Channel, Ended, Link, Receipt, SendError};
use greenroom_contract::event::{ChannelEvent, Sign};
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::ids::{AccountId, ChannelName, OutboundId, OwnerId};
use greenroom_contract::linking::{LinkMethod, LinkStep};
use greenroom_contract::message::{Body, Inbound};
use greenroom_contract::outbound::{Outbound, OutboundBody, Route, Window};
use greenroom_contract::store::{AccountRow, AccountState, AccountVault};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_simulator_whatsapp_web::{Group, Options, Phone, Simulator};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const BOT: &str = "15550000009";
pub(crate) const ANA: &str = "15550000001";
pub(crate) const BEN: &str = "15550000002";
pub(crate) const STRANGER: &str = "15550000666";

/// Longer than anything takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

static NEXT_OUTBOUND: AtomicU64 = AtomicU64::new(1);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, happens).await.unwrap_or_else(|_| panic!("it did not happen: {what}"))
}

/// The network, its people, and the channel under test.
pub(crate) struct World {
    pub(crate) whatsapp: Simulator,
    pub(crate) bot: Phone,
    pub(crate) ana: Phone,
    pub(crate) ben: Phone,
    pub(crate) channel: Arc<WebChannel>,
    pub(crate) vault: Arc<MemoryVault>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let whatsapp = Simulator::start(options).await.unwrap();
        let phone = async |number, name| whatsapp.phone(number, name).await.unwrap();
        let (bot, ana, ben) = (phone(BOT, "Bot").await, phone(ANA, "Ana").await, phone(BEN, "Ben").await);
        let channel = Arc::new(WebChannel::new(config(&whatsapp), &parts()).unwrap());
        Self { whatsapp, bot, ana, ben, channel, vault: MemoryVault::new() }
    }

    pub(crate) fn group(&self) -> Group {
        self.whatsapp.group("Tea", &[&self.ana, &self.ben, &self.bot]).unwrap()
    }

    /// A link, neither linked nor connected.
    pub(crate) async fn link(&self) -> Arc<dyn Link> {
        let row = row();
        let vault = AccountVault::new(row.id.clone(), self.vault.clone());
        self.channel.connect(&row, vault).await.unwrap()
    }

    /// Links the account; returns the device's number.
    pub(crate) async fn pair(&self, link: &Arc<dyn Link>) -> u16 {
        let mut run = LinkRun::start(link, LinkMethod::Qr);
        let code = run.step().await.qr().expect("a code").to_owned();
        let device = soon("the phone links", self.bot.scan(&code)).await.unwrap();
        let mut last = run.step().await;
        while !last.is_last() {
            last = run.step().await;
        }
        assert!(matches!(last, LinkStep::Done { .. }), "{last:?}");
        run.ended().await;
        device
    }
}

pub(crate) fn config(whatsapp: &Simulator) -> Config {
    Config {
        socket_url: Some(whatsapp.url().to_owned()),
        media_certificate: Some(Certificate::Text(whatsapp.certificate_pem().to_owned())),
        ..Config::default()
    }
}

pub(crate) fn parts() -> ChannelParts {
    ChannelParts { name: ChannelName::new("whatsapp").unwrap(), names: vec!["Greeny".into()], clock: Clock::System }
}

pub(crate) fn row() -> AccountRow {
    AccountRow {
        id: AccountId::new("account-1").unwrap(),
        channel: ChannelName::new("whatsapp").unwrap(),
        adapter: Some("whatsapp-web".to_owned()),
        owner: OwnerId::local(),
        configured_key: None,
        label: None,
        state: AccountState::Linked,
        created_at: Timestamp(0),
        changed_at: Timestamp(0),
        linked_at: None,
    }
}

/// A linking run under way.
pub(crate) struct LinkRun {
    steps: mpsc::Receiver<LinkStep>,
    pub(crate) stop: CancellationToken,
    run: JoinHandle<()>,
}

impl LinkRun {
    pub(crate) fn start(link: &Arc<dyn Link>, method: LinkMethod) -> Self {
        let (sender, steps) = mpsc::channel(16);
        let (link, stop) = (link.clone(), CancellationToken::new());
        let run = {
            let stop = stop.clone();
            tokio::spawn(async move { link.pairing().unwrap().link(method, sender, stop).await })
        };
        Self { steps, stop, run }
    }

    pub(crate) async fn step(&mut self) -> LinkStep {
        soon("a step of linking", self.steps.recv()).await.expect("the run has not ended")
    }

    /// Waits for the end, and returns the steps that nobody looked at.
    pub(crate) async fn ended(mut self) -> Vec<LinkStep> {
        soon("linking ends", self.run).await.unwrap();
        let mut rest = Vec::new();
        while let Ok(step) = self.steps.try_recv() {
            rest.push(step);
        }
        rest
    }
}

/// A linked account with a connection.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) link: Arc<dyn Link>,
    pub(crate) sink: Arc<FakeSink>,
    pub(crate) device: u16,
    stop: CancellationToken,
    run: Option<JoinHandle<Ended>>,
}

impl Stage {
    /// Linked and connected.
    pub(crate) async fn new() -> Self {
        Self::of(World::new().await).await
    }

    pub(crate) async fn of(world: World) -> Self {
        let link = world.link().await;
        let device = world.pair(&link).await;
        let stage = Self { world, link, sink: FakeSink::new(), device, stop: CancellationToken::new(), run: None };
        let mut stage = stage;
        stage.connect().await;
        stage
    }

    /// The device, as the simulator names it.
    pub(crate) fn address(&self) -> (&'static str, u16) {
        (BOT, self.device)
    }

    pub(crate) fn start(&mut self) {
        let (link, sink, stop) = (self.link.clone(), self.sink.clone(), self.stop.clone());
        self.run = Some(tokio::spawn(async move { link.run(sink, stop).await }));
    }

    /// Starts a connection and waits until messages flow.
    pub(crate) async fn connect(&mut self) {
        let connections = || self.sink.signs().iter().filter(|sign| **sign == Sign::Connected).count();
        let before = connections();
        self.start();
        let connected = async {
            while self.sink.signs().iter().filter(|sign| **sign == Sign::Connected).count() <= before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon("the connection", connected).await;
    }

    pub(crate) async fn ended(&mut self) -> Ended {
        soon("the connection ends", self.run.take().unwrap()).await.unwrap()
    }

    /// The same for whoever waits in their own way.
    pub(crate) async fn ended_in_time(&mut self) -> Ended {
        self.run.take().unwrap().await.unwrap()
    }

    pub(crate) async fn stopped(&mut self) -> Ended {
        self.stop.cancel();
        let ended = self.ended().await;
        self.stop = CancellationToken::new();
        ended
    }

    /// Ends the run as a crash of its actor would: the future is dropped.
    pub(crate) async fn dropped(&mut self) {
        let run = self.run.take().unwrap();
        run.abort();
        assert!(run.await.unwrap_err().is_cancelled());
    }

    /// Waits until a message with this id was taken.
    pub(crate) async fn heard(&self, message: &str) -> Inbound {
        let arrived = |events: &[ChannelEvent]| find(events, message).is_some();
        soon("the message arrives", self.sink.until(arrived)).await;
        find(&self.sink.events(), message).unwrap()
    }

    /// How often a message with this id was taken.
    pub(crate) fn taken(&self, message: &str) -> usize {
        let is_it = |inbound: &&Inbound| inbound.key.message.as_str() == message && is_readable(inbound);
        self.sink.messages().iter().filter(is_it).count()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |inbound: Inbound| match inbound.body {
            Body::Text(words) => Some(words),
            _ => None,
        };
        self.sink.messages().into_iter().filter_map(text).collect()
    }

    pub(crate) async fn sends(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        soon("the send ends", self.link.send(outbound)).await
    }

    pub(crate) async fn says(&self, to: &Inbound, words: &str) -> Receipt {
        self.sends(&outbound(to, OutboundBody::Text(words.to_owned()))).await.unwrap()
    }
}

pub(crate) fn outbound(to: &Inbound, body: OutboundBody) -> Outbound {
    let number = NEXT_OUTBOUND.fetch_add(1, Ordering::Relaxed);
    let route = Route { account: row().id, chat: to.key.chat.clone(), kind: to.chat.clone() };
    let name: OutboundId = id(format_args!("3EB0{number:018X}"));
    Outbound { id: name, route, reply_to: None, recipient: Some(to.sender.id.clone()), window: Window::Open, body }
}

/// Whether its content came with it.
pub(crate) fn is_readable(inbound: &Inbound) -> bool {
    !matches!(inbound.body, Body::Unreadable(_))
}

fn find(events: &[ChannelEvent], message: &str) -> Option<Inbound> {
    events.iter().find_map(|event| match event {
        ChannelEvent::Message(inbound) if inbound.key.message.as_str() == message && is_readable(inbound) => {
            Some(inbound.as_ref().clone())
        }
        _ => None,
    })
}
