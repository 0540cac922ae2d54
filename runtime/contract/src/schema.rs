//! What can be configured, declared once: names, kinds, defaults and words for each key.
//!
//! One declaration feeds the check of a configuration, the generated example, the names of environment
//! variables, and every form that a front end may draw from it. That the declared keys are those that a
//! component really reads is shown by a test of each component (`testing::schema_conformance`).

use serde::Serialize;

/// One key of a table in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What values it takes.
    pub kind: KeyKind,
    /// What counts where the key is left out, written as TOML; `None` if nothing does.
    pub default: Option<&'static str>,
    /// Whether the table is refused without it.
    pub required: bool,
    /// What it is for and in what unit: whole sentences, for people.
    pub about: &'static str,
    /// A value worth showing, written as TOML, where the default says too little. A key with neither is not
    /// shown in the example configuration.
    pub example: Option<&'static str>,
    /// The environment variable that fills the key where the configuration leaves it out.
    pub env: Option<&'static str>,
    /// Another key that says the same, and without which that variable is not asked.
    pub instead: Option<&'static str>,
}

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "of")]
pub enum KeyKind {
    /// Any text.
    Text,
    /// A text that must not be printed; written as `{ env = "NAME" }`.
    Secret,
    /// Secrets, each under a name that the configuration chooses: `{ authorization = { env = "NAME" } }`.
    Secrets,
    /// An address such as `https://example.com`.
    Url,
    /// A whole number.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A whole number of seconds.
    Seconds {
        /// The shortest.
        min: i64,
        /// The longest.
        max: i64,
    },
    /// Any number.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// `true` or `false`.
    Boolean,
    /// Texts between brackets.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A table with these keys.
    Table(&'static [Key]),
    /// Tables with these keys, each under a name that the configuration chooses.
    Tables(&'static [Key]),
    /// Tables with these keys, in an order that counts: `[[rules]]`.
    Rows(&'static [Key]),
}

/// The largest whole number of 32 bits.
pub const U32_LARGEST: i64 = 4_294_967_295;

impl Key {
    /// A key that may be left out.
    pub const fn new(name: &'static str, kind: KeyKind, about: &'static str) -> Self {
        Self { name, kind, default: None, required: false, about, example: None, env: None, instead: None }
    }

    /// What counts where it is left out, written as TOML.
    #[must_use]
    pub const fn default(self, value: &'static str) -> Self {
        Self { default: Some(value), ..self }
    }

    /// A value worth showing, written as TOML.
    #[must_use]
    pub const fn example(self, value: &'static str) -> Self {
        Self { example: Some(value), ..self }
    }

    /// The table is refused without it.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The environment variable that fills it where the configuration leaves it out.
    #[must_use]
    pub const fn env(self, variable: &'static str) -> Self {
        Self { env: Some(variable), ..self }
    }

    /// The key that says the same, and goes before the environment variable.
    #[must_use]
    pub const fn instead(self, key: &'static str) -> Self {
        Self { instead: Some(key), ..self }
    }

    /// The value that an example shows: the one worth showing, else the default.
    pub fn shown(&self) -> Option<&'static str> {
        self.example.or(self.default)
    }

    /// That value as TOML.
    pub fn shown_value(&self) -> Option<toml::Value> {
        self.shown().and_then(value)
    }
}

/// A value that a declaration writes as TOML.
pub fn value(written: &str) -> Option<toml::Value> {
    format!("value = {written}").parse::<toml::Table>().ok()?.remove("value")
}

/// The key of this name.
pub fn find<'a>(keys: &'a [Key], name: &str) -> Option<&'a Key> {
    keys.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_can_be_handed_to_a_front_end() {
        const INNER: &[Key] = &[Key::new("name", KeyKind::Text, "Its name.")];
        let keys = [
            Key::new("mode", KeyKind::Choice(&["on", "off"]), "Whether.").default("\"on\""),
            Key::new("token", KeyKind::Secret, "Proves it.").required().env("TOKEN"),
            Key::new("most", KeyKind::Seconds { min: 1, max: 9 }, "How long."),
            Key::new("inner", KeyKind::Table(INNER), "More."),
        ];
        let written = serde_json::to_value(keys).unwrap();
        assert_eq!(written[0]["kind"], serde_json::json!({ "type": "choice", "of": ["on", "off"] }));
        assert_eq!(written[0]["default"], "\"on\"");
        assert_eq!(written[1]["env"], "TOKEN");
        assert_eq!(written[1]["kind"], serde_json::json!({ "type": "secret" }));
        assert_eq!(written[2]["kind"], serde_json::json!({ "type": "seconds", "of": { "min": 1, "max": 9 } }));
        assert_eq!(written[3]["kind"]["of"][0]["name"], "name");
    }

    #[test]
    fn what_is_shown_is_the_example_or_the_default() {
        let key = Key::new("most", KeyKind::Integer { min: 0, max: 9 }, "Most.").default("3");
        assert_eq!(key.shown_value(), Some(toml::Value::Integer(3)));
        assert_eq!(key.example("[\"a\"]").shown_value().and_then(|value| value.as_array().map(Vec::len)), Some(1));
        assert_eq!(value("no toml"), None);
    }
}
