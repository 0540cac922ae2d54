//! Messages that are kept for a while: sent ones for whoever cannot decrypt them, received ones until they are
//! accepted.

use super::error::{BackendError, Result};
use super::key::Table;
use super::record::{KeptMessage, decode, encode};
use super::{Unknown, VaultBackend};
use bytes::Bytes;
use greenroom_contract::store::VaultWrite;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::RwLock;
use whatsapp_rust::wacore::store::traits::{PendingInboundKey, PendingInboundRow};
use whatsapp_rust::wacore::time::now_secs;

fn kept(message: &[u8]) -> Bytes {
    encode(&KeptMessage { kept_at: now_secs(), message: Bytes::copy_from_slice(message), handed_over: false })
}

/// What stays of a message that was handed over.
fn handed_over() -> Bytes {
    encode(&KeptMessage { kept_at: now_secs(), message: Bytes::new(), handed_over: true })
}

impl VaultBackend {
    async fn kept_message(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(row) = self.rows.get(key).await? else { return Ok(None) };
        Ok(Some(decode::<KeptMessage>(&row)?.message.to_vec()))
    }

    /// Submitted. Whoever asked for the send notes it in the same store afterwards; if that note is there, this row
    /// is there too, and without it the message is sent again.
    pub(super) async fn keep_sent(&self, chat: &str, id: &str, message: &[u8]) -> Result<()> {
        let _gate = self.gates.sent.read().await;
        let key = self.names.row(Table::Sent, &[chat, id])?;
        self.rows.submit(vec![VaultWrite::Put { key, value: kept(message) }]).await
    }

    /// Nobody gets a message twice. The deletion is submitted: the worst is that it is sent once more, with the
    /// same id.
    pub(super) async fn take_sent(&self, chat: &str, id: &str) -> Result<Option<Vec<u8>>> {
        let _gate = self.gates.sent.write().await;
        let key = self.names.row(Table::Sent, &[chat, id])?;
        let message = self.kept_message(&key).await?;
        if message.is_some() {
            self.rows.submit(vec![VaultWrite::Delete { key }]).await?;
        }
        Ok(message)
    }

    pub(super) async fn delete_old_sent(&self, cutoff: i64) -> Result<u32> {
        self.delete_kept_before(Table::Sent, &self.gates.sent, cutoff).await
    }

    /// Deferred, in one commit with the ratchet that moved on or before it: from then on this is the only readable copy
    /// until the message is accepted.
    pub(super) async fn keep_inbound(&self, messages: &[PendingInboundRow<'_>]) -> Result<()> {
        let _gate = self.gates.inbound.read().await;
        let mut writes = Vec::with_capacity(messages.len());
        for row in messages {
            let key = self.names.row(Table::Inbound, &[row.chat, row.sender, row.id])?;
            writes.push(VaultWrite::Put { key, value: kept(row.message) });
        }
        self.rows.defer(writes).await
    }

    /// The copy of a message that was read before. What was handed over has none; neither has what was lost between
    /// being read and being kept, and that is told to whoever can ask for it again.
    pub(super) async fn inbound(&self, chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>> {
        let row = self.rows.get(&self.names.row(Table::Inbound, &[chat, sender, id])?).await?;
        let kept = row.map(|row| decode::<KeptMessage>(&row)).transpose()?;
        match (kept, self.unknown.get()) {
            (None, Some(tell)) => {
                tell(Unknown { chat: chat.to_owned(), sender: sender.to_owned(), id: id.to_owned() });
                Err(BackendError::Validation("read before and never handed over".to_owned()))
            }
            (kept, _) => Ok(kept.filter(|kept| !kept.handed_over).map(|kept| kept.message.to_vec())),
        }
    }

    /// From now on it counts as handed over. Awaited, so that it is not asked for again and again.
    pub(crate) async fn note_asked(&self, unknown: &Unknown) -> Result<()> {
        let key = self.names.row(Table::Inbound, &[&unknown.chat, &unknown.sender, &unknown.id])?;
        let _gate = self.gates.inbound.write().await;
        // Its repetition may have come already.
        if self.rows.get(&key).await?.is_some() {
            return Ok(());
        }
        self.rows.write(vec![VaultWrite::Put { key, value: handed_over() }]).await
    }

    /// Deferred, after the message was accepted: an empty row stays for as long as the network may deliver it again. If
    /// that is lost, the message may be handed over again, and is recognised.
    pub(super) async fn delete_inbound(&self, keys: &[PendingInboundKey<'_>]) -> Result<()> {
        let _gate = self.gates.inbound.read().await;
        let mut writes = Vec::with_capacity(keys.len());
        for key in keys {
            let key = self.names.row(Table::Inbound, &[key.chat, key.sender, key.id])?;
            writes.push(VaultWrite::Put { key, value: handed_over() });
        }
        self.rows.defer(writes).await
    }

    /// Counts only messages that were never handed over; the empty rows of the others go silently.
    pub(super) async fn delete_old_inbound(&self, cutoff: i64) -> Result<u32> {
        let unread = AtomicU32::new(0);
        let old = |row: &Bytes| {
            let row = decode::<KeptMessage>(row);
            let is_old = row.as_ref().map_or(true, |kept| kept.kept_at < cutoff);
            if is_old && row.map_or(true, |kept| !kept.handed_over) {
                unread.fetch_add(1, Ordering::Relaxed);
            }
            is_old
        };
        self.rows.sweep(&Table::Inbound.hashed_all(), &self.gates.inbound, old).await?;
        Ok(unread.into_inner())
    }

    async fn delete_kept_before(&self, table: Table, gate: &RwLock<()>, cutoff: i64) -> Result<u32> {
        // What cannot be read any more is of no use to anybody.
        let old = |row: &Bytes| decode::<KeptMessage>(row).map_or(true, |kept| kept.kept_at < cutoff);
        self.rows.sweep(&table.hashed_all(), gate, old).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::vault::MemoryVault;
    use greenroom_contract::store::AccountVault;
    use parking_lot::Mutex;
    use std::sync::Arc;
    use whatsapp_rust::wacore::store::traits::ProtocolStore;

    const CHAT: &str = "15551234567@s.whatsapp.net";

    async fn backend() -> (Arc<VaultBackend>, Arc<Mutex<Vec<Unknown>>>) {
        let vault = AccountVault::new("account".parse().unwrap(), MemoryVault::new());
        let backend = VaultBackend::open(vault).await.unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = told.clone();
        backend.on_unknown(Box::new(move |unknown| tell.lock().push(unknown)));
        (backend, told)
    }

    #[tokio::test]
    async fn a_message_that_was_handed_over_is_known_when_it_comes_again() {
        let (backend, told) = backend().await;
        backend.store_pending_inbound(CHAT, CHAT, "A", b"words").await.unwrap();
        assert_eq!(backend.get_pending_inbound(CHAT, CHAT, "A").await.unwrap().as_deref(), Some(&b"words"[..]));
        backend.delete_pending_inbound(CHAT, CHAT, "A").await.unwrap();
        assert_eq!(backend.get_pending_inbound(CHAT, CHAT, "A").await.unwrap(), None);
        assert!(told.lock().is_empty());
    }

    #[tokio::test]
    async fn a_message_that_was_lost_before_it_was_kept_is_asked_for_and_not_acknowledged() {
        let (backend, told) = backend().await;
        backend.get_pending_inbound(CHAT, CHAT, "B").await.unwrap_err();
        let unknown = told.lock().pop().expect("it is told");
        assert_eq!(unknown.id, "B");
        backend.note_asked(&unknown).await.unwrap();
        assert_eq!(backend.get_pending_inbound(CHAT, CHAT, "B").await.unwrap(), None, "then it is acknowledged");
        // Its repetition is an ordinary message.
        backend.store_pending_inbound(CHAT, CHAT, "B", b"words").await.unwrap();
        assert_eq!(backend.get_pending_inbound(CHAT, CHAT, "B").await.unwrap().as_deref(), Some(&b"words"[..]));
        backend.note_asked(&unknown).await.unwrap();
        assert!(
            backend.get_pending_inbound(CHAT, CHAT, "B").await.unwrap().is_some(),
            "a late note takes nothing away"
        );
    }
}
