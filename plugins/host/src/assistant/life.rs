//! Loading, and swapping whenever another version was added.

use super::plugin::{Plugin, Source};
use super::services;
use crate::added::AddedPlugin;
use crate::limits::{LOOK_PAUSE, RELOAD_PAUSE};
use crate::sandbox::Sandbox;
use crate::sandbox::compile::load;
use crate::turns::{Version, needs};
use std::sync::Arc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

impl Plugin {
    /// Loads what was added, and looks from time to time whether another version was.
    pub(super) async fn live(&self, stop: &CancellationToken) {
        let mut refused: Option<(String, Instant)> = None;
        while !stop.is_cancelled() {
            if let Some(found) = self.wanted(refused.as_ref()) {
                let digest = found.grant.digest.clone();
                let loaded = tokio::select! {
                    loaded = self.take(found) => loaded,
                    () = stop.cancelled() => return,
                };
                refused = loaded.err().map(|reason| {
                    let stays = if self.current.load().is_some() { "; the version before it stays in use" } else { "" };
                    tracing::warn!(plugin = %self.name, %reason, "the plugin cannot be used{stays}");
                    self.say_why(reason);
                    (digest, Instant::now() + RELOAD_PAUSE)
                });
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(LOOK_PAUSE) => {}
            }
        }
    }

    /// Another version than the one in use, if there is one that was not refused just now. What is not agreed to any more is
    /// put out of use here.
    fn wanted(&self, refused: Option<&(String, Instant)>) -> Option<AddedPlugin> {
        let Source::Added { plugins, .. } = &self.source else { return None };
        let current = self.current.load();
        // One small file; only if it names another version the rest is read.
        let grant = match plugins.grant(&self.name) {
            Ok(Some(grant)) => grant,
            Ok(None) => {
                self.end_use("it was removed".to_owned());
                return None;
            }
            Err(error) => {
                self.end_use(error.to_string());
                return None;
            }
        };
        let same = current.as_ref().filter(|version| version.digest == grant.digest);
        if let Some(more) = same.and_then(|version| version.asks.beyond(&grant.granted).into_iter().next()) {
            self.end_use(format!("it {more}, and that is not agreed to any more"));
            return None;
        }
        let is_in_use = same.is_some();
        let is_refused = refused.is_some_and(|(digest, until)| *digest == grant.digest && Instant::now() < *until);
        if is_in_use || is_refused {
            return None;
        }
        plugins.get(&self.name).map_err(|error| self.say_why(error.to_string())).ok()
    }

    /// What is in use is used no more. Turns that run end with it.
    fn end_use(&self, reason: String) {
        if self.current.swap(None).is_some() {
            tracing::warn!(plugin = %self.name, %reason, "the plugin is not used any more");
        }
        self.say_why(reason);
    }

    /// Puts a version into use. Turns that run end with the one they began with.
    pub(super) async fn take(&self, found: AddedPlugin) -> Result<(), String> {
        let Source::Added { plugins, config, models } = &self.source else { return Ok(()) };
        let AddedPlugin { grant, mut manifest, component, sum } = found;
        let asks = manifest.asks.clone();
        if needs(&asks) != self.needs {
            tracing::warn!(plugin = %self.name, "this version sees other things than the one before; restart to have it given them");
        }
        manifest.asks = config.limits.lower(&manifest.asks);
        let services = services::of(&manifest, config, &**models).map_err(|error| error.to_string())?;
        let cache = plugins.compiled();
        let sandbox = Sandbox::of(&cache).map_err(|error| error.to_string())?;
        let loaded =
            load(&sandbox, &cache, &grant.digest, (&component, &sum)).await.map_err(|error| error.to_string())?;
        tracing::info!(plugin = %self.name, version = %manifest.version, "the plugin is in use");
        let version = Version { digest: grant.digest, asks, manifest, loaded, services: Arc::new(services) };
        self.current.store(Some(Arc::new(version)));
        Ok(())
    }
}
