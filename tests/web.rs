//! The whole over WhatsApp Web: a real socket, Noise, Signal, the real store on a disk, and a simulated
//! WhatsApp whose phones and people have keys of their own.
//!
//! | module | what it shows |
//! |---|---|
//! | `answers` | every kind of message is answered, directly and in groups, through retries and gaps |
//! | `clock` | the clock of the bot is moved by days, that of the network is not |
//! | `unread` | what comes without content is traced, explained and counted, and answered if it comes after all |
//! | `quotes` | what the bot said is known better than by who quotes it |
//! | `strangers` | strangers leave nothing behind but deduplication keys and traces |
//! | `things` | documents, places, cards and questions with options, there and back |
//! | `yourself` | the chat of a linked phone with itself is a conversation, and never an echo chamber |
//! | `kill` | kill -9 in a loop while people write: everybody gets one answer, without linking again |
//! | `swap` | the same number goes on with its history when the adapter line changes |
//! | `many` | twenty accounts in one process, one of which flaps |
//! | `numbers` | WhatsApp is asked how it writes the numbers of the allow-list |
//! | `foreign` | Baileys, which nobody here wrote, talks to the bot; `peer` drives it |
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail with a panic")]

mod answers;
mod clock;
mod foreign;
mod kill;
mod many;
mod numbers;
#[path = "simulators/whatsapp-web/tests/support/mod.rs"]
mod peer;
mod quotes;
mod strangers;
mod swap;
mod things;
mod unread;
mod yourself;

use greenroom::{Running, Runtime};
use greenroom_assistant_echo::Echo;
use greenroom_channel_whatsapp_web::WebChannel;
use greenroom_channel_whatsapp_web::config::{Certificate, Config, Pacing};
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::{LinkMethod, LinkStep};
use greenroom_contract::message::Media;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use greenroom_engine::{AccountStatus, LinkRefused, LinkRequest};
use greenroom_simulator_whatsapp_web::people::{Address, Heard};
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The number that the bot is linked to.
pub(crate) const BOT: &str = "15550000001";
/// Somebody who is admitted.
pub(crate) const ANA: &str = "15551234567";
/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The name by which the bot is called in groups.
pub(crate) const NAME: &str = "Greeny";

/// How the bot of a test differs from the usual one.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) policy: ChannelPolicy,
    /// More of the configuration file.
    pub(crate) config: String,
    /// Who answers instead of the echo.
    pub(crate) assistant: Option<Arc<dyn Assistant>>,
    pub(crate) clock: Clock,
}

impl Setup {
    /// Everybody is admitted, everything is echoed.
    pub(crate) fn usual() -> Self {
        let policy = ChannelPolicy {
            allow_from: vec![id("*")],
            names: vec![NAME.to_owned()],
            rates: Rates::UNLIMITED,
            reconcile: Duration::from_secs(2),
            ..ChannelPolicy::new(id("helper"))
        };
        Self { policy, config: String::new(), assistant: None, clock: Clock::System }
    }

    /// Starts a bot on the store in `folder`.
    pub(crate) async fn start(self, whatsapp: &Simulator, folder: &Path) -> Bot {
        self.start_at(whatsapp.url(), whatsapp.certificate_pem(), folder).await
    }

    pub(crate) async fn start_at(self, url: &str, certificate: &str, folder: &Path) -> Bot {
        // As main does; several tests may do it in one process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let parts = ChannelParts { name: id("whatsapp"), names: self.policy.names.clone(), clock: self.clock };
        let channel = WebChannel::new(config(url, certificate), &parts).expect("a sound configuration");
        let running = Runtime::builder()
            .assistant("helper", self.assistant.unwrap_or(Arc::new(Mirror)))
            .channel("whatsapp", Arc::new(channel), self.policy)
            .transcriber(Ears)
            .clock(self.clock)
            .config(self.config)
            .store_path(folder)
            .build()
            .expect("sound")
            .start()
            .await
            .expect("it starts");
        Bot { running }
    }
}

/// The keys of a channel on the simulated WhatsApp, which has no rates: what is tested here is not the pace, and the
/// tests of `kill` and `many` measure how much goes through.
pub(crate) fn config(url: &str, certificate: &str) -> Config {
    Config {
        socket_url: Some(url.to_owned()),
        media_certificate: Some(Certificate::Text(certificate.to_owned())),
        pacing: Pacing::Off,
        ..Config::default()
    }
}

/// Answers with what it is told: words, pictures, reactions, and what it heard in a voice note.
struct Mirror;

#[greenroom::async_trait]
impl Assistant for Mirror {
    fn needs(&self) -> Needs {
        Needs { reactions: true, ..Echo::default().needs() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        Echo::default().respond(turn).await
    }
}

/// Hears the same in every voice note.
struct Ears;

impl Transcriber for Ears {
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn transcribe(&self, _: &Media, _: &Abort) -> Result<Transcript, TranscribeError> {
        let text = "what was spoken".to_owned();
        Ok(Transcript { text, language: None, duration: Duration::from_secs(1), confidence: None })
    }
}

/// A running bot.
pub(crate) struct Bot {
    pub(crate) running: Running,
}

impl Bot {
    /// Begins to link a new account.
    pub(crate) async fn try_link(&self) -> Result<AccountId, LinkRefused> {
        let request = LinkRequest {
            channel: id("whatsapp"),
            owner: OwnerId::local(),
            account: None,
            method: LinkMethod::Qr,
            accepted: true,
        };
        self.running.handle().begin_link(request).await
    }

    /// Links a new account to this phone, by QR code, and returns when it is connected.
    pub(crate) async fn link(&self, phone: &Phone) -> AccountId {
        let account = self.try_link().await.expect("nothing forbids it");
        let handle = self.running.handle();
        let mut steps = handle.link_steps(&account).expect("it was just made");
        let linked = async {
            let code = steps
                .wait_for(|view| view.step.as_ref().and_then(LinkStep::qr).is_some())
                .await
                .expect("a run")
                .step
                .clone();
            let code = code.as_ref().and_then(LinkStep::qr).expect("it was just seen").to_owned();
            phone.scan(&code).await.expect("a phone accepts the code");
            steps.wait_for(|view| matches!(view.step, Some(LinkStep::Done { .. }))).await.expect("a run");
        };
        let linked = tokio::time::timeout(PATIENCE, linked).await;
        assert!(linked.is_ok(), "not linked: {:?}", steps.borrow());
        self.until_status(&account, "connected").await;
        account
    }

    /// Waits until an account's state is called so.
    pub(crate) async fn until_status(&self, account: &AccountId, word: &str) -> AccountStatus {
        let mut last = None;
        let found = async {
            loop {
                let accounts = self.running.handle().health().await.accounts;
                last = accounts.into_iter().find(|one| one.account == *account).map(|one| one.status);
                if let Some(status) = last.as_ref().filter(|status| status.word() == word) {
                    return status.clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("{account} never was {word:?}, but {last:?}"))
    }

    /// Everything that was decided about a message, in words.
    pub(crate) async fn why(&self, message: &str) -> String {
        let traces = self.running.handle().store().why(&id(message), None).await.expect("a healthy store");
        let steps = traces.into_iter().flat_map(|trace| {
            let parcels = trace.parcels.into_iter().flat_map(|parcel| parcel.steps);
            trace.steps.into_iter().chain(parcels)
        });
        steps.map(|step| step.what.to_string()).collect::<Vec<_>>().join("; ")
    }

    /// Waits until [`Bot::why`] says something.
    pub(crate) async fn until_why(&self, message: &str, expected: &str) -> String {
        let mut last = String::new();
        let found = async {
            loop {
                last = self.why(message).await;
                if last.contains(expected) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        assert!(found.is_ok(), "{message} never got as far as {expected:?}: {last}");
        last
    }

    pub(crate) async fn settled(&self) {
        let settled = tokio::time::timeout(PATIENCE, self.running.handle().settled()).await;
        settled.expect("nothing is left to do");
    }

    /// Stops it as Ctrl-C does.
    pub(crate) async fn stop(self) {
        self.running.handle().drain(PATIENCE).await;
    }
}

/// A simulated WhatsApp, the phone behind the bot, Ana, a bot that is linked, and the folder of its store.
pub(crate) struct World {
    pub(crate) whatsapp: Simulator,
    pub(crate) phone: Phone,
    pub(crate) ana: Phone,
    pub(crate) bot: Bot,
    pub(crate) account: AccountId,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default(), Setup::usual()).await
    }

    pub(crate) async fn with(options: Options, setup: Setup) -> Self {
        let whatsapp = Simulator::start(options).await.expect("a simulator");
        let phone = whatsapp.phone(BOT, "Bot").await.expect("a phone");
        let ana = whatsapp.phone(ANA, "Ana").await.expect("a phone");
        let folder = TempDir::new().expect("a temporary folder");
        let bot = setup.start(&whatsapp, &folder.path().join("data")).await;
        let account = bot.link(&phone).await;
        Self { whatsapp, phone, ana, bot, account, folder }
    }

    /// Nothing that the server would not have taken happened.
    pub(crate) fn well_behaved(&self) {
        assert_eq!(self.whatsapp.violations(), []);
    }
}

/// The bot's number as somebody writes to it.
pub(crate) fn to_bot() -> Address {
    Address::pn(BOT)
}

/// Waits until this phone hears these words.
pub(crate) async fn hears(phone: &Phone, words: &str) -> Heard {
    let heard = phone.until_heard(|heard| heard.text() == Some(words), PATIENCE).await;
    heard.unwrap_or_else(|error| panic!("{} never heard {words:?} but {:?}: {error:#}", phone.name(), phone.heard()))
}

/// What this person sees: a message that comes again under its id is shown once.
pub(crate) fn shown(phone: &Phone) -> Vec<Heard> {
    let mut ids = HashSet::new();
    phone.heard().into_iter().filter(|heard| ids.insert((heard.from.clone(), heard.id.clone()))).collect()
}

/// How often this person sees these words.
pub(crate) fn times(phone: &Phone, words: &str) -> usize {
    shown(phone).iter().filter(|heard| heard.text() == Some(words)).count()
}
