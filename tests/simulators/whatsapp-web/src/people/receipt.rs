//! Ticks: what others report of this phone's messages, and what this phone reports of theirs.

use anyhow::Context as _;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{JidExt as _, Node};

use super::hear::Envelope;
use super::heard::{Heard, Receipt, ReceiptKind};
use super::node;
use super::phone::Phone;
use super::phone_state::PhoneState;

impl Phone {
    /// Marks a message as read, as opening the chat does.
    pub fn read(&self, heard: &Heard) -> anyhow::Result<()> {
        let mut receipt =
            NodeBuilder::new("receipt").attr("type", "read").attr("id", heard.id.as_str()).attr("t", node::now());
        receipt = if heard.chat.is_group() {
            receipt.attr("to", &heard.chat).attr("participant", heard.sender.to_non_ad())
        } else {
            receipt.attr("to", heard.sender.to_non_ad())
        };
        self.0.wire.send(receipt.build())
    }

    /// Reports that a message arrived; its queue may forget it.
    pub(super) fn receive(&self, envelope: &Envelope, phone_state: &PhoneState) {
        let mut receipt = NodeBuilder::new("receipt").attr("id", envelope.id.as_str()).attr("to", &envelope.from);
        if envelope.from.is_group() {
            receipt = receipt.attr("participant", &envelope.sender);
        }
        if envelope.peer {
            receipt = receipt.attr("type", "peer_msg");
        } else if self.is_own(phone_state, &envelope.sender) {
            receipt = receipt.attr("type", "sender");
            if let Some(recipient) = &envelope.recipient {
                receipt = receipt.attr("recipient", recipient);
            }
        }
        self.0.wire.tell(receipt.build());
    }

    /// Takes a receipt: a tick to see, or somebody's wish for a message again.
    pub(super) fn take_receipt(&self, stanza: &Node) -> anyhow::Result<()> {
        let id = node::text(stanza, "id").context("a receipt without id")?;
        let from = node::jid(stanza, "from").context("a receipt without from")?;
        let device = node::jid(stanza, "participant").unwrap_or_else(|| from.clone());
        let kind = node::text(stanza, "type");
        let mut ack = NodeBuilder::new("ack").attr("class", "receipt").attr("id", id.as_str()).attr("to", &from);
        if let Some(participant) = node::jid(stanza, "participant") {
            ack = ack.attr("participant", participant);
        }
        if let Some(kind) = &kind {
            ack = ack.attr("type", kind.as_str());
        }
        self.0.wire.tell(ack.build());
        if kind.as_deref() == Some("server-error") {
            self.upload_again(&from, &id);
            return Ok(());
        }
        let kind = match kind.as_deref() {
            None | Some("" | "delivery") => ReceiptKind::Delivered,
            Some("inactive") => ReceiptKind::Inactive,
            Some("read") => ReceiptKind::Read,
            Some("played") => ReceiptKind::Played,
            Some("retry") => ReceiptKind::Retry(self.take_retry(stanza, &id, &device)),
            Some(other) => ReceiptKind::Other(other.to_owned()),
        };
        let items = stanza.get_optional_child("list").map(Node::children).unwrap_or_default().unwrap_or_default();
        let more = items.iter().filter_map(|item| node::text(item, "id"));
        let phone_state = &mut *self.0.phone_state.lock();
        let number = phone_state.directory.number(&device);
        for id in std::iter::once(id).chain(more) {
            let (from, device, chat) = (number.clone(), device.clone(), from.to_non_ad());
            phone_state.screen.receipts.add(Receipt { id, from, device, chat, kind: kind.clone() });
        }
        self.saw_something();
        Ok(())
    }
}
