//! What hears voice notes in a build without a speech model: nothing.

use greenroom_contract::message::Media;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};

/// Says that it cannot hear, so that whoever sends a voice note gets a kind sentence.
pub(crate) struct Deaf;

const REASON: &str = "this build has no speech model; give the runtime a transcriber, or write instead";

impl Transcriber for Deaf {
    fn ready(&self) -> Result<(), String> {
        Err(REASON.to_owned())
    }

    fn transcribe(&self, _audio: &Media, _abort: &Abort) -> Result<Transcript, TranscribeError> {
        Err(TranscribeError::NotReady { reason: REASON.to_owned() })
    }
}
