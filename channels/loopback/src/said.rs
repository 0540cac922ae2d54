//! What a person, or a device of the account, does on a loopback network.

use bytes::Bytes;
use greenroom_contract::address::Address;
use greenroom_contract::ids::{AccountId, ChatId, MessageId, SenderId};
use greenroom_contract::message::{
    Addressing, Body, Chat, Contact, Inbound, Location, MediaRef, MessageKey, Origin, Quote, Sender,
};
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// A message to deliver. Made by [`text`], [`image`], [`voice`], [`document`], [`location`], [`contacts`],
/// [`choice`], [`reaction`] or [`unsupported`], then refined: `text("+15551234567", "hi").in_group("friends").mentioning()`.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub(crate) inbound: Inbound,
    /// Bytes to be put on the network before the message goes out.
    pub(crate) bytes: Option<Bytes>,
}

/// Words.
pub fn text(who: &str, words: impl Into<String>) -> Said {
    Said::new(who, Body::Text(words.into()), None)
}

/// A picture.
pub fn image(who: &str, bytes: impl Into<Bytes>, caption: Option<&str>) -> Said {
    let bytes = bytes.into();
    let media = media_ref("image/png", &bytes);
    Said::new(who, Body::Image { media, caption: caption.map(str::to_owned) }, Some(bytes))
}

/// A voice note.
pub fn voice(who: &str, bytes: impl Into<Bytes>) -> Said {
    let bytes = bytes.into();
    let media = media_ref("audio/ogg; codecs=opus", &bytes);
    Said::new(who, Body::Voice { media, duration: Some(Duration::from_secs(2)) }, Some(bytes))
}

/// A document.
pub fn document(who: &str, bytes: impl Into<Bytes>, name: &str, caption: Option<&str>) -> Said {
    let bytes = bytes.into();
    let media = media_ref("application/pdf", &bytes);
    let (name, caption) = (Some(name.to_owned()), caption.map(str::to_owned));
    Said::new(who, Body::Document { media, name, caption }, Some(bytes))
}

/// A place.
pub fn location(who: &str, latitude: f64, longitude: f64, name: Option<&str>) -> Said {
    let name = name.map(str::to_owned);
    Said::new(who, Body::Location(Location { latitude, longitude, name, address: None }), None)
}

/// People from an address book: their names and their numbers.
pub fn contacts(who: &str, people: &[(&str, &str)]) -> Said {
    let contact =
        |(name, phone): &(&str, &str)| Contact { name: Some((*name).to_owned()), phones: vec![(*phone).to_owned()] };
    Said::new(who, Body::Contacts(people.iter().map(contact).collect()), None)
}

/// A tap on an option that a message of ours offered; with [`Said::replying_to_us`] it names that message.
pub fn choice(who: &str, id: &str, title: &str) -> Said {
    Said::new(who, Body::Choice { id: id.to_owned(), title: title.to_owned() }, None)
}

/// An emoji under a message; `None` takes it back.
pub fn reaction(who: &str, to: &MessageId, emoji: Option<&str>) -> Said {
    Said::new(who, Body::Reaction { to: to.clone(), emoji: emoji.map(str::to_owned) }, None)
}

/// A kind that is not understood.
pub fn unsupported(who: &str, kind: &str, caption: Option<&str>) -> Said {
    Said::new(who, Body::Unsupported { kind: kind.to_owned(), caption: caption.map(str::to_owned) }, None)
}

/// Something that happened in the chat, in which no one says anything.
pub fn event(who: &str, kind: &str) -> Said {
    Said::new(who, Body::Event { kind: kind.to_owned() }, None)
}

fn media_ref(mime: &str, bytes: &Bytes) -> MediaRef {
    MediaRef { mime: mime.to_owned(), size_bytes: Some(bytes.len() as u64), token: serde_json::Value::Null }
}

fn id<T: std::str::FromStr>(text: &str, what: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("{text:?} is not a valid {what}"))
}

impl Said {
    /// `who` is an address (`+15551234567`, `lid:7`, …), or any other text for a person without one.
    fn new(who: &str, body: Body, bytes: Option<Bytes>) -> Self {
        let addresses = who.parse::<Address>().into_iter().collect();
        let inbound = Inbound {
            // Account, message id and time are filled in by the network.
            key: MessageKey {
                account: id::<AccountId>("unset", "account"),
                chat: id::<ChatId>(who, "chat"),
                message: id::<MessageId>("unset", "message"),
            },
            chat: Chat::Direct,
            sender: Sender { id: id::<SenderId>(who, "sender"), addresses, name: None },
            origin: Origin::Person,
            written_to: None,
            sent_at: Timestamp(0),
            addressing: Addressing::Direct,
            quote: None,
            body,
        };
        Self { inbound, bytes }
    }

    /// In a group, and not for us.
    #[must_use]
    pub fn in_group(mut self, chat: &str) -> Self {
        self.inbound.key.chat = id(chat, "chat");
        self.inbound.chat = Chat::Group { title: Some(format!("the group {chat}")) };
        self.inbound.addressing = Addressing::Overheard;
        self
    }

    /// Mentions us. For groups.
    #[must_use]
    pub fn mentioning(mut self) -> Self {
        self.inbound.addressing = Addressing::Mentioned;
        self
    }

    /// Answers a message; one of ours, as far as this network is concerned.
    #[must_use]
    pub fn replying_to_us(mut self, message: &MessageId) -> Self {
        if self.inbound.chat.is_group() {
            self.inbound.addressing = Addressing::Replied;
        }
        self.quoting(message, None)
    }

    /// Answers any message, and the network does not say whose it is.
    #[must_use]
    pub fn quoting(mut self, message: &MessageId, text: Option<&str>) -> Self {
        self.inbound.quote = Some(Quote { message: message.clone(), sender: None, text: text.map(str::to_owned) });
        self
    }

    /// Under this message id; the same id is the same message. Without it each delivery is a new one.
    #[must_use]
    pub fn with_id(mut self, message: &str) -> Self {
        self.inbound.key.message = id(message, "message");
        self
    }

    /// In this direct chat, where its id is not the sender's address.
    #[must_use]
    pub fn in_chat(mut self, chat: &str) -> Self {
        self.inbound.key.chat = id(chat, "chat");
        self
    }

    /// The person goes by this name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.inbound.sender.name = Some(name.to_owned());
        self
    }

    /// The person has this address too.
    #[must_use]
    pub fn also_known_as(mut self, address: &str) -> Self {
        self.inbound.sender.addresses.push(id(address, "address"));
        self
    }

    /// Written on a device of the account itself.
    #[must_use]
    pub fn on_own_device(mut self, to_self: bool) -> Self {
        self.inbound.origin = Origin::OwnDevice { to_self };
        self
    }

    /// Written by the account itself, in its direct chat with this person.
    #[must_use]
    pub fn written_to(mut self, who: &str) -> Self {
        let addresses = who.parse::<Address>().into_iter().collect();
        self.inbound.key.chat = id(who, "chat");
        self.inbound.origin = Origin::OwnDevice { to_self: false };
        self.inbound.written_to = Some(Sender { id: id(who, "sender"), addresses, name: None });
        self
    }

    /// Written at this moment.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.inbound.sent_at = at;
        self
    }

    /// As it will arrive, but for the fields that the network fills in.
    pub fn inbound(&self) -> &Inbound {
        &self.inbound
    }
}
