//! A reply with all that its protocol needs to write it.

use crate::asked::{Asked, Protocol};
use crate::refusal::Refusal;
use crate::reply::{Call, Reply, Usage};
use crate::{anthropic, gemini, openai_chat, openai_responses};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Characters of one piece of a streamed text.
const PIECE_CHARS: usize = 12;
/// Characters of one piece of a long one.
const LONG_PIECE_CHARS: usize = 2048;
/// Bytes from which a text is long.
const LONG_BYTES: usize = 16 * 1024;

/// What a writer gets.
pub(crate) struct Answer<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) reply: &'a Reply,
    /// Its own part of ids, so that those of two servers differ.
    pub(crate) tag: &'a str,
    pub(crate) usage: Option<Usage>,
    /// Whether a stream of chat completions ends with the usage.
    pub(crate) usage_asked: bool,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: Option<&'static str>,
    pub(crate) data: String,
}

impl Event {
    /// An event without a name.
    pub(crate) fn data(data: &Value) -> Self {
        Self { name: None, data: data.to_string() }
    }

    pub(crate) fn named(name: &'static str, data: &Value) -> Self {
        Self { name: Some(name), data: data.to_string() }
    }

    /// As it is sent. Gemini ends its lines the other way.
    pub(crate) fn text(&self, protocol: Protocol) -> String {
        let end = if protocol == Protocol::Gemini { "\r\n" } else { "\n" };
        let name = self.name.map(|name| format!("event: {name}{end}")).unwrap_or_default();
        format!("{name}data: {}{end}{end}", self.data)
    }
}

impl Answer<'_> {
    /// The whole body.
    pub(crate) fn whole(&self) -> Value {
        match self.asked.protocol {
            Protocol::OpenAiChat => openai_chat::write::whole(self),
            Protocol::OpenAiResponses => openai_responses::write::whole(self),
            Protocol::Anthropic => anthropic::write::whole(self),
            Protocol::Gemini => gemini::write::whole(self),
        }
    }

    /// The events of a stream.
    pub(crate) fn events(&self) -> Vec<Event> {
        match self.asked.protocol {
            Protocol::OpenAiChat => openai_chat::write::events(self),
            Protocol::OpenAiResponses => openai_responses::write::events(self),
            Protocol::Anthropic => anthropic::write::events(self),
            Protocol::Gemini => gemini::write::events(self),
        }
    }

    /// An error in the middle of a stream.
    pub(crate) fn error_event(&self, error: &Refusal) -> Event {
        let body = error.body(self.asked.protocol);
        match self.asked.protocol {
            Protocol::OpenAiResponses => openai_responses::write::failed(self, &error.message),
            Protocol::Anthropic => Event::named("error", &body),
            Protocol::OpenAiChat | Protocol::Gemini => Event::data(&body),
        }
    }

    /// An id with this beginning.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}_{}", self.tag, self.asked.number)
    }

    /// The id of a call.
    pub(crate) fn call_id(&self, prefix: &str, index: usize) -> String {
        format!("{prefix}{}_{}_{index}", self.tag, self.asked.number)
    }

    /// What it thinks, if thinking was asked for.
    pub(crate) fn thinking(&self) -> Option<&str> {
        self.reply.thinking.as_deref().filter(|_| self.asked.thinking)
    }
}

impl Call {
    /// The arguments as text; a text is sent as it is.
    pub(crate) fn text(&self) -> String {
        match &self.arguments {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The pieces in which a text is streamed.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let most = if text.len() > LONG_BYTES { LONG_PIECE_CHARS } else { PIECE_CHARS };
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
        let (piece, left) = rest.split_at(end);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}
