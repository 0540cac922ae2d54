//! Nothing leaves before the keys that made it are on disk, and no receipt tells a stranger that anyone is here.
//!
//! The library writes ratchets down up to 25 ms after they moved, and lets a message leave at once if its counter is covered
//! by a lease that is on disk. A lease says nothing of the ratchet itself, though: what is heard renews our half of it, and
//! who is killed after sending under the new half comes back with another one, and never understands the answer. Other
//! people's devices are asked again for what cannot be read; the account's own phone is not, so every further note to
//! oneself would be lost. Hence this gate in front of the socket, behind all encryption: it has the library hand over what
//! moved, and commits it together with all else that is deferred ([`crate::keys`]). Frames that come meanwhile leave
//! together after the next commit.

use crate::connection::state::{ConnectionState, Phase};
use crate::keys::VaultBackend;
use crate::limits;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::{Arc, OnceLock, Weak};
use tokio::time::timeout;
use whatsapp_rust::transport::Transport;
use whatsapp_rust::{Client, anyhow};

/// The client behind a socket; it is made after the sockets are.
pub(crate) type ClientSlot = Arc<OnceLock<Weak<Client>>>;

/// A socket that writes after everything that is known is on disk.
pub(crate) struct KeyCommitGate {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) client: ClientSlot,
    pub(crate) backend: Arc<VaultBackend>,
    pub(crate) state: Weak<ConnectionState>,
}

impl KeyCommitGate {
    async fn settle(&self) -> anyhow::Result<()> {
        let settled = timeout(limits::WRITE_TIMEOUT, async {
            self.flush().await?;
            self.backend.settle_deferred().await.map_err(anyhow::Error::from)
        });
        settled.await.map_err(|_| anyhow::anyhow!("the keys could not be stored in time"))?
    }

    /// Has the library hand over what moved: to memory, so that its lock is held for a moment only.
    async fn flush(&self) -> anyhow::Result<()> {
        // While a backlog is taken in, the library does so before it acknowledges, and nothing of ours is sent.
        if self.state.upgrade().is_none_or(|state| state.phase() != Phase::Ready) {
            return Ok(());
        }
        let Some(client) = self.client.get().and_then(Weak::upgrade) else { return Ok(()) };
        Ok(client.flush_pending_signal_state().await?)
    }
}

#[async_trait]
impl Transport for KeyCommitGate {
    async fn send(&self, data: Bytes) -> anyhow::Result<()> {
        // The library makes receipts active when it announces the account, as it does by itself at each login. A stranger would
        // see by them that a device has the message.
        if let Some(client) = self.client.get().and_then(Weak::upgrade) {
            client.set_force_active_delivery_receipts(false);
        }
        if let Err(error) = self.settle().await {
            tracing::warn!("closing the connection, because keys cannot be stored: {error:#}");
            self.inner.disconnect().await;
            return Err(error);
        }
        self.inner.send(data).await
    }

    async fn disconnect(&self) {
        self.inner.disconnect().await;
    }
}
