//! The other end of the network: everybody but us.

use crate::account::{Account, Delivery};
use crate::fault::{OnRun, OnSend, SendPlan};
use crate::phone::Phones;
use crate::record::{Record, SentMessage, TypingSign};
use crate::said::Said;
use crate::{NotAcknowledged, Options};
use bytes::Bytes;
use greenroom_contract::capabilities::Resend;
use greenroom_contract::channel::{ConnectError, Ended, MediaError};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Inbound, Media, MediaRef};
use greenroom_contract::outbound::{Outbound, Route};
use greenroom_contract::time::{Clock, Timestamp};
use parking_lot::{Mutex, RwLock};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{oneshot, watch};

/// Media, typing signs and broken promises that are kept; tests look at a few.
const KEPT: usize = limits::PAGE_ROWS_MAX;

/// Plays the network. Cheap to clone; all clones are the same network.
///
/// Accounts are named by the key of their identity. Naming one that does not exist is a bug in the
/// test and panics.
#[derive(Clone)]
pub struct LoopbackNetwork {
    shared: Arc<Shared>,
}

struct Shared {
    accounts: RwLock<HashMap<String, Arc<Account>>>,
    options: Options,
    phones: Phones,
    resend_visible: bool,
    clock: Clock,
    next_message: AtomicU64,
    record: Mutex<Record>,
    sent: watch::Sender<u64>,
    media: Mutex<KeptMedia>,
    typing: Mutex<VecDeque<TypingSign>>,
    broken: Mutex<VecDeque<String>>,
}

#[derive(Default)]
struct KeptMedia {
    next: u64,
    kept: VecDeque<(u64, Bytes)>,
    fetches: u64,
    refuse: VecDeque<MediaError>,
}

pub(crate) fn sign(account: &str, route: &Route, message: Option<&MessageId>, shown: bool) -> TypingSign {
    TypingSign { account: account.to_owned(), chat: route.chat.clone(), message: message.cloned(), shown }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}

/// What people do.
impl LoopbackNetwork {
    /// Delivers a message to an account. Returns when it is queued, which waits while the queue is
    /// full; [`Delivery::acknowledged`] waits until it is durable. Messages wait while the account is
    /// not connected.
    pub async fn deliver(&self, account: &str, said: Said) -> Delivery {
        let Said { mut inbound, bytes } = said;
        if inbound.key.message.as_str() == "unset" {
            inbound.key.message = self.next_message_id();
        }
        if inbound.sent_at == Timestamp(0) {
            inbound.sent_at = self.shared.clock.now();
        }
        if let (Body::Image { media, .. } | Body::Voice { media, .. } | Body::Document { media, .. }, Some(bytes)) =
            (&mut inbound.body, bytes)
        {
            media.token = self.put_media(bytes);
        }
        self.deliver_event(account, ChannelEvent::Message(Box::new(inbound))).await
    }

    /// Delivers a message as it is, but for its account.
    pub async fn deliver_inbound(&self, account: &str, inbound: Inbound) -> Delivery {
        self.deliver_event(account, ChannelEvent::Message(Box::new(inbound))).await
    }

    /// Delivers anything: a deletion, an edit, a status, an alias.
    pub async fn deliver_event(&self, account: &str, event: ChannelEvent) -> Delivery {
        let message = match &event {
            ChannelEvent::Message(inbound) => inbound.key.message.clone(),
            ChannelEvent::Revoked { message, .. } | ChannelEvent::Edited { message, .. } => message.clone(),
            ChannelEvent::Status { .. } | ChannelEvent::SamePerson { .. } => self.next_message_id(),
        };
        let (outcome, waiting) = oneshot::channel::<Result<(), NotAcknowledged>>();
        self.account(account).push(event, outcome).await;
        Delivery::new(message, waiting)
    }

    /// Somebody deletes a message of theirs.
    pub async fn revoke(&self, account: &str, chat: &str, who: &str, message: &MessageId) -> Delivery {
        let (chat, sender) = (chat.parse().expect("a chat"), who.parse().expect("a sender"));
        self.deliver_event(account, ChannelEvent::Revoked { chat, sender, message: message.clone() }).await
    }

    /// Somebody edits a message of theirs.
    pub async fn edit(&self, account: &str, chat: &str, who: &str, message: &MessageId, text: &str) -> Delivery {
        let (chat, sender) = (chat.parse().expect("a chat"), who.parse().expect("a sender"));
        let event = ChannelEvent::Edited { chat, sender, message: message.clone(), text: text.to_owned() };
        self.deliver_event(account, event).await
    }

    /// Puts a medium on the network and returns the token of its [`MediaRef`]. The last thousand are kept.
    pub fn put_media(&self, bytes: Bytes) -> serde_json::Value {
        let mut kept = self.shared.media.lock();
        kept.next += 1;
        let number = kept.next;
        keep(&mut kept.kept, (number, bytes));
        number.into()
    }

    /// Messages of an account that are not acknowledged.
    pub fn queued(&self, account: &str) -> usize {
        self.account(account).queued()
    }
}

/// What people see.
impl LoopbackNetwork {
    /// Every message of ours that is remembered, oldest first.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.shared.record.lock().rows().cloned().collect()
    }

    /// Those in one chat.
    pub fn sent_to(&self, chat: &str) -> Vec<SentMessage> {
        self.shared.record.lock().rows().filter(|row| row.chat.as_str() == chat).cloned().collect()
    }

    /// The words of those in one chat.
    pub fn words_to(&self, chat: &str) -> Vec<String> {
        self.sent_to(chat).iter().map(|row| row.words().to_owned()).collect()
    }

    /// How many were seen since the network was made, remembered or not.
    pub fn sent_count(&self) -> u64 {
        *self.shared.sent.borrow()
    }

    /// Waits until at least so many were seen.
    pub async fn sent_count_reached(&self, count: u64) {
        let mut sent = self.shared.sent.subscribe();
        sent.wait_for(|sent| *sent >= count).await.expect("the network holds the sender");
    }

    /// Waits until at least so many were seen in one chat, and returns them.
    pub async fn sent_to_reached(&self, chat: &str, count: usize) -> Vec<SentMessage> {
        let mut sent = self.shared.sent.subscribe();
        loop {
            sent.borrow_and_update();
            let seen = self.sent_to(chat);
            if seen.len() >= count {
                return seen;
            }
            sent.changed().await.expect("the network holds the sender");
        }
    }

    /// Forgets what was seen; counts go on.
    pub fn clear_sent(&self) {
        self.shared.record.lock().clear();
    }

    /// Every change of "typing …", oldest first; the last thousand.
    pub fn typing(&self) -> Vec<TypingSign> {
        self.shared.typing.lock().iter().cloned().collect()
    }

    /// How often a medium was asked for.
    pub fn fetches(&self) -> u64 {
        self.shared.media.lock().fetches
    }

    /// What the engine did although the contract says it never does: two sends at once into one
    /// chat, a message that does not fit, `run` twice at once. A test ends with this being empty.
    pub fn broken_promises(&self) -> Vec<String> {
        self.shared.broken.lock().iter().cloned().collect()
    }
}

/// What goes wrong.
impl LoopbackNetwork {
    /// What becomes of the next sends of an account, in order; those after work.
    pub fn next_sends(&self, account: &str, plans: impl IntoIterator<Item = SendPlan>) {
        self.account(account).orders.lock().plans.next.extend(plans);
    }

    /// Lets somebody decide what becomes of each send for which nothing is queued.
    pub fn on_send(&self, account: &str, decide: OnSend) {
        self.account(account).orders.lock().plans.decide = Some(decide);
    }

    /// What the next fetches end with; those after work.
    pub fn next_fetches_fail(&self, errors: impl IntoIterator<Item = MediaError>) {
        self.shared.media.lock().refuse.extend(errors);
    }

    /// Ends the running connection with `ended`. Nothing happens where there is none.
    pub fn cut(&self, account: &str, ended: Ended) {
        let account = self.account(account);
        if *account.connected.borrow() {
            account.orders.lock().cut = Some(ended);
            account.cut_rung.notify_one();
        }
    }

    /// The next connections end at once, with these.
    pub fn refuse_runs(&self, account: &str, ends: impl IntoIterator<Item = Ended>) {
        self.account(account).orders.lock().refuse_runs.extend(ends);
    }

    /// Lets somebody decide about each connection for which nothing is queued.
    pub fn on_run(&self, account: &str, decide: OnRun) {
        self.account(account).orders.lock().decide_run = Some(decide);
    }

    /// The next links cannot be made.
    pub fn refuse_connects(&self, account: &str, errors: impl IntoIterator<Item = ConnectError>) {
        self.account(account).orders.lock().refuse_connects.extend(errors);
    }

    /// The adapter has a bug: the next connections panic.
    pub fn panic_next_runs(&self, account: &str, runs: u32) {
        self.account(account).orders.lock().panic_runs = runs;
    }

    /// Nothing moves until [`LoopbackNetwork::resume`]; the connection stays up.
    pub fn pause(&self, account: &str) {
        self.account(account).paused.send_replace(true);
    }

    /// Everything moves again.
    pub fn resume(&self, account: &str) {
        self.account(account).paused.send_replace(false);
    }

    /// Nothing more will be said: the connection ends as finished once all is acknowledged. People
    /// still see what is sent to them.
    pub fn finish(&self, account: &str) {
        self.account(account).finish();
    }

    /// Whether there is such an account: configured, or connected or waited for at least once.
    pub fn is_known(&self, account: &str) -> bool {
        self.find(account).is_some()
    }

    /// Whether an account is connected.
    pub fn is_connected(&self, account: &str) -> bool {
        *self.account(account).connected.borrow()
    }

    /// Waits until an account is connected.
    pub async fn connected(&self, account: &str) {
        self.connection_is(account, true).await;
    }

    /// Waits until an account is not connected.
    pub async fn disconnected(&self, account: &str) {
        self.connection_is(account, false).await;
    }
}

/// For the other end.
impl LoopbackNetwork {
    pub(crate) fn new(options: &Options) -> Self {
        let account = |key: &String| (key.clone(), Arc::new(Account::new(key, options)));
        let shared = Shared {
            accounts: RwLock::new(options.accounts.iter().map(account).collect()),
            options: options.clone(),
            phones: Phones::default(),
            resend_visible: options.capabilities.resend == Resend::Visible,
            clock: options.clock,
            next_message: AtomicU64::new(1),
            record: Mutex::new(Record::new(options.sent_recorded_max)),
            sent: watch::Sender::new(0),
            media: Mutex::default(),
            typing: Mutex::default(),
            broken: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn find(&self, account: &str) -> Option<Arc<Account>> {
        self.shared.accounts.read().get(account).cloned()
    }

    /// The side of an account that was linked at run time, made when it is first asked for.
    pub(crate) fn find_or_make(&self, account: &str) -> Arc<Account> {
        let mut accounts = self.shared.accounts.write();
        let make = || Arc::new(Account::new(account, &self.shared.options));
        Arc::clone(accounts.entry(account.to_owned()).or_insert_with(make))
    }

    pub(crate) fn phones(&self) -> &Phones {
        &self.shared.phones
    }

    pub(crate) fn clock(&self) -> Clock {
        self.shared.clock
    }

    pub(crate) fn show(&self, account: &str, outbound: &Outbound) {
        if self.shared.record.lock().add(account, outbound, self.shared.resend_visible) {
            self.shared.sent.send_modify(|sent| *sent += 1);
        }
    }

    pub(crate) fn typed(&self, sign: TypingSign) {
        keep(&mut self.shared.typing.lock(), sign);
    }

    pub(crate) fn promise_broken(&self, what: String) {
        keep(&mut self.shared.broken.lock(), what);
    }

    pub(crate) fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        let mut kept = self.shared.media.lock();
        kept.fetches += 1;
        if let Some(error) = kept.refuse.pop_front() {
            return Err(error);
        }
        let number = media.token.as_u64();
        let Some((_, bytes)) = kept.kept.iter().find(|(of, _)| Some(*of) == number) else {
            return Err(MediaError::Gone { reason: format!("there is no medium {}", media.token).into() });
        };
        if bytes.len() as u64 > bytes_max {
            return Err(MediaError::TooLarge { bytes_max });
        }
        Ok(Media { mime: media.mime.clone(), bytes: bytes.clone() })
    }

    pub(crate) fn account(&self, key: &str) -> Arc<Account> {
        self.find(key).unwrap_or_else(|| panic!("there is no account {key:?} on this network"))
    }

    fn next_message_id(&self) -> MessageId {
        let number = self.shared.next_message.fetch_add(1, Ordering::Relaxed);
        MessageId::new(format!("in-{number}")).expect("a short id")
    }

    async fn connection_is(&self, account: &str, wanted: bool) {
        // One that is linked at run time may be waited for before it is there.
        let mut connected = self.find_or_make(account).connected.subscribe();
        connected.wait_for(|connected| *connected == wanted).await.expect("the network holds the sender");
    }
}

impl std::fmt::Debug for LoopbackNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoopbackNetwork({} seen)", self.sent_count())
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.key)
    }
}
