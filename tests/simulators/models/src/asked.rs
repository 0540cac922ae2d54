//! A request in a form that is the same for all protocols.

use bytes::Bytes;
use serde_json::Value;
use std::fmt;
use std::time::Instant;

/// Which of the four protocols a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// OpenAI's `POST /v1/chat/completions`, also spoken by Ollama, llama.cpp, vLLM and OpenRouter.
    OpenAiChat,
    /// OpenAI's `POST /v1/responses`.
    OpenAiResponses,
    /// Anthropic's `POST /v1/messages`.
    Anthropic,
    /// Gemini's `POST /v1beta/models/…:generateContent` and `:streamGenerateContent`.
    Gemini,
}

impl Protocol {
    /// All four.
    pub const ALL: [Self; 4] = [Self::OpenAiChat, Self::OpenAiResponses, Self::Anthropic, Self::Gemini];
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAiChat => "OpenAI chat completions",
            Self::OpenAiResponses => "OpenAI Responses",
            Self::Anthropic => "Anthropic",
            Self::Gemini => "Gemini",
        })
    }
}

/// One accepted request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its number, from 1, counted over all protocols; refused requests are not counted.
    pub number: u64,
    /// The protocol.
    pub protocol: Protocol,
    /// The model that was named.
    pub model: String,
    /// The key that was sent.
    pub key: String,
    /// What stands in the system's role, several pieces joined by an empty line.
    pub system: String,
    /// The conversation, oldest first. Results of tools have a message of their own in every protocol.
    pub messages: Vec<Message>,
    /// The tools the model may call.
    pub tools: Vec<Offer>,
    /// Most tokens of the answer, if limited.
    pub max_tokens: Option<u64>,
    /// Whether a stream was asked for.
    pub streamed: bool,
    /// Whether thinking was asked for.
    pub thinking: bool,
    /// Whether Anthropic was told to cache a beginning of the prompt.
    pub cache_marked: bool,
    /// The HTTP headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub raw: Value,
    /// When it was accepted.
    pub at: Instant,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// What it consists of.
    pub parts: Vec<Part>,
}

/// Who wrote a message. What the system says is in [`Asked::system`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool; all parts are results.
    Tool,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture that was sent along.
    Picture {
        /// Such as `image/png`.
        media_type: String,
        /// The decoded bytes.
        bytes: Bytes,
    },
    /// Any other medium that was sent along: a document, a sound, a film.
    File {
        /// Its name, where the protocol has one.
        name: Option<String>,
        /// Such as `application/pdf`.
        media_type: String,
        /// The decoded bytes.
        bytes: Bytes,
    },
    /// The address of something that the provider is to fetch, or the id of something it has.
    Link(String),
    /// The model called a tool.
    Call {
        /// The call's id; empty for Gemini, where calls have none.
        id: String,
        /// The tool.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// What a tool returned.
    Result {
        /// The id of the call; empty for Gemini.
        id: String,
        /// The tool, as found in the call.
        name: String,
        /// What it returned; what is no text is JSON.
        content: String,
        /// Whether it is marked as failed, which only Anthropic can say.
        failed: bool,
    },
    /// Thinking that was sent back, as it came.
    Thinking(Value),
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The JSON schema of its arguments; null if there is none.
    pub parameters: Value,
}

impl Message {
    /// All words in it, pieces joined by a line break.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl Asked {
    /// The words of the person's last message.
    pub fn said(&self) -> String {
        self.messages.iter().rfind(|message| message.role == Role::User).map(Message::text).unwrap_or_default()
    }

    /// The last message, if it is the person's.
    pub fn last_of_person(&self) -> Option<&Message> {
        self.messages.last().filter(|message| message.role == Role::User)
    }

    /// The results (tool, content) that wait for the model to read them: those after the last words.
    pub fn results(&self) -> Vec<(&str, &str)> {
        let waiting = self.messages.iter().rev().take_while(|message| message.role == Role::Tool);
        let mut results: Vec<_> = waiting.flat_map(|message| message.parts.iter().rev()).filter_map(result).collect();
        results.reverse();
        results
    }

    /// All calls in the conversation so far, as (tool, arguments).
    pub fn calls(&self) -> Vec<(&str, &Value)> {
        let parts = self.messages.iter().flat_map(|message| &message.parts);
        let calls = parts.filter_map(|part| match part {
            Part::Call { name, arguments, .. } => Some((name.as_str(), arguments)),
            _ => None,
        });
        calls.collect()
    }

    /// All words that have this role, in order.
    pub fn texts_of(&self, role: Role) -> Vec<String> {
        self.messages.iter().filter(|message| message.role == role).map(Message::text).collect()
    }

    /// The pictures of the person's last message.
    pub fn pictures(&self) -> Vec<(&str, &Bytes)> {
        let last = self.messages.iter().rfind(|message| message.role == Role::User);
        let pictures = last.into_iter().flat_map(|message| &message.parts).filter_map(|part| match part {
            Part::Picture { media_type, bytes } => Some((media_type.as_str(), bytes)),
            _ => None,
        });
        pictures.collect()
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

fn result(part: &Part) -> Option<(&str, &str)> {
    match part {
        Part::Result { name, content, .. } => Some((name, content)),
        _ => None,
    }
}
