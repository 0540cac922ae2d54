//! Pictures, sounds and files by number. A number means something in its own turn only.

use super::bindings::greenroom::plugin::media;
use super::refusal::Refusal;
use super::state::TurnState;
use crate::limits::{MEDIA_MADE_BYTES_MAX, MEDIA_READ_BYTES_MAX, MIME_BYTES_MAX};
use greenroom_contract::message::Media;
use greenroom_contract::text;
use greenroom_documents::limits::ANSWER_MEDIA_MAX;
use wasmtime::Result;

impl media::Host for TurnState {
    fn read(&mut self, medium: u32, offset: u32, bytes_max: u32) -> Result<Vec<u8>> {
        let Some(media) = self.media.get(medium) else { return Ok(Vec::new()) };
        let begin = (offset as usize).min(media.bytes.len());
        let end = begin.saturating_add(bytes_max.min(MEDIA_READ_BYTES_MAX) as usize).min(media.bytes.len());
        Ok(media.bytes[begin..end].to_vec())
    }

    fn put(&mut self, mime: String, bytes: Vec<u8>) -> Result<u32> {
        self.media_made += 1;
        self.media_bytes_made = self.media_bytes_made.saturating_add(bytes.len());
        if self.media_made > ANSWER_MEDIA_MAX || self.media_bytes_made > MEDIA_MADE_BYTES_MAX {
            return Err(Refusal::Media.into());
        }
        Ok(self.media.put(Media { mime: text::bounded(&mime, MIME_BYTES_MAX), bytes: bytes.into() }))
    }
}
