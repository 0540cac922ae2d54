//! Audio that an assistant answers with becomes a voice note before it is settled, on a thread of its
//! own, within a deadline, and few at a time.

use crate::decide::house_texts::HouseTexts;
use greenroom_contract::assistant::Reply;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Makes voice notes.
pub(crate) struct VoiceNoteEncoder {
    encoder: Arc<dyn VoiceEncoder>,
    permits: Semaphore,
}

impl VoiceNoteEncoder {
    pub(crate) fn new(encoder: Arc<dyn VoiceEncoder>) -> Self {
        Self { encoder, permits: Semaphore::new(limits::VOICE_ENCODINGS_MAX) }
    }

    /// Makes the audio in these replies voice notes. What cannot be one becomes words; why is added to
    /// `degraded`, for the trace.
    pub(crate) async fn voiced(&self, replies: &mut [Reply], says: &HouseTexts, degraded: &mut Vec<String>) {
        for reply in replies.iter_mut().take(limits::REPLIES_PER_TURN_MAX) {
            let OutboundBody::Voice { media, sound } = &mut reply.body else { continue };
            match self.encoded(media.clone()).await {
                Ok(note) => {
                    *media = note.media;
                    *sound = Some(note.sound);
                }
                Err(reason) => {
                    degraded.push(format!("audio to words: {reason}"));
                    reply.body = OutboundBody::Text(says.voice_not_made.to_owned());
                }
            }
        }
    }

    async fn encoded(&self, audio: Media) -> Result<VoiceNote, String> {
        if audio.bytes.len() as u64 > limits::VOICE_BYTES_MAX {
            return Err(format!("more than {} bytes", limits::VOICE_BYTES_MAX));
        }
        let _permit = self.permits.acquire().await.map_err(|error| error.to_string())?;
        let abort = Abort::default();
        // Also when the turn is given up: the thread must not go on for nobody.
        let guard = RaisedOnDrop(abort.clone());
        let encoder = Arc::clone(&self.encoder);
        let job = tokio::task::spawn_blocking(move || encoder.encode(&audio, &abort));
        let ended_in_time = tokio::time::timeout(limits::VOICE_ENCODE_TIMEOUT, job).await;
        drop(guard);
        match ended_in_time {
            Ok(Ok(Ok(note))) => Ok(note),
            Ok(Ok(Err(error))) => Err(error.to_string()),
            Ok(Err(_)) => Err("the encoder crashed".to_owned()),
            Err(_) => Err("it took too long".to_owned()),
        }
    }
}

/// Asks a job on a blocking thread to end when nobody waits for it any more.
pub(crate) struct RaisedOnDrop(pub(crate) Abort);

impl Drop for RaisedOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::house_texts::ENGLISH;
    use bytes::Bytes;
    use greenroom_contract::assistant::Quoting;
    use greenroom_contract::audio::AudioError;
    use greenroom_contract::outbound::Sound;
    use std::time::Duration;

    /// Does what the first byte says.
    struct Scripted;

    impl VoiceEncoder for Scripted {
        fn encode(&self, audio: &Media, abort: &Abort) -> Result<VoiceNote, AudioError> {
            match audio.bytes.first() {
                Some(b'p') => panic!("told to panic"),
                Some(b'h') => {
                    while !abort.is_raised() {
                        std::thread::park_timeout(Duration::from_millis(1));
                    }
                    Err(AudioError::Aborted)
                }
                Some(b'd') => Err(AudioError::Damaged { reason: "torn".into() }),
                _ => Ok(VoiceNote {
                    media: Media { mime: "audio/ogg; codecs=opus".to_owned(), bytes: Bytes::from_static(b"note") },
                    sound: Sound { duration: Duration::from_secs(1), waveform: vec![1; limits::WAVEFORM_BYTES] },
                }),
            }
        }
    }

    fn audio(bytes: &'static [u8]) -> Reply {
        let media = Media { mime: "audio/mpeg".to_owned(), bytes: Bytes::from_static(bytes) };
        Reply { quoting: Quoting::Never, ..Reply::new(OutboundBody::Voice { media, sound: None }) }
    }

    async fn voiced(replies: &[&'static [u8]]) -> (Vec<Reply>, Vec<String>) {
        let mut replies: Vec<Reply> = replies.iter().map(|bytes| audio(bytes)).collect();
        let mut degraded = Vec::new();
        VoiceNoteEncoder::new(Arc::new(Scripted)).voiced(&mut replies, &ENGLISH, &mut degraded).await;
        (replies, degraded)
    }

    #[tokio::test]
    async fn audio_becomes_a_voice_note_and_failures_become_words() {
        let (replies, degraded) = voiced(&[b"fine", b"damaged", b"panics"]).await;
        let OutboundBody::Voice { media, sound: Some(sound) } = &replies[0].body else { panic!("{replies:?}") };
        assert_eq!((&media.bytes[..], sound.waveform.len()), (&b"note"[..], limits::WAVEFORM_BYTES));
        for reply in &replies[1..] {
            assert_eq!(reply.body, OutboundBody::Text(ENGLISH.voice_not_made.to_owned()));
        }
        assert_eq!(degraded, ["audio to words: damaged: torn", "audio to words: the encoder crashed"]);
    }

    // On a real clock: paused time stands still while a blocking thread works.
    #[tokio::test]
    async fn an_encoder_that_hangs_is_told_to_end_when_its_turn_is_given_up() {
        let voice_note_encoder = VoiceNoteEncoder::new(Arc::new(Scripted));
        for _ in 0..limits::VOICE_ENCODINGS_MAX * 2 {
            let mut replies = [audio(b"hangs")];
            let mut degraded = Vec::new();
            let given_up = tokio::time::timeout(
                Duration::from_millis(20),
                voice_note_encoder.voiced(&mut replies, &ENGLISH, &mut degraded),
            )
            .await;
            assert!(given_up.is_err());
        }
        // Its permits are free again.
        let mut replies = [audio(b"fine")];
        voice_note_encoder.voiced(&mut replies, &ENGLISH, &mut Vec::new()).await;
        assert!(matches!(replies[0].body, OutboundBody::Voice { sound: Some(_), .. }));
    }
}
