//! What arrives: stanzas become what the person sees, and are acknowledged.

use std::sync::Arc;

use anyhow::Context as _;
use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::libsignal::protocol::{PreKeySignalMessage, SignalProtocolError};
use whatsapp_rust::wacore::messages::decode_plaintext;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, JidExt as _, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::heard::{Heard, Typing, body, context, quote, unwrapped};
use super::link::is_vouched;
use super::node;
use super::phone::Phone;
use super::phone_state::PhoneState;

/// What the attributes of a message say.
pub(super) struct Envelope {
    pub(super) id: String,
    /// The stanza's `from`: a person's device, or a group.
    pub(super) from: Jid,
    /// Who wrote it, with the device.
    pub(super) sender: Jid,
    /// In a device-sent copy, the chat it was written in.
    pub(super) recipient: Option<Jid>,
    pub(super) peer: bool,
    pub(super) time: String,
    name: Option<String>,
    offline: bool,
}

impl Envelope {
    fn read(stanza: &Node) -> anyhow::Result<Self> {
        let from = node::jid(stanza, "from").context("a message without from")?;
        let sender = node::jid(stanza, "participant").unwrap_or_else(|| from.clone());
        Ok(Self {
            id: node::text(stanza, "id").context("a message without id")?,
            sender,
            recipient: node::jid(stanza, "recipient"),
            peer: node::text(stanza, "category").as_deref() == Some("peer"),
            time: node::text(stanza, "t").unwrap_or_default(),
            name: node::text(stanza, "notify"),
            offline: stanza.attrs.contains_key("offline"),
            from,
        })
    }
}

/// Why a message could not be read, as a retry receipt says it.
pub(super) enum Unread {
    /// It was read before.
    Again,
    /// Somebody should send it again; the code of the reason.
    Retry(u8),
}

impl From<SignalProtocolError> for Unread {
    fn from(error: SignalProtocolError) -> Self {
        match error {
            SignalProtocolError::DuplicatedMessage(..) => Self::Again,
            SignalProtocolError::SessionNotFound(_) | SignalProtocolError::NoSenderKeyState(_) => Self::Retry(1),
            SignalProtocolError::InvalidPreKeyId | SignalProtocolError::InvalidSignedPreKeyId => Self::Retry(3),
            SignalProtocolError::BadMac(_) => Self::Retry(7),
            _ => Self::Retry(4),
        }
    }
}

impl Phone {
    /// Takes one stanza from the server.
    pub(super) fn take(&self, stanza: Node) {
        let outcome = match stanza.tag.as_ref() {
            "iq" => {
                self.answer(stanza);
                Ok(())
            }
            "message" => self.take_message(&stanza),
            "receipt" => self.take_receipt(&stanza),
            "notification" => self.take_notification(&stanza),
            "chatstate" => self.take_chatstate(&stanza),
            "ack" => {
                self.take_ack(&stanza);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            tracing::warn!(phone = self.number(), %error, "a stanza that the phone does not understand");
        }
    }

    fn answer(&self, stanza: Node) {
        if !matches!(node::text(&stanza, "type").as_deref(), Some("get" | "set")) {
            return self.0.wire.answered(stanza);
        }
        let id = node::text(&stanza, "id").unwrap_or_default();
        let result = NodeBuilder::new("iq").attr("type", "result").attr("to", node::server()).attr("id", id);
        self.0.wire.tell(result.build());
    }

    fn take_ack(&self, stanza: &Node) {
        if node::text(stanza, "class").as_deref() == Some("message")
            && let Some(id) = node::text(stanza, "id")
        {
            self.0.phone_state.lock().screen.acks.add((id, node::text(stanza, "error")));
            self.saw_something();
        }
    }

    fn take_chatstate(&self, stanza: &Node) -> anyhow::Result<()> {
        let from = node::jid(stanza, "from").context("a chatstate without from")?;
        let sender = node::jid(stanza, "participant").unwrap_or_else(|| from.clone());
        let state = match stanza.get_optional_child("composing") {
            Some(composing) if composing.attrs.contains_key("media") => "recording",
            Some(_) => "composing",
            None => "paused",
        };
        let phone_state = &mut *self.0.phone_state.lock();
        let from_number = phone_state.directory.number(&sender);
        phone_state.screen.typing.add(Typing { from: from_number, chat: from.to_non_ad(), state });
        self.saw_something();
        Ok(())
    }

    fn take_message(&self, stanza: &Node) -> anyhow::Result<()> {
        let envelope = Envelope::read(stanza)?;
        let phone_state = &mut *self.0.phone_state.lock();
        learn_names(phone_state, stanza, &envelope);
        let key = (phone_state.directory.canonical(&envelope.sender), envelope.id.clone());
        match read_all(phone_state, stanza, &envelope) {
            Ok(messages) => {
                let healed = phone_state.asked_again.remove(&key).is_some();
                if healed {
                    phone_state.screen.heals += 1;
                }
                for message in messages {
                    self.answer_companion(phone_state, &envelope, &message);
                    self.show(phone_state, &envelope, message, healed);
                }
                self.receive(&envelope, phone_state);
            }
            Err(Unread::Again) => self.receive(&envelope, phone_state),
            Err(Unread::Retry(reason)) => {
                let asked = phone_state.asked_again.entry(key).or_insert(0);
                if *asked == 0 {
                    phone_state.screen.undecryptable += 1;
                }
                *asked += 1;
                let count = *asked;
                self.ask_again(&envelope, phone_state, count, reason);
            }
        }
        self.saw_something();
        Ok(())
    }

    fn show(&self, phone_state: &mut PhoneState, envelope: &Envelope, message: wa::Message, healed: bool) {
        let own = self.is_own(phone_state, &envelope.sender);
        let (message, destination) = match message.device_sent_message.into_option() {
            Some(copy) if own => match copy.message.into_option() {
                Some(inner) => (inner, copy.destination_jid),
                None => return,
            },
            _ => (wa::Message { device_sent_message: MessageField::default(), ..message }, None),
        };
        let inner = unwrapped(&message);
        let Some(body) = body(inner, &*self.0.media) else { return };
        let chat = match destination.and_then(|jid| jid.parse::<Jid>().ok()) {
            Some(chat) => chat,
            None if own && !envelope.from.is_group() => envelope.recipient.clone().unwrap_or(envelope.from.clone()),
            None => envelope.from.clone(),
        };
        let heard = Heard {
            id: envelope.id.clone(),
            from: phone_state.directory.number(&envelope.sender),
            sender: envelope.sender.clone(),
            chat: chat.to_non_ad(),
            body,
            quote: quote(inner),
            mentions: context(inner).map(|context| context.mentioned_jid.clone()).unwrap_or_default(),
            name: envelope.name.clone(),
            own,
            healed,
            offline: envelope.offline,
            message: Arc::new(inner.clone()),
        };
        phone_state.screen.heard.add(heard);
    }

    pub(super) fn is_own(&self, phone_state: &PhoneState, jid: &Jid) -> bool {
        phone_state.directory.same_person(jid, &self.lid_jid())
    }
}

/// Takes over what a stanza says about numbers and LIDs.
fn learn_names(phone_state: &mut PhoneState, stanza: &Node, envelope: &Envelope) {
    for name in ["sender_lid", "sender_pn", "participant_lid", "participant_pn"] {
        if let Some(other) = node::jid(stanza, name) {
            phone_state.learn(&envelope.sender, &other);
        }
    }
    for name in ["peer_recipient_lid", "peer_recipient_pn"] {
        if let (Some(recipient), Some(other)) = (&envelope.recipient, node::jid(stanza, name)) {
            phone_state.learn(recipient, &other);
        }
    }
}

/// Decrypts every `<enc>`, those for this device alone first: they may bring the key for the group's.
fn read_all(phone_state: &mut PhoneState, stanza: &Node, envelope: &Envelope) -> Result<Vec<wa::Message>, Unread> {
    let is_group = |enc: &&Node| node::text(enc, "type").as_deref() == Some("skmsg");
    let all: Vec<&Node> = stanza.get_children_by_tag("enc").collect();
    let (for_group, direct): (Vec<&Node>, Vec<&Node>) = all.into_iter().partition(is_group);
    let mut messages = Vec::new();
    let mut failure = None;
    for enc in direct.into_iter().chain(for_group) {
        match read_one(phone_state, stanza, enc, envelope) {
            Ok(message) => messages.push(message),
            Err(Unread::Again) => failure = failure.or(Some(Unread::Again)),
            Err(retry) => failure = Some(retry),
        }
    }
    match failure {
        Some(Unread::Retry(reason)) => Err(Unread::Retry(reason)),
        Some(Unread::Again) if messages.is_empty() => Err(Unread::Again),
        _ => Ok(messages),
    }
}

/// A companion's first message names the account that vouches for it; a forged name is not believed.
fn check_voucher(stanza: &Node, kind: &str, bytes: &[u8]) -> Result<(), Unread> {
    let Ok(blob) = node::child_bytes(stanza, &["device-identity"]) else { return Ok(()) };
    if kind != "pkmsg" {
        return Ok(());
    }
    let first = PreKeySignalMessage::try_from(bytes)?;
    let vouched = is_vouched(blob, first.identity_key().public_key().public_key_bytes());
    if vouched { Ok(()) } else { Err(Unread::Retry(12)) }
}

fn read_one(
    phone_state: &mut PhoneState,
    stanza: &Node,
    enc: &Node,
    envelope: &Envelope,
) -> Result<wa::Message, Unread> {
    let bytes = node::bytes(enc).ok_or(Unread::Retry(4))?;
    let kind = node::text(enc, "type").unwrap_or_default();
    let plaintext = if kind == "skmsg" {
        let name = phone_state.sender_key_name(&envelope.from, &envelope.sender);
        phone_state.keys.open_group(&name, bytes)?
    } else {
        check_voucher(stanza, &kind, bytes)?;
        let address = phone_state.directory.signal_address(&envelope.sender);
        phone_state.keys.open(&address, &kind, bytes)?
    };
    let version = node::text(enc, "v").and_then(|version| version.parse().ok()).unwrap_or(2);
    let message = decode_plaintext(&plaintext, version).map_err(|_| Unread::Retry(4))?;
    let inner = message.device_sent_message.as_option().and_then(|copy| copy.message.as_option()).unwrap_or(&message);
    if let Some(key) = inner.sender_key_distribution_message.as_option() {
        let group = key.group_id.as_deref().and_then(|id| id.parse().ok()).unwrap_or_else(|| envelope.from.clone());
        let name = phone_state.sender_key_name(&group, &envelope.sender);
        let bytes = key.axolotl_sender_key_distribution_message.as_deref().unwrap_or_default();
        phone_state.keys.learn_sender_key(&name, bytes).map_err(|_| Unread::Retry(4))?;
    }
    Ok(message)
}
