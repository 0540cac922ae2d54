//! What signs tokens: as it is configured, or as it was made at the first start and kept beside the data.

use crate::private;
use greenroom_contract::cause::Cause;
use greenroom_contract::secret::Secret;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file in the data folder that holds the secret where none is configured.
pub const FILE_NAME: &str = "auth_secret";

/// Where the secret came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The configuration has it.
    Configured,
    /// It was made at an earlier start.
    Kept,
    /// It was made now.
    Made,
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error("the secret that signs tokens cannot be kept in {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        reason: Cause,
    },
    /// What the file holds is too short to sign with: delete it, and a new one is made.
    #[error("{} does not hold a secret of {} bytes or more; delete it, and a new one is made", path.display(), greenroom_client::token::SECRET_BYTES_MIN)]
    Short {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random numbers.
    #[error("no secret could be made: {reason}")]
    NoRandom {
        /// The system's error.
        #[source]
        reason: Cause,
    },
}

/// The secret that an earlier start kept in this data folder, if one did.
pub fn kept(folder: &Path) -> Result<Option<Secret>, SecretError> {
    let path = folder.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() < greenroom_client::token::SECRET_BYTES_MIN => Err(SecretError::Short { path }),
        Ok(text) => Ok(Some(Secret::new(text.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SecretError::File { path, reason: error.into() }),
    }
}

/// The same, and one that is made and kept, readable by its owner only, where there is none. Without a folder it is good
/// for this run.
pub(crate) fn kept_or_made(folder: Option<&Path>) -> Result<(Secret, Found), SecretError> {
    let made =
        || crate::principal::random().map_err(|error| SecretError::NoRandom { reason: error.to_string().into() });
    let Some(folder) = folder else { return Ok((Secret::new(made()?), Found::Made)) };
    if let Some(secret) = kept(folder)? {
        return Ok((secret, Found::Kept));
    }
    let text = made()?;
    let written = fs::create_dir_all(folder).and_then(|()| private::write(folder, FILE_NAME, &text));
    written.map_err(|error| SecretError::File { path: folder.join(FILE_NAME), reason: error.into() })?;
    Ok((Secret::new(text), Found::Made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kept(folder.path()).unwrap(), None);
        let (made, found) = kept_or_made(Some(folder.path())).unwrap();
        assert_eq!(found, Found::Made);
        assert_eq!(kept_or_made(Some(folder.path())).unwrap(), (made.clone(), Found::Kept));
        assert_eq!(kept(folder.path()).unwrap(), Some(made.clone()));
        assert_ne!(kept_or_made(None).unwrap().0, made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = fs::metadata(folder.path().join(FILE_NAME)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn half_a_secret_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "half\n").unwrap();
        let error = kept_or_made(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("delete it") && !error.contains("half"), "{error}");
    }
}
