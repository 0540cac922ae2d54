//! What hears voice notes, as the configuration says.

use crate::config::VoiceConfig;
#[cfg(not(feature = "voice"))]
use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use greenroom_contract::voice::VoiceEncoder;
#[cfg(not(feature = "voice"))]
use greenroom_contract::voice::VoiceNote;
#[cfg(feature = "voice")]
use greenroom_transcription::Whisper;
use std::path::Path;
use std::sync::Arc;

/// Opens the configured model. Where there is none, or it is broken, the bot runs on and says kindly
/// that it cannot hear; `Err` says why and what to do.
#[cfg(feature = "voice")]
pub fn open(voice: &VoiceConfig, store: &Path) -> Result<Whisper, String> {
    let file = voice.model_file(store)?;
    Whisper::open(voice.options(file)).map_err(|error| {
        format!("{error}; set voice.model to a whole model, or fetch one with `greenroom model fetch`")
    })
}

/// The transcriber of a runtime that was given none, and what is worth a sentence about it.
#[cfg(feature = "voice")]
pub(crate) fn transcriber(voice: &VoiceConfig, store: &Path) -> (Arc<dyn Transcriber>, Option<String>) {
    match open(voice, store) {
        Ok(whisper) => {
            let whisper = Arc::new(whisper);
            let loading = Arc::clone(&whisper);
            // Read from disk while everything else starts, so that the first note need not wait for it.
            tokio::task::spawn_blocking(move || {
                if let Err(reason) = loading.load() {
                    tracing::error!(%reason, "voice notes cannot be heard");
                }
            });
            (whisper, None)
        }
        Err(reason) => {
            tracing::info!(%reason, "voice notes cannot be heard");
            // Nobody asked for a model who configured none.
            let notice = voice.model.is_some().then(|| format!("voice notes cannot be heard: {reason}"));
            (Arc::new(Deaf { reason }), notice)
        }
    }
}

/// The transcriber of a program without hearing.
#[cfg(not(feature = "voice"))]
pub(crate) fn transcriber(_voice: &VoiceConfig, _store: &Path) -> (Arc<dyn Transcriber>, Option<String>) {
    (Arc::new(Deaf { reason: crate::without("voice") }), None)
}

/// What makes voice notes of an assistant's audio.
pub(crate) fn encoder() -> Arc<dyn VoiceEncoder> {
    #[cfg(feature = "voice")]
    return Arc::new(greenroom_transcription::Opus);
    #[cfg(not(feature = "voice"))]
    Arc::new(Mute)
}

/// Encodes nothing: the reply is sent as a note in words.
#[cfg(not(feature = "voice"))]
struct Mute;

#[cfg(not(feature = "voice"))]
impl VoiceEncoder for Mute {
    fn encode(&self, audio: &Media, _abort: &Abort) -> Result<VoiceNote, AudioError> {
        tracing::warn!("a voice reply is sent in words: {}", crate::without("voice"));
        Err(AudioError::Format { format: audio.mime.clone() })
    }
}

/// Hears nothing, so that whoever sends a voice note gets a kind sentence.
struct Deaf {
    reason: String,
}

impl Transcriber for Deaf {
    fn ready(&self) -> Result<(), String> {
        Err(self.reason.clone())
    }

    fn transcribe(&self, _audio: &Media, _abort: &Abort) -> Result<Transcript, TranscribeError> {
        Err(TranscribeError::NotReady { reason: self.reason.clone() })
    }
}
