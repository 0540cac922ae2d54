//! A capsule of a bot that runs, for the gateway.

use crate::backup::{self, Source};
use crate::config::{Config, Origin};
use greenroom_capsule::Lock;
use greenroom_contract::cause::chain;
use greenroom_contract::limits::{CAPSULE_PIECE_BYTES, CAPSULE_PIECES_MAX};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_engine::{Doors as _, EngineHandle};
use greenroom_gateway::{BackupBody, Piece, Pieces};
use std::io::Write;
use tokio::sync::mpsc;

/// Begins one, on a thread that may block; it ends with the last piece, or when nobody takes them any more.
pub(super) async fn begin(config: &Config, handle: &EngineHandle, wanted: BackupBody) -> Result<Pieces, String> {
    let BackupBody { passphrase, recipients } = wanted;
    let lock = match passphrase.map(Secret::new) {
        Some(passphrase) if recipients.is_empty() => Lock::passphrase(&passphrase),
        None if !recipients.is_empty() => Lock::recipients(&recipients),
        _ => return Err("either a passphrase or public keys are needed".to_owned()),
    };
    let lock = lock.map_err(|error| error.to_string())?;
    let store = handle.whole_store();
    let text = match &config.origin {
        Origin::File(path) => {
            Some(std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?)
        }
        Origin::Embedded | Origin::Program => None,
    };
    let source = Source {
        made_at: Clock::System.now(),
        fence: store.fence().await.map_err(|error| error.to_string())?,
        moved: false,
        config: text.map(Secret::new),
        folder: Some(config.store.path.clone()),
    };
    let (sender, pieces) = mpsc::channel(CAPSULE_PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut out = Out { sender, held: Vec::with_capacity(CAPSULE_PIECE_BYTES) };
        let written = backup::write(&*store, &lock, &source, &mut out).map(|_| ());
        let Err(error) =
            written.and_then(|()| out.flush().map_err(greenroom_capsule::CapsuleError::File).map_err(Into::into))
        else {
            return;
        };
        tracing::warn!(error = %chain(&error), "a backup was not finished");
        // Whoever is gone does not want to know.
        let _ = out.sender.blocking_send(Err(std::io::Error::other(chain(&error))));
    });
    Ok(pieces)
}

/// Hands pieces of one size over.
struct Out {
    sender: mpsc::Sender<Piece>,
    held: Vec<u8>,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= CAPSULE_PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.held, Vec::with_capacity(CAPSULE_PIECE_BYTES));
        let gone = |_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "it is not wanted any more");
        self.sender.blocking_send(Ok(piece.into())).map_err(gone)
    }
}
