//! Any audio to a voice note.

use crate::audio::AudioError;
use crate::message::Media;
use crate::outbound::Sound;
use crate::transcriber::Abort;

/// Turns the audio that an assistant answered with into what networks send as a voice note.
///
/// CPU-bound and synchronous on purpose, like a transcriber: the engine owns the blocking thread, the
/// number of jobs at once and the deadline. Nothing may be written to disk.
pub trait VoiceEncoder: Send + Sync + 'static {
    /// Encodes one reply, all in memory. Returns soon after `abort` was raised. After a failure the reply is sent as a
    /// note in words.
    fn encode(&self, audio: &Media, abort: &Abort) -> Result<VoiceNote, AudioError>;
}

/// A voice note that is ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceNote {
    /// Ogg/Opus, one channel.
    pub media: Media,
    /// How it sounds.
    pub sound: Sound,
}
