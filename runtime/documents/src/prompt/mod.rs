//! The documents of a prompt and of its completion: what a plugin asks a language model, and what comes of it.
//!
//! | module | holds |
//! |---|---|
//! | `completion` | the document of what a model said |

mod completion;

pub use completion::{CompletionDocument, EndedDocument};

use crate::media::MediaTable;
use greenroom_contract::model::{Part, Prompt, PromptMessage, Said};
use serde::{Deserialize, Serialize};

/// What a model is asked. A key that is unknown is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PromptDocument {
    /// The instructions of whoever made the assistant. Nothing that a person wrote belongs here.
    #[serde(default)]
    pub system: String,
    /// What was said, oldest first. The last one is a person's.
    pub messages: Vec<PromptMessageDocument>,
    /// Tokens that the model may write; left out, as many as are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PromptMessageDocument {
    /// Who said it.
    pub from: From,
    /// The words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Numbers of pictures that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<u32>,
    /// Numbers of documents that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<u32>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// A person, or something that is told of people.
    Person,
    /// The model itself, earlier.
    Model,
}

/// Why a document is no prompt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the prompt is not understood at {path}: {reason}")]
pub struct PromptError {
    /// Where: `messages[1].from`; `.` is the document itself.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

fn wrong<T>(path: impl Into<String>, reason: impl Into<String>) -> Result<T, PromptError> {
    Err(PromptError { path: path.into(), reason: reason.into() })
}

impl PromptDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// It is no prompt; with the place.
    pub fn parse(document: &[u8]) -> Result<Self, PromptError> {
        let mut reader = serde_json::Deserializer::from_slice(document);
        serde_path_to_error::deserialize(&mut reader)
            .or_else(|error| wrong(error.path().to_string(), error.inner().to_string()))
    }

    /// The prompt that it means, with the media of the turn.
    ///
    /// # Errors
    /// It says nothing, or names a medium that the turn does not have.
    pub fn prompt(self, media: &MediaTable) -> Result<Prompt, PromptError> {
        if !self.messages.last().is_some_and(|last| last.from == From::Person) {
            return wrong("messages", "the last message must be a person's");
        }
        let mut prompt = Prompt { system: self.system, answer_tokens_max: self.answer_tokens, ..Prompt::default() };
        for (place, message) in self.messages.into_iter().enumerate() {
            let message = message.message(media).or_else(|(key, number)| {
                wrong(format!("messages[{place}].{key}"), format!("{number} is not a medium of this turn"))
            })?;
            prompt.messages.push(message);
        }
        Ok(prompt)
    }
}

impl PromptMessageDocument {
    fn message(self, media: &MediaTable) -> Result<PromptMessage, (&'static str, u32)> {
        if self.from == From::Model {
            return Ok(PromptMessage::Model(Said { text: self.text, ..Said::default() }));
        }
        let mut parts = Vec::new();
        for number in self.images {
            parts.push(Part::Image(media.get(number).cloned().ok_or(("images", number))?));
        }
        for number in self.documents {
            let media = media.get(number).cloned().ok_or(("documents", number))?;
            parts.push(Part::Document { media, name: None });
        }
        if !self.text.is_empty() {
            parts.push(Part::Text(self.text));
        }
        Ok(PromptMessage::Person(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::message::Media;

    #[test]
    fn a_prompt_is_what_its_document_says() {
        let picture = Media { mime: "image/png".to_owned(), bytes: vec![1].into() };
        let mut media = MediaTable::default();
        media.put(picture.clone());
        let document = br#"{"system":"short","messages":[{"from":"model","text":"hm"},{"from":"person","text":"what?","images":[0]}],
            "answer_tokens":9}"#;
        let prompt = PromptDocument::parse(document).unwrap().prompt(&media).unwrap();
        assert_eq!((prompt.system.as_str(), prompt.answer_tokens_max), ("short", Some(9)));
        let person = PromptMessage::Person(vec![Part::Image(picture), Part::Text("what?".to_owned())]);
        assert_eq!(prompt.messages[1], person);
    }

    #[test]
    fn what_is_no_prompt_is_refused_with_its_place() {
        let read = |text: &str| {
            let prompt =
                PromptDocument::parse(text.as_bytes()).and_then(|prompt| prompt.prompt(&MediaTable::default()));
            prompt.unwrap_err().path
        };
        assert_eq!(read("{}"), ".");
        assert_eq!(read(r#"{"messages":[]}"#), "messages");
        assert_eq!(read(r#"{"messages":[{"from":"model"}]}"#), "messages");
        assert_eq!(read(r#"{"messages":[{"from":"me"}]}"#), "messages[0].from");
        assert_eq!(read(r#"{"messages":[{"from":"person","images":[3]}]}"#), "messages[0].images");
        assert_eq!(read(r#"{"messages":[{"from":"person"}],"tools":[]}"#), "tools");
    }
}
