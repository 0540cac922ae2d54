//! A phone in somebody's hand.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use whatsapp_rust::wacore::crypto;
use whatsapp_rust::wacore::libsignal::protocol::PrivateKey;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node};

use super::address::digits;
use super::heard::{Heard, Receipt, Typing};
use super::keys::Keys;
use super::line::Wire;
use super::media::MediaHost;
use super::node;
use super::phone_state::{PhoneState, Seen};
use crate::seam::{Exchange, SignsDevices};

/// Whose phone it is.
#[derive(Debug, Clone)]
pub struct Person {
    /// The phone number; everything but digits is ignored.
    pub number: String,
    /// The LID, digits.
    pub lid: String,
    /// The name shown to others.
    pub name: String,
    /// How many one-time prekeys are uploaded at once. Each device that writes first takes one; more are
    /// uploaded when the server says that they run low. Making one costs about a millisecond unoptimized.
    pub prekeys: usize,
}

impl Default for Person {
    /// Nobody yet: with few prekeys.
    fn default() -> Self {
        Self { number: String::new(), lid: String::new(), name: String::new(), prekeys: 20 }
    }
}

impl Person {
    /// A person with a LID made from the number, and with few prekeys.
    pub fn new(number: &str, name: &str) -> Self {
        let number = digits(number);
        let lid = format!("9{:0>14}", number.chars().rev().collect::<String>());
        Self { number, lid, name: name.to_owned(), ..Self::default() }
    }
}

/// A phone: device 0 of its account, and the person who holds it. Cheap to clone.
#[derive(Clone)]
pub struct Phone(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) person: Person,
    pub(super) exchange: Arc<dyn Exchange>,
    pub(super) media: Arc<dyn MediaHost>,
    pub(super) phone_state: Mutex<PhoneState>,
    /// Counts what the person saw, so that whoever waits for something looks again.
    pub(super) changed: watch::Sender<u64>,
    pub(super) wire: Wire,
    /// A person writes one message at a time.
    pub(super) writing: tokio::sync::Mutex<()>,
    reader: Mutex<Option<AbortHandle>>,
    last_seen: Mutex<SystemTime>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.lock().take() {
            reader.abort();
        }
    }
}

/// Signs device lists with the account's key.
struct Signer(PrivateKey);

impl SignsDevices for Signer {
    fn sign(&self, message: &[u8]) -> [u8; 64] {
        crypto::calculate_curve_signature(&self.0, message).expect("a curve key signs any message")
    }
}

impl Phone {
    /// Registers the account, goes online and uploads keys.
    pub(crate) async fn start(
        exchange: Arc<dyn Exchange>,
        media: Arc<dyn MediaHost>,
        person: Person,
    ) -> anyhow::Result<Self> {
        let keys = Keys::generate()?;
        let public = keys.identities.own.public_key().public_key_bytes();
        let identity: [u8; 32] = public.try_into().expect("a curve key has 32 bytes");
        let signer = Arc::new(Signer(keys.identities.own.private_key().clone()));
        exchange.register(&person.number, &person.lid, &person.name, identity, signer);
        let mut phone_state = PhoneState::new(keys);
        phone_state.learn(&Jid::pn(person.number.as_str()), &Jid::lid(person.lid.as_str()));
        let phone = Self(Arc::new(Inner {
            person,
            exchange,
            media,
            phone_state: Mutex::new(phone_state),
            changed: watch::channel(0).0,
            wire: Wire::default(),
            writing: tokio::sync::Mutex::new(()),
            reader: Mutex::new(None),
            last_seen: Mutex::new(SystemTime::now()),
        }));
        phone.attach();
        phone.upload_keys().await?;
        phone.announce().await?;
        Ok(phone)
    }

    /// The phone number, digits.
    pub fn number(&self) -> &str {
        &self.0.person.number
    }

    /// The LID, digits.
    pub fn lid(&self) -> &str {
        &self.0.person.lid
    }

    /// The name shown to others.
    pub fn name(&self) -> &str {
        &self.0.person.name
    }

    /// The bare JID by phone number.
    pub fn jid(&self) -> Jid {
        Jid::pn(self.number())
    }

    /// The bare JID by LID.
    pub fn lid_jid(&self) -> Jid {
        Jid::lid(self.lid())
    }

    /// Whether the phone is connected.
    pub fn is_online(&self) -> bool {
        self.0.wire.is_open()
    }

    /// When the phone was last connected: now, if it is.
    pub fn last_seen(&self) -> SystemTime {
        if self.is_online() { SystemTime::now() } else { *self.0.last_seen.lock() }
    }

    /// Goes offline; what is sent to it waits at the server.
    pub fn offline(&self) {
        *self.0.last_seen.lock() = SystemTime::now();
        self.0.wire.close();
        if let Some(reader) = self.0.reader.lock().take() {
            reader.abort();
        }
    }

    /// Goes online again; what waited arrives. No-op when online.
    pub async fn online(&self) -> anyhow::Result<()> {
        if !self.is_online() {
            self.attach();
            self.announce().await?;
        }
        Ok(())
    }

    fn attach(&self) {
        let line = self.0.exchange.attach(self.number());
        let number = self.0.wire.open(line.out);
        let reader = tokio::spawn(read(Arc::downgrade(&self.0), line.incoming, number));
        if let Some(before) = self.0.reader.lock().replace(reader.abort_handle()) {
            before.abort();
        }
    }

    async fn announce(&self) -> anyhow::Result<()> {
        let active = NodeBuilder::new("active").build();
        self.0.wire.ask(node::request("set", "passive", node::server(), active)).await?;
        let presence = NodeBuilder::new("presence").attr("type", "available").attr("name", self.name());
        self.0.wire.send(presence.build())
    }

    /// Uploads keys with as many fresh one-time keys as the person has.
    pub(super) async fn upload_keys(&self) -> anyhow::Result<()> {
        let children = self.0.phone_state.lock().keys.upload(self.0.person.prekeys);
        let upload = NodeBuilder::new("iq").attr("type", "set").attr("xmlns", "encrypt").attr("to", node::server());
        self.0.wire.ask(upload.children(children).build()).await?;
        Ok(())
    }

    /// All messages that arrived, oldest first; the oldest of very many are forgotten.
    pub fn heard(&self) -> Vec<Heard> {
        self.0.phone_state.lock().screen.heard.all()
    }

    /// All receipts that arrived, oldest first.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.0.phone_state.lock().screen.receipts.all()
    }

    /// All signs of writing that arrived, oldest first.
    pub fn typing(&self) -> Vec<Typing> {
        self.0.phone_state.lock().screen.typing.all()
    }

    /// Forgets messages, receipts and typing, so that only what comes next is found.
    pub fn forget(&self) {
        let screen = &mut self.0.phone_state.lock().screen;
        screen.heard.clear();
        screen.receipts.clear();
        screen.typing.clear();
    }

    /// Messages that could not be read when they arrived, over all time.
    pub fn undecryptable(&self) -> u64 {
        self.0.phone_state.lock().screen.undecryptable
    }

    /// Of the [`undecryptable`](Self::undecryptable), how many were read after a retry.
    pub fn heals(&self) -> u64 {
        self.0.phone_state.lock().screen.heals
    }

    /// How often this phone encrypted a message again because somebody could not read it.
    pub fn repeated(&self) -> u64 {
        self.0.phone_state.lock().screen.repeated
    }

    /// The server's word on a message of this phone: `None` if there is none yet, else its error if it refused.
    pub fn acknowledged(&self, id: &str) -> Option<Result<(), String>> {
        let acks = &self.0.phone_state.lock().screen.acks;
        acks.find_last(|ack| ack.0 == id).map(|ack| ack.1.clone().map_or(Ok(()), Err))
    }

    /// Waits for the server's word on a message of this phone.
    pub async fn until_acknowledged(&self, id: &str, timeout: Duration) -> anyhow::Result<Result<(), String>> {
        let found = tokio::time::timeout(timeout, self.until_some(|| self.acknowledged(id))).await;
        found.map_err(|_| anyhow::anyhow!("the server said nothing about {id} within {timeout:?}"))
    }

    /// Waits until this phone repeated at least so many messages. A linked phone may hand a companion a message that it
    /// could not read before its sender repeats it, so that what was heard says nothing about this.
    pub async fn until_repeated(&self, at_least: u64, timeout: Duration) -> anyhow::Result<()> {
        let enough = || (self.repeated() >= at_least).then_some(());
        let found = tokio::time::timeout(timeout, self.until_some(enough)).await;
        found.map_err(|_| anyhow::anyhow!("{} of {at_least} messages repeated within {timeout:?}", self.repeated()))
    }

    async fn until_some<T>(&self, look: impl Fn() -> Option<T>) -> T {
        let mut changed = self.0.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(found) = look() {
                return found;
            }
            // The sender lives in the phone that is borrowed here.
            let _ = changed.changed().await;
        }
    }

    /// The first message that fits, among those that arrived and those that will until the timeout.
    pub async fn until_heard(
        &self,
        fits: impl Fn(&Heard) -> bool + Send + Sync,
        timeout: Duration,
    ) -> anyhow::Result<Heard> {
        self.until(|phone_state| &phone_state.screen.heard, &fits, timeout).await
    }

    /// The first receipt that fits, as [`until_heard`](Self::until_heard).
    pub async fn until_receipt(
        &self,
        fits: impl Fn(&Receipt) -> bool + Send + Sync,
        timeout: Duration,
    ) -> anyhow::Result<Receipt> {
        self.until(|phone_state| &phone_state.screen.receipts, &fits, timeout).await
    }

    /// The first sign of writing that fits, as [`until_heard`](Self::until_heard).
    pub async fn until_typing(
        &self,
        fits: impl Fn(&Typing) -> bool + Send + Sync,
        timeout: Duration,
    ) -> anyhow::Result<Typing> {
        self.until(|phone_state| &phone_state.screen.typing, &fits, timeout).await
    }

    async fn until<T: Clone + std::fmt::Debug>(
        &self,
        list: fn(&PhoneState) -> &Seen<T>,
        fits: &(dyn Fn(&T) -> bool + Send + Sync),
        timeout: Duration,
    ) -> anyhow::Result<T> {
        let mut changed = self.0.changed.subscribe();
        let mut looked = 0;
        let search = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = list(&self.0.phone_state.lock()).find_from(&mut looked, fits) {
                    return found;
                }
                // The sender lives in the phone that is borrowed here.
                let _ = changed.changed().await;
            }
        };
        if let Ok(found) = tokio::time::timeout(timeout, search).await {
            return Ok(found);
        }
        let seen = list(&self.0.phone_state.lock()).all();
        let newest = seen.last().map(|newest| format!("{newest:?}").chars().take(400).collect::<String>());
        anyhow::bail!(
            "{} saw nothing that fits within {timeout:?}; {} could not be read; {} seen, the newest {newest:?}",
            self.name(),
            self.undecryptable() - self.heals(),
            seen.len(),
        )
    }

    /// Lets whoever waits look again.
    pub(super) fn saw_something(&self) {
        self.0.changed.send_modify(|count| *count += 1);
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Phone").field(&self.number()).finish()
    }
}

/// The one task of a phone: reads what the server writes, until the line or the phone ends.
async fn read(phone: Weak<Inner>, mut incoming: mpsc::UnboundedReceiver<Node>, line: u64) {
    while let Some(stanza) = incoming.recv().await {
        let Some(inner) = phone.upgrade() else { break };
        Phone(inner).take(stanza);
    }
    if let Some(inner) = phone.upgrade() {
        inner.wire.ended(line);
    }
}
