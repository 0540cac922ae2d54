//! A declared setting, and the check of what was set.

use serde::Deserialize;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// A setting as a manifest declares it: `[settings.NAME]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// Whether the assistant is refused without it.
    #[serde(default)]
    pub required: bool,
    /// What counts where it is left out.
    #[serde(default)]
    pub default: Option<toml::Value>,
    /// What it is for, for its owner.
    pub about: String,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// Any text.
    Text,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Texts between brackets.
    List,
    /// Refused with advice: a guest never holds a secret.
    Secret,
}

/// Why a setting is refused, and which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct SettingError {
    /// Its name.
    pub(crate) name: String,
    /// What is wrong, and what to write.
    pub(crate) reason: String,
}

impl SettingKind {
    /// What is to be written, as the end of a sentence.
    fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a text between quotation marks",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::List => "a list of texts, such as [\"one\", \"two\"]",
            Self::Secret => "no setting at all",
        }
    }

    /// The value as a guest reads it; `None` if it is of another kind.
    fn taken(self, value: &toml::Value) -> Option<Value> {
        match (self, value) {
            (Self::Text, toml::Value::String(text)) => Some(Value::String(text.clone())),
            (Self::Number, toml::Value::Integer(number)) => Some(Value::Number((*number).into())),
            (Self::Number, toml::Value::Float(number)) => Number::from_f64(*number).map(Value::Number),
            (Self::Bool, toml::Value::Boolean(is)) => Some(Value::Bool(*is)),
            (Self::List, toml::Value::Array(items)) => {
                let texts = items.iter().map(|item| item.as_str().map(|text| Value::String(text.to_owned())));
                texts.collect::<Option<Vec<Value>>>().map(Value::Array)
            }
            _ => None,
        }
    }
}

impl Setting {
    /// What is wrong with the declaration itself, and at which of its keys.
    pub(super) fn wrong(&self) -> Option<(&'static str, String)> {
        if self.kind == SettingKind::Secret {
            let reason = "a plugin never holds a secret: let its owner write it as a header of [assistants.NAME.http.\"HOST\"], \
                          which the host adds to requests";
            return Some(("type", reason.to_owned()));
        }
        let default = self.default.as_ref()?;
        if self.required {
            return Some(("default", "has no meaning beside required = true; leave one of them out".to_owned()));
        }
        let is_of_kind = self.kind.taken(default).is_some();
        (!is_of_kind).then(|| ("default", format!("must be {}", self.kind.wanted())))
    }
}

/// The settings as a guest reads them: what was set, and the defaults for the rest.
///
/// # Errors
/// One is not declared, is missing or is of another kind.
pub(crate) fn check(
    declared: &BTreeMap<String, Setting>,
    set: &toml::Table,
) -> Result<Map<String, Value>, SettingError> {
    let refused = |name: &str, reason: String| Err(SettingError { name: name.to_owned(), reason });
    for name in set.keys() {
        if !declared.contains_key(name) {
            let near = declared
                .keys()
                .filter(|known| strsim::jaro_winkler(known, name) > 0.8)
                .max_by(|one, other| strsim::jaro_winkler(one, name).total_cmp(&strsim::jaro_winkler(other, name)));
            let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return refused(name, format!("the plugin declares no setting of this name{meant}"));
        }
    }
    let mut settings = Map::new();
    for (name, setting) in declared {
        match (set.get(name), &setting.default) {
            (Some(value), _) => match setting.kind.taken(value) {
                Some(value) => drop(settings.insert(name.clone(), value)),
                None => return refused(name, format!("must be {}: {}", setting.kind.wanted(), setting.about)),
            },
            (None, Some(default)) => {
                drop(settings.insert(name.clone(), setting.kind.taken(default).unwrap_or_default()));
            }
            (None, None) if setting.required => return refused(name, format!("is missing: {}", setting.about)),
            (None, None) => {}
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> BTreeMap<String, Setting> {
        let text = "[menu]\ntype = \"list\"\nrequired = true\nabout = \"what can be ordered\"\n\
                    [tip]\ntype = \"number\"\ndefault = 1.5\nabout = \"a\"\n[open]\ntype = \"bool\"\nabout = \"b\"";
        toml::from_str(text).unwrap()
    }

    fn checked(set: &str) -> Result<Value, (String, String)> {
        let set = set.parse::<toml::Table>().unwrap();
        check(&declared(), &set).map(Value::Object).map_err(|error| (error.name, error.reason))
    }

    #[test]
    fn what_is_set_is_taken_and_the_rest_is_the_default() {
        assert_eq!(checked("menu = [\"a\"]"), Ok(serde_json::json!({ "menu": ["a"], "tip": 1.5 })));
        let all = checked("menu = []\ntip = 2\nopen = true");
        assert_eq!(all, Ok(serde_json::json!({ "menu": [], "tip": 2, "open": true })));
    }

    #[test]
    fn what_is_wrong_is_refused_by_name_with_what_to_write() {
        for (set, name, words) in [
            ("", "menu", "is missing: what can be ordered"),
            ("menu = \"a\"", "menu", "must be a list of texts"),
            ("menu = [1]", "menu", "must be a list of texts"),
            ("menu = []\ntip = nan", "tip", "must be a number"),
            ("menu = []\nopne = true", "opne", "did you mean open?"),
            ("menu = []\nxyz = true", "xyz", "no setting of this name"),
        ] {
            let (at, reason) = checked(set).unwrap_err();
            assert!(at == name && reason.contains(words), "{set}: {at}: {reason}");
        }
    }
}
