//! From parts to a runtime.

use crate::config::{Config, ConfigError, Origin, Problem};
use crate::making;
use crate::parts::{AssistantOptions, IntoAssistant, IntoChannel};
use crate::policy::Policy;
use crate::registry::{ChannelEntry, Registry};
use crate::running::{self, Ended, Prepared, RunError, Running};
use crate::runtime::{Chosen, Runtime};
use crate::storage::StoreChoice;
use greenroom_contract::channel::Channel;
use greenroom_contract::factory::{ErasedAssistantKind, Kept};
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::limits;
use greenroom_contract::model::Models;
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers;
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
            chosen: Chosen::default(),
            channels: Vec::new(),
            assistants: Vec::new(),
            transcriber: None,
            models: None,
            tools: None,
            clock: Clock::System,
            conversation_idle: limits::CONVERSATION_IDLE,
            problems: Vec::new(),
        }
    }

    /// Makes every component and drops it again, for problems that only show then.
    pub async fn check(&self) -> Result<(), RunError> {
        making::all(self, None).await.map(|_| ()).map_err(making::first)
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
    chosen: Chosen,
    channels: Vec<OwnChannel>,
    assistants: Vec<AssistantPart>,
    transcriber: Option<Arc<dyn Transcriber>>,
    models: Option<Arc<dyn Models>>,
    tools: Option<Arc<dyn ToolServers>>,
    clock: Clock,
    conversation_idle: Duration,
    problems: Vec<Problem>,
}

/// A channel that the program adds; its policy is not checked yet.
struct OwnChannel {
    name: ChannelName,
    channel: Arc<dyn Channel>,
    policy: Policy,
}

/// What [`Builder::config`] takes: a text in the format of `greenroom.toml`, or a [`Config`] that was read before.
pub struct ConfigSource(Source);

impl From<&str> for ConfigSource {
    fn from(text: &str) -> Self {
        Self(Source::Text(text.to_owned()))
    }
}

impl From<String> for ConfigSource {
    fn from(text: String) -> Self {
        Self(Source::Text(text))
    }
}

impl From<Config> for ConfigSource {
    fn from(config: Config) -> Self {
        Self(Source::Read(Box::new(config)))
    }
}

enum Source {
    Bare,
    File(PathBuf),
    Text(String),
    Read(Box<Config>),
}

impl Builder {
    /// Configures channels and assistants by a text in the format of `greenroom.toml`, without asking the environment,
    /// or by a [`Config`] that was read before. The last source that is given counts.
    pub fn config(mut self, config: impl Into<ConfigSource>) -> Self {
        self.source = config.into().0;
        self
    }

    /// The same by a file and the process's environment, as the program does.
    pub fn config_file(mut self, path: impl AsRef<Path>) -> Self {
        self.source = Source::File(path.as_ref().to_owned());
        self
    }

    /// Adds an assistant of one's own, under the name that channels call it by: a value, an `Arc`, or an async closure.
    pub fn assistant<Form>(self, name: &str, assistant: impl IntoAssistant<Form>) -> Self {
        self.assistant_with(name, assistant, AssistantOptions::default())
    }

    /// The same with options.
    pub fn assistant_with<Form>(
        mut self,
        name: &str,
        assistant: impl IntoAssistant<Form>,
        options: AssistantOptions,
    ) -> Self {
        let AssistantOptions { timeout, turns_max } = options;
        let (assistant, turns_max) = (assistant.into_assistant(), turns_max.max(1));
        match AssistantName::new(name) {
            Ok(name) => self.assistants.push(AssistantPart { name, assistant, turns_max, timeout }),
            Err(error) => self.problems.push(Problem::new("assistants", error.to_string())),
        }
        self
    }

    /// Adds a channel of one's own: a value or an `Arc`. Its policy says who is admitted, and who answers; a
    /// [`ChannelPolicy`](greenroom_contract::policy::ChannelPolicy) is one too.
    pub fn channel<Form>(mut self, name: &str, channel: impl IntoChannel<Form>, policy: impl Into<Policy>) -> Self {
        let (channel, policy) = (channel.into_channel(), policy.into());
        match ChannelName::new(name) {
            Ok(name) => self.channels.push(OwnChannel { name, channel, policy }),
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
        self.chosen.gateway = Some(listen);
        self
    }

    /// Hears voice notes, instead of the configured model. Without either, their senders are told that
    /// the bot cannot hear.
    pub fn transcriber(mut self, transcriber: impl Transcriber) -> Self {
        self.transcriber = Some(Arc::new(transcriber));
        self
    }

    /// Lets assistants ask these language models, instead of the configured ones.
    pub fn models(mut self, models: Arc<dyn Models>) -> Self {
        self.models = Some(models);
        self
    }

    /// Lets assistants use these tool servers, instead of the configured ones. Their life is the program's own business.
    pub fn tools(mut self, tools: Arc<dyn ToolServers>) -> Self {
        self.tools = Some(tools);
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
        self.chosen.sessions = Some(limits);
        self
    }

    /// Builds and starts: [`Builder::build`], then [`Runtime::start`].
    pub async fn start(self) -> Result<Running, RunError> {
        self.build()?.start().await
    }

    /// Builds, starts, and returns when it ended: [`Builder::build`], then [`Runtime::run`].
    pub async fn run(self) -> Result<Ended, RunError> {
        self.build()?.run().await
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
        self.chosen.apply(&mut config);
        let channels = self.check_own_parts(&config, &names);
        if !self.problems.is_empty() {
            return Err(ConfigError::Invalid { origin: config.origin.to_string(), problems: self.problems }.into());
        }
        Ok(Runtime {
            config,
            registry: self.registry,
            store: self.store,
            channels,
            assistants: self.assistants,
            transcriber: self.transcriber,
            models: self.models,
            tools: self.tools,
            kept: Kept::default(),
            clock: self.clock,
            conversation_idle: self.conversation_idle,
            chosen: self.chosen,
        })
    }

    /// Names that are used twice, policies that are wrong, and assistants that were not added.
    fn check_own_parts(&mut self, config: &Config, own: &[AssistantName]) -> Vec<ChannelPart> {
        let configured = config.assistants.iter().map(|assistant| &assistant.name);
        let mut known: Vec<&AssistantName> = Vec::new();
        for name in configured.chain(own) {
            if known.contains(&name) {
                self.problems.push(Problem::new(format!("assistants.{name}"), "this name is used twice"));
            } else {
                known.push(name);
            }
        }
        let configured = config.channels.iter().map(|channel| &channel.name);
        let channels: Vec<&ChannelName> = configured.chain(self.channels.iter().map(|channel| &channel.name)).collect();
        for (place, name) in channels.iter().enumerate() {
            if channels[..place].contains(name) {
                self.problems.push(Problem::new(format!("channels.{name}"), "this name is used twice"));
            }
        }
        if channels.is_empty() {
            let what = "none is configured, so no message could reach the bot; add one";
            self.problems.push(Problem::new("channels", what));
        }
        let mut parts = Vec::with_capacity(self.channels.len());
        for OwnChannel { name, channel, policy } in std::mem::take(&mut self.channels) {
            let Some(policy) = policy.resolved(&name, &known, &mut self.problems) else { continue };
            let answering = policy.group.values().filter_map(|group| group.assistant.as_ref());
            for assistant in answering.chain([&policy.assistant]).filter(|name| !known.contains(name)) {
                let what =
                    crate::config::not_known("assistant", assistant.as_str(), known.iter().map(|name| name.as_str()));
                self.problems.push(Problem::new(format!("channels.{name}.assistant"), what));
            }
            parts.push(ChannelPart { name, adapter: "program".to_owned(), channel, policy });
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_assistant_echo::Echo;
    use greenroom_channel_loopback::loopback;
    use greenroom_contract::assistant::Turn;
    use greenroom_contract::policy::ChannelPolicy;

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
    fn parts_are_taken_in_every_form() {
        let network = || loopback(greenroom_channel_loopback::Options::default()).0;
        let console = greenroom_channel_console::Console::new;
        let erased: Arc<dyn greenroom_contract::assistant::Assistant> = Arc::new(Echo::default());
        let options = AssistantOptions::new().timeout(Duration::from_secs(1)).turns_max(0);
        let runtime = Runtime::builder()
            .assistant("value", Echo::default())
            .assistant("shared", Arc::new(Echo::default()))
            .assistant("erased", erased)
            .assistant_with("closure", |turn: Turn| async move { Ok(turn.text().into()) }, options)
            .channel("value", console(), Policy::allow(["*"]).assistant("value"))
            .channel("shared", Arc::new(console()), policy("shared"))
            .channel("erased", network(), policy("closure"))
            .build();
        let runtime = runtime.map_err(|error| error.to_string()).unwrap();
        let closure = &runtime.assistants[3];
        assert_eq!((closure.timeout, closure.turns_max), (Duration::from_secs(1), 1), "at least one turn");
        assert_eq!(runtime.channels.len(), 3);
    }

    #[test]
    fn a_policy_is_checked_with_everything_else() {
        let channel = loopback(greenroom_channel_loopback::Options::default()).0;
        let builder = Runtime::builder().channel("front", channel, Policy::allow(["15551234567"]));
        let text = problems(builder.assistant("", Echo::default()));
        for expected in ["channels.front.allow_from: ", "channels.front.assistant: no assistant", "an id must not"] {
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
