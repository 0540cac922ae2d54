//! What a channel and the link of one of its numbers share, in memory.

use crate::limits::{CHATS_REMEMBERED, OBSERVED_FOR, SENDS_REMEMBERED, STANDBY_REMEMBERED};
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{EventSink, Sign};
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::webhook::Handler;
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// One business number.
pub(crate) struct Number {
    pub(crate) id: String,
    pub(crate) clock: Clock,
    account: Mutex<Option<AccountId>>,
    sent: Mutex<Memory<ChatId, u64>>,
    sent_total: AtomicU64,
    standby_total: AtomicU64,
    /// Requests that told of standby, so that a repetition counts nothing.
    standby_seen: Mutex<Memory<String, ()>>,
    /// Who handles a chat, and since when, as the network told it last.
    handlers: Mutex<Memory<ChatId, Handled>>,
    /// Messages that this run handed to Meta, by our name and by Meta's.
    sends: Mutex<Memory<String, ()>>,
    ended: Mutex<Option<Ended>>,
    ended_bell: Notify,
    sink: Mutex<Option<Arc<dyn EventSink>>>,
}

/// Who handles a chat.
struct Handled {
    by: Handler,
    /// By the network's clock.
    since: Timestamp,
    /// By ours.
    heard_at: Timestamp,
}

impl Number {
    pub(crate) fn new(id: &str, clock: Clock) -> Self {
        Self {
            id: id.to_owned(),
            clock,
            account: Mutex::new(None),
            sent: Mutex::new(Memory::new(CHATS_REMEMBERED)),
            sent_total: AtomicU64::new(0),
            standby_total: AtomicU64::new(0),
            standby_seen: Mutex::new(Memory::new(STANDBY_REMEMBERED)),
            handlers: Mutex::new(Memory::new(CHATS_REMEMBERED)),
            sends: Mutex::new(Memory::new(SENDS_REMEMBERED)),
            ended: Mutex::new(None),
            ended_bell: Notify::new(),
            sink: Mutex::new(None),
        }
    }

    pub(crate) fn account(&self) -> Option<AccountId> {
        self.account.lock().clone()
    }

    pub(crate) fn belongs_to(&self, account: &AccountId) {
        *self.account.lock() = Some(account.clone());
    }

    /// Counts a message that Meta took.
    pub(crate) fn count(&self, chat: &ChatId) {
        *self.sent.lock().entry(chat, || 0) += 1;
        self.sent_total.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent_in(&self, chat: &ChatId) -> u64 {
        self.sent.lock().get(chat).copied().unwrap_or(0)
    }

    pub(crate) fn sent_total(&self) -> u64 {
        self.sent_total.load(Ordering::Relaxed)
    }

    pub(crate) fn standby_total(&self) -> u64 {
        self.standby_total.load(Ordering::Relaxed)
    }

    /// Whether another handler has a chat. What was told long ago does not count: the hand-over back may have been lost.
    pub(crate) fn is_observed(&self, chat: &ChatId) -> bool {
        let now = self.clock.now();
        let handlers = self.handlers.lock();
        let handled = handlers.get(chat);
        handled.is_some_and(|handled| handled.by == Handler::Another && now.since(handled.heard_at) < OBSERVED_FOR)
    }

    /// Chats that another handler has.
    pub(crate) fn observed_total(&self) -> usize {
        let now = self.clock.now();
        let is_observed =
            |handled: &Handled| handled.by == Handler::Another && now.since(handled.heard_at) < OBSERVED_FOR;
        self.handlers.lock().iter().filter(|(_, handled)| is_observed(handled)).count()
    }

    /// The network told who handles a chat since when. Older news than the last change nothing.
    pub(crate) fn handled(&self, chat: &ChatId, by: Handler, since: Timestamp) {
        let news = Handled { by, since, heard_at: self.clock.now() };
        let mut handlers = self.handlers.lock();
        if handlers.get(chat).is_none_or(|last| last.since <= since) {
            handlers.put(chat, news);
        }
    }

    /// Counts a request that told of chats with another handler.
    pub(crate) fn count_standby(&self, request: &str) {
        let request = request.to_owned();
        let mut seen = self.standby_seen.lock();
        if seen.get(&request).is_none() {
            seen.put(&request, ());
            self.standby_total.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A message is handed to Meta, or was.
    pub(crate) fn note_send(&self, name: &str) {
        self.sends.lock().put(&name.to_owned(), ());
    }

    /// Meta tells later that a message failed for a reason that concerns the account. What an earlier run sent says
    /// nothing about this one: a person acted in between.
    pub(crate) fn failed_later(&self, name: &str, reason: &str) {
        if self.sends.lock().get(&name.to_owned()).is_some() {
            self.end(Ended::Refused { reason: reason.to_owned() });
        }
    }

    /// Ends the run that is under way, or the next one. The first reason counts.
    pub(crate) fn end(&self, ended: Ended) {
        self.ended.lock().get_or_insert(ended);
        self.ended_bell.notify_one();
    }

    /// Waits until the run has to end.
    pub(crate) async fn ended(&self) -> Ended {
        loop {
            let rung = self.ended_bell.notified();
            if let Some(ended) = self.ended.lock().take() {
                return ended;
            }
            rung.await;
        }
    }

    /// A run begins. Reasons to end that are older are forgotten, for the run finds out by itself.
    pub(crate) fn begin(&self, sink: Arc<dyn EventSink>) -> OnAir<'_> {
        *self.sink.lock() = Some(sink.clone());
        *self.sends.lock() = Memory::new(SENDS_REMEMBERED);
        *self.ended.lock() = None;
        OnAir { number: self, sink }
    }

    /// A sign of life, if a run is under way.
    pub(crate) fn alive(&self, sign: Sign) {
        let sink = self.sink.lock().clone();
        if let Some(sink) = sink {
            sink.alive(sign);
        }
    }
}

/// A run under way. However it ends, its sink is let go, for the sink holds the whole engine.
pub(crate) struct OnAir<'a> {
    number: &'a Number,
    sink: Arc<dyn EventSink>,
}

impl Drop for OnAir<'_> {
    fn drop(&mut self) {
        let mut sink = self.number.sink.lock();
        if sink.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.sink)) {
            *sink = None;
        }
    }
}
