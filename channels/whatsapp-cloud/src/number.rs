//! What a channel and the link of one of its numbers share, in memory.

use crate::config::Config;
use crate::limits::{CHATS_REMEMBERED, WINDOW};
use crate::pacing::{Budget, Pace};
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{EventSink, Sign};
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// One business number.
pub(crate) struct Number {
    pub(crate) id: String,
    pub(crate) pace: Pace,
    pub(crate) budget: Budget,
    pub(crate) clock: Clock,
    account: Mutex<Option<AccountId>>,
    /// When somebody last wrote in a chat, so that an answer to an older message knows that the window was renewed.
    heard: Mutex<Memory<ChatId, Timestamp>>,
    sent: Mutex<Memory<ChatId, u64>>,
    sent_total: AtomicU64,
    standby_total: AtomicU64,
    observer: AtomicBool,
    ended: Mutex<Option<Ended>>,
    ended_bell: Notify,
    sink: Mutex<Option<Arc<dyn EventSink>>>,
}

impl Number {
    pub(crate) fn new(id: &str, config: &Config, clock: Clock) -> Self {
        Self {
            id: id.to_owned(),
            pace: Pace::new(config, clock),
            budget: Budget::new(config.daily_budget),
            clock,
            account: Mutex::new(None),
            heard: Mutex::new(Memory::new(CHATS_REMEMBERED)),
            sent: Mutex::new(Memory::new(CHATS_REMEMBERED)),
            sent_total: AtomicU64::new(0),
            standby_total: AtomicU64::new(0),
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

    /// Somebody wrote in a chat.
    pub(crate) fn heard(&self, chat: &ChatId, at: Timestamp) {
        self.pace.note_inbound();
        let mut heard = self.heard.lock();
        let last = heard.entry(chat, || at);
        *last = at.max(*last);
    }

    /// Whether free text may be sent in answer to a message that was written at `opened_at`.
    pub(crate) fn window_is_open(&self, chat: &ChatId, opened_at: Timestamp) -> bool {
        let heard = self.heard.lock().get(chat).copied();
        let last = heard.map_or(opened_at, |heard| heard.max(opened_at));
        self.clock.now().since(last) < WINDOW
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

    /// Meta's own agent handles the chats of this number.
    pub(crate) fn observe(&self) {
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
