//! The keys of `[assistants.NAME]` with `kind = "plugin"`.

use super::plugin::Plugin;
use super::services;
use crate::added::{PluginError, PluginFolder};
use crate::limits::{MEMORY_MB_MAX, OWN_MS_MAX, REPLY_KB_MAX, SETTINGS_BYTES_MAX, STATE_KB_MAX};
use crate::manifest::LowerLimits;
use async_trait::async_trait;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::ids::{AssistantName, ModelName};
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of `[assistants.NAME]` with `kind = "plugin"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// The name of a plugin that was added.
    pub plugin: String,
    /// The configured model for each role that the plugin asks for.
    #[serde(default)]
    pub models: BTreeMap<String, ModelName>,
    /// The plugin's own settings.
    #[serde(default)]
    pub settings: toml::Table,
    /// What is added to its requests, by host.
    #[serde(default)]
    pub http: BTreeMap<String, HostConfig>,
    /// Limits for this assistant, lower than what was agreed to.
    #[serde(default)]
    pub limits: LowerLimits,
    /// Whether it may reach granted hosts on this machine or in its network.
    #[serde(default)]
    pub allow_private: bool,
}

/// What is added to requests to one host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostConfig {
    /// Headers, which the plugin never sees.
    pub headers: BTreeMap<String, Secret>,
}

/// The keys of `[assistants.NAME.http."HOST"]`.
const HOST: &[Key] = &[Key::new(
    "headers",
    KeyKind::Secrets,
    "Headers that the host adds to each request there, such as a key. The plugin never sees them.",
)
.example("{ authorization = { env = \"PIZZA_KEY\" } }")];

/// A limit from 1 to the largest that a manifest may ask for.
const fn limit(name: &'static str, max: u32, about: &'static str) -> Key {
    Key::new(name, KeyKind::Integer { min: 1, max: max as i64 }, about)
}

/// The keys of `[assistants.NAME.limits]`.
const LIMITS: &[Key] = &[
    limit("memory_mb", MEMORY_MB_MAX, "Megabytes of memory in a turn."),
    limit("own_ms", OWN_MS_MAX, "Milliseconds of computing in a turn; waiting for a model or a host does not count."),
    limit("reply_kb", REPLY_KB_MAX, "Kilobytes of an answer."),
    limit("state_kb", STATE_KB_MAX, "Kilobytes that it remembers of a conversation."),
];

#[async_trait]
impl AssistantKind for Plugin {
    const KIND: &'static str = "plugin";
    const ABOUT: &'static str =
        "asks a plugin: a sandboxed WebAssembly component that was added with `greenroom plugin add`";
    const KEYS: &'static [Key] = &[
        Key::new("plugin", KeyKind::Text, "The name of a plugin that was added with `greenroom plugin add PATH`.")
            .required()
            .example("\"pizza\""),
        Key::new("models", KeyKind::Tables(&[]), "The model for each role that the plugin asks for: [models.NAME].")
            .example("{ writer = \"main\" }"),
        Key::new("settings", KeyKind::Tables(&[]), "The plugin's own settings; its manifest says which there are.")
            .example("{ menu = [\"Margherita\", \"Funghi\"] }"),
        Key::new(
            "http",
            KeyKind::Tables(HOST),
            "What is added to its requests, by host: [assistants.NAME.http.\"HOST\"].",
        )
        .example("{ \"api.pizza.example\" = {} }"),
        Key::new(
            "limits",
            KeyKind::Table(LIMITS),
            "Limits for this assistant, lower than what was agreed to: memory_mb, own_ms, reply_kb, state_kb.",
        )
        .example("{ own_ms = 200 }"),
        Key::new(
            "allow_private",
            KeyKind::Boolean,
            "Whether it may reach hosts on this machine or in its network, if they are granted.",
        )
        .default("false"),
    ];
    // Its models may be others, and another version of it may have been added. What is loaded is kept for the next one.
    const REMADE: bool = true;
    type Config = PluginConfig;

    async fn build(config: PluginConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        let wrong = |path: &str, reason: String| BuildError::Config { path: path.to_owned(), reason };
        let name = AssistantName::new(config.plugin.as_str()).map_err(|error| wrong("plugin", error.to_string()))?;
        let Some(store) = &parts.store else {
            let reason =
                "plugins are kept below the store, and this store is in memory only; set store.path".to_owned();
            return Err(BuildError::Setup { reason });
        };
        let setup = |error: PluginError| BuildError::Setup { reason: error.to_string() };
        let plugins = PluginFolder::open(store.join(FOLDER)).map_err(setup)?;
        let found = plugins.get(&name).map_err(|error| match error {
            PluginError::Unknown { .. } => wrong("plugin", error.to_string()),
            other => setup(other),
        })?;
        if toml::to_string(&config.settings).map_or(0, |text| text.len()) > SETTINGS_BYTES_MAX {
            return Err(wrong("settings", format!("are longer than {SETTINGS_BYTES_MAX} bytes")));
        }
        config
            .limits
            .check(&found.grant.granted)
            .map_err(|error| wrong(&format!("limits.{}", error.limit), error.reason))?;
        // Made once here, so that what is wrong is said at the start.
        services::of(&found.manifest, &config, &*parts.models)?;
        Ok(Arc::new(Plugin::of_added(plugins, found, config, parts.models)))
    }
}

/// The folder of plugins below that of the store.
pub(super) const FOLDER: &str = "plugins";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<PluginConfig>(Plugin::KEYS);
    }

    #[test]
    fn the_declared_limits_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<LowerLimits>(LIMITS);
    }

    #[test]
    fn a_header_is_a_secret() {
        let read = |text: &str| PluginConfig::deserialize(toml::Value::Table(text.parse().unwrap()));
        let error = read("plugin = \"a\"\nhttp = { h = { headers = { key = \"hunter2\" } } }").unwrap_err().to_string();
        assert!(error.contains("{ env = \"NAME\" }") && !error.contains("hunter2"), "{error}");
    }
}
