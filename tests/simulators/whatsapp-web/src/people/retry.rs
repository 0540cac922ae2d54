//! What was not understood: asking for it again, and repeating it for who asks.

use anyhow::Context as _;
use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::messages::MessageUtils;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, JidExt as _, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::fanout::{device_sent, enc, peer_stanza};
use super::hear::Envelope;
use super::mind::{Mind, Posted};
use super::node;
use super::phone::Phone;

/// How often a message is asked for, and repeated for one who asks.
const RETRIES_MAX: u8 = 5;
/// From which count on a receipt brings keys, for a fresh session.
const COUNT_WITH_KEYS: u8 = 2;

impl Phone {
    /// Asks the sender for a message again; gives up after [`RETRIES_MAX`].
    pub(super) fn ask_again(&self, envelope: &Envelope, mind: &mut Mind, count: u8, reason: u8) {
        let mut ack = NodeBuilder::new("ack")
            .attr("class", "message")
            .attr("id", envelope.id.as_str())
            .attr("to", &envelope.from);
        let mut receipt = NodeBuilder::new("receipt")
            .attr("type", "retry")
            .attr("id", envelope.id.as_str())
            .attr("to", &envelope.from);
        if envelope.from.is_group() {
            ack = ack.attr("participant", &envelope.sender);
            receipt = receipt.attr("participant", &envelope.sender);
        } else if envelope.peer {
            receipt = receipt.attr("category", "peer");
        } else if let Some(recipient) = &envelope.recipient {
            receipt = receipt.attr("recipient", recipient);
        }
        if count <= RETRIES_MAX {
            let retry = NodeBuilder::new("retry")
                .attr("v", "1")
                .attr("id", envelope.id.as_str())
                .attr("t", envelope.time.as_str())
                .attr("count", count)
                .attr("error", reason);
            let registration = node::blob("registration", mind.keys.identities.registration.to_be_bytes());
            let mut children = vec![retry.build(), registration];
            if count >= COUNT_WITH_KEYS {
                children.push(NodeBuilder::new("keys").children(mind.keys.for_retry()).build());
            }
            self.0.wire.tell(receipt.children(children).build());
        }
        self.0.wire.tell(ack.build());
    }

    /// Takes somebody's wish for a message again; returns the count of the attempt.
    pub(super) fn take_retry(&self, stanza: &Node, id: &str, device: &Jid) -> u8 {
        let retry = stanza.get_optional_child("retry");
        let count =
            retry.and_then(|retry| node::text(retry, "count")).and_then(|count| count.parse().ok()).unwrap_or(1);
        let posted = self.0.mind.lock().sent.find(id).cloned();
        let Some(posted) = posted.filter(|_| count <= RETRIES_MAX) else {
            tracing::warn!(phone = self.number(), id, count, "a retry that is not answered");
            return count;
        };
        let (phone, stanza, device) = (self.clone(), stanza.clone(), device.clone());
        // Rare, and the reader must go on reading the answers that this waits for.
        tokio::spawn(async move {
            if let Err(error) = phone.repeat_for(&stanza, &posted, &device, count).await {
                tracing::warn!(phone = phone.number(), %error, "could not repeat a message");
            }
        });
        count
    }

    async fn repeat_for(&self, stanza: &Node, posted: &Posted, device: &Jid, count: u8) -> anyhow::Result<()> {
        let _one_at_a_time = self.0.writing.lock().await;
        {
            let mind = &mut *self.0.mind.lock();
            if posted.to.is_group() {
                mind.lacks_key(&posted.to, device);
            }
            let address = mind.directory.signal_address(device);
            if let Some(keys) = stanza.get_optional_child("keys") {
                let registration = node::child_number(stanza, &["registration"])?;
                mind.keys.start_session(&address, keys, registration).context("the keys of a retry receipt")?;
            } else if count >= COUNT_WITH_KEYS {
                mind.keys.forget_session(&address);
            }
        }
        self.ensure_sessions(std::slice::from_ref(device)).await?;
        let repeated = self.seal_again(posted, device, count)?;
        self.0.mind.lock().screen.repeated += 1;
        self.saw_something();
        self.0.wire.send(repeated)
    }

    fn seal_again(&self, posted: &Posted, device: &Jid, count: u8) -> anyhow::Result<Node> {
        let mind = &mut *self.0.mind.lock();
        let letter = &posted.letter;
        if letter.peer {
            let address = mind.directory.signal_address(device);
            let sealed = mind.keys.seal(&address, &MessageUtils::encode_and_pad(&letter.message))?;
            let mut enc = enc(sealed, letter);
            enc.attrs.insert("count", count);
            return Ok(peer_stanza(posted, enc));
        }
        let mut stanza = NodeBuilder::new("message").attr("id", letter.id.as_str()).attr("type", letter.kind);
        if let Some(edit) = letter.edit {
            stanza = stanza.attr("edit", edit);
        }
        let message = if posted.to.is_group() {
            stanza = stanza.attr("to", &posted.to).attr("participant", device);
            stanza = stanza.attr("addressing_mode", mind.addressing(&posted.to));
            self.with_sender_key(mind, &posted.to, &letter.message)?
        } else if self.is_own(mind, device) {
            stanza = stanza.attr("to", device).attr("recipient", &posted.to);
            device_sent(&letter.message, &posted.to)
        } else {
            stanza = stanza.attr("to", device);
            letter.message.clone()
        };
        let address = mind.directory.signal_address(device);
        let sealed = mind.keys.seal(&address, &MessageUtils::encode_and_pad(&message))?;
        let mut enc = enc(sealed, letter);
        enc.attrs.insert("count", count);
        Ok(stanza.children([enc]).build())
    }

    /// The message with our sender key, for a device of the group that seems to lack it.
    fn with_sender_key(&self, mind: &mut Mind, group: &Jid, message: &wa::Message) -> anyhow::Result<wa::Message> {
        let name = mind.sender_key_name(group, &self.lid_jid());
        let distribution = wa::message::SenderKeyDistributionMessage {
            group_id: Some(group.to_string()),
            axolotl_sender_key_distribution_message: Some(mind.keys.distribution(&name)?),
        };
        let sender_key_distribution_message = MessageField::some(distribution);
        Ok(wa::Message { sender_key_distribution_message, ..message.clone() })
    }
}
