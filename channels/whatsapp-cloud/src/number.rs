//! What a channel and the link of one of its numbers share, in memory.

use crate::limits::{CHATS_REMEMBERED, STANDBY_REMEMBERED};
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{EventSink, Sign};
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::time::Clock;
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// One business number.
pub(crate) struct Number {
    pub(crate) id: String,
    pub(crate) clock: Clock,
    account: Mutex<Option<AccountId>>,
    sent: Mutex<Memory<ChatId, u64>>,
    sent_total: AtomicU64,
    standby_total: AtomicU64,
    /// Requests that told of standby, so that a repetition says nothing new.
    standby_seen: Mutex<Memory<String, ()>>,
    observer: AtomicBool,
    ended: Mutex<Option<Ended>>,
    ended_bell: Notify,
    sink: Mutex<Option<Arc<dyn EventSink>>>,
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
            observer: AtomicBool::new(false),
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

    pub(crate) fn is_observer(&self) -> bool {
        self.observer.load(Ordering::Relaxed)
    }

    /// Meta's own agent handles the chats of this number, as a request with this name says.
    pub(crate) fn observe(&self, request: &str) {
        let request = request.to_owned();
        {
            let mut seen = self.standby_seen.lock();
            if seen.get(&request).is_some() {
                return;
            }
            seen.put(&request, ());
        }
        self.standby_total.fetch_add(1, Ordering::Relaxed);
        if !self.observer.swap(true, Ordering::Relaxed) {
            *self.ended.lock() = Some(Ended::Refused {
                reason: "observer: Meta's own agent handles this number's chats, so the bot does not answer here; end \
                         that in Meta Business Suite, then start the account again (or set standby = \"ignore\")"
                    .into(),
            });
            self.ended_bell.notify_one();
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

    /// A run begins. Reasons to end that are older are forgotten, for the run finds out by itself. Only an observer is
    /// told once that it is one; the next run means that a person started the account again.
    pub(crate) fn begin(&self, sink: Arc<dyn EventSink>) -> OnAir<'_> {
        *self.sink.lock() = Some(sink.clone());
        let mut ended = self.ended.lock();
        if !self.is_observer() {
            *ended = None;
        } else if ended.is_none() {
            self.observer.store(false, Ordering::Relaxed);
        }
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
