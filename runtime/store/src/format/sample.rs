//! Values for unit tests.

use greenroom_contract::ids::{AccountId, ChannelName, ChatId, MessageId, OwnerId, SenderId};
use greenroom_contract::message::{
    Addressing, Body, Chat, Contact, Inbound, Location, MediaRef, MessageKey, Origin, Sender, Unreadable,
};
use greenroom_contract::store::{Admission, Arrival, MessageArrival, Scope};
use greenroom_contract::time::Timestamp;
use std::time::Duration;

pub(crate) fn scope() -> Scope {
    Scope { channel: ChannelName::new("whatsapp").unwrap(), owner: OwnerId::local() }
}

/// A direct message from an address.
pub(crate) fn inbound(account: &str, message: &str, from: &str, text: &str) -> Inbound {
    Inbound {
        key: MessageKey {
            account: AccountId::new(account).unwrap(),
            chat: ChatId::new(format!("chat of {from}")).unwrap(),
            message: MessageId::new(message).unwrap(),
        },
        chat: Chat::Direct,
        sender: Sender { id: SenderId::new(from).unwrap(), addresses: vec![from.parse().unwrap()], name: None },
        origin: Origin::Person,
        written_to: None,
        sent_at: Timestamp(1_000),
        addressing: Addressing::Direct,
        quote: None,
        body: Body::Text(text.to_owned()),
    }
}

/// One of each kind of body.
pub(crate) fn bodies(text: &str) -> Vec<Body> {
    let media =
        MediaRef { mime: "image/jpeg".into(), size_bytes: Some(9), token: serde_json::json!({"at": [1, text]}) };
    let document = MediaRef { mime: "application/pdf".into(), ..media.clone() };
    vec![
        Body::Text(text.to_owned()),
        Body::Image { media: media.clone(), caption: Some(text.to_owned()) },
        Body::Voice { media, duration: Some(Duration::from_millis(1_500)) },
        Body::Reaction { to: MessageId::new("target").unwrap(), emoji: None },
        Body::Unsupported { kind: "sticker".into(), caption: None },
        Body::Unreadable(Unreadable::ViewOnce),
        Body::Event { kind: "pin".into() },
        Body::Choice { id: "large".into(), title: text.to_owned() },
        Body::Document { media: document, name: Some("bill.pdf".into()), caption: Some(text.to_owned()) },
        Body::Location(Location { latitude: -46.25, longitude: 6.5, name: Some(text.to_owned()), address: None }),
        Body::Contacts(vec![Contact { name: Some(text.to_owned()), phones: vec!["+1 555 123".into(), "42".into()] }]),
    ]
}

/// An admitted arrival.
pub(crate) fn arrival(inbound: Inbound) -> Arrival {
    Arrival::Message(std::sync::Arc::new(MessageArrival {
        inbound,
        scope: scope(),
        admission: Admission::Admitted { by: "* (file)".into() },
        received_at: Timestamp(2_000),
    }))
}
