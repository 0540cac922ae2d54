//! The keys of `[assistants.NAME]` with `kind = "process"`.

use crate::limits::PARALLEL_MAX;
use async_trait::async_trait;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_documents::needs::{self, Told};
use serde::Deserialize;
use std::sync::Arc;

/// The assistant that is a program of yours: `kind = "process"`.
pub struct Process {
    #[cfg(unix)]
    pub(crate) ordered: crate::program::Ordered,
    #[cfg(unix)]
    pub(crate) needs: greenroom_contract::assistant::Needs,
    #[cfg(unix)]
    pub(crate) standing: tokio::sync::watch::Sender<crate::life::Standing>,
    #[cfg(unix)]
    pub(crate) places: Arc<tokio::sync::Semaphore>,
}

/// The keys of `[assistants.NAME]` with `kind = "process"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct ProcessConfig {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder that it runs in.
    #[serde(default = "here")]
    pub folder: String,
    /// The variables of the environment that it gets.
    #[serde(default = "path_only")]
    pub env: Vec<String>,
    /// Turns that it is given before it has answered.
    #[serde(default = "one")]
    pub parallel: u32,
    /// Past turns that it is told.
    #[serde(default = "history_turns")]
    pub history_turns: usize,
    /// Whether it is sent pictures.
    #[serde(default)]
    pub images: bool,
    /// Whether it is sent files.
    #[serde(default)]
    pub documents: bool,
    /// Whether it is told what was overheard.
    #[serde(default)]
    pub overheard: bool,
    /// Whether it is told addresses of people.
    #[serde(default)]
    pub addresses: bool,
    /// Whether reactions are turns.
    #[serde(default)]
    pub reactions: bool,
}

fn here() -> String {
    ".".to_owned()
}

fn path_only() -> Vec<String> {
    vec!["PATH".to_owned()]
}

fn one() -> u32 {
    1
}

fn history_turns() -> usize {
    needs::HISTORY_TURNS_DEFAULT
}

impl ProcessConfig {
    /// What it is told of a turn.
    pub(crate) fn told(&self) -> Told {
        Told {
            history_turns: Some(self.history_turns),
            images: self.images,
            documents: self.documents,
            overheard: self.overheard,
            addresses: self.addresses,
            reactions: self.reactions,
        }
    }

    /// What is wrong with the values, each for itself.
    fn check(&self) -> Result<(), BuildError> {
        let refused =
            |path: &str, reason: &str| Err(BuildError::Config { path: path.to_owned(), reason: reason.to_owned() });
        if self.command.first().is_none_or(|program| program.trim().is_empty()) {
            return refused("command", "is empty; it is a list such as [\"python3\", \"bot.py\"]");
        }
        if self.command.iter().any(|word| word.contains('\0')) {
            return refused("command", "holds a character that no command can have");
        }
        if self.env.iter().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return refused(
                "env",
                "lists names of variables only, such as [\"PATH\", \"API_KEY\"]; values stay out of the file",
            );
        }
        Ok(())
    }
}

#[async_trait]
impl AssistantKind for Process {
    const KIND: &'static str = "process";
    const ABOUT: &'static str = "asks a program of yours, in any language; not sandboxed";
    const NOTE: Option<&'static str> =
        Some("is a program that is not sandboxed: it can read and change whatever the user can that Greenroom runs as");
    const KEYS: &'static [Key] = &[
        Key::new(
            "command",
            KeyKind::List,
            "The program and its arguments. It reads a line of JSON for each turn and writes one with the answer. It is not \
             sandboxed: it can read and change what Greenroom can.",
        )
        .required()
        .example("[\"python3\", \"bot.py\"]"),
        Key::new("folder", KeyKind::Text, "The folder that it runs in, seen from this file.").default("\".\""),
        Key::new("env", KeyKind::List, "The variables of the environment that it gets; all others are kept from it.")
            .default("[\"PATH\"]"),
        Key::new(
            "parallel",
            KeyKind::Integer { min: 1, max: PARALLEL_MAX as i64 },
            "How many turns it is given before it has answered. More than one only if it works on several at the same time.",
        )
        .default("1"),
        needs::HISTORY_TURNS,
        needs::IMAGES,
        needs::DOCUMENTS,
        needs::OVERHEARD,
        needs::ADDRESSES,
        needs::REACTIONS,
    ];
    type Config = ProcessConfig;

    async fn build(config: ProcessConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        config.check()?;
        made(config, parts)
    }
}

#[cfg(unix)]
fn made(config: ProcessConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
    let needs = config.told().needs();
    let parallel = config.parallel.clamp(1, PARALLEL_MAX) as usize;
    let mut words = config.command.into_iter();
    let recipe = greenroom_support::programs::Recipe {
        program: words.next().unwrap_or_default(),
        arguments: words.collect(),
        folder: parts.folder.join(&config.folder),
        variables: config.env,
    };
    if !recipe.folder.is_dir() {
        let reason = format!("is not a folder: {}", recipe.folder.display());
        return Err(BuildError::Config { path: "folder".to_owned(), reason });
    }
    let ordered = crate::program::Ordered { name: parts.name, recipe, parallel };
    let standing = tokio::sync::watch::Sender::new(crate::life::Standing::Off);
    Ok(Arc::new(Process { ordered, needs, standing, places: Arc::new(tokio::sync::Semaphore::new(parallel)) }))
}

#[cfg(not(unix))]
fn made(_: ProcessConfig, _: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
    let reason = "an assistant of kind process needs Linux or macOS, where a program can be ended together with everything \
                  that it started; kind http works everywhere";
    Err(BuildError::Setup { reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<ProcessConfig>(Process::KEYS);
    }

    #[test]
    fn what_cannot_be_started_is_refused_by_name() {
        let check = |command: &str, env: &str| {
            let table: toml::Table = format!("command = {command}\nenv = {env}").parse().unwrap();
            ProcessConfig::deserialize(toml::Value::Table(table)).unwrap().check().map_err(|error| match error {
                BuildError::Config { path, .. } => path,
                BuildError::Setup { reason } => reason,
            })
        };
        assert_eq!(check("[\"python3\", \"\"]", "[]"), Ok(()));
        assert_eq!(check("[]", "[]"), Err("command".to_owned()));
        assert_eq!(check("[\" \"]", "[]"), Err("command".to_owned()));
        assert_eq!(check("[\"a\", \"b\\u0000\"]", "[]"), Err("command".to_owned()));
        assert_eq!(check("[\"a\"]", "[\"KEY=value\"]"), Err("env".to_owned()));
    }

    #[test]
    fn that_it_is_not_sandboxed_is_said_where_kinds_are_listed() {
        assert!(Process::ABOUT.contains("not sandboxed"));
        assert!(Process::NOTE.is_some_and(|note| note.contains("not sandboxed")));
        assert!(Process::KEYS[0].about.contains("not sandboxed"));
    }
}
