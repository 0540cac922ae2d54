//! Transcribers that behave in one particular way.

use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

enum Behaviour {
    Hears(String),
    HearsContent,
    Slow(Duration, String),
    Failing(TranscribeError),
    Panicking,
    NotReady,
}

/// A transcriber that behaves in one particular way, and counts its jobs.
pub struct FakeTranscriber {
    behaviour: Behaviour,
    jobs: AtomicUsize,
}

fn fake(behaviour: Behaviour) -> Arc<FakeTranscriber> {
    Arc::new(FakeTranscriber { behaviour, jobs: AtomicUsize::new(0) })
}

/// Always hears this.
pub fn hears(words: &str) -> Arc<FakeTranscriber> {
    fake(Behaviour::Hears(words.to_owned()))
}

/// Hears the bytes of the note themselves, read as text: each note says what it is.
pub fn hears_its_bytes() -> Arc<FakeTranscriber> {
    fake(Behaviour::HearsContent)
}

/// Hears that nothing was said.
pub fn hears_nothing() -> Arc<FakeTranscriber> {
    hears("")
}

/// Keeps its thread busy that long, unless it is asked to end.
pub fn slow(pause: Duration, words: &str) -> Arc<FakeTranscriber> {
    fake(Behaviour::Slow(pause, words.to_owned()))
}

/// Always fails.
pub fn failing(error: TranscribeError) -> Arc<FakeTranscriber> {
    fake(Behaviour::Failing(error))
}

/// Always panics.
pub fn panicking() -> Arc<FakeTranscriber> {
    fake(Behaviour::Panicking)
}

/// Has no model.
pub fn not_ready() -> Arc<FakeTranscriber> {
    fake(Behaviour::NotReady)
}

impl FakeTranscriber {
    /// How many notes it was given.
    pub fn jobs(&self) -> usize {
        self.jobs.load(Ordering::SeqCst)
    }
}

fn said(words: impl Into<String>) -> Transcript {
    Transcript {
        text: words.into(),
        language: Some("en".to_owned()),
        duration: Duration::from_secs(2),
        confidence: None,
    }
}

fn no_model() -> String {
    "there is no model in a test".to_owned()
}

impl Transcriber for FakeTranscriber {
    fn ready(&self) -> Result<(), String> {
        if matches!(self.behaviour, Behaviour::NotReady) { Err(no_model()) } else { Ok(()) }
    }

    fn transcribe(&self, audio: &Media, abort: &Abort) -> Result<Transcript, TranscribeError> {
        self.jobs.fetch_add(1, Ordering::SeqCst);
        match &self.behaviour {
            Behaviour::Hears(words) => Ok(said(words)),
            Behaviour::HearsContent => Ok(said(String::from_utf8_lossy(&audio.bytes))),
            Behaviour::Slow(pause, words) => {
                let begun = Instant::now();
                while begun.elapsed() < *pause {
                    if abort.is_raised() {
                        return Err(AudioError::Aborted.into());
                    }
                    // A model computes here; the flag is looked at between its steps.
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                Ok(said(words))
            }
            Behaviour::Failing(error) => Err(error.clone()),
            Behaviour::Panicking => panic!("told to panic"),
            Behaviour::NotReady => Err(TranscribeError::NotReady { reason: no_model() }),
        }
    }
}
