//! One message for many devices: the stanza with a ciphertext for each.

use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::messages::MessageUtils;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::draft::Outgoing;
use super::phone::Phone;
use super::phone_state::SentMessage;
use super::ratchet::Sealed;

impl Phone {
    /// Writes a direct message to all devices of a person and to the other devices of this account.
    pub(super) async fn send_direct(&self, to: &Jid, outgoing: &Outgoing) -> anyhow::Result<()> {
        let own = if to.is_lid() { self.lid_jid() } else { self.jid() };
        let to_self = self.0.phone_state.lock().directory.same_person(to, &own);
        let mut devices = self.devices_of(std::slice::from_ref(&own)).await?;
        devices.retain(|device| device.device != 0);
        let copies = devices.len();
        if !to_self {
            let theirs = self.devices_of(std::slice::from_ref(to)).await?;
            anyhow::ensure!(!theirs.is_empty(), "nobody has {to}");
            devices.extend(theirs);
        }
        if devices.is_empty() {
            // A note to oneself on the only device goes nowhere.
            return Ok(());
        }
        self.ensure_sessions(&devices).await?;
        let stanza = self.seal_for(to, outgoing, &devices, copies)?;
        self.0.wire.send(stanza)
    }

    /// Writes a status to all devices of these people.
    pub(super) async fn send_status(&self, status: &Jid, outgoing: &Outgoing, viewers: &[Jid]) -> anyhow::Result<()> {
        let devices = self.devices_of(viewers).await?;
        self.ensure_sessions(&devices).await?;
        let stanza = self.seal_for(status, outgoing, &devices, 0)?;
        self.0.wire.send(stanza)
    }

    /// The stanza; the first `copies` of the devices are this account's own.
    fn seal_for(&self, to: &Jid, outgoing: &Outgoing, devices: &[Jid], copies: usize) -> anyhow::Result<Node> {
        let plain = MessageUtils::encode_and_pad(&outgoing.message);
        let copy = (copies > 0).then(|| MessageUtils::encode_and_pad(&device_sent(&outgoing.message, to)));
        let phone_state = &mut *self.0.phone_state.lock();
        let mut participants = Vec::with_capacity(devices.len());
        for (index, device) in devices.iter().enumerate() {
            let address = phone_state.directory.signal_address(device);
            let sealed = phone_state.keys.seal(&address, copy.as_ref().filter(|_| index < copies).unwrap_or(&plain))?;
            participants.push(NodeBuilder::new("to").attr("jid", device).children([enc(sealed, outgoing)]).build());
        }
        let participants = NodeBuilder::new("participants").children(participants).build();
        let mut stanza =
            NodeBuilder::new("message").attr("id", outgoing.id.as_str()).attr("to", to).attr("type", outgoing.kind);
        if let Some(edit) = outgoing.edit {
            stanza = stanza.attr("edit", edit);
        }
        Ok(stanza.children([participants]).build())
    }

    /// Writes a message about the account to one of its own companions.
    pub(super) async fn send_peer(&self, companion: &Jid, message: wa::Message) -> anyhow::Result<()> {
        self.ensure_sessions(std::slice::from_ref(companion)).await?;
        let sent_message = SentMessage { to: companion.clone(), outgoing: Outgoing::peer(message) };
        let stanza = {
            let phone_state = &mut *self.0.phone_state.lock();
            let address = phone_state.directory.signal_address(companion);
            let sealed =
                phone_state.keys.seal(&address, &MessageUtils::encode_and_pad(&sent_message.outgoing.message))?;
            phone_state.sent.keep(sent_message.clone());
            peer_stanza(&sent_message, enc(sealed, &sent_message.outgoing))
        };
        self.0.wire.send(stanza)
    }
}

/// The stanza of a message about the account.
pub(super) fn peer_stanza(sent_message: &SentMessage, enc: Node) -> Node {
    let meta = NodeBuilder::new("meta").attr("appdata", "default").build();
    NodeBuilder::new("message")
        .attr("id", sent_message.outgoing.id.as_str())
        .attr("to", &sent_message.to)
        .attr("type", "text")
        .attr("category", "peer")
        .attr("push_priority", "high")
        .children([meta, enc])
        .build()
}

/// The `<enc>` of a ciphertext.
pub(super) fn enc(sealed: Sealed, outgoing: &Outgoing) -> Node {
    let mut enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind);
    if let Some(media) = outgoing.media {
        enc = enc.attr("mediatype", media);
    }
    if outgoing.edit.is_some() || outgoing.kind == "reaction" {
        enc = enc.attr("decrypt-fail", "hide");
    }
    enc.bytes(sealed.bytes).build()
}

/// The message as other devices of the account get it: with the chat it was written in.
pub(super) fn device_sent(message: &wa::Message, chat: &Jid) -> wa::Message {
    let copy = wa::message::DeviceSentMessage {
        destination_jid: Some(chat.to_string()),
        message: MessageField::some(message.clone()),
        ..Default::default()
    };
    wa::Message { device_sent_message: MessageField::some(copy), ..Default::default() }
}
