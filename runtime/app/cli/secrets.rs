//! What locks a capsule and what opens it: typed, or read from a file.

use super::failure::Failure;
use super::report;
use greenroom::capsule::{CapsuleError, Key, Lock};
use greenroom::contract::limits::CAPSULE_KEY_BYTES_MAX;
use greenroom::contract::secret::Secret;
use std::fs::File;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

/// What a capsule is locked with, as it was given.
pub(super) enum Locked {
    Passphrase(Secret),
    Recipients(Vec<String>),
}

impl Locked {
    /// What locks.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        let lock = match self {
            Self::Passphrase(passphrase) => Lock::passphrase(passphrase),
            Self::Recipients(keys) => Lock::recipients(keys),
        };
        lock.map_err(|error| refused(&error))
    }

    /// What opens again, where that is known.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Passphrase(passphrase) => Some(Key::passphrase(passphrase)),
            Self::Recipients(_) => None,
        }
    }
}

/// By public keys, by the passphrase in a file, or by one that is typed twice.
pub(super) async fn lock(recipients: &[String], file: Option<&Path>) -> Result<Locked, Failure> {
    let locked = if !recipients.is_empty() {
        Locked::Recipients(recipients.to_vec())
    } else if let Some(file) = file {
        Locked::Passphrase(passphrase_of(file)?)
    } else {
        let first = typed("Passphrase for the capsule").await?;
        let locked = Locked::Passphrase(first);
        locked.lock()?;
        let again = typed("Once more").await?;
        match locked {
            Locked::Passphrase(first) if first == again => Locked::Passphrase(first),
            _ => return Err(Failure::usage("the two passphrases are not the same")),
        }
    };
    // Before anything is stopped or written.
    locked.lock()?;
    Ok(locked)
}

/// A secret key in a file, the passphrase in a file, or one that is typed.
pub(super) async fn key(identity: Option<&Path>, file: Option<&Path>) -> Result<Key, Failure> {
    if let Some(identity) = identity {
        return Key::identities(&read(identity)?).map_err(|error| refused(&error));
    }
    let passphrase = match file {
        Some(file) => passphrase_of(file)?,
        None => typed("Passphrase of the capsule").await?,
    };
    Ok(Key::passphrase(&passphrase))
}

/// Without the end of the line: editors put one there.
fn passphrase_of(file: &Path) -> Result<Secret, Failure> {
    Ok(Secret::new(read(file)?.expose().trim_end_matches(['\n', '\r'])))
}

fn read(file: &Path) -> Result<Secret, Failure> {
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(CAPSULE_KEY_BYTES_MAX).read_to_string(&mut text));
    let text = Secret::new(text);
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::usage(format!("{} cannot be read: {error}", file.display()))),
    }
}

async fn typed(label: &str) -> Result<Secret, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("a passphrase is needed, and there is no terminal to ask at").hint(
            "Put it into a file and name that: --passphrase-file FILE. Or use keys of age: --recipient, --identity.",
        ));
    }
    report::print(&format!("{label}: "))?;
    let read = tokio::task::spawn_blocking(rpassword::read_password).await;
    match read {
        Ok(Ok(text)) => Ok(Secret::new(text)),
        Ok(Err(error)) => Err(Failure::new(format!("nothing can be read from the terminal: {error}"))),
        Err(error) => Err(Failure::new(error.to_string())),
    }
}

fn refused(error: &CapsuleError) -> Failure {
    Failure::usage(error.to_string())
}
