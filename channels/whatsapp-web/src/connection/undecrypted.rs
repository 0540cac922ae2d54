//! Messages that were read once and then lost, asked for again.
//!
//! The library moves the ratchet on when it reads a message and keeps a copy of it a moment later. Killed in between, it
//! cannot read the message when it is delivered again, finds no copy, and would take it for one that was handed over long
//! ago. The storage knows better: it remembers what was handed over. So such a message is not acknowledged, and its author's
//! device is asked to encrypt it once more; coming twice is harmless.

use crate::keys::{Unknown, VaultBackend};
use crate::limits;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use whatsapp_rust::wacore_binary::node::ValueRef;
use whatsapp_rust::wacore_binary::{NodeContentRef, NodeRef, OwnedNodeRef};
use whatsapp_rust::{Client, RetryRequestOptions};

/// The messages that arrived last, as they came: bounded in number and in bytes, because strangers write them. What is
/// not among them when it turns out to be unreadable is waited for: the network delivers it again.
#[derive(Default)]
pub(crate) struct UndecryptedMessages(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Id, bytes, stanza; the oldest first.
    stanzas: VecDeque<(String, usize, Arc<OwnedNodeRef>)>,
    bytes: usize,
}

impl UndecryptedMessages {
    /// Notes a stanza, if it is a message.
    pub(crate) fn note(&self, stanza: &Arc<OwnedNodeRef>) {
        let node = stanza.get();
        if node.tag.as_ref() == "message"
            && let Some(id) = node.get_attr("id")
        {
            let (id, bytes) = (id.as_str().to_string(), weight(node));
            if bytes > limits::STANZAS_BYTES_MAX {
                return;
            }
            let mut kept = self.0.lock();
            kept.stanzas.push_back((id, bytes, stanza.clone()));
            kept.bytes += bytes;
            while kept.stanzas.len() > limits::STANZAS_MAX || kept.bytes > limits::STANZAS_BYTES_MAX {
                let Some((_, bytes, _)) = kept.stanzas.pop_front() else { return };
                kept.bytes -= bytes;
            }
        }
    }

    fn find(&self, id: &str) -> Option<Arc<OwnedNodeRef>> {
        let kept = self.0.lock();
        kept.stanzas.iter().rev().find(|(of, ..)| of == id).map(|(_, _, stanza)| stanza.clone())
    }
}

/// About how many bytes a stanza holds in memory. The library has already bounded how deep it is.
fn weight(node: &NodeRef<'_>) -> usize {
    let attribute = |value: &ValueRef<'_>| match value {
        ValueRef::String(text) => text.len(),
        ValueRef::Jid(jid) => jid.user.len(),
    };
    let attributes: usize = node.attrs.iter().map(|(key, value)| key.len() + attribute(value)).sum();
    let content = match &node.content {
        Some(NodeContentRef::Bytes(bytes)) => bytes.len(),
        Some(NodeContentRef::String(text)) => text.len(),
        Some(NodeContentRef::Nodes(nodes)) => nodes.iter().map(weight).sum(),
        None => 0,
    };
    size_of::<NodeRef<'_>>() + attributes + content
}

/// Has the client ask for what the storage does not know.
pub(crate) fn ask_again(backend: &Arc<VaultBackend>, client: &Arc<Client>, stanzas: Arc<UndecryptedMessages>) {
    let (storage, client) = (Arc::downgrade(backend), Arc::downgrade(client));
    backend.on_unknown(Box::new(move |unknown| {
        let Some(stanza) = stanzas.find(&unknown.id) else { return };
        if let (Some(storage), Some(client)) = (Weak::upgrade(&storage), Weak::upgrade(&client)) {
            tokio::spawn(ask(storage, client, stanza, unknown));
        }
    }));
}

async fn ask(storage: Arc<VaultBackend>, client: Arc<Client>, stanza: Arc<OwnedNodeRef>, unknown: Unknown) {
    tracing::info!("requesting again a message that a crash made unreadable");
    if let Err(error) = client.request_message_retry(stanza.get(), RetryRequestOptions::new()).await {
        tracing::warn!("a message could not be requested again; waiting for it: {error}");
        return;
    }
    // Delivered once more before its repetition comes, it is acknowledged.
    if let Err(error) = storage.note_asked(&unknown).await {
        tracing::warn!("the request for a message could not be stored: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::wacore_binary::builder::NodeBuilder;
    use whatsapp_rust::wacore_binary::marshal::marshal;

    fn message(id: usize, bytes: usize) -> Arc<OwnedNodeRef> {
        let enc = NodeBuilder::new("enc").attr("type", "msg").bytes(vec![7; bytes]).build();
        let node = NodeBuilder::new("message").attr("id", id.to_string()).children([enc]).build();
        let marshalled = marshal(&node).expect("sound");
        // The first byte tells whether it is compressed.
        Arc::new(OwnedNodeRef::new(marshalled[1..].to_vec()).expect("it was just written"))
    }

    fn held(stanzas: &UndecryptedMessages) -> (usize, usize) {
        let kept = stanzas.0.lock();
        (kept.stanzas.len(), kept.bytes)
    }

    #[test]
    fn small_messages_are_bounded_in_number_and_the_last_ones_are_found() {
        let stanzas = UndecryptedMessages::default();
        for id in 0..1_000 {
            stanzas.note(&message(id, 100));
        }
        assert_eq!(held(&stanzas).0, limits::STANZAS_MAX);
        assert!(stanzas.find("999").is_some() && stanzas.find("10").is_none());
    }

    #[test]
    fn large_messages_are_bounded_in_bytes() {
        let stanzas = UndecryptedMessages::default();
        for id in 0..20 {
            stanzas.note(&message(id, limits::STANZAS_BYTES_MAX / 4));
            assert!(held(&stanzas).1 <= limits::STANZAS_BYTES_MAX);
        }
        assert!(stanzas.find("19").is_some() && held(&stanzas).0 == 3);
        stanzas.note(&message(20, limits::STANZAS_BYTES_MAX));
        assert_eq!(held(&stanzas).0, 3, "one that is larger than all there is room for is not kept");
    }
}
