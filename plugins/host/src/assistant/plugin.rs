//! The assistant itself.

use super::config::PluginConfig;
use crate::added::{AddedPlugin, PluginFolder};
use crate::limits::LOADING_PAUSE;
use crate::manifest::Manifest;
use crate::turns::{Version, needs};
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::model::Models;
use greenroom_documents::needs::is_unasked;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// The assistant that is a plugin: `kind = "plugin"`.
pub struct Plugin {
    /// The name of the plugin.
    pub(super) name: AssistantName,
    about: String,
    pub(super) needs: Needs,
    pub(super) source: Source,
    /// The version in use; none until one is loaded.
    pub(super) current: ArcSwapOption<Version>,
    /// Why none is, if that is known.
    why: Mutex<Option<String>>,
}

/// Where its versions come from.
pub(super) enum Source {
    /// From what was added.
    Added { plugins: PluginFolder, config: PluginConfig, models: Arc<dyn Models> },
    /// From a program that embeds the runtime: there is one, and it stays.
    Fixed,
}

impl Plugin {
    #[allow(clippy::needless_pass_by_value, reason = "nothing else needs it")]
    pub(super) fn of_added(
        plugins: PluginFolder,
        found: AddedPlugin,
        config: PluginConfig,
        models: Arc<dyn Models>,
    ) -> Self {
        Self::new(&found.manifest, Source::Added { plugins, config, models }, None)
    }

    pub(super) fn new(manifest: &Manifest, source: Source, version: Option<Version>) -> Self {
        Self {
            name: manifest.name.clone(),
            about: manifest.about.clone(),
            needs: needs(&manifest.asks),
            source,
            current: ArcSwapOption::from_pointee(version),
            why: Mutex::default(),
        }
    }

    pub(super) fn say_why(&self, reason: String) {
        if let Ok(mut why) = self.why.lock() {
            *why = Some(reason);
        }
    }

    fn not_loaded(&self) -> AssistantError {
        let why = self.why.lock().ok().and_then(|why| why.clone());
        let reason = match why {
            Some(why) => format!("the plugin {} cannot be used: {why}", self.name),
            None => format!("the plugin {} is being loaded", self.name),
        };
        AssistantError::Unavailable { reason: reason.into(), after: Some(LOADING_PAUSE) }
    }
}

#[async_trait]
impl Assistant for Plugin {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn offers(&self) -> Option<String> {
        Some(self.about.clone())
    }

    async fn run(&self, stop: CancellationToken) {
        self.live(&stop).await;
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if is_unasked(&turn, &self.needs) {
            return Ok(Answer::silence());
        }
        let version = self.current.load_full().ok_or_else(|| self.not_loaded())?;
        version.answer(&turn).await
    }
}
