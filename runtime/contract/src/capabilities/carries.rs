//! Whether a network takes a message, asked before anything is sent.

use super::Capabilities;
use crate::message::Media;
use crate::outbound::OutboundBody;
use serde::{Deserialize, Serialize};

/// Which media of one kind a network takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRules {
    /// Media types in lower case and without parameters, such as `image/png`; `image/*` is every type that begins so.
    pub formats: Vec<String>,
    /// Largest medium, in bytes. An empty one is never taken.
    pub bytes_max: u64,
}

impl MediaRules {
    /// Rules for these media types.
    pub fn new(formats: &[&str], bytes_max: u64) -> Self {
        Self { formats: formats.iter().map(|format| (*format).to_owned()).collect(), bytes_max }
    }

    /// Whether a medium keeps the rules.
    pub fn carry(&self, media: &Media) -> Result<(), NotCarried> {
        let format = media_type(&media.mime);
        let bytes = media.bytes.len() as u64;
        let fits = |rule: &String| match rule.strip_suffix('*') {
            Some(family) => format.starts_with(family),
            None => *rule == format,
        };
        if !self.formats.iter().any(fits) {
            return Err(NotCarried::Format { format, formats: self.formats.join(", ") });
        }
        match bytes {
            0 => Err(NotCarried::Empty),
            bytes if bytes > self.bytes_max => Err(NotCarried::TooLarge { bytes, bytes_max: self.bytes_max }),
            _ => Ok(()),
        }
    }
}

/// Why a network does not take a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCarried {
    /// The network has no such messages.
    #[error("a {kind} cannot be sent on this network")]
    Kind {
        /// The kind, in one word.
        kind: &'static str,
    },
    /// The words are too long.
    #[error("{chars} characters cannot be sent, {chars_max} are allowed")]
    TooLong {
        /// How many there are.
        chars: usize,
        /// How many are allowed.
        chars_max: usize,
    },
    /// There are no words.
    #[error("a text without words cannot be sent")]
    NoWords,
    /// The medium has another format.
    #[error("{format:?} cannot be sent, only {formats}")]
    Format {
        /// Its media type.
        format: String,
        /// What is allowed.
        formats: String,
    },
    /// The medium has no bytes.
    #[error("a medium of 0 bytes cannot be sent")]
    Empty,
    /// A question has too many options, or one of its texts is too long.
    #[error("a question with {options} options fits neither buttons nor a list here")]
    NoForm {
        /// How many there are.
        options: usize,
    },
    /// There is no such place.
    #[error("there is no such place on earth")]
    NoPlace,
    /// The medium is too large.
    #[error("{bytes} bytes cannot be sent, {bytes_max} are allowed")]
    TooLarge {
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        bytes_max: u64,
    },
}

impl Capabilities {
    /// Whether the network takes a message that says this. The engine asks before a message enters the outbox, and
    /// makes something of it that the network takes; an adapter asks again before it sends.
    pub fn carries(&self, body: &OutboundBody) -> Result<(), NotCarried> {
        let supported = match body {
            OutboundBody::Text(_) => true,
            OutboundBody::Image { .. } => self.images.is_there(),
            OutboundBody::Voice { .. } => self.voice.is_there(),
            OutboundBody::Choices(_) => self.choices.is_some(),
            OutboundBody::Document { .. } => self.documents.is_there(),
            OutboundBody::Location(_) => self.locations.is_there(),
            OutboundBody::Reaction { .. } => self.reactions.is_there(),
        };
        if !supported {
            return Err(NotCarried::Kind { kind: body.kind() });
        }
        match body {
            OutboundBody::Text(text) if text.trim().is_empty() => Err(NotCarried::NoWords),
            OutboundBody::Text(text) => short_enough(text, self.text_chars_max),
            OutboundBody::Image { media, caption } => {
                short_enough(caption.as_deref().unwrap_or_default(), self.caption_chars_max)?;
                self.image_rules.carry(media)
            }
            OutboundBody::Voice { media, .. } => self.voice_rules.carry(media),
            OutboundBody::Choices(choices) => match &self.choices {
                Some(rules) if rules.form(choices).is_some() => Ok(()),
                _ => Err(NotCarried::NoForm { options: choices.options.len() }),
            },
            OutboundBody::Document { media, caption, .. } => {
                short_enough(caption.as_deref().unwrap_or_default(), self.caption_chars_max)?;
                self.document_rules.carry(media)
            }
            OutboundBody::Location(location) if !location.is_on_earth() => Err(NotCarried::NoPlace),
            OutboundBody::Location(_) | OutboundBody::Reaction { .. } => Ok(()),
        }
    }
}

fn short_enough(text: &str, chars_max: usize) -> Result<(), NotCarried> {
    let chars = text.chars().count();
    if chars > chars_max { Err(NotCarried::TooLong { chars, chars_max }) } else { Ok(()) }
}

/// A media type in lower case and without parameters.
fn media_type(mime: &str) -> String {
    mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn carried(mime: &str, bytes: usize) -> Result<(), NotCarried> {
        let rules = MediaRules::new(&["image/png", "audio/*"], 4);
        rules.carry(&Media { mime: mime.to_owned(), bytes: Bytes::from(vec![0; bytes]) })
    }

    #[test]
    fn a_medium_is_taken_by_its_type_and_its_size() {
        for mime in ["image/png", "IMAGE/PNG", "image/png; a=b", "audio/ogg; codecs=opus", "audio/mpeg"] {
            assert_eq!(carried(mime, 4), Ok(()), "{mime}");
        }
        for mime in ["image/webp", "image/pngx", "text/html", "", "image"] {
            assert!(matches!(carried(mime, 4), Err(NotCarried::Format { .. })), "{mime}");
        }
        assert_eq!(carried("image/png", 0), Err(NotCarried::Empty));
        assert_eq!(carried("image/png", 5), Err(NotCarried::TooLarge { bytes: 5, bytes_max: 4 }));
    }
}
