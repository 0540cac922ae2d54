//! What was not understood: asking for it again, and repeating it for who asks.

use anyhow::Context as _;
use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::messages::MessageUtils;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, JidExt as _, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::fanout::{device_sent, enc, peer_stanza};
use super::hear::Envelope;
use super::node;
use super::phone::Phone;
use super::phone_state::{PhoneState, SentMessage};

/// How often a message is asked for, and repeated for one who asks.
const RETRIES_MAX: u8 = 5;
/// From which count on a receipt brings keys, for a fresh session.
const COUNT_WITH_KEYS: u8 = 2;

impl Phone {
    /// Asks the sender for a message again; gives up after [`RETRIES_MAX`].
    pub(super) fn ask_again(&self, envelope: &Envelope, phone_state: &mut PhoneState, count: u8, reason: u8) {
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
            let registration = node::blob("registration", phone_state.keys.identities.registration.to_be_bytes());
            let mut children = vec![retry.build(), registration];
            if count >= COUNT_WITH_KEYS {
                children.push(NodeBuilder::new("keys").children(phone_state.keys.for_retry()).build());
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
        let sent_message = self.0.phone_state.lock().sent.find(id).cloned();
        let Some(sent_message) = sent_message.filter(|_| count <= RETRIES_MAX) else {
            tracing::warn!(phone = self.number(), id, count, "a retry that is not answered");
            return count;
        };
        let (phone, stanza, device) = (self.clone(), stanza.clone(), device.clone());
        // Rare, and the reader must go on reading the answers that this waits for.
        tokio::spawn(async move {
            if let Err(error) = phone.repeat_for(&stanza, &sent_message, &device, count).await {
                tracing::warn!(phone = phone.number(), %error, "could not repeat a message");
            }
        });
        count
    }

    async fn repeat_for(
        &self,
        stanza: &Node,
        sent_message: &SentMessage,
        device: &Jid,
        count: u8,
    ) -> anyhow::Result<()> {
        let _one_at_a_time = self.0.writing.lock().await;
        {
            let phone_state = &mut *self.0.phone_state.lock();
            if sent_message.to.is_group() {
                phone_state.lacks_key(&sent_message.to, device);
            }
            let address = phone_state.directory.signal_address(device);
            if let Some(keys) = stanza.get_optional_child("keys") {
                let registration = node::child_number(stanza, &["registration"])?;
                phone_state.keys.start_session(&address, keys, registration).context("the keys of a retry receipt")?;
            } else if count >= COUNT_WITH_KEYS {
                phone_state.keys.forget_session(&address);
            }
        }
        self.ensure_sessions(std::slice::from_ref(device)).await?;
        let repeated = self.seal_again(sent_message, device, count)?;
        self.0.phone_state.lock().screen.repeated += 1;
        self.saw_something();
        self.0.wire.send(repeated)
    }

    fn seal_again(&self, sent_message: &SentMessage, device: &Jid, count: u8) -> anyhow::Result<Node> {
        let phone_state = &mut *self.0.phone_state.lock();
        let outgoing = &sent_message.outgoing;
        if outgoing.peer {
            let address = phone_state.directory.signal_address(device);
            let sealed = phone_state.keys.seal(&address, &MessageUtils::encode_and_pad(&outgoing.message))?;
            let mut enc = enc(sealed, outgoing);
            enc.attrs.insert("count", count);
            return Ok(peer_stanza(sent_message, enc));
        }
        let mut stanza = NodeBuilder::new("message").attr("id", outgoing.id.as_str()).attr("type", outgoing.kind);
        if let Some(edit) = outgoing.edit {
            stanza = stanza.attr("edit", edit);
        }
        let message = if sent_message.to.is_group() {
            stanza = stanza.attr("to", &sent_message.to).attr("participant", device);
            stanza = stanza.attr("addressing_mode", phone_state.addressing(&sent_message.to));
            self.with_sender_key(phone_state, &sent_message.to, &outgoing.message)?
        } else if self.is_own(phone_state, device) {
            stanza = stanza.attr("to", device).attr("recipient", &sent_message.to);
            device_sent(&outgoing.message, &sent_message.to)
        } else {
            stanza = stanza.attr("to", device);
            outgoing.message.clone()
        };
        let address = phone_state.directory.signal_address(device);
        let sealed = phone_state.keys.seal(&address, &MessageUtils::encode_and_pad(&message))?;
        let mut enc = enc(sealed, outgoing);
        enc.attrs.insert("count", count);
        Ok(stanza.children([enc]).build())
    }

    /// The message with our sender key, for a device of the group that seems to lack it.
    fn with_sender_key(
        &self,
        phone_state: &mut PhoneState,
        group: &Jid,
        message: &wa::Message,
    ) -> anyhow::Result<wa::Message> {
        let name = phone_state.sender_key_name(group, &self.lid_jid());
        let distribution = wa::message::SenderKeyDistributionMessage {
            group_id: Some(group.to_string()),
            axolotl_sender_key_distribution_message: Some(phone_state.keys.distribution(&name)?),
        };
        let sender_key_distribution_message = MessageField::some(distribution);
        Ok(wa::Message { sender_key_distribution_message, ..message.clone() })
    }
}
