//! The whole over WhatsApp's Cloud API: real HTTP, the real gateway, the real store on a disk, and the
//! simulator that plays Meta.
//!
//! | module | what it shows |
//! |---|---|
//! | `answers` | every kind of message is answered, once, and its statuses are found again |
//! | `clock` | the clock of the bot is moved by days, that of the network is not |
//! | `families` | every family of post that the world sends: answered, explained once, or passed over with a reason |
//! | `things` | documents, places, cards and questions with options, there and back |
//! | `hostile` | what is not Meta's, or cannot be read, is refused and leaves nothing behind |
//! | `quotes` | a quote has the words that the network leaves out |
//! | `rules` | windows, rates, tokens, numbers and standby as state, not as errors |
//! | `kill` | kill -9 in a loop while the network repeats: everybody gets one answer |
//! | `strangers` | strangers leave nothing in the data folder but deduplication keys and traces |
//! | `saved` | a number is set up while the bot runs, checked and kept |
//! | `setup` | environment, configuration and doctor of the program |

mod answers;
mod clock;
mod families;
mod hostile;
mod kill;
mod quotes;
mod rules;
mod saved;
mod setup;
mod strangers;
mod things;

use greenroom::{Running, Runtime};
use greenroom_assistant_echo::Echo;
use greenroom_channel_whatsapp_cloud::{CloudChannel, Config};
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::message::Media;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::secret::Secret;
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator, signature};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const ANA: &str = "+15551234567";
/// The name by which the bot is called in groups.
pub(crate) const NAME: &str = "Greeny";
/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a bot on the Cloud API is made of. Change what a test is about.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) policy: ChannelPolicy,
    pub(crate) folder: PathBuf,
    /// Who answers instead of the echo.
    pub(crate) assistant: Arc<dyn Assistant>,
    /// A store of the test's own instead of the one in `folder`.
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) clock: Clock,
}

impl Setup {
    /// Everybody is admitted, the echo answers.
    pub(crate) fn new(meta: &Simulator, folder: &Path) -> Self {
        Self::of(config(meta.graph_url(), meta.settings()), folder)
    }

    pub(crate) fn of(config: Config, folder: &Path) -> Self {
        let policy = ChannelPolicy {
            allow_from: vec![id("*")],
            names: vec![NAME.to_owned()],
            rates: Rates::UNLIMITED,
            reconcile: Duration::from_millis(300),
            ..ChannelPolicy::new(id("helper"))
        };
        let assistant = Arc::new(EchoOfAll(Echo::default()));
        Self { config, policy, folder: folder.to_owned(), assistant, store: None, clock: Clock::System }
    }

    pub(crate) async fn start(self) -> Bot {
        let parts = ChannelParts { name: id("whatsapp"), names: self.policy.names.clone(), clock: self.clock };
        let channel = Arc::new(CloudChannel::new(self.config, &parts).expect("a sound configuration"));
        let builder = Runtime::builder()
            .assistant("helper", self.assistant)
            .channel("whatsapp", channel.clone(), self.policy)
            .transcriber(Ears)
            .clock(self.clock)
            .gateway("127.0.0.1:0".parse().expect("an address"));
        let builder = match self.store {
            None => builder.store_path(&self.folder),
            Some(store) => builder.store(store),
        };
        let running = builder.build().expect("sound").start().await.expect("it starts");
        let address = running.gateway_address().expect("it has a gateway");
        Bot { running, channel, url: format!("http://{address}/api/channels/whatsapp") }
    }
}

/// The keys of a channel on the simulated Meta.
pub(crate) fn config(graph_url: &str, settings: &Settings) -> Config {
    let secret = |text: &str| Secret::new(text);
    Config {
        graph_url: graph_url.to_owned(),
        numbers: settings.numbers.iter().map(|number| number.id.clone()).collect(),
        ..Config::new("0", secret(&settings.access_token), secret(&settings.app_secret), secret(&settings.verify_token))
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

/// The echo, reactions included.
struct EchoOfAll(Echo);

#[greenroom::async_trait]
impl Assistant for EchoOfAll {
    fn needs(&self) -> Needs {
        Needs { reactions: true, ..self.0.needs() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        self.0.respond(turn).await
    }
}

/// A running bot.
pub(crate) struct Bot {
    pub(crate) running: Running,
    pub(crate) channel: Arc<CloudChannel>,
    pub(crate) url: String,
}

impl Bot {
    /// Everything that was decided about a message, in words.
    pub(crate) async fn why(&self, message: &str) -> String {
        let traces = self.running.handle().store().why(&id(message), None).await.expect("a healthy store");
        let steps = traces.into_iter().flat_map(|trace| {
            let parcels = trace.parcels.into_iter().flat_map(|parcel| parcel.steps);
            trace.steps.into_iter().chain(parcels)
        });
        steps.map(|step| step.what.to_string()).collect::<Vec<_>>().join("; ")
    }

    /// Waits until `why` says something.
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

    /// Waits until a problem with these words shows in the health.
    pub(crate) async fn until_problem(&self, expected: &str) -> String {
        let mut last = Vec::new();
        let found = async {
            loop {
                last = self.running.handle().health().await.problems;
                if let Some(problem) = last.iter().find(|problem| problem.what.contains(expected)) {
                    return problem.to_string();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("no problem says {expected:?}: {last:?}"))
    }

    pub(crate) async fn settled(&self) {
        let settled = tokio::time::timeout(PATIENCE, self.running.handle().settled()).await;
        settled.expect("nothing is left to do");
    }

    /// Posts a body with a right signature, and says the status.
    pub(crate) async fn post(&self, meta: &Simulator, client: &reqwest::Client, body: Vec<u8>) -> u16 {
        let signature = signature(&meta.settings().app_secret, &body);
        let request = client.post(&self.url).header("x-hub-signature-256", signature).body(body);
        request.send().await.expect("the gateway answers").status().as_u16()
    }
}

/// A simulator that repeats soon, a bot that it is connected to, and the folder of the store.
pub(crate) async fn pair(settings: Settings) -> (Simulator, Bot, TempDir) {
    pair_with(settings, |setup| setup).await
}

pub(crate) async fn pair_with(settings: Settings, change: impl FnOnce(Setup) -> Setup) -> (Simulator, Bot, TempDir) {
    let meta = Simulator::start_with(settings).await;
    let folder = TempDir::new().expect("a temporary folder");
    let bot = change(Setup::new(&meta, folder.path())).start().await;
    meta.connect(&bot.url).await.expect("the handshake");
    (meta, bot, folder)
}

/// Repetitions come soon.
pub(crate) fn quick() -> Settings {
    Settings {
        retry_pause_min: Duration::from_millis(20),
        retry_pause_max: Duration::from_millis(200),
        ..Settings::default()
    }
}
