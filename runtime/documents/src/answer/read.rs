//! How an answer is made of its document, and what is refused.

use super::reply::{ChoicesDocument, LocationReply, ReplyDocument};
use super::{AnswerDocument, HandOverDocument, UsageDocument};
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_MEDIA_MAX, SHOWN_BYTES_MAX};
use crate::media::MediaTable;
use crate::{VERSION, memory};
use greenroom_contract::assistant::{Answer, AssistantError, HandOver, Receiver, Reply, Usage, Wake};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::ids::{AssistantName, IdError, MessageId};
use greenroom_contract::message::{Location, Media};
use greenroom_contract::money::Millionths;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::text;
use greenroom_contract::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;

/// Why a document is not an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It says that the turn can never be answered.
    #[error("{reason}")]
    Never {
        /// Its words for the owner.
        reason: String,
    },
    /// It is longer than is read.
    #[error("the answer is longer than {max} bytes", max = ANSWER_BYTES_MAX)]
    TooLong,
    /// It is of a version that is not known here.
    #[error("the answer has version {version}, and {VERSION} is understood")]
    Version {
        /// Which one.
        version: u32,
    },
    /// Something in it is wrong.
    #[error("the answer is not understood at {path}: {reason}")]
    Wrong {
        /// Where: `replies[1].markup`; `.` is the document itself.
        path: String,
        /// What is wrong there.
        reason: String,
    },
}

/// What never works is not tried a second time; another wrong document may be better at the next attempt.
impl From<DocumentError> for AssistantError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Never { .. } => Self::Permanent { reason: error.into() },
            _ => Self::Retry { reason: error.into(), after: None },
        }
    }
}

/// Reads the answer to a turn whose document came with these media.
///
/// # Errors
/// It is no answer document, says what cannot be, or says that the turn can never be answered.
pub fn read(document: &[u8], media: &MediaTable) -> Result<Answer, DocumentError> {
    AnswerDocument::parse(document)?.answer(media)
}

/// The same from a value that was parsed before.
pub fn read_value(document: serde_json::Value, media: &MediaTable) -> Result<Answer, DocumentError> {
    if !document.is_object() {
        return Err(wrong(".", "is not an object"));
    }
    let document: AnswerDocument = serde_path_to_error::deserialize(document).map_err(|error| of_path(&error))?;
    document.answer(media)
}

/// The turn that a document names, whatever else is wrong with it; `None` if it names none.
#[must_use]
pub fn turn_of(document: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        turn: String,
    }
    serde_json::from_slice::<Named>(document).ok().map(|named| named.turn)
}

fn of_path(error: &serde_path_to_error::Error<serde_json::Error>) -> DocumentError {
    wrong(error.path().to_string(), error.inner())
}

fn wrong(path: impl Into<String>, reason: impl fmt::Display) -> DocumentError {
    let shown = |text: &str| text::bounded(&text::one_line(text), SHOWN_BYTES_MAX);
    DocumentError::Wrong { path: shown(&path.into()), reason: shown(&reason.to_string()) }
}

impl AnswerDocument {
    /// Reads a document, and does not yet look at what it means.
    pub fn parse(document: &[u8]) -> Result<Self, DocumentError> {
        if document.len() > ANSWER_BYTES_MAX {
            return Err(DocumentError::TooLong);
        }
        // A list would be read as the keys in their order, and an empty one as silence.
        if !document.trim_ascii_start().starts_with(b"{") {
            return Err(wrong(".", "is not an object"));
        }
        let mut reader = serde_json::Deserializer::from_slice(document);
        let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| of_path(&error))?;
        reader.end().map_err(|error| wrong(".", error))?;
        Ok(parsed)
    }

    /// The answer that it means.
    pub fn answer(mut self, of_turn: &MediaTable) -> Result<Answer, DocumentError> {
        if let Some(version) = self.v.filter(|version| *version != VERSION) {
            return Err(DocumentError::Version { version });
        }
        if let Some(reason) = self.never.take() {
            return Err(self.never_with(&reason));
        }
        let media = self.media_with(of_turn)?;
        let mut replies = Vec::with_capacity(self.replies.len());
        for (index, reply) in self.replies.into_iter().enumerate() {
            replies.push(reply.reply(&media).map_err(|Misplaced { key, reason }| {
                wrong(format!("replies[{index}]{}{key}", if key.is_empty() { "" } else { "." }), reason)
            })?);
        }
        let mut usage = Vec::with_capacity(self.usage.0.len());
        for (index, spent) in self.usage.0.into_iter().enumerate() {
            usage.push(spent.usage().ok_or_else(|| wrong(format!("usage[{index}].cost"), "is less than nothing"))?);
        }
        let state = self.memory.as_ref().map(memory::to_state).transpose().map_err(|error| wrong("memory", error))?;
        Ok(Answer {
            replies,
            state,
            wake: self.wake.into_iter().map(|wake| Wake { at: Timestamp(wake.at), token: wake.token }).collect(),
            cancel_wakes: self.cancel_wakes,
            hand_over: self.hand_over.map(HandOverDocument::hand_over).transpose()?,
            forget: self.forget,
            usage,
            // Words of people may stand in what a program sends.
            worded: false,
            notes: Vec::new(),
        })
    }

    /// What stands beside `never` would be lost; its author is told.
    fn never_with(self, reason: &str) -> DocumentError {
        let bare = Self { v: self.v, turn: self.turn.clone(), ..Self::default() };
        if self == bare {
            DocumentError::Never { reason: text::bounded(&text::one_line(reason), SHOWN_BYTES_MAX) }
        } else {
            wrong("never", "stands alone: a turn that can never be answered has no replies and remembers nothing")
        }
    }

    fn media_with(&self, of_turn: &MediaTable) -> Result<MediaTable, DocumentError> {
        if self.media.len() > ANSWER_MEDIA_MAX {
            return Err(wrong("media", format!("has {} entries, and {ANSWER_MEDIA_MAX} are read", self.media.len())));
        }
        let mut media = of_turn.clone();
        for (index, carried) in self.media.iter().enumerate() {
            let medium = carried.media().ok_or_else(|| wrong(format!("media[{index}].base64"), "is not base64"))?;
            if !media.put_as(carried.medium, medium) {
                return Err(wrong(format!("media[{index}].medium"), "this number has another medium already"));
            }
        }
        Ok(media)
    }
}

impl HandOverDocument {
    fn hand_over(self) -> Result<HandOver, DocumentError> {
        let to = match self.to.as_str() {
            "human" => Receiver::Human,
            "configured" => Receiver::Configured,
            name => Receiver::Assistant(AssistantName::new(name).map_err(|error| wrong("hand_over.to", error))?),
        };
        Ok(HandOver { to, stays: self.stays })
    }
}

impl UsageDocument {
    /// `None` if the cost is none: negative.
    fn usage(self) -> Option<Usage> {
        let Self { model, tokens_in, tokens_out, tokens_cached, cost } = self;
        let cost = cost.map_or(Some(Millionths::default()), Millionths::of_unit)?;
        Some(Usage { model, tokens_in, tokens_out, tokens_cached, cost_millionths: cost.0 })
    }
}

/// What is wrong in a reply, and at which of its keys.
struct Misplaced {
    key: &'static str,
    reason: String,
}

fn misplaced<T>(key: &'static str, reason: impl fmt::Display) -> Result<T, Misplaced> {
    Err(Misplaced { key, reason: reason.to_string() })
}

impl ReplyDocument {
    fn reply(self, media: &MediaTable) -> Result<Reply, Misplaced> {
        let (markup, quote) = (self.markup.unwrap_or_default(), self.quote);
        let mut reply = Reply::new(self.body(media)?);
        reply.markup = markup;
        reply.quoting = quote.unwrap_or(reply.quoting);
        Ok(reply)
    }

    fn body(mut self, media: &MediaTable) -> Result<OutboundBody, Misplaced> {
        let medium = |key, number| media.get(number).cloned().map_or_else(|| unknown_medium(key, number), Ok);
        let caption = self.text.take();
        let body = if let Some(image) = self.image.take() {
            return self.rest(OutboundBody::Image { media: medium("image.medium", image.medium)?, caption });
        } else if let Some(file) = self.document.take() {
            let media = medium("document.medium", file.medium)?;
            return self.rest(OutboundBody::Document { media, name: file.name, caption });
        } else if let Some(text) = caption {
            OutboundBody::Text(text)
        } else if let Some(choices) = self.choices.take() {
            OutboundBody::Choices(choices.choices()?)
        } else if let Some(voice) = self.voice.take() {
            OutboundBody::Voice { media: medium("voice.medium", voice.medium)?, sound: None }
        } else if let Some(location) = self.location.take() {
            OutboundBody::Location(location.location()?)
        } else if let Some(emoji) = self.react.take() {
            let Some(to) = self.to.take() else { return misplaced("to", "is missing: below which message?") };
            let to = MessageId::new(to).map_err(|error: IdError| Misplaced { key: "to", reason: error.to_string() })?;
            OutboundBody::Reaction { to, emoji: Some(emoji).filter(|emoji| !emoji.is_empty()) }
        } else {
            return misplaced("", "needs one of: text, choices, image, document, voice, location, react");
        };
        self.rest(body)
    }

    /// The body, if nothing was said that is not in it.
    fn rest(self, body: OutboundBody) -> Result<OutboundBody, Misplaced> {
        let left = [
            ("choices", self.choices.is_some()),
            ("image", self.image.is_some()),
            ("document", self.document.is_some()),
            ("voice", self.voice.is_some()),
            ("location", self.location.is_some()),
            ("react", self.react.is_some()),
            ("to", self.to.is_some()),
        ];
        match left.into_iter().find(|(_, is_there)| *is_there) {
            Some((key, _)) => misplaced(key, format!("cannot be beside {}: make it a reply of its own", body.kind())),
            None => Ok(body),
        }
    }
}

fn unknown_medium(key: &'static str, number: u32) -> Result<Media, Misplaced> {
    misplaced(key, format!("{number} is neither in the turn nor in the answer"))
}

impl ChoicesDocument {
    fn choices(self) -> Result<Choices, Misplaced> {
        let ids: BTreeSet<&str> = self.options.iter().map(|option| option.id.as_str()).collect();
        if self.options.is_empty() {
            return misplaced("choices.options", "needs at least one option");
        }
        if ids.len() < self.options.len() {
            return misplaced("choices.options", "two options have the same id");
        }
        let options = self.options.into_iter();
        let options =
            options.map(|option| Choice { id: option.id, title: option.title, detail: option.detail }).collect();
        Ok(Choices { text: self.text, options, open_label: self.open_label })
    }
}

impl LocationReply {
    fn location(self) -> Result<Location, Misplaced> {
        let Self { latitude, longitude, name, address } = self;
        let location = Location { latitude, longitude, name, address };
        if location.is_on_earth() { Ok(location) } else { misplaced("location", "is not a place on earth") }
    }
}
