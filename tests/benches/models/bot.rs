//! A bot with a durable store and two channels: behind one an assistant that asks a model, behind the other an echo.

use greenroom::{Policy, Running, Runtime};
use greenroom_channel_loopback::{LoopbackNetwork, Options, SendPlan, loopback, said};
use greenroom_contract::policy::Rates;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_models::ModelConfig;
use parking_lot::Mutex;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The channel whose assistant asks a model.
pub(crate) const THINKS: usize = 0;
/// The channel whose assistant says back what was said.
pub(crate) const ECHOES: usize = 1;

/// Who hears what is sent to a chat.
type Hearers = Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Instant>>>>;

pub(crate) struct Bot {
    ends: Vec<(LoopbackNetwork, Hearers)>,
    _running: Running,
    _folder: tempfile::TempDir,
}

/// A person who writes to the bot.
pub(crate) struct Person {
    network: LoopbackNetwork,
    number: String,
    heard: mpsc::UnboundedReceiver<Instant>,
}

impl Bot {
    pub(crate) async fn start(url: &str, key: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // A place for each turn, so that none waits for another one.
        let text = format!(
            "provider = \"openai\"\nurl = \"{url}\"\nmodel = \"scripted\"\ncalls_at_once = 256\nimages = false"
        );
        let mut table: toml::Table = text.parse().expect("a table");
        table.insert("key".to_owned(), Secret::new(key).handed_over());
        let config = ModelConfig::deserialize(toml::Value::Table(table)).expect("sound keys");
        let name = "main".parse().expect("a name");
        let models = greenroom_models::build(vec![(name, config)], Clock::System).expect("a sound model");
        let config = "[assistants.thinker]\nkind = \"llm\"\nmodel = \"main\"\nturns_max = 256\n\
                      prompt = \"You help the guests of a small hotel.\"\n[assistants.parrot]\nkind = \"echo\"\n";
        let mut builder = Runtime::builder().models(models).config(config).store_path(folder.path());
        let mut ends = Vec::new();
        for (channel, assistant) in [("front", "thinker"), ("back", "parrot")] {
            let options = Options { sent_recorded_max: 0, lanes: 8, ..Options::default() };
            let (adapter, network) = loopback(options);
            let policy = Policy::allow(["*"]).assistant(assistant).rates(Rates::UNLIMITED).with(|policy| {
                // What people write in pieces is not collected: it would be most of the time.
                policy.debounce = Some(Duration::ZERO);
            });
            builder = builder.channel(channel, adapter, policy);
            ends.push((network, Hearers::default()));
        }
        let running = builder.start().await.expect("it starts");
        for (network, hearers) in &ends {
            network.connected("main").await;
            let hearers = hearers.clone();
            network.on_send(
                "main",
                Box::new(move |outbound| {
                    if let Some(hearer) = hearers.lock().get(outbound.route.chat.as_str()) {
                        // One who is gone does not hear.
                        let _ = hearer.send(Instant::now());
                    }
                    SendPlan::Deliver
                }),
            );
        }
        Self { ends, _running: running, _folder: folder }
    }

    /// A person on a channel.
    pub(crate) fn person(&self, channel: usize, number: u64) -> Person {
        let (network, hearers) = &self.ends[channel];
        let (hearer, heard) = mpsc::unbounded_channel();
        let number = format!("+1555{number:09}");
        hearers.lock().insert(number.clone(), hearer);
        Person { network: network.clone(), number, heard }
    }
}

impl Person {
    /// Writes, waits for the answer, and says how long it took.
    pub(crate) async fn says(&mut self, words: &str) -> Duration {
        let begun = Instant::now();
        self.network.deliver("main", said::text(&self.number, words)).await;
        let heard = tokio::time::timeout(Duration::from_secs(120), self.heard.recv()).await;
        let heard = heard.expect("it is answered within two minutes").expect("the bot runs");
        heard.saturating_duration_since(begun)
    }
}
