//! What all four readers of a body share.

use crate::asked::{Message, Offer, Part, Protocol, Role};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};
use serde_json::Value;

/// A body that was found right.
#[allow(clippy::struct_excessive_bools, reason = "each says of one thing whether it was there")]
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) model: String,
    pub(crate) system: Vec<String>,
    pub(crate) messages: Vec<Message>,
    pub(crate) tools: Vec<Offer>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) streamed: bool,
    pub(crate) thinking: bool,
    pub(crate) cache_marked: bool,
    /// Whether a stream of chat completions ends with the usage.
    pub(crate) usage_asked: bool,
}

impl Read {
    /// Adds a message; parts of one role that belong together are joined if `joined`.
    pub(crate) fn push(&mut self, role: Role, parts: Vec<Part>, joined: bool) {
        match self.messages.last_mut() {
            Some(last) if joined && last.role == role => last.parts.extend(parts),
            _ => self.messages.push(Message { role, parts }),
        }
    }

    /// The name of the tool that a call had.
    pub(crate) fn tool_of(&self, call_id: &str) -> Option<String> {
        let parts = self.messages.iter().rev().flat_map(|message| &message.parts);
        parts.into_iter().find_map(|part| match part {
            Part::Call { id, name, .. } if id == call_id => Some(name.clone()),
            _ => None,
        })
    }
}

pub(crate) fn model<'a>(protocol: Protocol, name: &str, settings: &'a Settings) -> Result<&'a Model, Refusal> {
    settings.find(name).ok_or_else(|| Refusal::unknown_model(protocol, name))
}

/// JSON as text, where a text is itself.
pub(crate) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Refuses roles that do not alternate, as chat templates of open models do.
pub(crate) fn alternating(messages: &[Message]) -> Result<(), Refusal> {
    let mut before = None;
    for message in messages {
        let speaker = if message.role == Role::Assistant { Role::Assistant } else { Role::User };
        let wrong_first = before.is_none() && speaker == Role::Assistant;
        // Several results in a row answer several calls.
        if wrong_first || (before == Some(speaker) && message.role != Role::Tool) {
            return Err(Refusal::invalid("Conversation roles must alternate user/assistant/user/assistant/..."));
        }
        before = Some(speaker);
    }
    Ok(())
}
