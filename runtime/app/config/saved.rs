//! What was set up while the program ran: values of channels, kept beside the data and laid over the configuration.
//!
//! They are written into a file for its owner only, because some of them are secrets. A value that a variable `GREENROOM_…`
//! sets goes before one that was saved; a saved one goes before the file and the other variables.

use super::env::Overrides;
use super::hidden;
use super::problem::{ConfigError, join};
use super::values;
use crate::registry::Registry;
use greenroom_contract::schema::{KeyKind, find};
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;
use toml::{Table, Value};

/// The file in the data folder.
pub(crate) const FILE_NAME: &str = "settings.toml";

/// What the file begins with.
#[cfg_attr(not(feature = "gateway"), allow(dead_code, reason = "channels are set up through the gateway"))]
const HEAD: &str =
    "# Written by the program when a channel is set up while it runs. It holds secrets: do not share it.\n\n";

/// Everything that was saved.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Saved {
    channels: BTreeMap<String, SavedChannel>,
}

/// What was saved for one channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SavedChannel {
    /// The adapter that the values are for.
    pub(crate) adapter: String,
    /// Who answers, where the configuration does not have the channel.
    pub(crate) assistant: Option<String>,
    pub(crate) values: BTreeMap<String, SavedValue>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedValue {
    pub(crate) text: Secret,
    /// Milliseconds since 1970.
    pub(crate) at_ms: u64,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    channels: BTreeMap<String, WrittenChannel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChannel {
    adapter: String,
    assistant: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, WrittenValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenValue {
    text: String,
    at_ms: u64,
}

impl Saved {
    /// What the file in this data folder holds; nothing without one.
    pub(crate) fn read(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(FILE_NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|error| ConfigError::Syntax {
                origin: path.display().to_string(),
                message: hidden::syntax(&text, error.message(), error.span()),
            }),
            // Where there is no folder there is no file.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Self::default()),
            Err(error) => Err(ConfigError::Unreadable { path, reason: error.into() }),
        }
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let written: Written = toml::from_str(text)?;
        let value = |one: WrittenValue| SavedValue { text: Secret::new(one.text), at_ms: one.at_ms };
        let channel = |one: WrittenChannel| SavedChannel {
            adapter: one.adapter,
            assistant: one.assistant,
            values: one.values.into_iter().map(|(key, one)| (key, value(one))).collect(),
        };
        Ok(Self { channels: written.channels.into_iter().map(|(name, one)| (name, channel(one))).collect() })
    }

    /// As it is written into the file, with its secrets.
    #[cfg_attr(not(feature = "gateway"), allow(dead_code, reason = "channels are set up through the gateway"))]
    pub(crate) fn written(&self) -> String {
        let value = |one: &SavedValue| {
            let at = Value::Integer(i64::try_from(one.at_ms).unwrap_or(i64::MAX));
            let text = Value::String(one.text.expose().to_owned());
            Value::Table([("text".to_owned(), text), ("at_ms".to_owned(), at)].into_iter().collect())
        };
        let channel = |one: &SavedChannel| {
            let values: Table = one.values.iter().map(|(key, one)| (key.clone(), value(one))).collect();
            let mut table = Table::from_iter([("adapter".to_owned(), Value::String(one.adapter.clone()))]);
            table.extend(one.assistant.clone().map(|name| ("assistant".to_owned(), Value::String(name))));
            table.insert("values".to_owned(), Value::Table(values));
            Value::Table(table)
        };
        let channels: Table = self.channels.iter().map(|(name, one)| (name.clone(), channel(one))).collect();
        let file = Table::from_iter([("channels".to_owned(), Value::Table(channels))]);
        format!("{HEAD}{file}")
    }

    /// What was saved for a channel.
    #[cfg_attr(not(feature = "gateway"), allow(dead_code, reason = "channels are set up through the gateway"))]
    pub(crate) fn channel(&self, name: &str) -> Option<&SavedChannel> {
        self.channels.get(name)
    }

    /// The same, with this saved for a channel; without values there is nothing to keep.
    #[cfg_attr(not(feature = "gateway"), allow(dead_code, reason = "channels are set up through the gateway"))]
    pub(crate) fn with(mut self, name: &str, channel: SavedChannel) -> Self {
        if channel.values.is_empty() {
            self.channels.remove(name);
        } else {
            self.channels.insert(name.to_owned(), channel);
        }
        self
    }

    /// Lays it over the table of a configuration. A secret becomes one of the variables, under a name that no environment has.
    pub(super) fn lay_over(
        &self,
        table: &mut Table,
        overrides: &Overrides,
        registry: &Registry,
        variables: &mut Vec<(OsString, OsString)>,
    ) {
        for (name, saved) in &self.channels {
            let Some(entry) = registry.channel(&saved.adapter) else { continue };
            let channels = table.entry("channels").or_insert_with(|| Value::Table(Table::new()));
            let Some(channels) = channels.as_table_mut() else { continue };
            let section = channels.entry(name.clone()).or_insert_with(|| Value::Table(saved.section()));
            let Some(section) = section.as_table_mut() else { continue };
            // Since then the channel may have become another one, for which these values mean nothing.
            if section.get("adapter").and_then(Value::as_str) != Some(saved.adapter.as_str()) {
                continue;
            }
            for (key, value) in &saved.values {
                let Some(key) = find(entry.kind.keys(), key) else { continue };
                let path = join(&join("channels", name), key.name);
                if overrides.touches(&path) {
                    continue;
                }
                let laid = if key.kind == KeyKind::Secret {
                    let variable = variable(name, key.name);
                    variables.push((variable.clone().into(), value.text.expose().into()));
                    values::referring_to(&variable)
                } else {
                    Value::String(value.text.expose().to_owned())
                };
                section.insert(key.name.to_owned(), laid);
            }
        }
    }
}

impl SavedChannel {
    /// The section of a channel that the configuration does not have.
    fn section(&self) -> Table {
        let mut section = Table::from_iter([("adapter".to_owned(), Value::String(self.adapter.clone()))]);
        section.extend(self.assistant.clone().map(|name| ("assistant".to_owned(), Value::String(name))));
        section
    }

    /// Whether this is the value that holds: it was saved, and nothing goes before it.
    #[cfg_attr(not(feature = "gateway"), allow(dead_code, reason = "channels are set up through the gateway"))]
    pub(crate) fn holds(&self, channel: &str, key: &str, value: &Value) -> bool {
        let Some(saved) = self.values.get(key) else { return false };
        match values::reference(value) {
            Some(name) => name == variable(channel, key),
            None => value.as_str() == Some(saved.text.expose()),
        }
    }
}

/// The name under which a saved secret is looked up. No environment has one with spaces.
fn variable(channel: &str, key: &str) -> String {
    format!("saved for channels {channel} {key}")
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Origin};
    use super::*;

    const FILE: &str = "[assistants.helper]\nkind = \"echo\"\n[channels.shop]\nadapter = \"whatsapp-cloud\"\n\
                        phone_number_id = \"100000000000001\"\naccess_token = { env = \"TOKEN\" }\n\
                        app_secret = { env = \"SECRET\" }\nverify_token = { env = \"WORD\" }\nallow_from = [\"*\"]\n";
    const VARIABLES: [(&str, &str); 3] = [("TOKEN", "of-the-file"), ("SECRET", "of-the-file"), ("WORD", "of-the-file")];

    fn saved(channel: &str, values: &[(&str, &str)]) -> Saved {
        let value = |text: &str| SavedValue { text: Secret::new(text), at_ms: 7 };
        let values = values.iter().map(|(key, text)| ((*key).to_owned(), value(text))).collect();
        let adapter = "whatsapp-cloud".to_owned();
        Saved::default().with(channel, SavedChannel { adapter, assistant: None, values })
    }

    fn read(text: &str, variables: &[(&str, &str)], saved: &Saved) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Config::parse_with(Origin::Program, text, variables, &Registry::standard(), &[], Some(saved))
    }

    /// The value that the adapter is handed.
    fn handed(config: &Config, channel: &str, key: &str) -> String {
        let channel = config.channels.iter().find(|one| one.name.as_str() == channel).unwrap();
        channel.own.handed_over()[key].to_string()
    }

    #[test]
    fn what_was_saved_goes_before_the_file_and_a_variable_of_ours_before_that() {
        let saved = saved("shop", &[("phone_number_id", "200000000000002"), ("access_token", "saved-canary")]);
        let config = read(FILE, &VARIABLES, &saved).unwrap();
        assert!(handed(&config, "shop", "phone_number_id").contains("200000000000002"));
        assert!(handed(&config, "shop", "access_token").contains("saved-canary"));
        assert!(handed(&config, "shop", "app_secret").contains("of-the-file"), "what was not saved stays");
        assert!(!format!("{config:?}").contains("canary"), "a secret is printed nowhere");
        let kept = config.saved.channel("shop").unwrap();
        let own = &config.channels[0].own;
        assert!(kept.holds("shop", "access_token", &own["access_token"]));
        assert!(!kept.holds("shop", "app_secret", &own["app_secret"]));
        let ours = [&VARIABLES[..], &[("GREENROOM_CHANNELS__SHOP__ACCESS_TOKEN", "of-the-variable")]].concat();
        let config = read(FILE, &ours, &saved).unwrap();
        assert!(handed(&config, "shop", "access_token").contains("of-the-variable"));
        assert!(!kept.holds("shop", "access_token", &config.channels[0].own["access_token"]));
    }

    #[test]
    fn a_channel_may_come_to_be_by_what_was_saved() {
        let all = [
            ("phone_number_id", "200000000000002"),
            ("access_token", "saved-canary"),
            ("app_secret", "saved-canary"),
            ("verify_token", "saved-canary"),
        ];
        let text = "[assistants.helper]\nkind = \"echo\"\n";
        let config = read(text, &[], &saved("whatsapp", &all)).unwrap();
        assert_eq!((config.channels.len(), config.channels[0].adapter.as_str()), (1, "whatsapp-cloud"));
        assert_eq!(config.channels[0].policy.assistant.as_str(), "helper");
        let error = read(text, &[], &saved("whatsapp", &all[..2])).unwrap_err().to_string();
        assert!(error.contains("channels.whatsapp.app_secret") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn what_was_saved_for_another_adapter_means_nothing() {
        let text = "[assistants.helper]\nkind = \"echo\"\n[channels.shop]\nadapter = \"console\"\n";
        let config = read(text, &[], &saved("shop", &[("access_token", "saved-canary")])).unwrap();
        assert!(config.channels[0].own.is_empty(), "{config:?}");
    }

    #[test]
    fn the_file_reads_back_whatever_is_in_it_and_a_broken_one_is_said_without_its_secrets() {
        let strange = "\"'\\n\u{e9} = [ # \u{1f600}";
        let saved = saved("a b.c", &[("access_token", strange), ("app_secret", "x")]);
        assert_eq!(Saved::parse(&saved.written()).unwrap(), saved);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Saved::read(folder.path()).unwrap(), Saved::default());
        assert_eq!(Saved::read(&folder.path().join("nowhere")).unwrap(), Saved::default());
        std::fs::write(folder.path().join(FILE_NAME), saved.written()).unwrap();
        assert_eq!(Saved::read(folder.path()).unwrap(), saved);
        std::fs::write(folder.path().join(FILE_NAME), "[channels.shop.values]\naccess_token = EAAcanary0123456789")
            .unwrap();
        let error = Saved::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("settings.toml") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn without_values_nothing_is_kept_of_a_channel() {
        let some = saved("shop", &[("app_secret", "x")]);
        let none = some.with("shop", SavedChannel::default());
        assert_eq!(none, Saved::default());
    }
}
