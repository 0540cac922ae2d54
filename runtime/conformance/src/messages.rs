//! Messages in one line.

use greenroom_contract::address::Address;
use greenroom_contract::ids::{AccountId, ChannelName, ChatId, MessageId, OwnerId, SenderId};
use greenroom_contract::message::{Addressing, Body, Chat, Inbound, MediaRef, MessageKey, Origin, Quote, Sender};
use greenroom_contract::store::{Admission, Arrival, MessageArrival, Scope};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Ignored;
use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// The moment at which tests begin: in the year 2027, so that nothing is accidentally old.
pub const START: Timestamp = Timestamp(1_800_000_000_000);

/// The account that messages belong to unless told otherwise.
pub const ACCOUNT: &str = "account-1";

static NEXT_MESSAGE: AtomicU64 = AtomicU64::new(1);

/// Reads an id, an address or an entry; a text that is none is a bug in the test.
pub fn id<T: FromStr>(text: impl Display) -> T
where
    T::Err: Debug,
{
    text.to_string().parse().expect("a valid id in a test")
}

/// The scope of people that arrivals belong to unless told otherwise.
pub fn scope() -> Scope {
    Scope { channel: id::<ChannelName>("test"), owner: OwnerId::local() }
}

/// Words in a direct chat. `who` is an address (`+15551234567`, `lid:7`, …) or any other text for
/// somebody without one. The message id is new.
pub fn text_from(who: &str, words: &str) -> Inbound {
    from(who, Body::Text(words.to_owned()))
}

/// A voice note in a direct chat.
pub fn voice_from(who: &str) -> Inbound {
    from(who, Body::Voice { media: media_ref("audio/ogg; codecs=opus"), duration: None })
}

/// A picture in a direct chat.
pub fn image_from(who: &str, caption: Option<&str>) -> Inbound {
    from(who, Body::Image { media: media_ref("image/png"), caption: caption.map(str::to_owned) })
}

fn media_ref(mime: &str) -> MediaRef {
    MediaRef { mime: mime.to_owned(), size_bytes: None, token: serde_json::json!({ "test": 1 }) }
}

/// Anything in a direct chat.
pub fn from(who: &str, body: Body) -> Inbound {
    let number = NEXT_MESSAGE.fetch_add(1, Ordering::Relaxed);
    Inbound {
        key: MessageKey {
            account: id::<AccountId>(ACCOUNT),
            chat: id::<ChatId>(who),
            message: id::<MessageId>(format_args!("message-{number}")),
        },
        chat: Chat::Direct,
        sender: sender(who),
        origin: Origin::Person,
        written_to: None,
        sent_at: START,
        addressing: Addressing::Direct,
        quote: None,
        body,
    }
}

/// Somebody with this address, or with none where the text is no address.
pub fn sender(who: &str) -> Sender {
    Sender { id: id::<SenderId>(who), addresses: who.parse::<Address>().into_iter().collect(), name: None }
}

/// Refines a message.
pub trait Refine: Sized {
    /// Under this id.
    #[must_use]
    fn with_id(self, message: &str) -> Self;
    /// In this account.
    #[must_use]
    fn in_account(self, account: &str) -> Self;
    /// In this direct chat.
    #[must_use]
    fn in_chat(self, chat: &str) -> Self;
    /// In this group.
    #[must_use]
    fn in_group(self, chat: &str, addressing: Addressing) -> Self;
    /// By somebody who has this address too.
    #[must_use]
    fn also_known_as(self, address: &str) -> Self;
    /// By somebody of this name.
    #[must_use]
    fn named(self, name: &str) -> Self;
    /// In answer to this message.
    #[must_use]
    fn quoting(self, message: &str) -> Self;
    /// Admitted, to be accepted.
    fn admitted(self) -> Arrival;
    /// Refused, to be noted.
    fn refused(self, reason: Ignored) -> Arrival;
}

impl Refine for Inbound {
    fn with_id(mut self, message: &str) -> Self {
        self.key.message = id(message);
        self
    }

    fn in_account(mut self, account: &str) -> Self {
        self.key.account = id(account);
        self
    }

    fn in_chat(mut self, chat: &str) -> Self {
        self.key.chat = id(chat);
        self
    }

    fn in_group(mut self, chat: &str, addressing: Addressing) -> Self {
        self.key.chat = id(chat);
        self.chat = Chat::Group { title: None };
        self.addressing = addressing;
        self
    }

    fn also_known_as(mut self, address: &str) -> Self {
        self.sender.addresses.push(id(address));
        self
    }

    fn named(mut self, name: &str) -> Self {
        self.sender.name = Some(name.to_owned());
        self
    }

    fn quoting(mut self, message: &str) -> Self {
        self.quote = Some(Quote { message: id(message), sender: None, text: None });
        self
    }

    fn admitted(self) -> Arrival {
        arrival(self, Admission::Admitted { by: "* (file)".to_owned() })
    }

    fn refused(self, reason: Ignored) -> Arrival {
        arrival(self, Admission::Refused { reason })
    }
}

fn arrival(inbound: Inbound, admission: Admission) -> Arrival {
    Arrival::Message(std::sync::Arc::new(MessageArrival { inbound, scope: scope(), admission, received_at: START }))
}
