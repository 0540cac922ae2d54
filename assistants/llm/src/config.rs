//! The keys of `[assistants.NAME]` with `kind = "llm"`.

use crate::assistant::{Beside, Llm};
use crate::limits::{
    HISTORY_TOKENS_CONFIGURED_MAX, HISTORY_TOKENS_DEFAULT, IMAGE_DECODINGS_MAX, IMAGE_SIDE_CONFIGURED_MAX,
    IMAGE_SIDE_CONFIGURED_MIN, IMAGE_SIDE_DEFAULT, OWNER_PROMPT_BYTES_MAX, ROUNDS_CONFIGURED_MAX, ROUNDS_DEFAULT,
};
use crate::owner::Owner;
use crate::tokens::Calibration;
use crate::tools::house::HUMAN;
use async_trait::async_trait;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::ids::{ModelName, ToolServerName};
use greenroom_contract::limits::HISTORY_TURNS_MAX;
use greenroom_contract::schema::{Key, KeyKind};
use serde::Deserialize;
use std::fmt::Display;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The keys of `[assistants.NAME]` with `kind = "llm"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct LlmConfig {
    /// The model that is asked.
    pub model: ModelName,
    /// What the bot is for.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The same in a file.
    #[serde(default)]
    pub prompt_file: Option<String>,
    /// Tool servers that the model may use.
    #[serde(default)]
    pub tools: Vec<ToolServerName>,
    /// Past turns that are read.
    #[serde(default = "history_turns")]
    pub history_turns: usize,
    /// Tokens of them that are shown.
    #[serde(default = "history_tokens")]
    pub history_tokens: u32,
    /// Whether what falls out of the history is summarised.
    #[serde(default = "yes")]
    pub summary: bool,
    /// Whether pictures are shown.
    #[serde(default = "yes")]
    pub images: bool,
    /// Whether documents are shown.
    #[serde(default = "yes")]
    pub documents: bool,
    /// Longest side of a picture, in pixels.
    #[serde(default = "image_side")]
    pub image_side: u32,
    /// Rounds of calls in one turn.
    #[serde(default = "rounds_max")]
    pub rounds_max: u32,
    /// Whether people can be reminded.
    #[serde(default = "yes")]
    pub reminders: bool,
    /// Whether an emoji below a message of the bot is a turn.
    #[serde(default)]
    pub reactions: bool,
    /// To whom the model may hand over.
    #[serde(default)]
    pub hand_over_to: Vec<String>,
}

fn yes() -> bool {
    true
}

fn history_turns() -> usize {
    40
}

fn history_tokens() -> u32 {
    HISTORY_TOKENS_DEFAULT
}

fn image_side() -> u32 {
    IMAGE_SIDE_DEFAULT
}

fn rounds_max() -> u32 {
    ROUNDS_DEFAULT
}

fn wrong(path: &str, reason: impl Into<String>) -> BuildError {
    BuildError::Config { path: path.to_owned(), reason: reason.into() }
}

fn listed(names: &[impl Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl LlmConfig {
    /// What the owner wants.
    fn owner(&self, parts: &AssistantParts) -> Result<Owner, BuildError> {
        match (&self.prompt, &self.prompt_file) {
            (Some(_), Some(_)) => Err(wrong("prompt_file", "is given together with prompt; only one of them counts")),
            (Some(text), None) if text.len() > OWNER_PROMPT_BYTES_MAX => {
                Err(wrong("prompt", format!("is larger than {} KB", OWNER_PROMPT_BYTES_MAX / 1024)))
            }
            (text, None) => Ok(Owner::Text(text.clone().unwrap_or_default())),
            (None, Some(file)) => Owner::file(parts.folder.join(file)).map_err(|reason| wrong("prompt_file", reason)),
        }
    }

    /// Whether all that it names is there.
    fn check(&self, parts: &AssistantParts) -> Result<(), BuildError> {
        let models = parts.models.names();
        let Some(model) = parts.models.model(&self.model) else {
            let known = if models.is_empty() {
                "none is configured; add a table [models.NAME], such as [models.main] with provider and model"
                    .to_owned()
            } else {
                format!("configured are: {}", listed(&models))
            };
            return Err(wrong("model", format!("names a model that does not exist: {}; {known}", self.model)));
        };
        let servers = parts.tools.names();
        if let Some(unknown) = self.tools.iter().find(|name| !servers.contains(name)) {
            let known = if servers.is_empty() {
                "none is configured; add a table [tools.NAME]".to_owned()
            } else {
                format!("configured are: {}", listed(&servers))
            };
            return Err(wrong("tools", format!("names a tool server that does not exist: {unknown}; {known}")));
        }
        if !self.tools.is_empty() && !model.traits().tools {
            return Err(wrong("tools", format!("cannot be used: the model {} does not call tools", self.model)));
        }
        self.check_receivers(parts)
    }

    fn check_receivers(&self, parts: &AssistantParts) -> Result<(), BuildError> {
        let is_known = |name: &str| name == HUMAN || parts.assistants.iter().any(|known| known.as_str() == name);
        if let Some(unknown) = self.hand_over_to.iter().find(|name| !is_known(name)) {
            let known = listed(&parts.assistants);
            let reason = format!("names an assistant that does not exist: {unknown}; there are \"human\" and: {known}");
            return Err(wrong("hand_over_to", reason));
        }
        if self.hand_over_to.iter().any(|name| name == parts.name.as_str()) {
            return Err(wrong("hand_over_to", "names this assistant itself"));
        }
        Ok(())
    }
}

#[async_trait]
impl AssistantKind for Llm {
    const KIND: &'static str = "llm";
    const ABOUT: &'static str = "asks a language model, with tools, reminders and pictures";
    const NOTE: Option<&'static str> =
        Some("sends what people write to the provider of its model, together with their names and pictures");
    /// It checks which models and tool servers there are, and reads a file.
    const REMADE: bool = true;
    const KEYS: &'static [Key] = &[
        Key::new("model", KeyKind::Text, "The model that is asked: the NAME of a table [models.NAME].")
            .required()
            .example("\"main\""),
        Key::new("prompt", KeyKind::Text, "What the bot is for and how it talks, in your words.")
            .example("\"You help the guests of a small hotel.\""),
        Key::new(
            "prompt_file",
            KeyKind::Text,
            "The same in a file, seen from this one. It is read again when it changes.",
        ),
        Key::new("tools", KeyKind::List, "Which of the tool servers [tools.NAME] the model may use.").default("[]"),
        Key::new(
            "history_turns",
            KeyKind::Integer { min: 0, max: HISTORY_TURNS_MAX.cast_signed() as i64 },
            "How many past turns are read.",
        )
        .default("40"),
        Key::new(
            "history_tokens",
            KeyKind::Integer { min: 0, max: HISTORY_TOKENS_CONFIGURED_MAX as i64 },
            "How many tokens of them the model is shown, at most; less where its context is smaller.",
        )
        .default("6000"),
        Key::new("summary", KeyKind::Boolean, "Whether the model summarises what falls out of that.").default("true"),
        Key::new("images", KeyKind::Boolean, "Whether it is shown pictures, where it looks at any.").default("true"),
        Key::new("documents", KeyKind::Boolean, "Whether it is shown PDF documents, where it reads them.")
            .default("true"),
        Key::new(
            "image_side",
            KeyKind::Integer { min: IMAGE_SIDE_CONFIGURED_MIN as i64, max: IMAGE_SIDE_CONFIGURED_MAX as i64 },
            "The longest side of a picture in pixels; larger ones are made smaller first.",
        )
        .default("1568"),
        Key::new(
            "rounds_max",
            KeyKind::Integer { min: 1, max: ROUNDS_CONFIGURED_MAX as i64 },
            "How many times in one turn the model may call tools and see what they returned.",
        )
        .default("8"),
        Key::new("reminders", KeyKind::Boolean, "Whether people can have themselves reminded.").default("true"),
        Key::new("reactions", KeyKind::Boolean, "Whether an emoji below a message of the bot is a turn for it.")
            .default("false"),
        Key::new(
            "hand_over_to",
            KeyKind::List,
            "To whom the model may hand a conversation over: names of assistants, and \"human\" for yourself.",
        )
        .default("[]"),
    ];
    type Config = LlmConfig;

    async fn build(config: LlmConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        config.check(&parts)?;
        let owner = config.owner(&parts)?;
        let traits = parts.models.model(&config.model).map(|model| model.traits());
        let needs =
            config.needs(traits.is_some_and(|traits| traits.images), traits.is_some_and(|traits| traits.documents));
        let config = LlmConfig {
            history_turns: config.history_turns.min(HISTORY_TURNS_MAX),
            image_side: config.image_side.clamp(IMAGE_SIDE_CONFIGURED_MIN, IMAGE_SIDE_CONFIGURED_MAX),
            rounds_max: config.rounds_max.clamp(1, ROUNDS_CONFIGURED_MAX),
            ..config
        };
        // A turn whose attempt failed goes on where it was, also where the configuration was read meanwhile.
        let kept = parts.kept.of::<Beside>(&parts.name);
        Ok(Arc::new(Self {
            config,
            owner,
            models: parts.models,
            tools: parts.tools,
            clock: parts.clock,
            needs,
            calibration: Calibration::default(),
            kept,
            decodings: Arc::new(Semaphore::new(IMAGE_DECODINGS_MAX)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<LlmConfig>(Llm::KEYS);
    }
}
