//! The assistant that answers nothing itself: it hands each turn to another one, by rules.
//!
//! ```toml
//! [assistants.front]
//! kind    = "router"
//! default = "helper"
//!
//! [[assistants.front.rules]]
//! to       = "orders"
//! commands = ["/order"]
//! stays    = true            # the conversation stays there until it is handed on, or its person says /start
//!
//! [[assistants.front.rules]]
//! to    = "night"
//! hours = "22:00-06:00"
//! ```
//!
//! A rule holds where all that it names holds; the first one that holds counts.
//!
//! | module | holds |
//! |---|---|
//! | `rule` | what a rule names, and whether it holds |
//! | `hours` | times of day |
//! | `limits` | how large anything may get |
#![warn(missing_docs)]

mod hours;
mod limits;
mod rule;

pub use hours::Hours;
pub use rule::{ChatKind, Rule};

use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, HandOver, Needs, Receiver, Turn};
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::schema::{Key, KeyKind};
use serde::Deserialize;
use std::sync::Arc;

/// The assistant that hands each turn to another one: `kind = "router"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Router {
    default: AssistantName,
    rules: Vec<Rule>,
}

/// The keys of `[assistants.NAME]` with `kind = "router"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterConfig {
    /// Who answers where no rule holds.
    pub default: String,
    /// The rules, in order.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

impl Router {
    /// Hands every turn to this assistant.
    pub fn new(default: AssistantName) -> Self {
        Self { default, rules: Vec::new() }
    }

    /// And first to that of this rule, where it holds.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Who answers a turn, and whether the conversation stays there.
    fn decide(&self, turn: &Turn) -> HandOver {
        let rule = self.rules.iter().find(|rule| rule.holds(turn));
        let (to, stays) = rule.map_or((&self.default, false), |rule| (&rule.to, rule.stays));
        HandOver { to: Receiver::Assistant(to.clone()), stays }
    }
}

#[async_trait]
impl Assistant for Router {
    fn needs(&self) -> Needs {
        // It looks at words, and at addresses where a rule names people; what the one needs to whom a turn goes is prepared
        // for that one.
        let addresses = self.rules.iter().any(|rule| rule.people.is_some());
        Needs { history_turns: 0, images: false, overheard: false, addresses, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        Ok(Answer { hand_over: Some(self.decide(&turn)), ..Answer::default() })
    }
}

const RULE: &[Key] = &[
    Key::new("to", KeyKind::Text, "Who answers.").required(),
    Key::new("stays", KeyKind::Boolean, "Whether the conversation stays there.").default("false"),
    Key::new("channels", KeyKind::List, "Names of channels."),
    Key::new("accounts", KeyKind::List, "Accounts that are written to."),
    Key::new("groups", KeyKind::List, "Ids or titles of groups."),
    Key::new("people", KeyKind::List, "Addresses of people, such as \"+15551234567\"."),
    Key::new("languages", KeyKind::List, "Languages that are spoken, such as \"de\" or \"de-AT\"."),
    Key::new("commands", KeyKind::List, "First words, such as \"/order\"."),
    Key::new("chat", KeyKind::Choice(&["direct", "group"]), "The kind of chat."),
    Key::new("hours", KeyKind::Text, "The time of day, such as \"22:00-06:00\", in the time zone of the channel."),
];

#[async_trait]
impl AssistantKind for Router {
    const KIND: &'static str = "router";
    const ABOUT: &'static str = "hands each turn to another assistant, by rules";
    const KEYS: &'static [Key] = &[
        Key::new("default", KeyKind::Text, "Who answers where no rule holds.").required().example("\"echo\""),
        Key::new(
            "rules",
            KeyKind::Rows(RULE),
            "Tables under [[assistants.NAME.rules]]; a rule holds where all that it names holds, and the first one counts. \
             It may name channels, accounts, groups, people, languages, commands (first words), chat (direct or group) \
             and hours; stays keeps the conversation there.",
        )
        .default("[]")
        .example("[{ to = \"echo\", commands = [\"/echo\"], stays = true }, { to = \"echo\", hours = \"22:00-06:00\" }]"),
    ];
    type Config = RouterConfig;
    const REMADE: bool = true;

    async fn build(config: RouterConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        if config.rules.len() > limits::RULES_MAX {
            let reason = format!("{} rules; {} at most", config.rules.len(), limits::RULES_MAX);
            return Err(BuildError::Config { path: "rules".to_owned(), reason });
        }
        let default = config.default.parse().map_err(|error| BuildError::Config {
            path: "default".to_owned(),
            reason: format!("{:?} is not a name of an assistant: {error}", config.default),
        })?;
        let is_there = |path: String, to: &AssistantName| {
            let reason = if *to == parts.name {
                "a router cannot hand over to itself; name another assistant".to_owned()
            } else if parts.assistants.contains(to) {
                return Ok(());
            } else {
                let names: Vec<&str> = parts.assistants.iter().map(AssistantName::as_str).collect();
                format!("there is no assistant {to}; there are {}", names.join(", "))
            };
            Err(BuildError::Config { path, reason })
        };
        is_there("default".to_owned(), &default)?;
        for (place, rule) in config.rules.iter().enumerate() {
            is_there(format!("rules.{}.to", place + 1), &rule.to)?;
        }
        Ok(Arc::new(Self { default, rules: config.rules }))
    }
}

#[cfg(test)]
mod tests;
