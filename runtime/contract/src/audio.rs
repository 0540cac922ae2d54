//! What can be wrong with audio, on the way to words and on the way to a voice note.

use crate::cause::Cause;

/// Why audio gave no sound. Hearing a note and encoding a reply fail in the same ways.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// It is longer than allowed: ask for something shorter.
    #[error("longer than {seconds_max} s")]
    TooLong {
        /// The limit.
        seconds_max: u64,
    },
    /// Its format is not understood: ask for another one.
    #[error("the format {format} is not understood")]
    Format {
        /// Which.
        format: String,
    },
    /// It is damaged, or has no sound in it: ask again.
    #[error("damaged: {reason}")]
    Damaged {
        /// How.
        #[source]
        reason: Cause,
    },
    /// The job was asked to end.
    #[error("ended before it was done")]
    Aborted,
}
