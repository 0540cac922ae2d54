//! Setting a channel up while it runs: which of its values can be saved, what is wrong with them, and what their network says.

use crate::config::saved::{Saved, SavedChannel, SavedValue};
use crate::config::{ChannelConfig, Config, ConfigError};
use crate::registry::Registry;
use crate::reload::{ReloadRefused, Reloader, SaveRefused};
use greenroom_contract::schema::{KeyKind, find};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::EngineHandle;
use greenroom_gateway::{
    CheckView, FieldProblemView, SettingOriginView, SettingView, SettingsBody, SettingsRefused, SettingsView,
};

/// What can be set up of one kind of adapter.
struct Kind {
    adapter: &'static str,
    /// Its keys, in the order in which they are shown.
    keys: &'static [&'static str],
    /// What is wrong with a value before anyone is asked.
    wrong: fn(key: &str, text: &str) -> Option<String>,
}

/// The kinds whose values can be saved. Others are set up by linking, or in the configuration only.
const KINDS: &[Kind] = &[
    #[cfg(feature = "whatsapp-cloud")]
    Kind {
        adapter: "whatsapp-cloud",
        keys: &greenroom_channel_whatsapp_cloud::pasted::KEYS,
        wrong: greenroom_channel_whatsapp_cloud::pasted::wrong,
    },
];

/// A channel that can be set up.
struct Found<'a> {
    kind: &'static Kind,
    /// `None`: it comes to be when it is saved.
    channel: Option<&'a ChannelConfig>,
}

/// The channel of this name: one that is configured, or the one that variables alone would make.
fn found<'a>(config: &'a Config, registry: &Registry, name: &str) -> Option<Found<'a>> {
    let of = |adapter: &str| KINDS.iter().find(|kind| kind.adapter == adapter);
    if let Some(channel) = config.channels.iter().find(|channel| channel.name.as_str() == name) {
        return Some(Found { kind: of(&channel.adapter)?, channel: Some(channel) });
    }
    let entry = registry.channels().iter().find(|entry| entry.named == Some(name))?;
    Some(Found { kind: of(entry.kind.kind())?, channel: None })
}

/// How a channel is set up.
pub(crate) fn shown(config: &Config, registry: &Registry, name: &str) -> Option<SettingsView> {
    let Found { kind, channel } = found(config, registry, name)?;
    let declared = registry.channel(kind.adapter)?.kind.keys();
    let saved = config.saved.channel(name);
    let field = |key: &&str| {
        let key = find(declared, key)?;
        let value = channel.and_then(|channel| channel.own.get(key.name));
        let held = saved.zip(value).is_some_and(|(saved, value)| saved.holds(name, key.name, value));
        let origin = if held { SettingOriginView::Saved } else { SettingOriginView::Configuration };
        let secret = key.kind == KeyKind::Secret;
        Some(SettingView {
            key: key.name.to_owned(),
            about: key.about.to_owned(),
            secret,
            set: value.is_some(),
            value: value.filter(|_| !secret).and_then(|value| value.as_str()).map(str::to_owned),
            origin: value.map(|_| origin),
            changed_ms: saved.filter(|_| held).and_then(|saved| saved.values.get(key.name)).map(|value| value.at_ms),
        })
    };
    Some(SettingsView {
        channel: name.to_owned(),
        adapter: kind.adapter.to_owned(),
        configured: channel.is_some(),
        fields: kind.keys.iter().filter_map(field).collect(),
        webhook_url: None,
    })
}

/// Saves values, and runs the channel with them.
pub(crate) async fn save(
    reloader: &Reloader,
    (handle, registry): (&EngineHandle, &Registry),
    name: &str,
    changes: &SettingsBody,
) -> Result<SettingsView, SettingsRefused> {
    let change = changed(&reloader.config(), registry, name, changes)?;
    match reloader.save(handle, change).await {
        Ok(()) => shown(&reloader.config(), registry, name).ok_or(SettingsRefused::NotThere),
        Err(SaveRefused::Reload(refused)) => Err(refusal(name, &refused)),
        Err(SaveRefused::File(error)) => Err(SettingsRefused::NotKept(error.to_string())),
    }
}

/// Asks the network about values that are not saved.
pub(crate) async fn check(
    reloader: &Reloader,
    registry: &Registry,
    name: &str,
    changes: &SettingsBody,
) -> Result<Vec<CheckView>, SettingsRefused> {
    let config = reloader.config();
    let change = changed(&config, registry, name, changes)?;
    let tried = reloader.tried(&change(config.saved.clone())).await.map_err(|refused| refusal(name, &refused))?;
    let channel = tried.channels.iter().find(|channel| channel.name.as_str() == name);
    let channel = channel.ok_or(SettingsRefused::NotThere)?;
    let public = tried.gateway.public_url.as_deref().map(|url| url.trim_end_matches('/'));
    let callback = public.map(|url| format!("{url}/api/channels/{name}"));
    examined(channel, callback.as_deref(), Clock::System.now()).await
}

/// What the network of a channel says of its values.
#[cfg_attr(not(feature = "whatsapp-cloud"), allow(clippy::unused_async, reason = "only one network is asked"))]
async fn examined(
    channel: &ChannelConfig,
    callback: Option<&str>,
    now: Timestamp,
) -> Result<Vec<CheckView>, SettingsRefused> {
    #[cfg(feature = "whatsapp-cloud")]
    if channel.adapter == "whatsapp-cloud" {
        return cloud(channel, callback, now).await;
    }
    let _ = (channel, callback, now);
    Err(SettingsRefused::NotThere)
}

#[cfg(feature = "whatsapp-cloud")]
async fn cloud(
    channel: &ChannelConfig,
    callback: Option<&str>,
    now: Timestamp,
) -> Result<Vec<CheckView>, SettingsRefused> {
    use greenroom_channel_whatsapp_cloud::{Config as CloudConfig, doctor};
    use greenroom_gateway::VerdictView;
    use serde::Deserialize as _;

    let own = CloudConfig::deserialize(toml::Value::Table(channel.own.handed_over()));
    let own = own.map_err(|error| SettingsRefused::Refused(error.message().to_owned()))?;
    let checks = doctor::examine(&own, callback, now).await;
    let checks = checks.map_err(|error| SettingsRefused::Refused(error.to_string()))?;
    let view = |check: doctor::Check| CheckView {
        what: check.what,
        verdict: match check.verdict {
            doctor::Verdict::Good => VerdictView::Good,
            doctor::Verdict::Warning => VerdictView::Warning,
            doctor::Verdict::Bad => VerdictView::Bad,
            doctor::Verdict::Skipped => VerdictView::Skipped,
        },
        found: check.found,
        next: check.next,
    };
    Ok(checks.into_iter().map(view).collect())
}

/// What these changes make of what was saved; refused if a value is seen to be wrong.
fn changed(
    config: &Config,
    registry: &Registry,
    name: &str,
    changes: &SettingsBody,
) -> Result<impl FnOnce(Saved) -> Saved + Send + use<>, SettingsRefused> {
    let Found { kind, channel } = found(config, registry, name).ok_or(SettingsRefused::NotThere)?;
    let mut wrong = Vec::new();
    let mut set = Vec::new();
    for (key, text) in &changes.values {
        let text = text.as_deref().map(str::trim);
        let what = match text {
            _ if !kind.keys.contains(&key.as_str()) => {
                Some(format!("this cannot be set; there are {}", kind.keys.join(", ")))
            }
            Some(text) => (kind.wrong)(key, text),
            None => None,
        };
        wrong.extend(what.map(|what| FieldProblemView { key: key.clone(), what }));
        set.push((key.clone(), text.map(Secret::new)));
    }
    if !wrong.is_empty() {
        return Err(SettingsRefused::Wrong(wrong));
    }
    let assistant = changes.assistant.clone().filter(|_| channel.is_none());
    let (name, adapter, at_ms) = (name.to_owned(), kind.adapter.to_owned(), Clock::System.now().0);
    Ok(move |saved: Saved| {
        let before = saved.channel(&name).filter(|before| before.adapter == adapter).cloned().unwrap_or_default();
        let mut after = SavedChannel { adapter, assistant: assistant.or(before.assistant), values: before.values };
        for (key, text) in set {
            match text {
                Some(text) => drop(after.values.insert(key, SavedValue { text, at_ms })),
                None => drop(after.values.remove(&key)),
            }
        }
        saved.with(&name, after)
    })
}

/// What a refused configuration says of the values of this channel, where it is about nothing else.
fn refusal(name: &str, refused: &ReloadRefused) -> SettingsRefused {
    let problems = match refused {
        ReloadRefused::Config(ConfigError::Invalid { problems, .. }) | ReloadRefused::Components { problems } => {
            problems
        }
        other => return SettingsRefused::Refused(other.to_string()),
    };
    let of_field = |problem: &crate::config::Problem| {
        let key = problem.path.strip_prefix(&format!("channels.{name}."))?.to_owned();
        Some(FieldProblemView { key, what: problem.what.clone() })
    };
    match problems.iter().map(of_field).collect::<Option<Vec<_>>>() {
        Some(fields) if !fields.is_empty() => SettingsRefused::Wrong(fields),
        _ => SettingsRefused::Refused(refused.to_string()),
    }
}
