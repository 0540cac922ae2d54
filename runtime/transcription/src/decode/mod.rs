//! Audio of the kinds that networks deliver, to [`Sound`].
//!
//! The bytes come from strangers. What they declare is compared with a limit before anything is
//! allocated for it, a panic in a decoder ends this file and nothing else, and every failure has a type.

mod container;
mod ogg;
mod opus;
mod resample;

use crate::sound::Sound;
use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::Abort;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

fn damaged(reason: impl std::fmt::Display) -> AudioError {
    AudioError::Damaged { reason: reason.to_string().into() }
}

fn not_understood(format: impl Into<String>) -> AudioError {
    AudioError::Format { format: format.into() }
}

fn too_long(longest: Duration) -> AudioError {
    AudioError::TooLong { seconds_max: longest.as_secs() }
}

/// What a file really is, whatever its declared type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Opus,
    /// A container that symphonia knows.
    Other,
    /// Something recognised that is not decoded here.
    Foreign(&'static str),
    Unknown,
}

/// Decodes audio of at most that length. What is longer is refused before it is decoded, where the
/// file says how long it is; else as soon as it turns out.
pub fn decode(audio: &Media, longest: Duration, abort: &Abort) -> Result<Sound, AudioError> {
    let bytes = &audio.bytes;
    let decoded = catch_unwind(AssertUnwindSafe(|| match kind(bytes) {
        Kind::Opus => opus::decode(bytes, longest, abort),
        Kind::Other => container::decode(bytes, longest, abort),
        Kind::Foreign(format) => Err(not_understood(format)),
        Kind::Unknown => Err(not_understood(shown(&audio.mime))),
    }));
    decoded.unwrap_or_else(|_| Err(damaged("the decoder gave up")))
}

/// Whether the audio is Ogg/Opus in one channel, as networks send voice notes.
pub(crate) fn is_voice_note(audio: &Media) -> bool {
    ogg::first_packet(&audio.bytes).is_some_and(|packet| opus::Head::parse(packet).is_ok_and(|head| head.channels == 1))
}

fn kind(bytes: &[u8]) -> Kind {
    let at = |place: usize, mark: &[u8]| bytes.get(place..).is_some_and(|rest| rest.starts_with(mark));
    if at(0, b"OggS") {
        return match ogg::first_packet(bytes) {
            Some(packet) if packet.starts_with(b"OpusHead") => Kind::Opus,
            Some(packet) if packet.starts_with(b"\x01vorbis") => Kind::Other,
            Some(packet) if packet.starts_with(b"Speex") => Kind::Foreign("speex"),
            Some(packet) if packet.starts_with(b"\x7fFLAC") => Kind::Foreign("flac"),
            _ => Kind::Foreign("ogg"),
        };
    }
    if at(0, b"#!AMR") {
        return Kind::Foreign("amr");
    }
    let wave = at(0, b"RIFF") && at(8, b"WAVE");
    // A frame of MPEG audio or AAC begins with eleven bits set.
    let frames = at(0, b"ID3") || (at(0, &[0xff]) && bytes.get(1).is_some_and(|second| second & 0xe0 == 0xe0));
    if wave || frames || at(4, b"ftyp") { Kind::Other } else { Kind::Unknown }
}

/// A declared type, short enough for a trace.
fn shown(mime: &str) -> String {
    let plain: String = mime.chars().filter(char::is_ascii_graphic).take(40).collect();
    if plain.is_empty() { "unknown".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn refused(bytes: &'static [u8]) -> AudioError {
        let audio = Media { mime: "audio/x-strange".to_owned(), bytes: Bytes::from_static(bytes) };
        decode(&audio, Duration::from_secs(10), &Abort::default()).unwrap_err()
    }

    #[test]
    fn what_is_not_audio_is_named() {
        assert_eq!(refused(b"#!AMR\n1234"), not_understood("amr"));
        assert_eq!(refused(b"<html>"), not_understood("audio/x-strange"));
        assert_eq!(refused(b""), not_understood("audio/x-strange"));
        assert_eq!(refused(b"OggS"), not_understood("ogg"));
    }

    #[test]
    fn a_declared_type_is_cut_short() {
        assert_eq!(shown(&"x".repeat(1_000)).len(), 40);
        assert_eq!(shown("\n"), "unknown");
    }
}
