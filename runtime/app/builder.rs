//! From parts to a runtime.

use crate::config::{Config, ConfigError, Origin, Problem};
use crate::registry::{ChannelEntry, Registry};
use crate::running::{self, Ended, Prepared, RunError, Running};
use crate::runtime::Runtime;
use crate::storage::StoreChoice;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::channel::Channel;
use greenroom_contract::factory::ErasedAssistantKind;
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::limits;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Transcriber;
use greenroom_engine::{AssistantPart, ChannelPart, SessionLimits};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

impl Runtime {
    /// Starts with nothing: no channels, no assistants, no gateway, and the store in `./data`.
    pub fn builder() -> Builder {
        Builder {
            registry: Registry::standard(),
            source: Source::Bare,
            store: StoreChoice::Configured,
            gateway: None,
            sessions: None,
            channels: Vec::new(),
            assistants: Vec::new(),
            transcriber: None,
            clock: Clock::System,
            conversation_idle: limits::CONVERSATION_IDLE,
            problems: Vec::new(),
        }
    }

    /// Starts with a configuration file and the process's environment, as the program does.
    pub fn from_file(path: impl AsRef<Path>) -> Builder {
        let mut builder = Self::builder();
        builder.source = Source::File(path.as_ref().to_owned());
        builder
    }

    /// Makes every component and drops it again, for problems that only show then.
    pub async fn check(&self) -> Result<(), RunError> {
        running::make(self).await.map(|_| ())
    }

    /// Takes the gateway's address and the store, and answers nobody yet.
    pub async fn prepare(self) -> Result<Prepared, RunError> {
        running::prepare(self).await
    }

    /// Starts everything and returns once all channels are under way. Call it inside a tokio runtime.
    pub async fn start(self) -> Result<Running, RunError> {
        self.prepare().await?.start().await
    }

    /// Starts everything and returns when it ended: because every channel's input came to its end, or
    /// because [`Running::drain`] was called.
    pub async fn run(self) -> Result<Ended, RunError> {
        self.start().await?.ended().await
    }
}

/// Collects the parts of a [`Runtime`].
#[must_use]
pub struct Builder {
    registry: Registry,
    source: Source,
    store: StoreChoice,
    gateway: Option<SocketAddr>,
    sessions: Option<SessionLimits>,
    channels: Vec<ChannelPart>,
    assistants: Vec<AssistantPart>,
    transcriber: Option<Arc<dyn Transcriber>>,
    clock: Clock,
    conversation_idle: Duration,
    problems: Vec<Problem>,
}

enum Source {
    Bare,
    File(PathBuf),
    Text(String),
    Read(Box<Config>),
}

impl Builder {
    /// Configures channels and assistants by a text in the format of `greenroom.toml`. The environment
    /// is not asked.
    pub fn config(mut self, text: impl Into<String>) -> Self {
        self.source = Source::Text(text.into());
        self
    }

    /// Uses a configuration that was read before.
    pub fn with_config(mut self, config: Config) -> Self {
        self.source = Source::Read(Box::new(config));
        self
    }

    /// Adds an assistant of one's own, under the name that channels call it by.
    pub fn assistant(self, name: &str, assistant: impl Assistant) -> Self {
        self.assistant_with(name, Arc::new(assistant), limits::TURN_TIMEOUT, limits::ASSISTANT_TURNS_MAX)
    }

    /// Adds an assistant of one's own with a deadline for a turn, and the number of turns that it
    /// works on at once.
    pub fn assistant_with(
        mut self,
        name: &str,
        assistant: Arc<dyn Assistant>,
        timeout: Duration,
        turns_max: usize,
    ) -> Self {
        match AssistantName::new(name) {
            Ok(name) => self.assistants.push(AssistantPart { name, assistant, turns_max: turns_max.max(1), timeout }),
            Err(error) => self.problems.push(Problem::new("assistants", error.to_string())),
        }
        self
    }

    /// Adds a channel of one's own. Its policy names the assistant that answers, and who is admitted.
    pub fn channel(mut self, name: &str, channel: Arc<dyn Channel>, policy: ChannelPolicy) -> Self {
        match ChannelName::new(name) {
            Ok(name) => self.channels.push(ChannelPart { name, adapter: "program".to_owned(), channel, policy }),
            Err(error) => self.problems.push(Problem::new("channels", error.to_string())),
        }
        self
    }

    /// Adds an adapter that the configuration can name: `registry::channel::<MyAdapter>(None)`.
    pub fn channel_kind(mut self, entry: ChannelEntry) -> Self {
        self.registry.add_channel(entry);
        self
    }

    /// Adds a kind of assistant that the configuration can name: `registry::assistant::<MyKind>()`.
    pub fn assistant_kind(mut self, kind: Arc<dyn ErasedAssistantKind>) -> Self {
        self.registry.add_assistant(kind);
        self
    }

    /// Keeps the data in this folder, whatever the configuration says.
    pub fn store_path(mut self, folder: impl AsRef<Path>) -> Self {
        self.store = StoreChoice::Folder(folder.as_ref().to_owned());
        self
    }

    /// Keeps the data in memory: everything is lost at the end.
    pub fn memory_store(mut self) -> Self {
        self.store = StoreChoice::Memory;
        self
    }

    /// Keeps the data in a store that is already open.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = StoreChoice::Given(store);
        self
    }

    /// Serves the HTTP interface there, whatever the configuration says; port 0 takes a free one.
    pub fn gateway(mut self, listen: SocketAddr) -> Self {
        self.gateway = Some(listen);
        self
    }

    /// Hears voice notes, instead of the configured model. Without either, their senders are told that
    /// the bot cannot hear.
    pub fn transcriber(mut self, transcriber: impl Transcriber) -> Self {
        self.transcriber = Some(Arc::new(transcriber));
        self
    }

    /// Takes the time from there; for tests and simulations.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long an idle conversation stays in memory; for tests and benchmarks.
    pub fn conversation_idle(mut self, idle: Duration) -> Self {
        self.conversation_idle = idle;
        self
    }

    /// How many accounts may be linked at run time, whatever the configuration says.
    pub fn session_limits(mut self, limits: SessionLimits) -> Self {
        self.sessions = Some(limits);
        self
    }

    /// Checks everything at once.
    pub fn build(mut self) -> Result<Runtime, RunError> {
        let names: Vec<AssistantName> = self.assistants.iter().map(|assistant| assistant.name.clone()).collect();
        let mut config = match std::mem::replace(&mut self.source, Source::Bare) {
            Source::Bare => Config::bare(),
            Source::File(path) => Config::read(&path, std::env::vars_os(), &self.registry, &names)?,
            Source::Text(text) => {
                let mut config = Config::parse(Origin::Program, &text, [], &self.registry, &names)?;
                // A program opens no port that it did not ask for.
                config.gateway.enabled = config.gateway.chosen;
                config
            }
            Source::Read(config) => *config,
        };
        if let Some(listen) = self.gateway {
            config.gateway.listen = listen;
            config.gateway.chosen = true;
            config.gateway.enabled = true;
        }
        if let Some(sessions) = self.sessions {
            config.gateway.sessions = sessions;
        }
        self.check_own_parts(&config, &names);
        if !self.problems.is_empty() {
            return Err(ConfigError::Invalid { origin: config.origin.to_string(), problems: self.problems }.into());
        }
        Ok(Runtime {
            config,
            registry: self.registry,
            store: self.store,
            channels: self.channels,
            assistants: self.assistants,
            transcriber: self.transcriber,
            clock: self.clock,
            conversation_idle: self.conversation_idle,
        })
    }

    /// Names that are used twice, and assistants that nobody added.
    fn check_own_parts(&mut self, config: &Config, own: &[AssistantName]) {
        let configured = config.assistants.iter().map(|assistant| &assistant.name);
        let known: Vec<&AssistantName> = configured.chain(own).collect();
        for (place, name) in known.iter().enumerate() {
            if known[..place].contains(name) {
                self.problems.push(Problem::new(format!("assistants.{name}"), "this name is used twice"));
            }
        }
        let configured = config.channels.iter().map(|channel| &channel.name);
        let channels: Vec<&ChannelName> = configured.chain(self.channels.iter().map(|channel| &channel.name)).collect();
        for (place, name) in channels.iter().enumerate() {
            if channels[..place].contains(name) {
                self.problems.push(Problem::new(format!("channels.{name}"), "this name is used twice"));
            }
        }
        for channel in &self.channels {
            let policy = &channel.policy;
            let answering = policy.group.values().filter_map(|group| group.assistant.as_ref());
            for assistant in answering.chain([&policy.assistant]).filter(|name| !known.contains(name)) {
                let what =
                    crate::config::not_known("assistant", assistant.as_str(), known.iter().map(|name| name.as_str()));
                self.problems.push(Problem::new(format!("channels.{}.assistant", channel.name), what));
            }
        }
        if channels.is_empty() {
            let what = "none is configured, so no message could reach the bot; add one";
            self.problems.push(Problem::new("channels", what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_assistant_echo::Echo;
    use greenroom_channel_loopback::loopback;

    fn problems(builder: Builder) -> String {
        builder.build().err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn policy(assistant: &str) -> ChannelPolicy {
        ChannelPolicy::new(AssistantName::new(assistant).unwrap())
    }

    #[test]
    fn a_runtime_without_channels_is_refused() {
        assert!(problems(Runtime::builder().assistant("echo", Echo::default())).contains("channels: none is"));
    }

    #[test]
    fn own_parts_are_checked_like_configured_ones() {
        let channel = || loopback(greenroom_channel_loopback::Options::default()).0;
        let builder = Runtime::builder()
            .assistant("helper", Echo::default())
            .assistant("helper", Echo::default())
            .assistant("", Echo::default())
            .channel("front", channel(), policy("helpr"))
            .channel("front", channel(), policy("helper"));
        let text = problems(builder);
        for expected in [
            "assistants.helper: this name is used twice",
            "channels.front: this name is used twice",
            "channels.front.assistant: unknown assistant \"helpr\"; did you mean \"helper\"?",
            "assistants: an id must not be empty",
        ] {
            assert!(text.contains(expected), "{expected} is missing in {text}");
        }
    }

    #[test]
    fn a_configured_channel_can_be_answered_by_an_own_assistant() {
        let text = "[channels.front]\nadapter = \"loopback\"\nassistant = \"helper\"\nallow_from = [\"*\"]";
        let runtime = Runtime::builder().assistant("helper", Echo::default()).config(text).build();
        assert!(!runtime.map_err(|error| error.to_string()).unwrap().config.gateway.enabled);
    }
}
