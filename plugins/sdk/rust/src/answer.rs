//! The document of an answer; `plugins/schema/answer.json` has all of it.

use serde::Serialize;
use serde_json::{Value, json};

/// What is answered. Empty is silence.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Answer {
    /// What to say, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<Reply>,
    /// When to be woken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wake: Vec<Wake>,
    /// Tokens of wake-ups that are taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancel_wakes: Vec<String>,
    /// Who answers instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<HandOver>,
    /// Why this turn can never be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never: Option<String>,
}

/// One thing to say.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Reply(pub Value);

/// A wish to be woken.
#[derive(Debug, Clone, Serialize)]
pub struct Wake {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// What to be reminded of.
    pub token: String,
}

/// Who answers instead.
#[derive(Debug, Clone, Serialize)]
pub struct HandOver {
    /// The name of an assistant, `human` or `configured`.
    pub to: String,
    /// Whether the next messages are answered by the same one.
    pub stays: bool,
}

impl Answer {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().and_text(text)
    }

    /// Nothing is said.
    pub fn silence() -> Self {
        Self::default()
    }

    /// A question with options: pairs of an id and a title.
    pub fn choices<'a>(text: impl Into<String>, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let options: Vec<Value> =
            options.into_iter().map(|(id, title)| json!({ "id": id, "title": title })).collect();
        let reply = Reply(json!({ "choices": { "text": text.into(), "options": options } }));
        Self { replies: vec![reply], ..Self::default() }
    }

    /// The same with another text behind it.
    #[must_use]
    pub fn and_text(mut self, text: impl Into<String>) -> Self {
        self.replies.push(Reply(json!({ "text": text.into() })));
        self
    }

    /// The same with a picture behind it.
    #[must_use]
    pub fn and_image(mut self, medium: u32, caption: &str) -> Self {
        self.replies.push(Reply(json!({ "image": { "medium": medium }, "text": caption })));
        self
    }
}
