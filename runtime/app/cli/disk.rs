//! What to do when a disk is full.

/// What can be deleted, and how to find it.
pub(crate) const MAKE_ROOM: &str = "The disk is full. Delete speech models that are not used (`greenroom model list` names their folder and the one in use), \
     old exports of `greenroom store export`, and what other programs left; never a file of the store itself. What was accepted is \
     kept, and a bot that runs continues by itself when there is room: `greenroom health`.";

/// Whether an error says that there is no room, wherever it was met: systems say it in words of their own, and it may have
/// come through the server.
pub(crate) fn is_full(error: &str) -> bool {
    const SAID: [&str; 5] = [
        "No space left on device",
        "Disk quota exceeded",
        "not enough space on the disk",
        "StorageFull",
        "no storage space",
    ];
    SAID.iter().any(|said| error.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_the_system_says_is_recognised() {
        // ENOSPC and EDQUOT of Linux.
        for code in [28, 122] {
            let error = std::io::Error::from_raw_os_error(code);
            if cfg!(target_os = "linux") {
                assert!(is_full(&format!("x cannot be written: {error}")), "{error}");
            }
        }
        for kind in [std::io::ErrorKind::StorageFull, std::io::ErrorKind::PermissionDenied] {
            assert_eq!(is_full(&std::io::Error::from(kind).to_string()), kind == std::io::ErrorKind::StorageFull);
        }
    }
}
