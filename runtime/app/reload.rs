//! Reading the configuration again while it runs.

use crate::config::saved::Saved;
use crate::config::{Config, ConfigError, Origin, Problem};
use crate::making::{self, Before, Made};
use crate::provisions::tools::ToolsLife;
use crate::registry::Registry;
use crate::runtime::Runtime;
use crate::storage::StoreChoice;
use greenroom_contract::ids::AssistantName;
use greenroom_engine::{Blueprint, Change, Doors as _, EngineHandle, ReconfigureRefused, RunLimits};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// What a reload changed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reloaded {
    /// What holds now and did not before. Empty if the configuration says the same.
    pub changes: Vec<Change>,
    /// What the configuration says differently, but holds after a restart only. One sentence each.
    pub after_restart: Vec<String>,
    /// What is allowed but perhaps not meant, one sentence each.
    pub warnings: Vec<String>,
}

/// Why a configuration was not taken over. What ran before goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadRefused {
    /// The runtime was not started from a file.
    #[error("the configuration did not come from a file, so it cannot be read again; use Handle::reconfigure")]
    NoFile,
    /// It cannot be read, or is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A channel or an assistant cannot be made.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Components {
        /// All of them, never empty.
        problems: Vec<Problem>,
    },
    /// The engine refused it.
    #[error(transparent)]
    Engine(#[from] ReconfigureRefused),
}

/// Reads the configuration again, for whoever asks: one at a time.
pub(crate) struct Reloader {
    /// `None`: there is nothing to read again, or not yet.
    reloading: Mutex<Option<Reloading>>,
    /// The configuration that holds.
    config: RwLock<Arc<Config>>,
    /// What a configuration can name.
    #[cfg(feature = "gateway")]
    registry: Registry,
}

impl Reloader {
    /// For a runtime that is being made.
    pub(crate) fn new(runtime: &Runtime) -> Self {
        Self::of(&runtime.config, &runtime.registry)
    }

    /// For a configuration that names these.
    #[cfg_attr(not(feature = "gateway"), allow(unused_variables, reason = "only the gateway asks about it"))]
    pub(crate) fn of(config: &Config, registry: &Registry) -> Self {
        Self {
            reloading: Mutex::new(None),
            config: RwLock::new(Arc::new(config.clone())),
            #[cfg(feature = "gateway")]
            registry: registry.clone(),
        }
    }

    /// What a configuration can name.
    #[cfg(feature = "gateway")]
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// From now on there is something to read again, if there ever is.
    pub(crate) async fn begin(&self, reloading: Option<Reloading>) {
        *self.reloading.lock().await = reloading;
    }

    /// The configuration that holds.
    #[cfg_attr(not(feature = "gateway"), allow(dead_code, reason = "channels are set up through the gateway"))]
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) async fn reload(&self, handle: &EngineHandle) -> Result<Reloaded, ReloadRefused> {
        let mut reloading = self.reloading.lock().await;
        let reloading = reloading.as_mut().ok_or(ReloadRefused::NoFile)?;
        let reloaded = reloading.reload(handle).await?;
        self.holds(reloading.runtime.config.clone());
        Ok(reloaded)
    }

    fn holds(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// What the configuration would be with this saved. Nothing changes.
    #[cfg(feature = "gateway")]
    pub(crate) async fn tried(&self, saved: &Saved) -> Result<Config, ReloadRefused> {
        let reloading = self.reloading.lock().await;
        reloading.as_ref().ok_or(ReloadRefused::NoFile)?.read(Some(saved))
    }

    /// Saves what `change` makes of what was saved, and runs the configuration with it. If that is refused, what was saved
    /// before is there again.
    #[cfg(feature = "gateway")]
    pub(crate) async fn save(
        &self,
        handle: &EngineHandle,
        change: impl FnOnce(Saved) -> Saved + Send,
    ) -> Result<(), SaveRefused> {
        let mut reloading = self.reloading.lock().await;
        let reloading = reloading.as_mut().ok_or(ReloadRefused::NoFile)?;
        let folder = reloading.runtime.config.store.path.clone();
        let before = Saved::read(&folder).map_err(ReloadRefused::from)?;
        let wanted = change(before.clone());
        reloading.read(Some(&wanted))?;
        write(&folder, &wanted)?;
        if let Err(refused) = reloading.reload(handle).await {
            write(&folder, &before)?;
            return Err(refused.into());
        }
        self.holds(reloading.runtime.config.clone());
        Ok(())
    }
}

/// Why values were not saved.
#[cfg(feature = "gateway")]
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveRefused {
    /// The configuration is refused with them.
    #[error(transparent)]
    Reload(#[from] ReloadRefused),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

#[cfg(feature = "gateway")]
fn write(folder: &std::path::Path, saved: &Saved) -> std::io::Result<()> {
    greenroom_gateway::private::write(folder, crate::config::saved::FILE_NAME, &saved.written()).map(drop)
}

/// What a reload starts from. Made only where there is something to read again, because it holds on to all parts.
pub(crate) struct Reloading {
    /// With the configuration that holds.
    runtime: Runtime,
    /// What was made of it.
    made: Made,
    tools_life: Arc<ToolsLife>,
}

impl Reloading {
    pub(crate) fn new(runtime: Runtime, made: Made, tools_life: Arc<ToolsLife>) -> Option<Self> {
        (runtime.config.origin != Origin::Program).then_some(Self { runtime, made, tools_life })
    }

    pub(crate) async fn reload(&mut self, handle: &EngineHandle) -> Result<Reloaded, ReloadRefused> {
        let config = self.read(None)?;
        let mut after_restart = after_restart(&self.runtime.config, &config);
        if !matches!(self.runtime.store, StoreChoice::Configured) {
            after_restart.retain(|sentence| !sentence.starts_with("store."));
        }
        let warnings = config.warnings.clone();
        let before = std::mem::replace(&mut self.runtime.config, config);
        match self.take_over(handle, &before).await {
            Ok((made, changes)) => {
                self.made = made;
                // It still runs with these, and the next reload says so again.
                let now = &mut self.runtime.config;
                (now.store, now.voice, now.log) = (before.store, before.voice, before.log);
                (now.alerts, now.identity) = (before.alerts, before.identity);
                now.gateway = crate::config::GatewayConfig { sessions: now.gateway.sessions, ..before.gateway };
                Ok(Reloaded { changes, after_restart, warnings })
            }
            Err(refused) => {
                self.runtime.config = before;
                Err(refused)
            }
        }
    }

    /// What the configuration says now, with what was saved or with this laid over it.
    fn read(&self, saved: Option<&Saved>) -> Result<Config, ReloadRefused> {
        let runtime = &self.runtime;
        let own: Vec<AssistantName> = runtime.assistants.iter().map(|own| own.name.clone()).collect();
        let mut config = match &runtime.config.origin {
            Origin::File(path) => Config::read_with(path, std::env::vars_os(), &runtime.registry, &own, saved)?,
            // There may be a file by now.
            Origin::Embedded => Config::load_with(None, &runtime.registry, saved)?,
            Origin::Program => return Err(ReloadRefused::NoFile),
        };
        runtime.chosen.apply(&mut config);
        let problems = names_used_twice(&config, runtime);
        if !problems.is_empty() {
            return Err(ConfigError::Invalid { origin: config.origin.to_string(), problems }.into());
        }
        Ok(config)
    }

    async fn take_over(&self, handle: &EngineHandle, before: &Config) -> Result<(Made, Vec<Change>), ReloadRefused> {
        let before = Before { config: before, made: &self.made };
        let made = making::all(&self.runtime, Some(before)).await;
        let made = made.map_err(|problems| ReloadRefused::Components { problems })?;
        let mut limits = RunLimits::default();
        limits.sessions = self.runtime.config.gateway.sessions;
        limits.conversation_idle = self.runtime.conversation_idle;
        let Made { channels, assistants, provisions } = made.clone();
        let blueprint = channels.into_iter().fold(Blueprint::new(limits), Blueprint::with_channel);
        let blueprint = assistants.into_iter().fold(blueprint, Blueprint::with_assistant);
        if !provisions.is_same(&self.made.provisions) {
            // Models that stay as they are know what they spent; told once more it would count twice.
            if !provisions.has_models_of(&self.made.provisions) {
                provisions.know_spent(&handle.store(), self.runtime.clock).await;
            }
            provisions.know_whom(&*handle.whole_store()).await;
        }
        let changes = handle.reconfigure(blueprint).await?;
        self.tools_life.replace(provisions.configured_tools);
        Ok((made, changes))
    }
}

/// Names of the configuration that the program uses for parts of its own.
fn names_used_twice(config: &Config, runtime: &Runtime) -> Vec<Problem> {
    let assistants = config.assistants.iter().map(|one| &one.name);
    let assistants = assistants.filter(|name| runtime.assistants.iter().any(|own| own.name == **name));
    let channels = config.channels.iter().map(|one| &one.name);
    let channels = channels.filter(|name| runtime.channels.iter().any(|own| own.name == **name));
    let assistants = assistants.map(|name| format!("assistants.{name}"));
    let channels = channels.map(|name| format!("channels.{name}"));
    assistants.chain(channels).map(|path| Problem::new(path, "this name is used twice")).collect()
}

/// What differs between two configurations and cannot change while it runs.
fn after_restart(old: &Config, new: &Config) -> Vec<String> {
    let differs = [
        (old.store.path != new.store.path, "store.path"),
        (old.store.engine != new.store.engine, "store.engine"),
        (old.gateway.enabled != new.gateway.enabled, "gateway.enabled"),
        (old.gateway.listen != new.gateway.listen, "gateway.listen"),
        (old.gateway.public_url != new.gateway.public_url, "gateway.public_url"),
        (old.gateway.trusted_proxies != new.gateway.trusted_proxies, "gateway.trusted_proxies"),
        (old.gateway.auth_secret != new.gateway.auth_secret, "gateway.auth_secret"),
        (old.gateway.auth_secret_previous != new.gateway.auth_secret_previous, "gateway.auth_secret_previous"),
        (old.gateway.audience != new.gateway.audience, "gateway.audience"),
        (old.gateway.allowed_origins != new.gateway.allowed_origins, "gateway.allowed_origins"),
        (old.gateway.mcp != new.gateway.mcp, "gateway.mcp"),
        (old.voice != new.voice, "voice"),
        (old.usage != new.usage, "usage"),
        (old.alerts != new.alerts, "alerts"),
        (old.identity != new.identity, "identity"),
        (old.log != new.log, "log"),
    ];
    let differing = differs.into_iter().filter(|(differs, _)| *differs);
    differing.map(|(_, key)| format!("{key} is different now; restart the program to apply it")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let base = "[channels.net]\nadapter = \"loopback\"\nassistant = \"a\"\nallow_from = [\"*\"]\n\
                    [assistants.a]\nkind = \"echo\"\n";
        Config::parse(Origin::Program, &format!("{base}{text}"), [], &Registry::standard(), &[]).unwrap()
    }

    #[test]
    fn what_cannot_change_while_it_runs_is_said() {
        let said = |text| after_restart(&config(""), &config(text)).join("; ");
        assert_eq!(said("[assistants.b]\nkind = \"echo\"\n[gateway]\nsessions_max = 3"), "");
        assert_eq!(
            said("[store]\npath = \"elsewhere\""),
            "store.path is different now; restart the program to apply it"
        );
        let several = said("[gateway]\nlisten = \"127.0.0.1:1\"\n[log]\nfilter = \"debug\"");
        assert!(several.contains("gateway.listen is") && several.contains("log is"), "{several}");
    }
}
