//! Why a capsule was not written or read.

use crate::VERSION;

/// Why a capsule was not written or read. Each says what it means for the reader; none repeats a passphrase or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CapsuleError {
    /// The file cannot be read or written.
    #[error("the file cannot be read or written: {0}")]
    File(#[source] std::io::Error),
    /// It does not begin like a file of this kind.
    #[error("it does not begin like a capsule")]
    NotACapsule,
    /// The passphrase or the key is another one, or the head of the file was changed.
    #[error("the passphrase or the key does not open it, or its beginning was changed")]
    NotOpened,
    /// Opening it would take more work than is allowed.
    #[error("its passphrase asks for more work than this program does for a file")]
    TooMuchWork,
    /// It was made by a newer program.
    #[error("it has version {0}, this program knows up to {VERSION}; use the newer program")]
    Newer(u16),
    /// It was cut or changed.
    #[error("it was cut or changed: {0}")]
    Damaged(String),
    /// What was to be written is too long for the format.
    #[error("{0} is too long for a capsule")]
    TooLong(&'static str),
    /// A passphrase that is guessed too easily.
    #[error("a passphrase needs at least {0} characters")]
    WeakPassphrase(usize),
    /// A public or secret key that cannot be read.
    #[error("{0}")]
    BadKey(&'static str),
}

impl CapsuleError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    /// An error while what was decrypted is read: the library reports damage as errors of input.
    pub(crate) fn reading(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, UnexpectedEof};
        match error.kind() {
            InvalidData => Self::damaged("a part of it does not fit its checksum"),
            UnexpectedEof => Self::damaged("its end is missing"),
            _ => Self::File(error),
        }
    }
}

impl From<age::DecryptError> for CapsuleError {
    fn from(error: age::DecryptError) -> Self {
        use age::DecryptError::{ExcessiveWork, InvalidHeader, InvalidMac, Io, UnknownFormat};
        match error {
            ExcessiveWork { .. } => Self::TooMuchWork,
            InvalidHeader | UnknownFormat => Self::NotACapsule,
            InvalidMac => Self::damaged("its beginning was changed"),
            Io(error) => match error.kind() {
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData => Self::NotACapsule,
                _ => Self::File(error),
            },
            // Another passphrase or key, or one of a kind that this program has not.
            _ => Self::NotOpened,
        }
    }
}
