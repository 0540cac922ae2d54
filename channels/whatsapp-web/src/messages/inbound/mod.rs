//! A decrypted message as events. Pure: the same message in the same envelope gives the same events.
//!
//! Nobody's message is dropped. What is no message becomes nothing: housekeeping between devices, status broadcasts,
//! newsletters, votes and pins. What is not understood becomes [`Body::Unsupported`](greenroom_contract::message::Body)
//! with its kind and its words.

mod body;
mod contact;
mod context;
mod envelope;
mod kind;
mod layers;
mod words;

pub use envelope::Envelope;

use crate::ids::address;
use crate::limits;
use context::Surroundings;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{MessageId, SenderId};
use greenroom_contract::message::{Addressing, Body, Chat, Inbound, MessageKey, Origin, Quote, Unreadable};
use greenroom_contract::text::bounded;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::protocol_message::Type as Protocol;

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

/// A message of which only the outside came; `None` if it was written to no chat. In a group it is not known whom it concerns.
pub fn unreadable(envelope: &Envelope, what: Unreadable) -> Option<ChannelEvent> {
    if envelope.is_no_chat() {
        return None;
    }
    let addressing = if envelope.is_group() { Addressing::Overheard } else { Addressing::Direct };
    let inbound = within(envelope, addressing, None, Body::Unreadable(what))?;
    Some(ChannelEvent::Message(Box::new(inbound)))
}

/// That the author's addresses belong to one person, if two are known.
pub fn same_person(envelope: &Envelope) -> Option<ChannelEvent> {
    let addresses = envelope.author.addresses();
    (addresses.len() >= 2).then_some(ChannelEvent::SamePerson { addresses })
}

/// Edits and deletions. Everything else that devices tell each other is not for us.
fn housekeeping(protocol: &wa::message::ProtocolMessage, envelope: &Envelope) -> Option<ChannelEvent> {
    let key = protocol.key.as_option()?;
    let message = MessageId::of_network(key.id.as_deref()?)?;
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
            let text = bounded(&body::words(layered.content)?, limits::TEXT_BYTES_MAX);
            Some(ChannelEvent::Edited { chat, sender: envelope.author_id()?, message, text })
        }
        _ => None,
    }
}

fn inbound(layered: layers::Layered<'_>, envelope: &Envelope) -> Option<Inbound> {
    let body = body::read(layered.content, envelope)?;
    let surroundings = Surroundings::of(layered.content);
    within(envelope, surroundings.addressing(envelope), surroundings.quote(envelope), body)
}

/// A message with this outside.
fn within(envelope: &Envelope, addressing: Addressing, quote: Option<Quote>, body: Body) -> Option<Inbound> {
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
        written_to: envelope.written_to(),
        origin,
        sent_at: envelope.sent_at,
        addressing,
        quote,
        body,
    })
}
