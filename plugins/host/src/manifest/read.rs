//! The manifest itself, read and checked.

use super::asks::{Asks, ModelUse, VoiceUse};
use super::origin::Origin;
use super::setting::Setting;
use crate::limits::{HTTP_HOSTS_MAX, MEMORY_MB_MAX, OWN_MS_MAX, REPLY_KB_MAX, ROLES_MAX, SETTINGS_MAX, STATE_KB_MAX};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits::HISTORY_TURNS_MAX;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A manifest that was read and is sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Its name, under which it is added.
    pub name: AssistantName,
    /// Its version, in its author's words.
    pub version: String,
    /// What it does, in a sentence.
    pub about: String,
    /// What for.
    pub purpose: Purpose,
    /// The file of its component, seen from the manifest.
    pub component: String,
    /// What it asks for.
    pub asks: Asks,
    /// What can be set.
    pub settings: BTreeMap<String, Setting>,
    /// How it is built from its sources, for `dev`: a program and its arguments, run beside the manifest.
    pub build: Vec<String>,
}

/// What a plugin is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A task of a business: orders, dates, support.
    Business,
    /// Anything that is talked about. The terms of WhatsApp's Cloud API do not allow such a bot.
    #[default]
    General,
}

/// What is wrong in a manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin.toml, {path}: {reason}")]
pub struct ManifestError {
    /// Where: `limits.own_ms`; `.` is the document itself.
    pub path: String,
    /// What is wrong, and what to write.
    pub reason: String,
}

fn wrong<T>(path: impl Into<String>, reason: impl Into<String>) -> Result<T, ManifestError> {
    Err(ManifestError { path: path.into(), reason: reason.into() })
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    plugin: Plugin,
    #[serde(default)]
    sees: Sees,
    #[serde(default)]
    uses: Uses,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    settings: BTreeMap<String, Setting>,
    #[serde(default)]
    dev: Dev,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plugin {
    name: String,
    version: String,
    api: String,
    about: String,
    #[serde(default)]
    purpose: Purpose,
    component: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
struct Sees {
    history: Option<usize>,
    names: bool,
    phone: bool,
    images: bool,
    documents: bool,
    voice: VoiceUse,
    overheard: bool,
    reactions: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Uses {
    http: Vec<String>,
    models: BTreeMap<String, ModelUse>,
    wake: bool,
    hand_over: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    memory_mb: Option<u32>,
    own_ms: Option<u32>,
    reply_kb: Option<u32>,
    state_kb: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Dev {
    build: Vec<String>,
}

/// The part of the interface's version that must agree.
const API: &str = "0.1";

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong first, with its path and with what to write.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let written: Written = match toml::Deserializer::parse(text).map(serde_path_to_error::deserialize) {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => return wrong(error.path().to_string(), error.inner().message()),
            Err(error) => {
                let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
                return wrong(format!("line {line}"), error.message());
            }
        };
        let Written { plugin, sees, uses, limits, settings, dev } = written;
        if plugin.api != API {
            return wrong("plugin.api", format!("is {:?}, and this program offers {API:?}", plugin.api));
        }
        if !is_name(&plugin.name) {
            let reason = format!("{:?} is not a name: write small letters, digits and -, 64 at most", plugin.name);
            return wrong("plugin.name", reason);
        }
        let name = AssistantName::new(plugin.name.as_str());
        let name = name.or_else(|error| wrong("plugin.name", error.to_string()))?;
        let asks = asks_of(sees, uses, &limits)?;
        check_settings(&settings)?;
        check_component(&plugin.component)?;
        if plugin.about.trim().is_empty() {
            return wrong("plugin.about", "is empty; say in a sentence what the plugin does");
        }
        Ok(Self {
            name,
            version: plugin.version,
            about: plugin.about,
            purpose: plugin.purpose,
            component: plugin.component,
            asks,
            settings,
            build: dev.build,
        })
    }
}

/// Whether a plugin can have this name. It is the name of a folder as well.
pub(crate) fn is_name(name: &str) -> bool {
    let is_taken = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(is_taken) && !name.starts_with('-')
}

#[allow(clippy::needless_pass_by_value, reason = "it is taken apart")]
fn asks_of(sees: Sees, uses: Uses, limits: &Limits) -> Result<Asks, ManifestError> {
    let usual = Asks::default();
    let history = sees.history.unwrap_or(usual.history);
    if history > HISTORY_TURNS_MAX {
        return wrong("sees.history", format!("is {history}, and {HISTORY_TURNS_MAX} turns are told at most"));
    }
    if uses.http.len() > HTTP_HOSTS_MAX {
        return wrong(
            "uses.http",
            format!("lists {} hosts, and {HTTP_HOSTS_MAX} are granted at most", uses.http.len()),
        );
    }
    let mut http: Vec<Origin> = Vec::with_capacity(uses.http.len());
    for (place, origin) in uses.http.iter().enumerate() {
        match origin.parse() {
            Ok(origin) => http.push(origin),
            Err(error) => return wrong(format!("uses.http[{place}]"), error.to_string()),
        }
    }
    if uses.models.len() > ROLES_MAX {
        return wrong("uses.models", format!("has {} roles, and {ROLES_MAX} are read", uses.models.len()));
    }
    Ok(Asks {
        history,
        names: sees.names,
        phone: sees.phone,
        images: sees.images,
        documents: sees.documents,
        voice: sees.voice,
        overheard: sees.overheard,
        reactions: sees.reactions,
        http,
        models: uses.models,
        wake: uses.wake,
        hand_over: uses.hand_over,
        memory_mb: within("limits.memory_mb", limits.memory_mb, usual.memory_mb, MEMORY_MB_MAX)?,
        own_ms: within("limits.own_ms", limits.own_ms, usual.own_ms, OWN_MS_MAX)?,
        reply_kb: within("limits.reply_kb", limits.reply_kb, usual.reply_kb, REPLY_KB_MAX)?,
        state_kb: within("limits.state_kb", limits.state_kb, usual.state_kb, STATE_KB_MAX)?,
    })
}

fn within(path: &str, asked: Option<u32>, usual: u32, max: u32) -> Result<u32, ManifestError> {
    match asked {
        None => Ok(usual),
        Some(asked) if (1..=max).contains(&asked) => Ok(asked),
        Some(asked) => wrong(path, format!("{asked} is out of range; write 1 to {max}")),
    }
}

fn check_settings(settings: &BTreeMap<String, Setting>) -> Result<(), ManifestError> {
    if settings.len() > SETTINGS_MAX {
        return wrong("settings", format!("declares {} settings, and {SETTINGS_MAX} are read", settings.len()));
    }
    for (name, setting) in settings {
        if let Some((key, reason)) = setting.wrong() {
            return wrong(format!("settings.{name}.{key}"), reason);
        }
    }
    Ok(())
}

/// A component lies below its manifest: what is added is what stands in one folder.
fn check_component(component: &str) -> Result<(), ManifestError> {
    use std::path::{Component, Path};
    let parts = Path::new(component).components();
    let is_below =
        !component.is_empty() && parts.clone().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if is_below {
        Ok(())
    } else {
        wrong(
            "plugin.component",
            format!("{component:?} is not a file below the folder of the manifest; write pizza.wasm, say"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[plugin]\nname = \"pizza\"\nversion = \"1.2.0\"\napi = \"0.1\"\nabout = \"takes orders\"\n\
                         component = \"pizza.wasm\"\n";

    #[test]
    fn the_least_asks_for_little() {
        let manifest = Manifest::read(LEAST).unwrap();
        assert_eq!(
            (manifest.name.as_str(), manifest.asks, manifest.purpose),
            ("pizza", Asks::default(), Purpose::General)
        );
    }

    #[test]
    fn all_keys_are_read() {
        let text = format!(
            "{LEAST}purpose = \"business\"\n[sees]\nhistory = 3\nnames = true\nvoice = \"none\"\n\
             [uses]\nhttp = [\"https://api.pizza.example\"]\nmodels = {{ writer = \"text\", eyes = \"vision\" }}\nwake = true\n\
             [limits]\nmemory_mb = 32\nown_ms = 250\nreply_kb = 8\nstate_kb = 4\n\
             [settings.menu]\ntype = \"list\"\nrequired = true\nabout = \"what can be ordered\"\n[dev]\nbuild = [\"make\"]"
        );
        let manifest = Manifest::read(&text).unwrap();
        assert_eq!((manifest.asks.history, manifest.asks.names, manifest.asks.voice), (3, true, VoiceUse::None));
        assert_eq!(manifest.asks.models["eyes"], ModelUse::Vision);
        assert_eq!((manifest.asks.memory_mb, manifest.asks.own_ms), (32, 250));
        assert_eq!((manifest.build.len(), manifest.settings.len(), manifest.purpose), (1, 1, Purpose::Business));
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_path() {
        for (more, path, words) in [
            ("[sees]\nname = true", "sees.name", "unknown field"),
            ("[sees]\nhistory = 100000", "sees.history", "at most"),
            ("[uses]\nhttp = [\"https://a.example\", \"https://*\"]", "uses.http[1]", "wildcard"),
            ("[uses]\nmodels = { a = \"speech\" }", "uses.models.a", "unknown variant"),
            ("[limits]\nown_ms = 0", "limits.own_ms", "write 1 to 60000"),
            ("[limits]\nmemory_mb = 4096", "limits.memory_mb", "write 1 to 1024"),
            ("[limits]\nstate_kb = 4096", "limits.state_kb", "out of range"),
            ("[settings.key]\ntype = \"secret\"\nabout = \"x\"", "settings.key.type", "never holds a secret"),
            (
                "[settings.a]\ntype = \"number\"\ndefault = \"x\"\nabout = \"x\"",
                "settings.a.default",
                "must be a number",
            ),
            ("[settings.a]\ntype = \"number\"", "settings.a", "missing field `about`"),
            ("[other]", "other", "unknown field"),
            ("= 1", "line 7", ""),
        ] {
            let error = Manifest::read(&format!("{LEAST}{more}")).unwrap_err();
            assert!(error.path == path && error.reason.contains(words), "{more}: {error}");
        }
        for (from, to, path) in [
            ("\"0.1\"", "\"0.2\"", "plugin.api"),
            ("pizza.wasm", "../pizza.wasm", "plugin.component"),
            ("pizza.wasm", "/etc/passwd", "plugin.component"),
            ("\"pizza\"", "\"../pizza\"", "plugin.name"),
            ("takes orders", " ", "plugin.about"),
        ] {
            let error = Manifest::read(&LEAST.replace(from, to)).unwrap_err();
            assert_eq!(error.path, path, "{to}: {error}");
        }
    }
}
