//! A plugin from a folder, for programs that embed the runtime.

use super::config::{HostConfig, PluginConfig};
use super::plugin::{Plugin, Source};
use super::services;
use crate::added::{Candidate, PluginError, PluginFolder};
use crate::manifest::LowerLimits;
use crate::sandbox::Sandbox;
use crate::sandbox::compile::load;
use crate::turns::Version;
use greenroom_contract::factory::BuildError;
use greenroom_contract::ids::ModelName;
use greenroom_contract::model::{Models, NoModels};
use greenroom_contract::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;

/// A plugin in a folder that a program names itself, which is its grant:
/// `Plugin::in_folder("plugins/pizza", "data/plugins").setting("menu", ["Margherita"]).load().await?`.
#[must_use]
pub struct PluginBuilder {
    plugin: PathBuf,
    plugins: PathBuf,
    config: PluginConfig,
    models: Arc<dyn Models>,
}

impl Plugin {
    /// The plugin in a folder with a `plugin.toml`. Compiled code is kept in the second folder, which is made if it is
    /// missing and must be its owner's alone.
    pub fn in_folder(plugin: impl Into<PathBuf>, compiled: impl Into<PathBuf>) -> PluginBuilder {
        let config = PluginConfig {
            plugin: String::new(),
            models: std::collections::BTreeMap::default(),
            settings: toml::Table::new(),
            http: std::collections::BTreeMap::default(),
            limits: LowerLimits::default(),
            allow_private: false,
        };
        PluginBuilder { plugin: plugin.into(), plugins: compiled.into(), config, models: Arc::new(NoModels) }
    }
}

impl PluginBuilder {
    /// Sets a setting of the plugin.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<toml::Value>) -> Self {
        self.config.settings.insert(name.into(), value.into());
        self
    }

    /// The models that there are.
    pub fn models(mut self, models: Arc<dyn Models>) -> Self {
        self.models = models;
        self
    }

    /// Which of them the plugin asks in a role.
    pub fn role(mut self, role: impl Into<String>, model: ModelName) -> Self {
        self.config.models.insert(role.into(), model);
        self
    }

    /// A header that the host adds to requests to a host.
    pub fn header(mut self, host: impl Into<String>, name: impl Into<String>, value: Secret) -> Self {
        let host: &mut HostConfig = self.config.http.entry(host.into()).or_default();
        host.headers.insert(name.into(), value);
        self
    }

    /// Limits lower than those of its manifest.
    pub fn limits(mut self, limits: LowerLimits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Whether granted hosts may be on this machine or in its network.
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.config.allow_private = allow;
        self
    }

    /// Loads it. Compiles it if that was not done before, which takes seconds for a large component.
    ///
    /// # Errors
    /// What is wrong in the manifest, in the settings or in the component.
    pub async fn load(self) -> Result<Arc<Plugin>, BuildError> {
        let setup = |error: PluginError| BuildError::Setup { reason: error.to_string() };
        let plugins = PluginFolder::open(self.plugins).map_err(setup)?;
        let candidate = Candidate::read(&self.plugin).map_err(setup)?;
        self.config
            .limits
            .check(&candidate.manifest.asks)
            .map_err(|error| BuildError::Config { path: format!("limits.{}", error.limit), reason: error.reason })?;
        let services = services::of(&candidate.manifest, &self.config, &*self.models)?;
        let cache = plugins.compiled();
        let sandbox = Sandbox::of(&cache).map_err(|error| setup(error.into()))?;
        let component = candidate.folder.join(&candidate.manifest.component);
        let loaded = load(&sandbox, &cache, &candidate.digest, (&component, &candidate.sum())).await;
        let loaded = loaded.map_err(|error| setup(error.into()))?;
        let mut manifest = candidate.manifest;
        let asks = manifest.asks.clone();
        manifest.asks = self.config.limits.lower(&manifest.asks);
        let version = Version {
            digest: candidate.digest,
            asks,
            manifest: manifest.clone(),
            loaded,
            services: Arc::new(services),
        };
        Ok(Arc::new(Plugin::new(&manifest, Source::Fixed, Some(version))))
    }
}
