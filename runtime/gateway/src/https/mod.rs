//! HTTPS without a proxy in front: with a certificate from files, or one that is ordered and renewed here (ACME, RFC 8555,
//! with the challenge of RFC 8737 on the same port).
//!
//! | module | holds |
//! |---|---|
//! | `opener` | the handshakes |
//! | `files` | a certificate that something else renews |
//! | `acme` | a certificate that is ordered here |
//!
//! Plain HTTP on the same port is answered for this machine alone: commands find the gateway without a certificate for
//! `127.0.0.1`. Everybody else reads a sentence.

#[cfg(feature = "https")]
mod acme;
#[cfg(feature = "https")]
mod files;
#[cfg(feature = "https")]
mod opener;

#[cfg(feature = "https")]
pub(crate) use opener::{Opened, Opener, Upkeep, prepare};

use std::path::PathBuf;

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Https {
    /// Files in PEM form. They are read again when they change, so that whatever renews them need not restart anything.
    Files {
        /// The certificate, with those between it and its authority.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// Ordered from an authority, and renewed. The names must lead here, to port 443.
    Acme {
        /// The names, such as `bot.example.com`.
        names: Vec<String>,
        /// An e-mail address for the authority's warnings.
        contact: Option<String>,
        /// The authority's directory; `None` is Let's Encrypt.
        directory: Option<String>,
        /// The folder in which the account and the certificate are kept, for this user alone.
        folder: PathBuf,
    },
}

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// A file cannot be used: correct its path, its rights or its content.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS is not available, for a reason of the program or the machine.
    #[error("HTTPS is not available: {reason}")]
    Unavailable {
        /// What is wrong.
        reason: String,
    },
}
