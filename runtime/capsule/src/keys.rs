//! What locks a capsule, and what opens it.

use crate::error::CapsuleError;
use crate::limits;
use age::secrecy::{ExposeSecret, SecretString};
use greenroom_contract::secret::Secret;
use std::fmt;

/// What locks a capsule.
pub enum Lock {
    /// Whoever knows it opens the capsule.
    Passphrase(SecretString),
    /// Whoever has the secret key of one of these public keys does.
    Recipients(Vec<age::x25519::Recipient>),
}

/// What opens a capsule.
pub enum Key {
    /// The passphrase that locked it.
    Passphrase(SecretString),
    /// Secret keys, one of which belongs to a public key that it was made for.
    Identities(Vec<age::x25519::Identity>),
}

impl Lock {
    /// A passphrase, if it is long enough.
    pub fn passphrase(text: &Secret) -> Result<Self, CapsuleError> {
        if text.expose().chars().count() < limits::PASSPHRASE_CHARS_MIN {
            return Err(CapsuleError::WeakPassphrase(limits::PASSPHRASE_CHARS_MIN));
        }
        Ok(Self::Passphrase(SecretString::from(text.expose().to_owned())))
    }

    /// Public keys, as `age-keygen` prints them: `age1…`.
    pub fn recipients<T: AsRef<str>>(texts: &[T]) -> Result<Self, CapsuleError> {
        const BAD: CapsuleError =
            CapsuleError::BadKey("a public key of age begins with age1 and is 62 characters long");
        let keys = texts.iter().map(|text| text.as_ref().trim().parse()).collect::<Result<Vec<_>, _>>();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(Self::Recipients(keys)),
            _ => Err(BAD),
        }
    }
}

impl Key {
    /// The passphrase that locked it.
    pub fn passphrase(text: &Secret) -> Self {
        Self::Passphrase(SecretString::from(text.expose().to_owned()))
    }

    /// Secret keys, one a line, as `age-keygen` writes them into a file; lines that begin with # are remarks.
    pub fn identities(file: &Secret) -> Result<Self, CapsuleError> {
        const BAD: CapsuleError =
            CapsuleError::BadKey("a secret key of age is a line that begins with AGE-SECRET-KEY-1");
        let lines = file.expose().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match lines.map(str::parse).collect::<Result<Vec<_>, _>>() {
            Ok(keys) if !keys.is_empty() => Ok(Self::Identities(keys)),
            _ => Err(BAD),
        }
    }
}

/// A new pair of keys: the public one, and the line with the secret one.
pub fn generate() -> (String, Secret) {
    let identity = age::x25519::Identity::generate();
    (identity.to_public().to_string(), Secret::new(identity.to_string().expose_secret().to_owned()))
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase(_) => f.write_str("Lock::Passphrase(…)"),
            Self::Recipients(keys) => write!(f, "Lock::Recipients({} keys)", keys.len()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase(_) => f.write_str("Key::Passphrase(…)"),
            Self::Identities(keys) => write!(f, "Key::Identities({} keys)", keys.len()),
        }
    }
}
