//! What must not get into logs.

/// A directive for the log filter of the program. The Signal library writes fingerprints of keys and identities into
/// its errors when a message cannot be decrypted; none of it helps anybody, so the whole target is switched off.
pub const LOG_DIRECTIVE: &str = "wacore_libsignal=off";
