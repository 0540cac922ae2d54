//! A network is asked how it writes the numbers of the allow-list: rarely, and what admits no one is told.

use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use async_trait::async_trait;
use greenroom::NextAction;
use greenroom_channel_loopback::{LoopbackNetwork, Options, loopback, said};
use greenroom_conformance::assistants::echo;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::{START, id};
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::cause::Cause;
use greenroom_contract::channel::{Channel, ConnectError, Ended, Identity, Link, MediaError, Receipt, SendError};
use greenroom_contract::directory::Directory;
use greenroom_contract::event::EventSink;
use greenroom_contract::limits;
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::outbound::Outbound;
use greenroom_contract::store::{AccountRow, AccountVault, ListScope};
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A number that the network writes as [`OTHER`].
const WRITTEN: &str = "+15550000003";
const OTHER: &str = "+15550000033";
/// A number that no one has.
const NOWHERE: &str = "+15550000004";

/// The loopback network, with a directory.
struct Listed {
    inner: Arc<dyn Channel>,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

struct ListedLink {
    inner: Arc<dyn Link>,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

#[async_trait]
impl Channel for Listed {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn identities(&self) -> Vec<Identity> {
        self.inner.identities()
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let inner = self.inner.connect(account, vault).await?;
        Ok(Arc::new(ListedLink { inner, asked: self.asked.clone() }))
    }
}

#[async_trait]
impl Link for ListedLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        self.inner.run(sink, stop).await
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        self.inner.send(outbound).await
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        self.inner.fetch(media, bytes_max).await
    }

    fn directory(&self) -> Option<&dyn Directory> {
        Some(self)
    }
}

#[async_trait]
impl Directory for ListedLink {
    async fn look_up(&self, number: &Address) -> Result<Option<Address>, Cause> {
        let text = number.to_string();
        self.asked.lock().push((text.clone(), Instant::now()));
        match text.as_str() {
            WRITTEN => Ok(Some(id(OTHER))),
            NOWHERE => Ok(None),
            BEN => Err("not now".into()),
            _ => Ok(Some(number.clone())),
        }
    }
}

struct Network {
    ends: (Arc<dyn Channel>, LoopbackNetwork),
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Network {
    fn new() -> Self {
        let ((inner, network), asked) = (loopback(Options::default()), Arc::default());
        let listed = Listed { inner, asked: Arc::clone(&asked) };
        Self { ends: (Arc::new(listed), network), asked }
    }

    async fn bot(&self, allow: &[&str], store: &Arc<FaultyStore>, now: Timestamp) -> Bot {
        let mut setup = Setup::new(echo());
        setup.policy.allow_from = allow.iter().map(id).collect();
        setup.ends = Some(self.ends.clone());
        setup.store = Some(store.clone());
        setup.now = now;
        setup.start().await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().iter().map(|(number, _)| number.clone()).collect()
    }
}

async fn warnings(bot: &Bot) -> Vec<(String, Option<NextAction>)> {
    let warnings = bot.running.handle().health().await.warnings;
    warnings.into_iter().map(|warning| (warning.what, warning.next)).collect()
}

const ROUND: Duration = limits::DIRECTORY_ROUND_PAUSE;

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_network_writes_differently_is_told_until_it_is_admitted() {
    let network = Network::new();
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = network.bot(&[ANA, WRITTEN, NOWHERE, "lid:7", "group:g1"], &store, START).await;
    network.ends.1.connected(MAIN).await;
    bot.passes(Duration::from_secs(1)).await;
    assert!(network.asked().is_empty(), "messages come first");
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!(network.asked(), [ANA, WRITTEN, NOWHERE], "numbers only");
    let [otherwise, nowhere] = warnings(&bot).await.try_into().expect("two of them");
    assert!(
        otherwise.0.contains(&format!("knows {WRITTEN} of the allow-list as {OTHER}, which is not on it")),
        "{otherwise:?}"
    );
    assert_eq!(otherwise.1, Some(NextAction::AllowEntry { channel: id("loopback"), entry: OTHER.to_owned() }));
    assert!(nowhere.0.contains(&format!("no one has the number {NOWHERE}")) && nowhere.1.is_none(), "{nowhere:?}");
    let scope = ListScope::Channel(id("loopback"));
    bot.running.handle().allow(scope, id(OTHER), "a test").await.expect("healthy");
    assert_eq!(warnings(&bot).await.len(), 1, "it is admitted now");
    bot.hears(said::text(ANA, "hello")).await;
    assert_eq!(bot.answers(ANA).await.len(), 1);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn each_number_is_asked_for_once_a_day_slowly_whatever_the_number_of_connections() {
    let network = Network::new();
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = network.bot(&[ANA, WRITTEN], &store, START).await;
    for _ in 0..5 {
        network.ends.1.connected(MAIN).await;
        bot.passes(Duration::from_secs(120)).await;
        network.ends.1.cut(MAIN, Ended::Dropped { reason: "weather".to_owned() });
        network.ends.1.disconnected(MAIN).await;
    }
    bot.running.drain().await;
    let bot = network.bot(&[ANA, WRITTEN], &store, bot.clock.now()).await;
    bot.passes(ROUND * 22).await;
    assert_eq!(network.asked(), [ANA, WRITTEN], "also after a restart");
    assert!(warnings(&bot).await.iter().any(|(what, _)| what.contains(OTHER)), "what was answered before is known");
    let times: Vec<Instant> = network.asked.lock().iter().map(|(_, at)| *at).collect();
    assert!(times[1] - times[0] >= limits::DIRECTORY_PAUSE);
    bot.passes(ROUND * 3).await;
    assert_eq!(network.asked().len(), 4, "the next day");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_does_not_answer_is_left_alone_for_a_while() {
    let network = Network::new();
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = network.bot(&[BEN, NOWHERE], &store, START).await;
    bot.passes(Duration::from_secs(600)).await;
    assert_eq!(network.asked(), [BEN], "nothing after the refusal");
    assert!(warnings(&bot).await.is_empty());
    bot.passes(ROUND).await;
    assert_eq!(network.asked(), [BEN, BEN]);
}
