//! The engine's sink, played by a test.

use async_trait::async_trait;
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use greenroom_contract::limits;
use greenroom_contract::message::Inbound;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// Takes events as the engine does, remembers them, and fails or waits when it is told to.
#[derive(Default)]
pub struct FakeSink {
    inner: Mutex<Inner>,
    started: watch::Sender<usize>,
    taken: watch::Sender<usize>,
    held: watch::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    events: Vec<ChannelEvent>,
    signs: Vec<Sign>,
    fail_next: usize,
    closed: bool,
}

impl FakeSink {
    /// A sink that takes everything.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The next `emit` calls fail with [`SinkError::Unavailable`].
    pub fn fail_next(&self, emits: usize) {
        self.inner().fail_next = emits;
    }

    /// From now on every `emit` fails with [`SinkError::Closed`].
    pub fn close(&self) {
        self.inner().closed = true;
    }

    /// From now on `emit` waits, as it does while the inbox is full.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets all waiting calls go on.
    pub fn let_go(&self) {
        self.held.send_replace(false);
    }

    /// Everything taken so far, in order.
    pub fn events(&self) -> Vec<ChannelEvent> {
        self.inner().events.clone()
    }

    /// The messages taken so far, in order.
    pub fn messages(&self) -> Vec<Inbound> {
        let message = |event: &ChannelEvent| match event {
            ChannelEvent::Message(inbound) => Some(inbound.as_ref().clone()),
            _ => None,
        };
        self.inner().events.iter().filter_map(message).collect()
    }

    /// Signs of life seen so far.
    pub fn signs(&self) -> Vec<Sign> {
        self.inner().signs.clone()
    }

    /// Waits until so many `emit` calls were begun.
    pub async fn emits_begun(&self, emits: usize) {
        let _ = self.started.subscribe().wait_for(|started| *started >= emits).await;
    }

    /// How many `emit` calls were begun.
    pub fn emits(&self) -> usize {
        *self.started.borrow()
    }

    /// Waits until so many events were taken, and returns all.
    pub async fn taken(&self, events: usize) -> Vec<ChannelEvent> {
        let _ = self.taken.subscribe().wait_for(|taken| *taken >= events).await;
        self.events()
    }

    /// Waits until `wanted` says yes to what was taken so far.
    pub async fn until(&self, mut wanted: impl FnMut(&[ChannelEvent]) -> bool) {
        let mut taken = self.taken.subscribe();
        loop {
            taken.borrow_and_update();
            if wanted(&self.events()) || taken.changed().await.is_err() {
                return;
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no test panics while it holds this lock")
    }
}

#[async_trait]
impl EventSink for FakeSink {
    async fn emit(&self, events: Vec<ChannelEvent>) -> Result<(), SinkError> {
        self.started.send_modify(|started| *started += 1);
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        let mut inner = self.inner();
        if inner.closed {
            return Err(SinkError::Closed);
        }
        if events.len() > limits::EVENTS_PER_EMIT_MAX {
            return Err(SinkError::TooMany { events: events.len() });
        }
        if inner.fail_next > 0 {
            inner.fail_next -= 1;
            return Err(SinkError::Unavailable { reason: "told to fail".into() });
        }
        inner.events.extend(events);
        let count = inner.events.len();
        drop(inner);
        self.taken.send_replace(count);
        Ok(())
    }

    fn alive(&self, sign: Sign) {
        self.inner().signs.push(sign);
    }
}
