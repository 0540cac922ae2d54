//! Speech to text.

use crate::audio::AudioError;
use crate::cause::Cause;
use crate::message::Media;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Turns a voice note into words.
///
/// CPU-bound and synchronous on purpose: the engine owns the blocking thread, the number of jobs at
/// once and the deadline. Nothing may be written to disk.
pub trait Transcriber: Send + Sync + 'static {
    /// Whether it can hear at all. `Err` says what is missing and what to do.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    /// Hears one note, all in memory. Returns soon after `abort` was raised.
    fn transcribe(&self, audio: &Media, abort: &Abort) -> Result<Transcript, TranscribeError>;
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The words; empty if nothing was said.
    pub text: String,
    /// The language, as a two-letter code, if known.
    pub language: Option<String>,
    /// How long the note is.
    pub duration: Duration,
    /// How sure the model is, from 0 to 1, if it says so.
    pub confidence: Option<f32>,
}

/// A flag that asks a running job to end. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Abort(Arc<AtomicBool>);

impl Abort {
    /// Asks the job to end.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the job was asked to end.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, for callbacks that cannot hold more than a pointer.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}

/// Why a note was not heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscribeError {
    /// There is no model. The person is told once that the bot cannot hear yet.
    #[error("cannot hear yet: {reason}")]
    NotReady {
        /// What is missing and what to do.
        reason: String,
    },
    /// Something is wrong with the audio, or the job was asked to end.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The model failed.
    #[error("the model failed: {reason}")]
    Failed {
        /// How.
        #[source]
        reason: Cause,
    },
}
