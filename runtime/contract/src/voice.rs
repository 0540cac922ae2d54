//! Any audio to a voice note.

use crate::message::Media;
use crate::outbound::Sound;
use crate::transcriber::Abort;

/// Turns the audio that an assistant answered with into what networks send as a voice note.
///
/// CPU-bound and synchronous on purpose, like a transcriber: the engine owns the blocking thread, the
/// number of jobs at once and the deadline. Nothing may be written to disk.
pub trait VoiceEncoder: Send + Sync + 'static {
    /// Encodes one reply, all in memory. Returns soon after `abort` was raised.
    fn encode(&self, audio: &Media, abort: &Abort) -> Result<VoiceNote, EncodeError>;
}

/// A voice note that is ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceNote {
    /// Ogg/Opus, one channel.
    pub media: Media,
    /// How it sounds.
    pub sound: Sound,
}

/// Why audio did not become a voice note. The reply is then sent as a note in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It is longer than allowed.
    #[error("longer than {seconds_max} s")]
    TooLong {
        /// The limit.
        seconds_max: u64,
    },
    /// Its format is not understood.
    #[error("the format {format} is not understood")]
    Format {
        /// Which.
        format: String,
    },
    /// It is damaged, or has no sound in it.
    #[error("damaged: {reason}")]
    Damaged {
        /// How.
        reason: String,
    },
    /// It was asked to end.
    #[error("ended before it was done")]
    Aborted,
}
