//! The folder of a store is its owner's alone: conversations lie in it.

use crate::open::options::OpenError;
use std::path::Path;

/// Takes the right to read the folder from other users, also where it was made by something else, such as a container's
/// volume. Refused if that cannot be done.
#[cfg(unix)]
pub(crate) fn make_private(directory: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::PermissionsExt;
    let refused = |error| OpenError::directory(directory, error);
    let mode = std::fs::metadata(directory).map_err(refused)?.permissions().mode();
    let of_others = mode & 0o077;
    if of_others == 0 {
        return Ok(());
    }
    let private = std::fs::Permissions::from_mode(mode & 0o700);
    std::fs::set_permissions(directory, private)
        .map_err(|error| OpenError::NotPrivate { path: directory.to_owned(), reason: error.into() })?;
    tracing::warn!(folder = %directory.display(), "the data folder could be read by other users; it no longer can");
    Ok(())
}

/// Other systems give a folder the rights of the one above it.
#[cfg(not(unix))]
pub(crate) fn make_private(_directory: &Path) -> Result<(), OpenError> {
    Ok(())
}

/// Refuses a file of the folder that only points elsewhere: what is written through it would change a file that is not
/// the store's.
pub(crate) fn not_a_pointer(path: &Path) -> std::io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_symlink() => {
            Err(std::io::Error::other(format!("{} is a symbolic link, which is not followed", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[cfg(unix)]
    #[test]
    fn an_open_folder_becomes_private_and_keeps_what_its_owner_may() {
        for (before, after) in [(0o755, 0o700), (0o777, 0o700), (0o750, 0o700), (0o700, 0o700), (0o711, 0o700)] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(before)).unwrap();
            make_private(folder.path()).unwrap();
            assert_eq!(std::fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, after, "{before:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_pointer_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        symlink(at("file"), at("to a file")).unwrap();
        symlink(at("nowhere"), at("to nothing")).unwrap();
        assert!(not_a_pointer(&at("file")).is_ok() && not_a_pointer(&at("missing")).is_ok());
        assert!(not_a_pointer(&at("to a file")).is_err() && not_a_pointer(&at("to nothing")).is_err());
    }
}
