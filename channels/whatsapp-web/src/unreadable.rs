//! Messages that were read once and then lost, asked for again.
//!
//! The library moves the ratchet on when it reads a message and keeps a copy of it a moment later. Killed in between, it
//! cannot read the message when it is delivered again, finds no copy, and would take it for one that was handed over long
//! ago. The storage knows better: it remembers what was handed over. So such a message is not acknowledged, and its author's
//! device is asked to encrypt it once more; coming twice is harmless.

use crate::backend::{Unknown, VaultBackend};
use crate::memory::Memory;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use whatsapp_rust::wacore_binary::OwnedNodeRef;
use whatsapp_rust::{Client, RetryRequestOptions};

/// Stanzas that are looked for when one of them turns out to be unreadable. What is not found is delivered again.
const STANZAS: usize = 256;

/// The messages that arrived last, as they came.
pub(crate) struct Stanzas(Mutex<Memory<String, Arc<OwnedNodeRef>>>);

impl Default for Stanzas {
    fn default() -> Self {
        Self(Mutex::new(Memory::new(STANZAS)))
    }
}

impl Stanzas {
    /// Notes a stanza, if it is a message.
    pub(crate) fn note(&self, stanza: &Arc<OwnedNodeRef>) {
        let node = stanza.get();
        if node.tag.as_ref() == "message"
            && let Some(id) = node.get_attr("id")
        {
            self.0.lock().put(&id.as_str().to_string(), stanza.clone());
        }
    }

    fn find(&self, id: &str) -> Option<Arc<OwnedNodeRef>> {
        self.0.lock().get(&id.to_owned()).cloned()
    }
}

/// Has the client ask for what the storage does not know.
pub(crate) fn ask_again(backend: &Arc<VaultBackend>, client: &Arc<Client>, stanzas: Arc<Stanzas>) {
    let (storage, client) = (Arc::downgrade(backend), Arc::downgrade(client));
    backend.on_unknown(Box::new(move |unknown| {
        let Some(stanza) = stanzas.find(&unknown.id) else { return };
        if let (Some(storage), Some(client)) = (Weak::upgrade(&storage), Weak::upgrade(&client)) {
            tokio::spawn(ask(storage, client, stanza, unknown));
        }
    }));
}

async fn ask(storage: Arc<VaultBackend>, client: Arc<Client>, stanza: Arc<OwnedNodeRef>, unknown: Unknown) {
    tracing::info!("a message that a crash made unreadable is asked for again");
    if let Err(error) = client.request_message_retry(stanza.get(), RetryRequestOptions::new()).await {
        tracing::warn!("a message could not be asked for again and is waited for: {error}");
        return;
    }
    // Delivered once more before its repetition comes, it is acknowledged.
    if let Err(error) = storage.note_asked(&unknown).await {
        tracing::warn!("that a message was asked for could not be stored: {error}");
    }
}
