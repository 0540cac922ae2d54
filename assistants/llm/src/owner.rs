//! What the owner wants, in a text or a file that is read again when it changed.

use crate::limits::{OWNER_PROMPT_BYTES_MAX, PROMPT_FILE_LOOK_PAUSE};
use parking_lot::Mutex;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

/// The prompt of the owner.
#[derive(Debug)]
pub(crate) enum Owner {
    /// As it stands in the configuration.
    Text(String),
    /// In a file.
    File(Arc<File>),
}

/// A file with a prompt.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    text: String,
    stamp: Option<(SystemTime, u64)>,
    looked: Option<Instant>,
    is_missing: bool,
}

impl Owner {
    /// The prompt in this file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn file(path: PathBuf) -> Result<Self, String> {
        let (text, stamp) = read(&path)?;
        let held = Held { text, stamp, looked: None, is_missing: false };
        Ok(Self::File(Arc::new(File { path, held: Mutex::new(held) })))
    }

    /// The prompt at present. A file that vanished, or cannot be read any more, keeps its last text.
    pub(crate) async fn text(&self) -> String {
        let file = match self {
            Self::Text(text) => return text.clone(),
            Self::File(file) => file,
        };
        if file.is_due() {
            let looked_at = Arc::clone(file);
            // A look that is given up is made in the next turn.
            let _ = tokio::task::spawn_blocking(move || looked_at.look()).await;
        }
        file.held.lock().text.clone()
    }
}

impl File {
    fn is_due(&self) -> bool {
        let mut held = self.held.lock();
        let is_due = held.looked.is_none_or(|looked| looked.elapsed() >= PROMPT_FILE_LOOK_PAUSE);
        if is_due {
            held.looked = Some(Instant::now());
        }
        is_due
    }

    fn look(&self) {
        let stamp = stamp(&self.path);
        if stamp.is_some() && stamp == self.held.lock().stamp {
            return;
        }
        match read(&self.path) {
            Ok((text, stamp)) => {
                let mut held = self.held.lock();
                *held = Held { text, stamp, looked: held.looked, is_missing: false };
            }
            Err(reason) => {
                let mut held = self.held.lock();
                if !std::mem::replace(&mut held.is_missing, true) {
                    tracing::warn!(%reason, "the prompt stays as it was");
                }
            }
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

type Stamped = (String, Option<(SystemTime, u64)>);

fn read(path: &Path) -> Result<Stamped, String> {
    let stamp = stamp(path);
    let mut text = String::new();
    let max = OWNER_PROMPT_BYTES_MAX as u64;
    let file = std::fs::File::open(path).map_err(|error| format!("{} cannot be opened: {error}", path.display()))?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(format!("{} is not a file", path.display()));
    }
    let bytes = file.take(max + 1).read_to_string(&mut text);
    match bytes {
        Ok(bytes) if bytes > OWNER_PROMPT_BYTES_MAX => {
            Err(format!("{} is larger than {} KB", path.display(), max / 1024))
        }
        Ok(_) => Ok((text, stamp)),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}
