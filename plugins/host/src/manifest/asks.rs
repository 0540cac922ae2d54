//! What a plugin asks its owner for.

use super::origin::Origin;
use crate::limits::{MEMORY_MB_DEFAULT, OWN_MS_DEFAULT, REPLY_KB_DEFAULT, STATE_KB_DEFAULT};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a model has to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelUse {
    /// Words.
    Text,
    /// Pictures, too.
    Vision,
}

/// What is told of a voice note.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceUse {
    /// That there was one, and nothing else.
    None,
    /// What was said.
    #[default]
    Transcript,
}

/// Everything that a plugin may do and is told, as its manifest asks for it. What its owner agreed to is the same type, so
/// that a later version can be held against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct Asks {
    /// Past turns that it is told.
    pub history: usize,
    /// Whether it is told names of people and titles of groups.
    pub names: bool,
    /// Whether it is told phone numbers.
    pub phone: bool,
    /// Whether it is given pictures.
    pub images: bool,
    /// Whether it is given files.
    pub documents: bool,
    /// What it is told of voice notes.
    pub voice: VoiceUse,
    /// Whether it is told group talk that was not for the bot.
    pub overheard: bool,
    /// Whether reactions are turns for it.
    pub reactions: bool,
    /// Where it may send HTTP requests.
    pub http: Vec<Origin>,
    /// The models it asks, by role.
    pub models: BTreeMap<String, ModelUse>,
    /// Whether it may ask to be woken.
    pub wake: bool,
    /// Whether it may hand conversations over.
    pub hand_over: bool,
    /// Megabytes of linear memory.
    pub memory_mb: u32,
    /// Milliseconds of computing for one turn; waiting for the host does not count.
    pub own_ms: u32,
    /// Kilobytes of an answer's document.
    pub reply_kb: u32,
    /// Kilobytes that one conversation may remember.
    pub state_kb: u32,
}

impl Default for Asks {
    fn default() -> Self {
        Self {
            history: 0,
            names: false,
            phone: false,
            images: false,
            documents: false,
            voice: VoiceUse::default(),
            overheard: false,
            reactions: false,
            http: Vec::new(),
            models: BTreeMap::new(),
            wake: false,
            hand_over: false,
            memory_mb: MEMORY_MB_DEFAULT,
            own_ms: OWN_MS_DEFAULT,
            reply_kb: REPLY_KB_DEFAULT,
            state_kb: STATE_KB_DEFAULT,
        }
    }
}

impl Asks {
    /// Everything that is asked for, a sentence each, for its owner.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let nothing = Self {
            history: 0,
            voice: VoiceUse::None,
            memory_mb: 0,
            own_ms: 0,
            reply_kb: 0,
            state_kb: 0,
            ..Self::default()
        };
        self.beyond(&nothing)
    }

    /// What is asked for and was not agreed to, a sentence each; empty if it is the same or less.
    #[must_use]
    pub fn beyond(&self, granted: &Self) -> Vec<String> {
        let mut more = Vec::new();
        let mut say = |is_more: bool, what: String| {
            if is_more {
                more.push(what);
            }
        };
        let (asked, had) = (self, granted);
        say(asked.history > had.history, format!("is told the last {} turns of a conversation", asked.history));
        say(asked.names && !had.names, "is told names of people and titles of groups".to_owned());
        say(asked.phone && !had.phone, "is told phone numbers of people".to_owned());
        say(asked.images && !had.images, "is given pictures that people send".to_owned());
        say(asked.documents && !had.documents, "is given files that people send".to_owned());
        say(asked.voice > had.voice, "is told the words of voice notes".to_owned());
        say(asked.overheard && !had.overheard, "is told what is said in groups and not to the bot".to_owned());
        say(asked.reactions && !had.reactions, "is told reactions".to_owned());
        for origin in &asked.http {
            let in_plain = if origin.is_open() { ", readable on its way" } else { "" };
            let is_new = !had.http.iter().any(|granted| granted.covers_all_of(origin));
            say(is_new, format!("sends HTTP requests to {origin}{in_plain}"));
        }
        for (role, of) in &asked.models {
            let what = match of {
                ModelUse::Text => "a language model",
                ModelUse::Vision => "a language model that looks at pictures",
            };
            say(had.models.get(role) < Some(of), format!("asks {what}, as its {role}"));
        }
        say(asked.wake && !had.wake, "asks to be woken, and then speaks first".to_owned());
        say(asked.hand_over && !had.hand_over, "hands conversations over to other assistants or to you".to_owned());
        say(asked.memory_mb > had.memory_mb, format!("uses up to {} MB of memory in a turn", asked.memory_mb));
        say(asked.own_ms > had.own_ms, format!("computes up to {} ms in a turn", asked.own_ms));
        say(asked.reply_kb > had.reply_kb, format!("answers with up to {} KB", asked.reply_kb));
        say(asked.state_kb > had.state_kb, format!("remembers up to {} KB of a conversation", asked.state_kb));
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_or_less_is_nothing_beyond() {
        let asks = Asks {
            history: 20,
            names: true,
            http: vec!["https://*.example.com".parse().unwrap()],
            models: [("writer".to_owned(), ModelUse::Vision)].into(),
            ..Asks::default()
        };
        assert_eq!(asks.beyond(&asks), Vec::<String>::new());
        let less = Asks {
            names: false,
            history: 0,
            http: vec!["https://a.example.com".parse().unwrap()],
            models: [("writer".to_owned(), ModelUse::Text)].into(),
            own_ms: 1,
            ..asks.clone()
        };
        assert_eq!(less.beyond(&asks), Vec::<String>::new());
        assert_eq!(
            asks.beyond(&less),
            [
                "is told the last 20 turns of a conversation",
                "is told names of people and titles of groups",
                "sends HTTP requests to https://*.example.com",
                "asks a language model that looks at pictures, as its writer",
                "computes up to 500 ms in a turn",
            ]
        );
    }

    /// A key that is added and forgotten here would be granted without a word.
    #[test]
    fn every_key_that_grows_is_said() {
        let base = Asks { history: 1, voice: VoiceUse::None, ..Asks::default() };
        let said = |grown: Asks| assert_eq!(grown.beyond(&base).len(), 1, "{grown:?}");
        let keys = serde_json::to_value(&base).unwrap();
        let mut tried = 0;
        for (key, value) in keys.as_object().unwrap() {
            let grown = match value {
                serde_json::Value::Bool(_) => serde_json::json!(true),
                serde_json::Value::Number(number) => serde_json::json!(number.as_u64().unwrap() + 1),
                serde_json::Value::String(_) => serde_json::json!("transcript"),
                serde_json::Value::Array(_) => serde_json::json!(["https://example.com"]),
                serde_json::Value::Object(_) => serde_json::json!({ "writer": "text" }),
                serde_json::Value::Null => unreachable!(),
            };
            let mut with = keys.clone();
            with[key] = grown;
            said(serde_json::from_value(with).unwrap());
            tried += 1;
        }
        assert_eq!(tried, 16);
        assert!(base.lines().len() >= 5);
    }
}
