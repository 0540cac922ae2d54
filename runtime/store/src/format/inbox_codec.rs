//! From the vocabulary of the contract to stored records, and back.
//!
//! The way back is checked: a record that decodes but makes no sense is a damaged record.

use crate::format::envelope::Damage;
use crate::format::records::tags::{AddressingTag, BodyTag, OriginTag};
use crate::format::records::{
    BodyRecord, ContactRecord, InboundRecord, InboxRecord, MediaRefRecord, PlaceRecord, QuoteRecord, RouteRecord,
    SenderRecord, WakeRecord,
};
use greenroom_contract::ids::{AccountId, AssistantName, ChannelName, IdError, MessageId, OwnerId, SenderId};
use greenroom_contract::message::{
    Addressing, Body, Chat, Contact, Inbound, Location, MediaRef, MessageKey, Origin, Quote, Sender, Unreadable,
};
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{EntryKind, Scope};
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// What went wrong on the way back.
pub(crate) fn bad(what: &str) -> Damage {
    Damage::Content(what.to_owned())
}

impl From<IdError> for Damage {
    fn from(error: IdError) -> Self {
        Self::Content(error.to_string())
    }
}

/// An id that may be absent.
pub(crate) fn message_id(text: Option<String>) -> Result<Option<MessageId>, Damage> {
    Ok(text.map(MessageId::read_back).transpose()?)
}

/// A message as it is stored.
pub(crate) fn inbound_record(inbound: &Inbound) -> InboundRecord {
    let record = encoded(inbound);
    // What is written must read back as the same record, or the message is lost behind one that counts as damaged.
    debug_assert_eq!(
        self::inbound(record.clone()).map(|read| encoded(&read)).as_ref(),
        Ok(&record),
        "a message reads back as another one"
    );
    record
}

fn encoded(inbound: &Inbound) -> InboundRecord {
    let (group, title) = chat_parts(&inbound.chat);
    InboundRecord {
        account: inbound.key.account.as_str().to_owned(),
        chat: inbound.key.chat.as_str().to_owned(),
        message: inbound.key.message.as_str().to_owned(),
        group,
        title,
        sender: Some(sender_record(&inbound.sender)),
        origin: match inbound.origin {
            Origin::Person => OriginTag::Person,
            Origin::OwnDevice { to_self: false } => OriginTag::OwnDevice,
            Origin::OwnDevice { to_self: true } => OriginTag::OwnDeviceToSelf,
        }
        .number(),
        sent_at: inbound.sent_at.0,
        addressing: match inbound.addressing {
            Addressing::Direct => AddressingTag::Direct,
            Addressing::Mentioned => AddressingTag::Mentioned,
            Addressing::Replied => AddressingTag::Replied,
            Addressing::Overheard => AddressingTag::Overheard,
        }
        .number(),
        quote: inbound.quote.as_ref().map(|quote| QuoteRecord {
            message: quote.message.as_str().to_owned(),
            sender: quote.sender.as_ref().map(|sender| sender.as_str().to_owned()),
            text: quote.text.clone(),
        }),
        body: Some(body_record(&inbound.body)),
    }
}

pub(crate) fn inbound(record: InboundRecord) -> Result<Inbound, Damage> {
    let quote = record.quote.map(|quote| {
        Ok::<_, Damage>(Quote {
            message: MessageId::read_back(quote.message)?,
            sender: quote.sender.map(SenderId::read_back).transpose()?,
            text: quote.text,
        })
    });
    Ok(Inbound {
        key: MessageKey {
            account: AccountId::read_back(record.account)?,
            chat: greenroom_contract::ids::ChatId::read_back(record.chat)?,
            message: MessageId::read_back(record.message)?,
        },
        chat: chat(record.group, record.title),
        sender: sender(record.sender)?,
        origin: match OriginTag::read(record.origin)? {
            OriginTag::Person => Origin::Person,
            OriginTag::OwnDevice => Origin::OwnDevice { to_self: false },
            OriginTag::OwnDeviceToSelf => Origin::OwnDevice { to_self: true },
        },
        // Looked at when it arrives: what the owner writes to someone else never waits.
        written_to: None,
        sent_at: Timestamp(record.sent_at),
        addressing: match AddressingTag::read(record.addressing)? {
            AddressingTag::Direct => Addressing::Direct,
            AddressingTag::Mentioned => Addressing::Mentioned,
            AddressingTag::Replied => Addressing::Replied,
            AddressingTag::Overheard => Addressing::Overheard,
        },
        quote: quote.transpose()?,
        body: body(record.body.ok_or_else(|| bad("a message without body"))?)?,
    })
}

fn chat_parts(chat: &Chat) -> (bool, Option<String>) {
    match chat {
        Chat::Direct => (false, None),
        Chat::Group { title } => (true, title.clone()),
    }
}

fn chat(group: bool, title: Option<String>) -> Chat {
    if group { Chat::Group { title } } else { Chat::Direct }
}

pub(crate) fn sender_record(sender: &Sender) -> SenderRecord {
    SenderRecord {
        id: sender.id.as_str().to_owned(),
        addresses: sender.addresses.iter().map(ToString::to_string).collect(),
        name: sender.name.clone(),
    }
}

pub(crate) fn sender(record: Option<SenderRecord>) -> Result<Sender, Damage> {
    let record = record.ok_or_else(|| bad("no sender"))?;
    let addresses = record.addresses.iter().map(|text| text.parse());
    Ok(Sender {
        id: SenderId::read_back(record.id)?,
        addresses: addresses.collect::<Result<_, _>>().map_err(|_| bad("an invalid address"))?,
        name: record.name,
    })
}

pub(crate) fn route_record(route: &Route) -> RouteRecord {
    let (group, title) = chat_parts(&route.kind);
    RouteRecord { account: route.account.as_str().to_owned(), chat: route.chat.as_str().to_owned(), group, title }
}

pub(crate) fn route(record: Option<RouteRecord>) -> Result<Route, Damage> {
    let record = record.ok_or_else(|| bad("no route"))?;
    Ok(Route {
        account: AccountId::read_back(record.account)?,
        chat: greenroom_contract::ids::ChatId::read_back(record.chat)?,
        kind: chat(record.group, record.title),
    })
}

fn body_record(body: &Body) -> BodyRecord {
    let empty = BodyRecord::default();
    match body {
        Body::Text(text) => BodyRecord { kind: BodyTag::Text.number(), text: Some(text.clone()), ..empty },
        Body::Image { media, caption } => BodyRecord {
            kind: BodyTag::Image.number(),
            text: caption.clone(),
            media: Some(media_record(media)),
            ..empty
        },
        Body::Voice { media, duration } => BodyRecord {
            kind: BodyTag::Voice.number(),
            media: Some(media_record(media)),
            duration_ms: duration.map(|duration| duration.as_millis().try_into().unwrap_or(u64::MAX)),
            ..empty
        },
        Body::Choice { id, title } => {
            BodyRecord { kind: BodyTag::Choice.number(), text: Some(title.clone()), word: Some(id.clone()), ..empty }
        }
        Body::Document { media, name, caption } => BodyRecord {
            kind: BodyTag::Document.number(),
            text: caption.clone(),
            media: Some(media_record(media)),
            word: name.clone(),
            ..empty
        },
        Body::Location(location) => {
            BodyRecord { kind: BodyTag::Location.number(), place: Some(place_record(location)), ..empty }
        }
        Body::Contacts(contacts) => BodyRecord {
            kind: BodyTag::Contacts.number(),
            contacts: contacts
                .iter()
                .map(|contact| ContactRecord { name: contact.name.clone(), phones: contact.phones.clone() })
                .collect(),
            ..empty
        },
        Body::Reaction { to, emoji } => BodyRecord {
            kind: BodyTag::Reaction.number(),
            target: Some(to.as_str().to_owned()),
            emoji: emoji.clone(),
            ..empty
        },
        Body::Unsupported { kind, caption } => {
            BodyRecord { kind: BodyTag::Unsupported.number(), text: caption.clone(), word: Some(kind.clone()), ..empty }
        }
        Body::Unreadable(what) => {
            BodyRecord { kind: BodyTag::Unreadable.number(), word: Some(what.word().to_owned()), ..empty }
        }
        Body::Event { kind } => BodyRecord { kind: BodyTag::Event.number(), word: Some(kind.clone()), ..empty },
    }
}

/// The words of a stored body, where it has any that are written.
pub(crate) fn body_words(record: &BodyRecord) -> Option<&str> {
    let place = record.place.as_ref().and_then(|place| place.name.as_ref().or(place.address.as_ref()));
    record.text.as_deref().or(place.map(String::as_str))
}

fn body(record: BodyRecord) -> Result<Body, Damage> {
    let media = |media: Option<MediaRefRecord>| media.ok_or_else(|| bad("no media")).and_then(media_ref);
    Ok(match BodyTag::read(record.kind)? {
        BodyTag::Text => Body::Text(record.text.unwrap_or_default()),
        BodyTag::Image => Body::Image { media: media(record.media)?, caption: record.text },
        BodyTag::Voice => {
            Body::Voice { media: media(record.media)?, duration: record.duration_ms.map(Duration::from_millis) }
        }
        BodyTag::Choice => Body::Choice { id: record.word.unwrap_or_default(), title: record.text.unwrap_or_default() },
        BodyTag::Document => Body::Document { media: media(record.media)?, name: record.word, caption: record.text },
        BodyTag::Location => Body::Location(place(record.place)?),
        BodyTag::Contacts => Body::Contacts(
            record.contacts.into_iter().map(|contact| Contact { name: contact.name, phones: contact.phones }).collect(),
        ),
        BodyTag::Reaction => Body::Reaction {
            to: message_id(record.target)?.ok_or_else(|| bad("a reaction without target"))?,
            emoji: record.emoji,
        },
        BodyTag::Unsupported => Body::Unsupported { kind: record.word.unwrap_or_default(), caption: record.text },
        BodyTag::Unreadable => {
            let word = record.word.unwrap_or_default();
            let what = Unreadable::ALL.into_iter().find(|what| what.word() == word);
            Body::Unreadable(what.ok_or_else(|| bad("an unknown reason why a message cannot be read"))?)
        }
        BodyTag::Event => Body::Event { kind: record.word.unwrap_or_default() },
    })
}

pub(crate) fn place_record(location: &Location) -> PlaceRecord {
    let Location { latitude, longitude, name, address } = location.clone();
    PlaceRecord { latitude, longitude, name, address }
}

pub(crate) fn place(record: Option<PlaceRecord>) -> Result<Location, Damage> {
    let PlaceRecord { latitude, longitude, name, address } = record.ok_or_else(|| bad("no place"))?;
    Ok(Location { latitude, longitude, name, address })
}

fn media_record(media: &MediaRef) -> MediaRefRecord {
    MediaRefRecord { mime: media.mime.clone(), size_bytes: media.size_bytes, token: media.token.to_string() }
}

fn media_ref(record: MediaRefRecord) -> Result<MediaRef, Damage> {
    let token = serde_json::from_str(&record.token).map_err(|_| bad("a media token that is not JSON"))?;
    Ok(MediaRef { mime: record.mime, size_bytes: record.size_bytes, token })
}

pub(crate) fn scope(channel: String, owner: String) -> Result<Scope, Damage> {
    Ok(Scope { channel: ChannelName::read_back(channel)?, owner: OwnerId::read_back(owner)? })
}

/// What a waiting row is.
pub(crate) fn entry_kind(record: &mut InboxRecord) -> Result<EntryKind, Damage> {
    match (record.message.take(), record.wake.take()) {
        (Some(message), None) => Ok(EntryKind::Message(Box::new(inbound(message)?))),
        (None, Some(wake)) => wake_kind(wake),
        _ => Err(bad("a row that is neither message nor wake-up")),
    }
}

pub(crate) fn wake_kind(wake: WakeRecord) -> Result<EntryKind, Damage> {
    Ok(EntryKind::Wake {
        route: route(wake.route)?,
        sender: sender(wake.sender)?,
        assistant: AssistantName::read_back(wake.assistant)?,
        token: wake.token,
        opened_at: Timestamp(wake.opened_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::sample;
    use proptest::prelude::*;
    use prost::Message;

    proptest! {
        #[test]
        fn an_inbound_message_comes_back_as_it_was(
            which in 0_usize..11, text in "\\PC{0,40}", id in "[^\\pC\\s]{1,20}", group in any::<bool>(),
            origin in 0..3, name in proptest::option::of("\\PC{0,10}"), quoted in any::<bool>(),
        ) {
            let mut message = sample::inbound("acc", &id, "+15551234567", &text);
            message.body = sample::bodies(&text)[which % sample::bodies(&text).len()].clone();
            message.chat = if group { Chat::Group { title: name.clone() } } else { Chat::Direct };
            message.sender.name = name;
            message.origin = match origin {
                0 => Origin::Person,
                1 => Origin::OwnDevice { to_self: true },
                _ => Origin::OwnDevice { to_self: false },
            };
            message.quote = quoted.then(|| Quote {
                message: MessageId::new("quoted").unwrap(), sender: None, text: Some(text.clone()),
            });
            let bytes = inbound_record(&message).encode_to_vec();
            prop_assert_eq!(inbound(InboundRecord::decode(bytes.as_slice()).unwrap()).unwrap(), message);
        }
    }

    #[test]
    fn what_an_earlier_version_accepted_is_not_damage() {
        let mut record = inbound_record(&sample::inbound("acc", "m", "+15551234567", "hi"));
        (record.message, record.chat) = ("a\tb".to_owned(), " c".to_owned());
        record.sender =
            Some(SenderRecord { id: "s\n".to_owned(), addresses: vec!["@i\u{307}x".to_owned()], name: None });
        let read = inbound(record.clone()).unwrap();
        assert_eq!((read.key.message.as_str(), read.sender.id.as_str()), ("a\tb", "s\n"));
        assert_eq!(inbound_record(&read), record);
    }

    #[test]
    fn nonsense_is_damage() {
        let record = inbound_record(&sample::inbound("acc", "m", "+15551234567", "hi"));
        assert!(inbound(InboundRecord { origin: 9, ..record.clone() }).is_err());
        assert!(inbound(InboundRecord { message: String::new(), ..record.clone() }).is_err());
        assert!(inbound(InboundRecord { body: None, ..record }).is_err());
    }
}
