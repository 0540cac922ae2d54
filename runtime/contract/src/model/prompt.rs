//! What a model is asked.

use crate::message::Media;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a model is asked: instructions, what was said, and what it may call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompt {
    /// The instructions of whoever owns the bot. Nothing that a person wrote belongs here.
    pub system: String,
    /// What was said, oldest first. The last one is a person's, or what tools returned.
    pub messages: Vec<PromptMessage>,
    /// What it may call.
    pub tools: Vec<ToolSpec>,
    /// Tokens that it may write; `None` is what is configured.
    pub answer_tokens_max: Option<u32>,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub enum PromptMessage {
    /// What people wrote, or what is told of them. Never trusted.
    Person(Vec<Part>),
    /// What the model itself said earlier.
    Model(Said),
    /// What the tools returned that it called in the message before: one for each call. Never trusted.
    Tools(Vec<ToolOutput>),
}

/// A part of what a person said.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture.
    Image(Media),
    /// A document.
    Document {
        /// Its bytes.
        media: Media,
        /// Its name, as the sender calls it.
        name: Option<String>,
    },
}

/// What a model said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Its words.
    pub text: String,
    /// What it wants called before it goes on.
    #[serde(default)]
    pub calls: Vec<ToolCall>,
    /// What its provider wants back with it, unread: signatures of what it thought.
    #[serde(default)]
    pub signatures: Vec<String>,
}

/// A tool that a model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does, for the model.
    pub about: String,
    /// Its arguments, as a JSON Schema of an object.
    pub parameters: Value,
}

/// A wish of a model that a tool be called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's name for this call.
    pub id: String,
    /// The tool's name. A model may name one that does not exist.
    pub name: String,
    /// The arguments: what the model wrote, checked by no one.
    pub arguments: Value,
}

/// What became of a call, for the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolOutput {
    /// Which call: [`ToolCall::id`].
    pub call: String,
    /// The tool's name.
    pub name: String,
    /// What it returned, or what went wrong. Never trusted.
    pub text: String,
    /// Whether it failed.
    #[serde(default)]
    pub failed: bool,
}

impl Prompt {
    /// A prompt with these instructions, and nothing said yet.
    pub fn new(system: impl Into<String>) -> Self {
        Self { system: system.into(), ..Self::default() }
    }

    /// The same with words of a person behind it.
    #[must_use]
    pub fn person(mut self, text: impl Into<String>) -> Self {
        self.messages.push(PromptMessage::Person(vec![Part::Text(text.into())]));
        self
    }
}
