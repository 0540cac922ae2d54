//! What a scripted model server is made of. Every value has a default, so that a test names only what it is about.

use crate::limits;

/// Fixed for the life of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The keys that are accepted; the first one is [`crate::ModelServer::key`]. Without any, none is asked for, as by a server on
    /// one's own machine.
    pub keys: Vec<String>,
    /// The models there are; every other name is refused.
    pub models: Vec<Model>,
    /// Where system messages may stand in chat completions.
    pub system_messages: SystemMessages,
    /// Whether chat completions and Anthropic refuse two messages of one role in a row, and a conversation that the
    /// assistant opens, as the chat templates of several open models do (Gemma, Mistral). The providers allow it.
    pub roles_alternate: bool,
    /// Whether the bytes of pictures are looked at.
    pub picture_check: PictureCheck,
    /// How the body is cut into pieces.
    pub pieces: Pieces,
    /// Bytes of one request body; more is refused with 413.
    pub body_bytes_max: usize,
    /// Bytes of one picture, if not the provider's limit.
    pub picture_bytes_max: Option<usize>,
    /// Tokens of system text and tools from which they are cached.
    pub cached_tokens_min: u64,
    /// Requests and violations that are remembered; the oldest leave first.
    pub recorded_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keys: vec!["scripted-key".into()],
            models: vec![Model::new("scripted"), Model::new("scripted-thinking").thinking()],
            system_messages: SystemMessages::FirstOnly,
            roles_alternate: false,
            picture_check: PictureCheck::Bytes,
            pieces: Pieces::InsideCharacters,
            body_bytes_max: limits::BODY_BYTES_MAX,
            picture_bytes_max: None,
            cached_tokens_min: limits::CACHED_TOKENS_MIN,
            recorded_max: limits::RECORDED_MAX,
        }
    }
}

impl Settings {
    /// The same with one more model.
    #[must_use]
    pub fn model(mut self, model: Model) -> Self {
        self.models.push(model);
        self
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

/// A model.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Whether it takes parameters about thinking.
    pub thinking: bool,
    /// Whether it takes pictures.
    pub pictures: bool,
    /// Whether Anthropic lets a request end with the assistant's words, to be continued. Newer models refuse it.
    pub prefill: bool,
    /// Most tokens of a prompt.
    pub context_tokens_max: u64,
    /// Most tokens of an answer that may be asked for.
    pub output_tokens_max: u64,
}

impl Model {
    /// A model that sees pictures and does not think.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            thinking: false,
            pictures: true,
            prefill: false,
            context_tokens_max: 200_000,
            output_tokens_max: 128_000,
        }
    }

    /// The same, thinking.
    #[must_use]
    pub fn thinking(mut self) -> Self {
        self.thinking = true;
        self
    }

    /// The same without eyes.
    #[must_use]
    pub fn blind(mut self) -> Self {
        self.pictures = false;
        self
    }

    /// The same with a smaller or larger context, in tokens.
    #[must_use]
    pub fn context(mut self, tokens: u64) -> Self {
        self.context_tokens_max = tokens;
        self
    }
}

/// Where system messages may stand in chat completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemMessages {
    /// One, at the beginning, as the chat templates of open models want it (llama.cpp, vLLM).
    FirstOnly,
    /// Anywhere, as OpenAI allows.
    Anywhere,
}

/// Whether the bytes of pictures are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureCheck {
    /// They must begin like what is declared.
    Bytes,
    /// Only the declared type, the base64 and the size count; for tests that make pictures up.
    Declaration,
}

/// How a body is cut into pieces, each of which is an HTTP chunk of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    /// After each event, and inside each character of more than one byte.
    InsideCharacters,
    /// After each event.
    Events,
    /// After so many bytes.
    Bytes(usize),
}
