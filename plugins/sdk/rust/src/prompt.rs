//! The documents of a prompt and of what came of it.

use serde::Deserialize;
use serde_json::{Value, json};

/// What a model is asked.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    system: String,
    messages: Vec<Value>,
}

/// What it said.
#[derive(Debug, Clone, Deserialize)]
pub struct Completion {
    /// Its words.
    pub text: String,
    /// `whole`, `cut` or `refused`.
    pub ended: String,
}

impl Prompt {
    /// Instructions. Nothing that a person wrote belongs here.
    pub fn new(system: impl Into<String>) -> Self {
        Self { system: system.into(), messages: Vec::new() }
    }

    /// Words of a person behind it.
    #[must_use]
    pub fn person(mut self, text: &str) -> Self {
        self.messages.push(json!({ "from": "person", "text": text }));
        self
    }

    /// A picture of this turn behind it, and words about it.
    #[must_use]
    pub fn picture(mut self, medium: u32, text: &str) -> Self {
        self.messages.push(json!({ "from": "person", "text": text, "images": [medium] }));
        self
    }
}

/// Asks the model that the owner granted for this role.
///
/// # Errors
/// Why there is nothing, in the host's words. Return it: the host knows whether it is an outage.
pub fn ask(role: &str, prompt: &Prompt) -> Result<Completion, String> {
    let document = json!({ "system": prompt.system, "messages": prompt.messages }).to_string();
    let said = crate::bindings::greenroom::plugin::models::ask(role, &document)?;
    serde_json::from_str(&said).map_err(|error| error.to_string())
}
