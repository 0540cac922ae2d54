//! The document of a turn. Keys that are not here are ignored; `plugins/schema/turn.json` has all of them.

use serde::Deserialize;

/// What is asked.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    /// The same in every attempt.
    pub turn: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The present moment, in milliseconds since 1970.
    pub now: u64,
    /// The time zone of the people here, if it is known.
    pub time_zone: Option<String>,
    /// Their language, if it is known.
    pub language: Option<String>,
    /// The conversation. A text to compare.
    pub conversation: String,
    /// Who wrote.
    pub person: Person,
    /// What was written, oldest first.
    pub messages: Vec<Message>,
    /// What was said before, oldest first.
    #[serde(default)]
    pub history: Vec<Past>,
}

/// Who wrote.
#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    /// A text to compare.
    pub id: String,
    /// The name, if the plugin sees names.
    pub name: Option<String>,
    /// The phone number, if the plugin sees it.
    pub phone: Option<String>,
}

/// One message. `kind` says which of the others are there.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// When it was written.
    pub at: u64,
    /// `text`, `image`, `voice`, `choice`, `document`, `location`, `contacts`, `reaction`, `wake`, `unsupported`.
    pub kind: String,
    /// Its words.
    pub text: Option<String>,
    /// The id of the option that was picked.
    pub choice: Option<String>,
    /// The token of the wake-up.
    pub wake: Option<String>,
    /// The picture.
    pub image: Option<Medium>,
}

/// A picture, sound or file.
#[derive(Debug, Clone, Deserialize)]
pub struct Medium {
    /// Its number.
    pub medium: Option<u32>,
    /// Its type.
    pub mime: String,
}

/// What was said before.
#[derive(Debug, Clone, Deserialize)]
pub struct Past {
    /// What was asked.
    pub asked: String,
    /// What was answered.
    pub answered: String,
}

impl Turn {
    /// All words of the turn, one message per line.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.messages.iter().filter_map(|message| message.text.as_deref()).collect();
        words.join("\n")
    }

    /// The id of the option that was picked last, if one was.
    pub fn choice(&self) -> Option<&str> {
        self.messages.iter().rev().find_map(|message| message.choice.as_deref())
    }

    /// The token of the wake-up, if this is one.
    pub fn wake(&self) -> Option<&str> {
        self.messages.iter().find_map(|message| message.wake.as_deref())
    }
}
