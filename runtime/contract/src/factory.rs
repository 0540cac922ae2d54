//! From configuration to component.
//!
//! A kind is one adapter or one sort of assistant. The application lists its kinds in one place
//! (`runtime/app/registry/mod.rs`), where anybody can read them; nothing registers itself.

use crate::assistant::Assistant;
use crate::capabilities::Capabilities;
use crate::channel::Channel;
use crate::ids::{AssistantName, ChannelName};
use crate::model::{Models, NoModels};
use crate::schema::Key;
use crate::time::Clock;
use crate::tools::{NoToolServers, ToolServers};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a component could not be made from its configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A key is missing, unknown or has a wrong value.
    #[error("{reason}")]
    Config {
        /// The path below the component's table, such as `graph_url`; empty for the table itself.
        path: String,
        /// What is wrong and what to write.
        reason: String,
    },
    /// The machine lacks something.
    #[error("{reason}")]
    Setup {
        /// What, and what to do.
        reason: String,
    },
}

/// What a channel is given when it is made.
#[derive(Debug, Clone)]
pub struct ChannelParts {
    /// Its name in the configuration.
    pub name: ChannelName,
    /// The names by which the bot is called, for networks that show mentions as text.
    pub names: Vec<String>,
    /// The time.
    pub clock: Clock,
}

/// What assistants keep in memory from one making to the next: a configuration that is read again may make them again while
/// they are in the middle of their turns. Clones are the same.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<BTreeMap<AssistantName, Arc<dyn Any + Send + Sync>>>>);

impl Kept {
    /// What the assistant of this name keeps; begun where it keeps nothing, or something of another type.
    pub fn of<T: Default + Send + Sync + 'static>(&self, name: &AssistantName) -> Arc<T> {
        // Nothing in here can leave the map half changed.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(name).cloned().and_then(|known| known.downcast().ok()) {
            return known;
        }
        let new = Arc::<T>::default();
        kept.insert(name.clone(), Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
        new
    }
}

/// What an assistant is given when it is made. A test makes the parts that it does not care about with
/// [`AssistantParts::new`].
#[derive(Clone)]
pub struct AssistantParts {
    /// Its name in the configuration.
    pub name: AssistantName,
    /// The names of all configured assistants, this one included: to whom it may hand over.
    pub assistants: Vec<AssistantName>,
    /// The folder of the configuration file; paths in its keys are relative to it.
    pub folder: PathBuf,
    /// The folder of the store, for kinds that keep files there; `None` where the store is in memory only.
    pub store: Option<PathBuf>,
    /// The language models that are configured.
    pub models: Arc<dyn Models>,
    /// The tool servers that are configured.
    pub tools: Arc<dyn ToolServers>,
    /// What it kept when it was made before, in this process.
    pub kept: Kept,
    /// The time.
    pub clock: Clock,
}

impl AssistantParts {
    /// The parts of an assistant that is alone: no other assistants, no models, no tools, no folder of a store,
    /// paths as they are written, and the time of the machine.
    pub fn new(name: AssistantName) -> Self {
        Self {
            assistants: vec![name.clone()],
            name,
            folder: PathBuf::new(),
            store: None,
            models: Arc::new(NoModels),
            tools: Arc::new(NoToolServers),
            kept: Kept::default(),
            clock: Clock::System,
        }
    }
}

/// Something that may exist only once, so that two components that want it are refused at the start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A TCP address that is listened on.
    Port(String),
    /// The terminal.
    Terminal,
    /// A number or token that identifies an account on a network.
    Identity(String),
}

/// An adapter, as the registry lists it.
#[async_trait]
pub trait ChannelKind: Send + Sync + 'static {
    /// The value of `adapter = "…"`.
    const KIND: &'static str;
    /// One sentence for people.
    const ABOUT: &'static str;
    /// The adapter's own keys, as people see them. A test holds them against `Config`.
    const KEYS: &'static [Key];
    /// The same keys, as they are read. Unknown keys must be refused (`deny_unknown_fields`).
    type Config: DeserializeOwned + Send + 'static;

    /// Makes the channel. No slow work, no connection.
    async fn build(config: Self::Config, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError>;

    /// What its network can do, where that is the same for every channel of this kind: for tables.
    fn capabilities() -> Option<Capabilities> {
        None
    }

    /// What exists only once.
    fn resources(_config: &Self::Config) -> Vec<Resource> {
        Vec::new()
    }
}

/// A sort of assistant, as the registry lists it.
#[async_trait]
pub trait AssistantKind: Send + Sync + 'static {
    /// The value of `kind = "…"`.
    const KIND: &'static str;
    /// One sentence for people.
    const ABOUT: &'static str;
    /// Its own keys, as people see them. A test holds them against `Config`.
    const KEYS: &'static [Key];
    /// What its owner should know before it runs, as the end of a sentence that begins with its name; shown by `check` and
    /// at the start.
    const NOTE: Option<&'static str> = None;
    /// The same keys, as they are read. Unknown keys must be refused (`deny_unknown_fields`).
    type Config: DeserializeOwned + Send + 'static;

    /// Whether one is made anew each time the configuration is read again, though its own keys are the same: because it
    /// reads files, or checks what else is configured. It must hold nothing that is worth keeping.
    const REMADE: bool = false;

    /// Whether it asks models or uses tools, so that one is made anew when those were configured differently.
    const USES_PROVISIONS: bool = false;

    /// Makes the assistant. No slow work, no connection.
    async fn build(config: Self::Config, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError>;
}

/// A [`ChannelKind`] without its type, for tables.
#[async_trait]
pub trait ErasedChannelKind: Send + Sync {
    /// See [`ChannelKind::KIND`].
    fn kind(&self) -> &'static str;
    /// See [`ChannelKind::ABOUT`].
    fn about(&self) -> &'static str;
    /// See [`ChannelKind::KEYS`].
    fn keys(&self) -> &'static [Key];
    /// See [`ChannelKind::capabilities`].
    fn capabilities(&self) -> Option<Capabilities>;
    /// Checks the adapter's own keys without making anything.
    fn check(&self, table: toml::Table) -> Result<Vec<Resource>, BuildError>;
    /// Makes the channel from the adapter's own keys.
    async fn build(&self, table: toml::Table, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError>;
}

/// An [`AssistantKind`] without its type, for tables.
#[async_trait]
pub trait ErasedAssistantKind: Send + Sync {
    /// See [`AssistantKind::KIND`].
    fn kind(&self) -> &'static str;
    /// See [`AssistantKind::ABOUT`].
    fn about(&self) -> &'static str;
    /// See [`AssistantKind::KEYS`].
    fn keys(&self) -> &'static [Key];
    /// See [`AssistantKind::REMADE`].
    fn is_remade(&self) -> bool;
    /// See [`AssistantKind::USES_PROVISIONS`].
    fn uses_provisions(&self) -> bool;
    /// See [`AssistantKind::NOTE`].
    fn note(&self) -> Option<&'static str>;
    /// Checks its own keys without making anything.
    fn check(&self, table: toml::Table) -> Result<(), BuildError>;
    /// Makes the assistant from its own keys.
    async fn build(&self, table: toml::Table, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError>;
}

/// Erases a kind: `Box::new(Erased::<Console>::new())`.
pub struct Erased<K>(std::marker::PhantomData<fn() -> K>);

impl<K> Erased<K> {
    /// The erased kind.
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<K> Default for Erased<K> {
    fn default() -> Self {
        Self::new()
    }
}

fn read<C: DeserializeOwned>(table: toml::Table) -> Result<C, BuildError> {
    C::deserialize(toml::Value::Table(table))
        .map_err(|error| BuildError::Config { path: String::new(), reason: error.message().to_owned() })
}

#[async_trait]
impl<K: ChannelKind> ErasedChannelKind for Erased<K> {
    fn kind(&self) -> &'static str {
        K::KIND
    }
    fn about(&self) -> &'static str {
        K::ABOUT
    }
    fn keys(&self) -> &'static [Key] {
        K::KEYS
    }
    fn capabilities(&self) -> Option<Capabilities> {
        K::capabilities()
    }
    fn check(&self, table: toml::Table) -> Result<Vec<Resource>, BuildError> {
        read::<K::Config>(table).map(|config| K::resources(&config))
    }
    async fn build(&self, table: toml::Table, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError> {
        K::build(read(table)?, parts).await
    }
}

#[async_trait]
impl<K: AssistantKind> ErasedAssistantKind for Erased<K> {
    fn kind(&self) -> &'static str {
        K::KIND
    }
    fn about(&self) -> &'static str {
        K::ABOUT
    }
    fn keys(&self) -> &'static [Key] {
        K::KEYS
    }
    fn is_remade(&self) -> bool {
        K::REMADE
    }
    fn uses_provisions(&self) -> bool {
        K::USES_PROVISIONS
    }
    fn note(&self) -> Option<&'static str> {
        K::NOTE
    }
    fn check(&self, table: toml::Table) -> Result<(), BuildError> {
        read::<K::Config>(table).map(|_| ())
    }
    async fn build(&self, table: toml::Table, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        K::build(read(table)?, parts).await
    }
}
