//! A decrypted message as events. Pure: the same message in the same envelope gives the same events.
//!
//! Nobody's message is dropped. What is no message becomes nothing: housekeeping between devices, status broadcasts,
//! newsletters, votes and pins. What is not understood becomes [`Body::Unsupported`](greenroom_contract::message::Body)
//! with its kind and its words.

mod body;
mod context;
mod kind;
mod layers;

use crate::ids::address::{self, Person};
use context::Surroundings;
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::ids::{AccountId, MessageId, OutboundId, SenderId};
use greenroom_contract::limits;
use greenroom_contract::message::{Chat, Inbound, MessageKey, Origin, Sender};
use greenroom_contract::time::Timestamp;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::protocol_message::Type as Protocol;
use whatsapp_rust::{Jid, Server};

/// What the network wrote on the outside of a message, and what is known about its author.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The account that received it.
    pub account: AccountId,
    /// Who that account is.
    pub own: Person,
    /// The message's id.
    pub id: String,
    /// The chat, with any device.
    pub chat: Jid,
    /// The author, with the device that wrote.
    pub sender: Jid,
    /// All that is known of the author's addresses.
    pub author: Person,
    /// The name the author goes by; empty where there is none.
    pub name: String,
    /// When it was written, by the network's clock.
    pub sent_at: Timestamp,
    /// The group's title, where it is known.
    pub title: Option<String>,
    /// Whether the server says that an administrator takes somebody else's message back.
    pub revoked_by_admin: bool,
    /// Whether it is housekeeping between the devices of one account.
    pub between_devices: bool,
}

/// Translates one message.
pub fn normalize(message: &wa::Message, envelope: &Envelope) -> Vec<ChannelEvent> {
    let mut events = Vec::new();
    if envelope.is_no_chat() {
        return events;
    }
    events.extend(envelope.evidence());
    let Some(layered) = layers::peel(message) else { return events };
    let event = match layered.protocol() {
        Some(protocol) => housekeeping(protocol, envelope),
        None => inbound(layered, envelope).map(|inbound| ChannelEvent::Message(Box::new(inbound))),
    };
    events.extend(event);
    events
}

/// That the author's addresses belong to one person, if two are known.
pub fn same_person(envelope: &Envelope) -> Option<ChannelEvent> {
    let addresses = envelope.author.addresses();
    (addresses.len() >= 2).then_some(ChannelEvent::SamePerson { addresses })
}

impl Envelope {
    /// Whether it was written to no chat: a status, a newsletter, another device of the same account.
    fn is_no_chat(&self) -> bool {
        let chat = &self.chat;
        let status = chat.server == Server::Broadcast && chat.user == "status";
        self.between_devices || status || matches!(chat.server, Server::Newsletter | Server::Call)
    }

    /// The chat to answer to. What came by a broadcast list is answered to its author.
    fn place(&self) -> Jid {
        address::bare(if self.chat.server == Server::Broadcast { &self.sender } else { &self.chat })
    }

    fn is_group(&self) -> bool {
        self.chat.server == Server::Group
    }

    fn is_ours(&self) -> bool {
        self.own.is(&self.sender)
    }

    fn message(&self) -> Option<MessageId> {
        MessageId::new(&self.id).ok()
    }

    fn author_id(&self) -> Option<SenderId> {
        let lasting = self.author.lasting().cloned().unwrap_or_else(|| address::bare(&self.sender));
        SenderId::new(lasting.to_string()).ok()
    }

    fn author(&self) -> Option<Sender> {
        let name = self.name.trim();
        Some(Sender {
            id: self.author_id()?,
            addresses: self.author.addresses(),
            name: (!name.is_empty()).then(|| bounded(name, limits::NAME_BYTES_MAX)),
        })
    }

    /// An echo of a message of ours proves that the network has it.
    fn evidence(&self) -> Option<ChannelEvent> {
        let ours = own_id(&self.id).filter(|_| self.is_ours())?;
        Some(ChannelEvent::Status { of: StatusOf::Outbound(ours), status: DeliveryStatus::Sent, at: self.sent_at })
    }
}

/// A name that we chose for a message of ours: `3EB0` and eighteen upper-case hexadecimal digits. Other companions
/// write theirs alike, so this alone proves nothing.
pub(crate) fn own_id(id: &str) -> Option<OutboundId> {
    let digits = id.strip_prefix("3EB0")?;
    let plain = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    (digits.len() == 18 && digits.bytes().all(plain)).then(|| OutboundId::new(id).ok())?
}

/// Edits and deletions. Everything else that devices tell each other is not for us.
fn housekeeping(protocol: &wa::message::ProtocolMessage, envelope: &Envelope) -> Option<ChannelEvent> {
    let key = protocol.key.as_option()?;
    let message = MessageId::new(key.id.as_deref()?).ok()?;
    let chat = address::chat_id(&envelope.place())?;
    match protocol.r#type {
        Some(Protocol::REVOKE) => {
            let of_somebody = key.participant.as_deref().and_then(address::read);
            let somebody = of_somebody.filter(|_| envelope.revoked_by_admin);
            let sender = match somebody {
                Some(author) => SenderId::new(author.to_string()).ok()?,
                None => envelope.author_id()?,
            };
            Some(ChannelEvent::Revoked { chat, sender, message })
        }
        Some(Protocol::MESSAGE_EDIT) => {
            let layered = layers::peel(protocol.edited_message.as_option()?)?;
            let text = bounded(body::words(layered.content)?, limits::TEXT_BYTES_MAX);
            Some(ChannelEvent::Edited { chat, sender: envelope.author_id()?, message, text })
        }
        _ => None,
    }
}

fn inbound(layered: layers::Layered<'_>, envelope: &Envelope) -> Option<Inbound> {
    let body = body::read(layered.content)?;
    let surroundings = Surroundings::of(layered.content);
    let place = envelope.place();
    let origin = if envelope.is_ours() {
        Origin::OwnDevice { to_self: !envelope.is_group() && envelope.own.is(&place) }
    } else {
        Origin::Person
    };
    let title = || envelope.title.as_deref().map(|title| bounded(title, limits::NAME_BYTES_MAX));
    Some(Inbound {
        key: MessageKey {
            account: envelope.account.clone(),
            chat: address::chat_id(&place)?,
            message: envelope.message()?,
        },
        chat: if envelope.is_group() { Chat::Group { title: title() } } else { Chat::Direct },
        sender: envelope.author()?,
        origin,
        sent_at: envelope.sent_at,
        addressing: surroundings.addressing(envelope),
        quote: surroundings.quote(envelope),
        body,
    })
}

/// At most so many bytes of a text, ending with an ellipsis where it was cut.
pub(crate) fn bounded(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
