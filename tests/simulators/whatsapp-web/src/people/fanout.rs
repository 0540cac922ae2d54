//! One message for many devices: the stanza with a ciphertext for each.

use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::messages::MessageUtils;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::draft::Letter;
use super::mind::Posted;
use super::phone::Phone;
use super::ratchet::Sealed;

impl Phone {
    /// Writes a direct message to all devices of a person and to the other devices of this account.
    pub(super) async fn send_direct(&self, to: &Jid, letter: &Letter) -> anyhow::Result<()> {
        let own = if to.is_lid() { self.lid_jid() } else { self.jid() };
        let to_self = self.0.mind.lock().directory.same_person(to, &own);
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
        let stanza = self.seal_for(to, letter, &devices, copies)?;
        self.0.wire.send(stanza)
    }

    /// The stanza; the first `copies` of the devices are this account's own.
    fn seal_for(&self, to: &Jid, letter: &Letter, devices: &[Jid], copies: usize) -> anyhow::Result<Node> {
        let plain = MessageUtils::encode_and_pad(&letter.message);
        let copy = (copies > 0).then(|| MessageUtils::encode_and_pad(&device_sent(&letter.message, to)));
        let mind = &mut *self.0.mind.lock();
        let mut participants = Vec::with_capacity(devices.len());
        for (index, device) in devices.iter().enumerate() {
            let address = mind.directory.signal_address(device);
            let sealed = mind.keys.seal(&address, copy.as_ref().filter(|_| index < copies).unwrap_or(&plain))?;
            participants.push(NodeBuilder::new("to").attr("jid", device).children([enc(sealed, letter)]).build());
        }
        let participants = NodeBuilder::new("participants").children(participants).build();
        let mut stanza =
            NodeBuilder::new("message").attr("id", letter.id.as_str()).attr("to", to).attr("type", letter.kind);
        if let Some(edit) = letter.edit {
            stanza = stanza.attr("edit", edit);
        }
        Ok(stanza.children([participants]).build())
    }

    /// Writes a message about the account to one of its own companions.
    pub(super) async fn send_peer(&self, companion: &Jid, message: wa::Message) -> anyhow::Result<()> {
        self.ensure_sessions(std::slice::from_ref(companion)).await?;
        let posted = Posted { to: companion.clone(), letter: Letter::peer(message) };
        let stanza = {
            let mind = &mut *self.0.mind.lock();
            let address = mind.directory.signal_address(companion);
            let sealed = mind.keys.seal(&address, &MessageUtils::encode_and_pad(&posted.letter.message))?;
            mind.sent.keep(posted.clone());
            peer_stanza(&posted, enc(sealed, &posted.letter))
        };
        self.0.wire.send(stanza)
    }
}

/// The stanza of a message about the account.
pub(super) fn peer_stanza(posted: &Posted, enc: Node) -> Node {
    let meta = NodeBuilder::new("meta").attr("appdata", "default").build();
    NodeBuilder::new("message")
        .attr("id", posted.letter.id.as_str())
        .attr("to", &posted.to)
        .attr("type", "text")
        .attr("category", "peer")
        .attr("push_priority", "high")
        .children([meta, enc])
        .build()
}

/// The `<enc>` of a ciphertext.
pub(super) fn enc(sealed: Sealed, letter: &Letter) -> Node {
    let mut enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind);
    if let Some(media) = letter.media {
        enc = enc.attr("mediatype", media);
    }
    if letter.edit.is_some() || letter.kind == "reaction" {
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
