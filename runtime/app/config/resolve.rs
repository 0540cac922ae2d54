//! From a table to a [`Config`]: every name known, every value in range, every problem noted.

use super::component::{self, Declared};
use super::gateway::gateway;
use super::manners::Manners;
use super::problem::{nearest, not_known};
use super::read::{Reading, Section};
use super::saved::Saved;
use super::schema::{ASSISTANT, CHANNEL, ROOT};
use super::tables::{alerts, identity, log, own_tables, usage};
use super::{
    AssistantConfig, ChannelConfig, Config, ConfigError, EngineKind, ModelSection, Origin, SealSource, StoreConfig,
    ToolsSection, voice,
};
use crate::built::{BUILT, Built};
use crate::registry::{self, Registry};
use crate::sections;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::factory::Resource;
use greenroom_contract::ids::{AssistantName, ChannelName, ChatId};
use greenroom_contract::limits;
use greenroom_contract::policy::{
    Busy, ChannelPolicy, GroupMode, GroupPolicy, OutboundMode, Overheard, Rates, UncertainPolicy,
};
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Table;

pub(super) fn resolve(
    origin: Origin,
    table: Table,
    reading: Reading,
    registry: &Registry,
    more_assistants: &[AssistantName],
) -> Result<Config, ConfigError> {
    let mut root = Section::new(&reading, "", table, ROOT);
    let named = root.take_named("assistants");
    // One with a problem is configured nevertheless: who names it makes no further mistake.
    let configured = named.iter().filter_map(|(name, _)| AssistantName::new(name).ok());
    let configured: Vec<AssistantName> = configured.chain(more_assistants.iter().cloned()).collect();
    let assistants: Vec<AssistantConfig> =
        named.into_iter().filter_map(|(name, section)| assistant(&reading, &name, section, registry)).collect();
    let models = own_tables(&reading, root.take_named("models"), &sections::MODELS);
    let models = models.into_iter().map(|(name, own)| ModelSection { name, own }).collect();
    let tools = own_tables(&reading, root.take_named("tools"), &sections::TOOLS);
    let tools = tools.into_iter().map(|(name, own)| ToolsSection { name, own }).collect();
    let gateway = gateway(root.take_table("gateway"), BUILT);
    let mut resources = BTreeMap::new();
    if gateway.enabled && gateway.listen.port() != 0 {
        resources.insert(describe(&Resource::Port(gateway.listen.to_string())), "gateway".to_owned());
    }
    let mut channels = Vec::new();
    for (name, section) in root.take_named("channels") {
        channels.extend(channel(&reading, &name, section, registry, &configured, &mut resources));
    }
    let store = store(root.take_table("store"), BUILT);
    let voice = voice::read(root.take_table("voice"), BUILT);
    let usage = usage(root.take_table("usage"));
    let alerts = alerts(&reading, root.take_table("alerts"), &sections::ALERTS);
    let identity = identity(&reading, root.take_table("identity"), &sections::IDENTITY);
    let log = log(root.take_table("log"), BUILT);
    root.finish();

    let mut warnings = reading.take_warnings();
    warn(&channels, &assistants, &mut warnings);
    let problems = reading.into_problems();
    if !problems.is_empty() {
        return Err(ConfigError::Invalid { origin: origin.to_string(), problems });
    }
    let saved = Saved::default();
    Ok(Config {
        origin,
        channels,
        assistants,
        models,
        tools,
        gateway,
        store,
        voice,
        usage,
        alerts,
        identity,
        log,
        warnings,
        saved,
    })
}

fn assistant(reading: &Reading, name: &str, mut section: Section, registry: &Registry) -> Option<AssistantConfig> {
    let path = section.path().to_owned();
    let name = checked_name(reading, &path, name).then(|| AssistantName::new(name).ok()).flatten();
    let kind: Option<String> = section.take("kind");
    let timeout = section.take("timeout_seconds");
    let turns_max = section.take("turns_max");
    let kinds: Vec<&str> = registry.assistants().iter().map(|known| known.kind()).collect();
    let entry = kind.as_ref().and_then(|kind| registry.assistant(kind));
    match &kind {
        Some(kind) if entry.is_none() => {
            let absent = registry::absent_assistant(kind);
            section.problem("kind", absent.unwrap_or_else(|| not_known("kind of assistant", kind, kinds)));
        }
        None if !section.refused("kind") => missing(&section, "kind", &kinds),
        _ => {}
    }
    let Some(entry) = entry else {
        section.finish_partly();
        return None;
    };
    let declared = Declared { own: entry.keys(), common: ASSISTANT, of_another: &|_| None };
    let own = component::check(reading, &path, section.rest(), &declared, |table| entry.check(table))?.own;
    if let Some(note) = entry.note() {
        reading.warning(format!("{path} {note}"));
    }
    Some(AssistantConfig {
        name: name?,
        kind: kind?,
        timeout: timeout.map_or(limits::TURN_TIMEOUT, Duration::from_secs),
        turns_max: turns_max.unwrap_or(limits::ASSISTANT_TURNS_MAX),
        own,
    })
}

/// What is wrong with an adapter that is not in the registry: it is misspelt, not in this program, or both.
pub(super) fn unknown_adapter(adapter: &str, kinds: &[&str]) -> String {
    if let Some(absent) = registry::absent(adapter) {
        return absent;
    }
    let every = kinds.iter().copied().chain(registry::OF_FEATURES);
    match nearest(adapter, every).and_then(|meant| Some((meant, registry::absent(meant)?))) {
        Some((meant, absent)) if !kinds.contains(&meant) => {
            format!("unknown adapter {adapter:?}; did you mean {meant:?}? If so, {absent}")
        }
        _ => not_known("adapter", adapter, kinds.iter().copied()),
    }
}

fn channel(
    reading: &Reading,
    name: &str,
    mut section: Section,
    registry: &Registry,
    assistants: &[AssistantName],
    resources: &mut BTreeMap<String, String>,
) -> Option<ChannelConfig> {
    let path = section.path().to_owned();
    let name = checked_name(reading, &path, name).then(|| ChannelName::new(name).ok()).flatten();
    let adapter: Option<String> = section.take("adapter");
    let kinds: Vec<&str> = registry.channels().iter().map(|known| known.kind.kind()).collect();
    let entry = adapter.as_ref().and_then(|adapter| registry.channel(adapter));
    match &adapter {
        Some(adapter) if entry.is_none() => {
            section.problem("adapter", unknown_adapter(adapter, &kinds));
        }
        None if !section.refused("adapter") => missing(&section, "adapter", &kinds),
        _ => {}
    }
    let policy = policy(&mut section, assistants, entry.and_then(|entry| entry.local_person));
    let Some(entry) = entry else {
        section.finish_partly();
        return None;
    };
    let declared = Declared { own: entry.kind.keys(), common: CHANNEL, of_another: &|key| registry.adapter_with(key) };
    let checked = component::check(reading, &path, section.rest(), &declared, |table| entry.kind.check(table))?;
    // An identity that stands in for a wrong one is not wanted by anything.
    let sound = checked.sound;
    let real = |resource: &Resource| sound || !matches!(resource, Resource::Identity(_));
    for resource in checked.answer.into_iter().filter(real) {
        let what = describe(&resource);
        match resources.get(&what) {
            Some(other) => {
                reading.problem(path.clone(), format!("{what} is already used by {other}; remove one of them"));
            }
            None => drop(resources.insert(what, path.clone())),
        }
    }
    Some(ChannelConfig { name: name?, adapter: adapter?, policy: policy?, own: checked.own })
}

fn missing(section: &Section, key: &str, known: &[&str]) {
    section.problem(key, format!("this key is missing; known: {}", known.join(", ")));
}

fn describe(resource: &Resource) -> String {
    match resource {
        Resource::Port(address) => format!("the address {address}"),
        Resource::Terminal => "the terminal".to_owned(),
        Resource::Identity(id) => format!("the identity {id}"),
    }
}

/// Reads the keys that every channel has. `None` if its assistant is not known; the other keys are checked all the
/// same.
fn policy(section: &mut Section, assistants: &[AssistantName], local_person: Option<&str>) -> Option<ChannelPolicy> {
    let assistant = answering(section, assistants);
    let keys = PolicyKeys::read(section, assistants, local_person);
    assistant.map(|assistant| keys.applied(ChannelPolicy::new(assistant)))
}

/// What a channel says beside who answers in it; `None` is as usual.
struct PolicyKeys {
    allow_from: Vec<AllowEntry>,
    groups: Option<GroupMode>,
    group: BTreeMap<ChatId, GroupPolicy>,
    names: Vec<String>,
    command_prefix: Option<String>,
    busy: Option<Busy>,
    debounce: Option<Duration>,
    manners: Manners,
    owner_pause: Option<Duration>,
    overheard: Option<Overheard>,
    outbound: Option<OutboundMode>,
    uncertain: Option<UncertainPolicy>,
    reconcile: Option<Duration>,
    answers_expire_after: Option<Duration>,
    rates: Rates,
}

impl PolicyKeys {
    fn read(section: &mut Section, assistants: &[AssistantName], local_person: Option<&str>) -> Self {
        let allow_from = match section.take_with_alias::<Vec<String>>("allow_from", "allowFrom") {
            Some(entries) => allow_entries(section, &entries),
            None => local_person.iter().filter_map(|entry| entry.parse().ok()).collect(),
        };
        let groups = section.take("groups");
        let names: Vec<String> = section.take("names").unwrap_or_default();
        if names.iter().any(|name| name.trim().is_empty()) {
            section.problem("names", "a name must not be empty");
        }
        let command_prefix: Option<String> = section.take("command_prefix");
        if command_prefix.as_deref() == Some("") {
            section.problem("command_prefix", "this must not be empty; leave the key out for none");
        }
        let usual = if local_person.is_some() { Rates::UNLIMITED } else { Rates::default() };
        Self {
            allow_from,
            groups,
            names,
            command_prefix,
            busy: section.take("busy"),
            debounce: section.take("debounce_ms").map(Duration::from_millis),
            manners: Manners::read(section),
            owner_pause: section.take("owner_pause_seconds").map(Duration::from_secs),
            overheard: section.take("overheard"),
            outbound: section.take("outbound"),
            uncertain: section.take("uncertain"),
            reconcile: section.take("reconcile_seconds").map(Duration::from_secs),
            answers_expire_after: section.take("answers_expire_after").map(Duration::from_secs),
            rates: rates(section.take_table("rates"), usual),
            group: group_policies(section, assistants),
        }
    }

    fn applied(self, usual: ChannelPolicy) -> ChannelPolicy {
        let usual = self.manners.applied(usual);
        ChannelPolicy {
            allow_from: self.allow_from,
            groups: self.groups.unwrap_or(usual.groups),
            group: self.group,
            names: self.names,
            command_prefix: self.command_prefix,
            busy: self.busy.unwrap_or(usual.busy),
            debounce: self.debounce.or(usual.debounce),
            owner_pause: self.owner_pause.unwrap_or(usual.owner_pause),
            overheard: self.overheard.unwrap_or(usual.overheard),
            outbound: self.outbound.unwrap_or(usual.outbound),
            uncertain: self.uncertain.unwrap_or(usual.uncertain),
            reconcile: self.reconcile.unwrap_or(usual.reconcile),
            answers_expire_after: self.answers_expire_after.unwrap_or(usual.answers_expire_after),
            rates: self.rates,
            ..usual
        }
    }
}

/// What is different in single groups.
fn group_policies(section: &mut Section, assistants: &[AssistantName]) -> BTreeMap<ChatId, GroupPolicy> {
    let mut policies = BTreeMap::new();
    for (id, mut group) in section.take_named("group") {
        let read = GroupPolicy {
            admit: group.take("admit"),
            mode: group.take("mode"),
            voice_wakes: group.take("voice_wakes"),
            assistant: named(&mut group, assistants),
            overheard: group.take("overheard"),
        };
        match ChatId::new(&id) {
            Ok(chat) => drop(policies.insert(chat, read)),
            Err(error) => section.problem("group", error),
        }
        group.finish();
    }
    policies
}

pub(super) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Who answers in a channel: the assistant that is named, or the only one there is.
fn answering(section: &mut Section, assistants: &[AssistantName]) -> Option<AssistantName> {
    let given = section.has("assistant");
    let named = named(section, assistants);
    if named.is_some() || given {
        return named;
    }
    match assistants {
        [only] => Some(only.clone()),
        [] => {
            section
                .problem("assistant", "this key is missing, and no [assistants.NAME] is configured that could answer");
            None
        }
        several => {
            let list = several.iter().map(AssistantName::as_str).collect::<Vec<_>>().join(", ");
            section.problem("assistant", format!("this key is missing; configured: {list}"));
            None
        }
    }
}

fn named(section: &mut Section, assistants: &[AssistantName]) -> Option<AssistantName> {
    let name: String = section.take("assistant")?;
    let found = assistants.iter().find(|known| known.as_str() == name).cloned();
    if found.is_none() {
        section.problem("assistant", not_known("assistant", &name, assistants.iter().map(AssistantName::as_str)));
    }
    found
}

fn allow_entries(section: &Section, entries: &[String]) -> Vec<AllowEntry> {
    let mut read = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry.parse() {
            Ok(entry) => read.push(entry),
            Err(error) => section.problem("allow_from", error),
        }
    }
    read
}

fn rates(mut section: Section, mut rates: Rates) -> Rates {
    set(&mut rates.person_per_minute, section.take("person_per_minute"));
    set(&mut rates.person_per_day, section.take("person_per_day"));
    set(&mut rates.group_per_minute, section.take("group_per_minute"));
    set(&mut rates.group_per_day, section.take("group_per_day"));
    section.finish();
    rates
}

pub(super) fn store(mut section: Section, built: Built) -> StoreConfig {
    let mut store = default_store();
    set(&mut store.path, section.take("path"));
    if store.path.as_os_str().is_empty() {
        section.problem("path", "this must not be empty");
    }
    set(&mut store.engine, section.take("engine"));
    if store.engine == EngineKind::Fjall && !built.fjall {
        section.problem("engine", crate::without("fjall"));
    }
    set(&mut store.accept_damage, section.take("accept_damage"));
    section.finish();
    store
}

pub(super) fn default_store() -> StoreConfig {
    StoreConfig { path: "./data".into(), engine: EngineKind::Sled, accept_damage: false, seal: SealSource::KeyFile }
}

/// Names go into URLs and variables, so they are plain.
pub(super) fn checked_name(reading: &Reading, path: &str, name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let sound = plain && !name.is_empty() && name.len() <= limits::NAME_CHARS_MAX && !name.contains("__");
    if !sound {
        let most = limits::NAME_CHARS_MAX;
        reading
            .problem(path, format!("{name:?} is not a name: use 1 to {most} letters, digits, \"-\" and single \"_\""));
    }
    sound
}

fn warn(channels: &[ChannelConfig], assistants: &[AssistantConfig], warnings: &mut Vec<String>) {
    for channel in channels.iter().filter(|channel| channel.policy.allow_from.is_empty()) {
        let name = &channel.name;
        let variable = name.as_str().to_uppercase().replace('-', "_");
        warnings.push(format!(
            "channels.{name}.allow_from is empty: every message is ignored unless an entry was added with `greenroom \
             allow`; set channels.{name}.allow_from or GREENROOM_CHANNELS__{variable}__ALLOW_FROM"
        ));
    }
    for assistant in assistants {
        let name = &assistant.name;
        let in_use = channels.iter().any(|channel| {
            let policy = &channel.policy;
            policy.assistant == *name || policy.group.values().any(|group| group.assistant.as_ref() == Some(name))
        });
        if !in_use {
            warnings.push(format!("assistants.{name} is not used by any channel"));
        }
    }
}
