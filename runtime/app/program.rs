//! What the gateway asks of the program around it: of what its parts are made, and reading the configuration again.

#[cfg(feature = "capsules")]
mod capsules;

use crate::config::{AssistantConfig, OwnKeys};
use crate::reload::{Reloaded, Reloader};
use crate::settings;
use async_trait::async_trait;
use greenroom_engine::EngineHandle;
#[cfg(feature = "capsules")]
use greenroom_gateway::{BackupBody, Pieces};
use greenroom_gateway::{
    CheckView, ConfiguredParts, PartView, Program, ReloadedView, SettingsBody, SettingsRefused, SettingsView,
};
use toml::Value;

/// The keys by which a part names what it uses, and never a secret. Of an address its host is shown, and of a program nothing:
/// the rest of either may hold one.
const USES: &[&str] = &["model", "models", "fallback", "tools", "assistants"];
/// What the licence of WhatsApp Web means for a program that contains it.
const WEB_LICENCE: &str = "This adapter is built on a library under AGPL-3.0-only, so a program that contains it must be \
                           treated as AGPL-3.0 as a whole.";

#[async_trait]
impl Program for Reloader {
    fn parts(&self) -> ConfiguredParts {
        let config = self.config();
        let (plugins, _): (Vec<_>, Vec<_>) = config.assistants.iter().partition(|one| one.kind == "plugin");
        ConfiguredParts {
            assistants: config.assistants.iter().map(assistant).collect(),
            models: config.models.iter().map(|model| part(model.name.as_str(), "provider", &model.own)).collect(),
            tools: config.tools.iter().map(|tools| tool_server(tools.name.as_str(), &tools.own)).collect(),
            plugins: plugins.into_iter().map(assistant).collect(),
        }
    }

    fn licence(&self, adapter: &str) -> Option<String> {
        (adapter == "whatsapp-web").then(|| WEB_LICENCE.to_owned())
    }

    #[cfg(feature = "capsules")]
    async fn backup(&self, handle: &EngineHandle, wanted: BackupBody) -> Result<Pieces, String> {
        capsules::begin(&self.config(), handle, wanted).await
    }

    async fn reload(&self, handle: &EngineHandle) -> Result<ReloadedView, String> {
        let Reloaded { changes, after_restart, warnings } =
            Self::reload(self, handle).await.map_err(|refused| refused.to_string())?;
        Ok(ReloadedView { changes: changes.iter().map(ToString::to_string).collect(), after_restart, warnings })
    }

    fn settings(&self, channel: &str) -> Option<SettingsView> {
        settings::shown(&self.config(), self.registry(), channel)
    }

    async fn save_settings(
        &self,
        handle: &EngineHandle,
        channel: &str,
        changes: &SettingsBody,
    ) -> Result<SettingsView, SettingsRefused> {
        settings::save(self, (handle, self.registry()), channel, changes).await
    }

    async fn check_settings(&self, channel: &str, changes: &SettingsBody) -> Result<Vec<CheckView>, SettingsRefused> {
        settings::check(self, self.registry(), channel, changes).await
    }
}

fn assistant(config: &AssistantConfig) -> PartView {
    PartView { kind: config.kind.clone(), ..part(config.name.as_str(), "kind", &config.own) }
}

fn tool_server(name: &str, own: &OwnKeys) -> PartView {
    let kind = if own.contains_key("url") { "service" } else { "program" };
    PartView { kind: kind.to_owned(), ..part(name, "kind", own) }
}

/// A part whose kind is the value of this key.
fn part(name: &str, kind: &str, own: &OwnKeys) -> PartView {
    let words = |key: &&str| match own.get(*key) {
        Some(Value::String(word)) => vec![word.clone()],
        Some(Value::Array(words)) => words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let text = |key: &str| own.get(key).and_then(Value::as_str).map(str::to_owned);
    PartView {
        name: name.to_owned(),
        kind: text(kind).unwrap_or_default(),
        purpose: text("purpose"),
        uses: USES.iter().flat_map(words).chain(text("url").as_deref().and_then(host)).collect(),
        state: "ready".to_owned(),
        ..PartView::default()
    }
}

/// The host of an address.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Origin};
    use crate::registry::Registry;

    #[test]
    fn parts_are_told_by_name_kind_and_use_and_never_with_a_secret() {
        let text = "[channels.net]\nadapter = \"loopback\"\nassistant = \"a\"\nallow_from = [\"*\"]\n\
                    [assistants.a]\nkind = \"http\"\nurl = \"https://bot.example.com/canary?key=canary\"\n\
                    secret = { env = \"BOT_SECRET\" }\n";
        let secret = ("BOT_SECRET".into(), "canary-canary-canary-canary-canary".into());
        let config = Config::parse(Origin::Program, text, [secret], &Registry::standard(), &[]).unwrap();
        let parts = Reloader::of(&config, &Registry::standard()).parts();
        assert_eq!(parts.assistants.len(), 1);
        let only = &parts.assistants[0];
        assert_eq!((only.name.as_str(), only.kind.as_str()), ("a", "http"));
        assert_eq!(only.uses, ["bot.example.com"]);
        assert!(!format!("{parts:?}").contains("canary"), "{parts:?}");
    }

    #[test]
    fn of_an_address_only_the_host_is_told() {
        assert_eq!(host("https://user:word@h.example:8443/p?q#f").as_deref(), Some("h.example:8443"));
        assert_eq!(host("http://h").as_deref(), Some("h"));
        assert_eq!(host("nothing"), None);
    }
}
