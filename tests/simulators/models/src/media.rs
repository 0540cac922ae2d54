//! Pictures and other media that come with a message: type, base64 and size.

use crate::asked::{Part, Protocol};
use crate::json::At;
use crate::limits;
use crate::refusal::Refusal;
use crate::settings::{PictureCheck, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// A declared type and base64, as found at a place in the body.
pub(crate) struct Medium<'a> {
    pub(crate) at: &'a At<'a>,
    pub(crate) media_type: &'a str,
    pub(crate) base64: &'a str,
}

/// The type and the base64 of a data URL; `None` for any other address.
pub(crate) fn data_url(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}

impl Medium<'_> {
    /// A picture that this protocol takes.
    pub(crate) fn picture(&self, protocol: Protocol, settings: &Settings) -> Result<Part, Refusal> {
        let known: &[&str] = match protocol {
            Protocol::Gemini => &["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"],
            _ => &["image/png", "image/jpeg", "image/webp", "image/gif"],
        };
        if !known.contains(&self.media_type) {
            return Err(match protocol {
                Protocol::Gemini => self.at.refuse(format!("Unsupported MIME type: {}", self.media_type)),
                Protocol::Anthropic => self.at.wrong(&format!("Input should be one of {known:?}")),
                _ => self.at.refuse(format!(
                    "You uploaded an unsupported image. Please make sure your image is of one the following formats: \
                     {known:?}."
                )),
            });
        }
        let bytes = self.decoded()?;
        let most = settings.picture_bytes_max.unwrap_or(match protocol {
            Protocol::Anthropic => limits::ANTHROPIC_PICTURE_BYTES_MAX,
            _ => limits::PICTURE_BYTES_MAX,
        });
        if bytes.len() > most {
            return Err(self.at.wrong(&format!("image exceeds {most} bytes: {} bytes > {most} bytes", bytes.len())));
        }
        if settings.picture_check == PictureCheck::Bytes && !begins_like(&bytes, self.media_type) {
            let message = format!(
                "Could not process image: it was specified using the {} media type, and its bytes are something else",
                self.media_type
            );
            return Err(self.at.wrong(&message));
        }
        Ok(Part::Picture { media_type: self.media_type.to_owned(), bytes })
    }

    /// Any other medium.
    pub(crate) fn file(&self, name: Option<String>) -> Result<Part, Refusal> {
        Ok(Part::File { name, media_type: self.media_type.to_owned(), bytes: self.decoded()? })
    }

    fn decoded(&self) -> Result<Bytes, Refusal> {
        match STANDARD.decode(self.base64) {
            Ok(bytes) if bytes.is_empty() => Err(self.at.wrong("the medium is empty")),
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(self.at.wrong(&format!("invalid base64 data: {error}"))),
        }
    }
}

/// Whether the first bytes are those of this type.
fn begins_like(bytes: &[u8], media_type: &str) -> bool {
    match media_type {
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/gif" => bytes.starts_with(b"GIF8"),
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        _ => bytes.get(4..8) == Some(b"ftyp"),
    }
}
