//! Audio of the kinds that networks deliver, to [`Sound`].
//!
//! The bytes come from strangers. What they declare is compared with a limit before anything is
//! allocated for it, a panic in a decoder ends this file and nothing else, and every failure has a type.
//! What is damaged costs what it hit: the rest is heard, unless most of it is gone. And no number in a
//! file makes the sound shorter than what is there.
//!
//! | module | does |
//! |---|---|
//! | `kind` | what a file is, and where it begins |
//! | `pages`, `ogg` | the pages of Ogg, and the streams of Opus in them |
//! | `packet`, `opus` | Opus, from whatever file it came in |
//! | `container`, `rebuilt`, `frames` | everything else, through symphonia |
//! | `native` | whether a file is what a phone records |

mod container;
mod frames;
mod kind;
mod native;
mod ogg;
mod opus;
mod packet;
mod pages;
mod rebuilt;
mod resample;

pub(crate) use native::{VENDOR, is_native};

use crate::sound::Sound;
use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::Abort;
use kind::Kind;
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

/// Decodes audio of at most that length. What is longer is refused before it is decoded, where its
/// packets say how long they are; else as soon as it turns out.
pub fn decode(audio: &Media, longest: Duration, abort: &Abort) -> Result<Sound, AudioError> {
    let decoded = catch_unwind(AssertUnwindSafe(|| match kind::kind(&audio.bytes) {
        Kind::Empty => Err(damaged("the file is empty")),
        Kind::Opus(file) => opus::decode(&ogg::recordings(file)?, longest, abort),
        known @ (Kind::Wave(_) | Kind::Caf(_) | Kind::Matroska(_) | Kind::Vorbis(_) | Kind::Other(_)) => {
            container::decode(known, longest, abort)
        }
        Kind::Foreign(format) => Err(not_understood(format)),
        Kind::Unknown => Err(not_understood(shown(&audio.mime))),
    }));
    decoded.unwrap_or_else(|_| Err(damaged("the decoder gave up")))
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
        assert_eq!(refused(b""), damaged("the file is empty"));
        assert_eq!(refused(b"OggS"), not_understood("ogg"));
    }

    #[test]
    fn a_declared_type_is_cut_short() {
        assert_eq!(shown(&"x".repeat(1_000)).len(), 40);
        assert_eq!(shown("\n"), "unknown");
    }
}
