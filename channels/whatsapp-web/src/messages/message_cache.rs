//! What an account remembers of its messages, in memory and bounded.

use crate::ids::address;
use crate::limits;
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use std::sync::Arc;
use whatsapp_rust::Jid;
use whatsapp_rust::waproto::codec;
use whatsapp_rust::waproto::whatsapp as wa;

/// An inbound message that may be answered visibly.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// Its author, under the address with which the message came.
    pub(crate) author: Jid,
    /// The message as bytes, if it is small.
    content: Option<Arc<[u8]>>,
}

impl Heard {
    /// The message itself.
    pub(crate) fn message(&self) -> Option<wa::Message> {
        codec::message_decode(self.content.as_deref()?).ok()
    }
}

type Key = (Jid, String);

/// The memories of one account.
pub(crate) struct MessageCache {
    heard: Mutex<Memory<Key, Heard>>,
    sent: Mutex<Memory<String, ()>>,
    announced: Mutex<Memory<(String, String), ()>>,
    disappearing: Mutex<Memory<Jid, u32>>,
}

impl MessageCache {
    pub(crate) fn new() -> Self {
        Self {
            heard: Mutex::new(Memory::new(limits::MESSAGES_REMEMBERED)),
            sent: Mutex::new(Memory::new(limits::REMEMBERED)),
            announced: Mutex::new(Memory::new(limits::REMEMBERED)),
            disappearing: Mutex::new(Memory::new(limits::REMEMBERED)),
        }
    }

    /// A message arrived.
    pub(crate) fn hear(&self, chat: &Jid, id: &str, author: &Jid, message: &wa::Message) {
        let small = codec::message_encoded_len(message) <= limits::QUOTE_BYTES_MAX;
        let content = small.then(|| Arc::from(codec::message_to_vec(message)));
        let heard = Heard { author: address::bare(author), content };
        self.heard.lock().put(&(address::bare(chat), id.to_owned()), heard);
    }

    /// A message that arrived lately.
    pub(crate) fn heard(&self, chat: &Jid, id: &str) -> Option<Heard> {
        self.heard.lock().get(&(chat.clone(), id.to_owned())).cloned()
    }

    /// A message of ours is about to be sent.
    pub(crate) fn send(&self, id: &str) {
        self.sent.lock().put(&id.to_owned(), ());
    }

    /// Whether a message is one of ours.
    pub(crate) fn was_sent(&self, id: &str) -> bool {
        self.sent.lock().get(&id.to_owned()).is_some()
    }

    /// Whether it is news that these two addresses belong together.
    pub(crate) fn announces(&self, number: &Jid, lid: &Jid) -> bool {
        let pair = (number.user.to_string(), lid.user.to_string());
        let mut announced = self.announced.lock();
        let is_new = announced.get(&pair).is_none();
        announced.entry(&pair, || ());
        is_new
    }

    /// How long messages of a chat stay, as the last one says; `None` for ever.
    pub(crate) fn set_disappearing(&self, chat: &Jid, seconds: Option<u32>) {
        let mut chats = self.disappearing.lock();
        match seconds.filter(|seconds| *seconds > 0) {
            Some(seconds) => chats.put(&address::bare(chat), seconds),
            None => chats.remove(&address::bare(chat)),
        }
    }

    /// How long messages of a chat stay, in seconds.
    pub(crate) fn disappearing(&self, chat: &Jid) -> Option<u32> {
        self.disappearing.lock().get(chat).copied()
    }
}
