//! `greenroom.toml`: read, overridden by the environment, checked as a whole.
//!
//! Two steps. First a table: the file's text, or the embedded default, with `GREENROOM_*` put in.
//! Then [`Config`], in which every name is known and every value is in range. All problems are
//! found in one go; a configuration with a problem never starts.

mod component;
mod env;
mod env_aliases;
mod example;
mod gateway;
mod hidden;
mod manners;
mod problem;
mod read;
mod resolve;
pub(crate) mod saved;
pub mod schema;
mod tables;
mod values;
mod voice;

pub use component::OwnKeys;
pub use example::example;
pub(crate) use problem::not_known;
pub use problem::{ConfigError, Problem};
pub use voice::VoiceConfig;

use crate::registry::Registry;
use greenroom_contract::ids::{AssistantName, ChannelName, ModelName, ToolServerName};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::secret::Secret;
use greenroom_engine::SessionLimits;
use greenroom_store::SealKey;
pub use greenroom_store::{EngineKind, SealSource};
use saved::Saved;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that is read when no other is named.
pub const FILE_NAME: &str = "greenroom.toml";

/// Where the gateway listens unless told otherwise.
pub const LISTEN: &str = "127.0.0.1:8787";

/// What the program starts on when there is no file: somebody at the keyboard, and the echo.
const EMBEDDED: &str = r#"
[channels.console]
adapter = "console"
assistant = "echo"

[assistants.echo]
kind = "echo"
"#;

/// A configuration in which everything is known and in range.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it comes from.
    pub origin: Origin,
    /// `[channels.NAME]`, in the order of their names.
    pub channels: Vec<ChannelConfig>,
    /// `[assistants.NAME]`, in the order of their names.
    pub assistants: Vec<AssistantConfig>,
    /// `[models.NAME]`, in the order of their names.
    pub models: Vec<ModelSection>,
    /// `[tools.NAME]`, in the order of their names.
    pub tools: Vec<ToolsSection>,
    /// `[gateway]`.
    pub gateway: GatewayConfig,
    /// `[store]`.
    pub store: StoreConfig,
    /// `[voice]`.
    pub voice: VoiceConfig,
    /// `[usage]`.
    pub usage: UsageConfig,
    /// `[alerts]`; `None` sends none.
    pub alerts: Option<OwnKeys>,
    /// `[identity]`; `None`: people are known within their networks only.
    pub identity: Option<OwnKeys>,
    /// `[log]`.
    pub log: LogConfig,
    /// What is allowed but perhaps not meant, one sentence each.
    pub warnings: Vec<String>,
    /// What was set up while it ran, and is laid over it.
    pub(crate) saved: Saved,
}

/// Where a configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// There is no file.
    Embedded,
    /// A program that embeds the runtime.
    Program,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Embedded => f.write_str("the embedded default configuration"),
            Self::Program => f.write_str("the configuration"),
        }
    }
}

/// A configured channel.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Its name.
    pub name: ChannelName,
    /// Its adapter.
    pub adapter: String,
    /// Whom it admits, and so on.
    pub policy: ChannelPolicy,
    /// The adapter's own keys.
    pub own: OwnKeys,
}

/// A configured assistant.
#[derive(Debug, Clone)]
pub struct AssistantConfig {
    /// Its name.
    pub name: AssistantName,
    /// Its kind.
    pub kind: String,
    /// How long one turn may take.
    pub timeout: Duration,
    /// Turns that it works on at once.
    pub turns_max: usize,
    /// The kind's own keys.
    pub own: OwnKeys,
}

/// A configured language model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSection {
    /// Its name.
    pub name: ModelName,
    /// Its keys.
    pub own: OwnKeys,
}

/// A configured tool server.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolsSection {
    /// Its name.
    pub name: ToolServerName,
    /// Its keys.
    pub own: OwnKeys,
}

/// The gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayConfig {
    /// Whether it runs.
    pub enabled: bool,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether somebody chose that address, or it is the default.
    pub chosen: bool,
    /// How the world reaches it.
    pub public_url: Option<String>,
    /// Proxies in front of it, which have no share of its connections.
    pub trusted_proxies: Vec<IpAddr>,
    /// The certificate with which it speaks HTTPS itself; `None` leaves that to a proxy.
    pub https: Option<HttpsConfig>,
    /// What signs tokens; the file in the data folder unless it is configured.
    pub auth_secret: Option<Secret>,
    /// What signed them before.
    pub auth_secret_previous: Option<Secret>,
    /// For whom tokens have to be made.
    pub audience: String,
    /// Pages of other programs that may ask.
    pub allowed_origins: Vec<String>,
    /// Whether agents may use the accounts by the Model Context Protocol.
    pub mcp: bool,
    /// How many accounts may be linked at run time.
    pub sessions: SessionLimits,
}

/// Where the gateway's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpsConfig {
    /// Two files in PEM form, relative to the configuration.
    Files {
        /// The certificate.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// It is ordered for a public name.
    Acme {
        /// The name.
        name: String,
        /// An e-mail address for the authority's warnings.
        contact: Option<String>,
        /// The authority's directory, where that is not Let's Encrypt.
        directory: Option<String>,
    },
}

/// The store.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Its folder.
    pub path: PathBuf,
    /// Its engine.
    pub engine: EngineKind,
    /// Opens a store that lost something, as it is. Only for somebody who was told what is lost.
    pub accept_damage: bool,
    /// What seals secrets: `GREENROOM_MASTER_KEY`, or a key file in the folder.
    pub seal: SealSource,
}

/// How it is shown what answers cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageConfig {
    /// The unit in which prices are written, such as `USD`.
    pub currency: String,
}

impl Default for UsageConfig {
    fn default() -> Self {
        Self { currency: "USD".to_owned() }
    }
}

/// Logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// Which lines are written, as `tracing` filters are: `info`, `greenroom=debug`.
    pub filter: Option<String>,
    /// The collector to which traces are sent, if they are.
    pub otlp: Option<String>,
}

impl Config {
    /// Reads a configuration: the named file, else `greenroom.toml` in the working directory, else
    /// the embedded default; with the process's environment put in.
    pub fn load(file: Option<&Path>, registry: &Registry) -> Result<Self, ConfigError> {
        Self::load_with(file, registry, None)
    }

    /// The same with this laid over it, instead of what was saved.
    pub(crate) fn load_with(
        file: Option<&Path>,
        registry: &Registry,
        saved: Option<&Saved>,
    ) -> Result<Self, ConfigError> {
        let found = file.or_else(|| Some(Path::new(FILE_NAME)).filter(|path| path.exists()));
        if let Some(path) = found {
            return Self::read_with(path, std::env::vars_os(), registry, &[], saved);
        }
        let variables: Vec<_> = std::env::vars_os().collect();
        let text = env_aliases::embedded(&variables, registry).unwrap_or_else(|| EMBEDDED.to_owned());
        Self::parse_with(Origin::Embedded, &text, variables, registry, &[], saved)
    }

    /// Reads a configuration from a file; the rest as in [`Config::parse`].
    pub fn read(
        path: &Path,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        registry: &Registry,
        assistants: &[AssistantName],
    ) -> Result<Self, ConfigError> {
        Self::read_with(path, variables, registry, assistants, None)
    }

    /// The same with this laid over it, instead of what was saved.
    pub(crate) fn read_with(
        path: &Path,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        registry: &Registry,
        assistants: &[AssistantName],
        saved: Option<&Saved>,
    ) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.into() })?;
        Self::parse_with(Origin::File(path.to_owned()), &text, variables, registry, assistants, saved)
    }

    /// Reads a configuration from a text. `variables` are the environment; `assistants` are names
    /// that exist besides the configured ones. A secret that refers to a variable which is not among `variables` is
    /// looked up in the process's environment. What was saved in the data folder is laid over it, unless a program wrote it.
    pub fn parse(
        origin: Origin,
        text: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        registry: &Registry,
        assistants: &[AssistantName],
    ) -> Result<Self, ConfigError> {
        Self::parse_with(origin, text, variables, registry, assistants, None)
    }

    fn parse_with(
        origin: Origin,
        text: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        registry: &Registry,
        assistants: &[AssistantName],
        saved: Option<&Saved>,
    ) -> Result<Self, ConfigError> {
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
            origin: origin.to_string(),
            message: hidden::syntax(text, error.message(), error.span()),
        })?;
        let mut problems = Vec::new();
        let mut variables: Vec<_> = variables.into_iter().collect();
        let overrides = env::apply(&mut table, variables.iter().cloned(), registry, &mut problems);
        let saved = match saved {
            Some(saved) => saved.clone(),
            None if origin == Origin::Program => Saved::default(),
            None => Saved::read(&data_folder(&table))?,
        };
        saved.lay_over(&mut table, &overrides, registry, &mut variables);
        env_aliases::fill(&mut table, &variables, registry);
        let seal = seal(overrides.master_key(), &mut problems);
        let reading = read::Reading::new(overrides, variables, problems);
        let mut config = resolve::resolve(origin, table, reading, registry, assistants)?;
        config.store.seal = seal;
        config.saved = saved;
        Ok(config)
    }

    /// The folder that paths in it are relative to.
    pub fn folder(&self) -> PathBuf {
        match &self.origin {
            Origin::File(path) => path.parent().map(Path::to_owned).unwrap_or_default(),
            Origin::Embedded | Origin::Program => PathBuf::new(),
        }
    }

    /// A configuration with no channels and no assistants, for programs that bring their own.
    pub fn bare() -> Self {
        Self {
            origin: Origin::Program,
            channels: Vec::new(),
            assistants: Vec::new(),
            models: Vec::new(),
            tools: Vec::new(),
            gateway: GatewayConfig { enabled: false, ..gateway::default_gateway() },
            store: resolve::default_store(),
            voice: VoiceConfig::default(),
            usage: UsageConfig::default(),
            alerts: None,
            identity: None,
            log: LogConfig::default(),
            warnings: Vec::new(),
            saved: Saved::default(),
        }
    }
}

/// The data folder that a table names, before the table is read.
fn data_folder(table: &toml::Table) -> PathBuf {
    let path = table.get("store").and_then(|store| store.get("path")).and_then(toml::Value::as_str);
    path.map_or_else(|| resolve::default_store().path, PathBuf::from)
}

/// The master key: one, or several with commas of which the first seals and all open.
fn seal(text: Option<&str>, problems: &mut Vec<Problem>) -> SealSource {
    let Some(text) = text else { return SealSource::KeyFile };
    let mut keys = Vec::new();
    for part in text.split(',') {
        match SealKey::from_text(part) {
            Ok(key) => keys.push(key),
            Err(error) => problems.push(Problem::new(env::MASTER_KEY, error.to_string())),
        }
    }
    if keys.is_empty() {
        return SealSource::KeyFile;
    }
    let current = keys.remove(0);
    SealSource::Key { current, older: keys }
}

#[cfg(test)]
mod tests;
