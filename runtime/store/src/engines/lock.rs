//! The file by which an engine keeps other engines away from its directory.

use greenroom_contract::limits;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::mpsc;

/// Holds the lock of an engine until it is dropped; `None` if there is no such file, or an engine keeps it for longer than
/// [`limits::STORE_ENGINE_LOCK_WAIT`]. Waits for an earlier engine of this process: a thread of sled's pool, or a reader that
/// is still at work, may keep the file a moment longer than the writer. Other processes are kept away by the lock of the
/// store.
pub(crate) fn hold(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    match file.try_lock() {
        Ok(()) => return Some(file),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(_)) => return None,
    }
    let (sender, held) = mpsc::channel();
    let wait = move || {
        if file.lock().is_ok() {
            let _ = sender.send(file);
        }
    };
    std::thread::Builder::new().name("greenroom-store-lock".into()).spawn(wait).ok()?;
    held.recv_timeout(limits::STORE_ENGINE_LOCK_WAIT).ok()
}
