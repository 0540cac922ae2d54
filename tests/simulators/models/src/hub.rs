//! What all parts of a running server share.

use crate::asked::{Asked, Protocol};
use crate::fault::Fault;
use crate::limits;
use crate::refusal::{Refusal, Violation};
use crate::reply::{Reply, Usage};
use crate::script::Script;
use crate::settings::Settings;
use crate::usage;
use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// What changes.
pub(crate) struct State {
    pub(crate) script: Script,
    /// Replies for the next requests, in order, before the script.
    pub(crate) planned: VecDeque<Reply>,
    /// Faults for the next requests, in order, one each.
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) asked: VecDeque<(usize, Arc<Asked>)>,
    /// Bytes of all remembered bodies.
    asked_bytes: usize,
    pub(crate) violations: VecDeque<Violation>,
    pub(crate) count: u64,
    pub(crate) in_flight: usize,
    pub(crate) peak: usize,
    /// Prompt beginnings that were seen, for cached tokens.
    prefixes: HashSet<u64>,
}

pub(crate) struct Hub {
    pub(crate) settings: Settings,
    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub(crate) base: String,
    /// Its part of ids.
    pub(crate) tag: String,
    pub(crate) state: Mutex<State>,
    changed: Notify,
    closed: watch::Sender<bool>,
    released: watch::Sender<u64>,
}

/// A request under way; ends with its last byte, or when the client leaves.
pub(crate) struct Flight {
    hub: Arc<Hub>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.hub.change(|state| state.in_flight -= 1);
    }
}

impl Hub {
    pub(crate) fn new(settings: Settings, script: Script, base: String, tag: String) -> Self {
        let state = State {
            script,
            planned: VecDeque::new(),
            faults: VecDeque::new(),
            asked: VecDeque::new(),
            asked_bytes: 0,
            violations: VecDeque::new(),
            count: 0,
            in_flight: 0,
            peak: 0,
            prefixes: HashSet::new(),
        };
        let (closed, released) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { settings, base, tag, state: Mutex::new(state), changed: Notify::new(), closed, released }
    }

    /// Changes the state and wakes all who wait for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock());
        self.changed.notify_waiters();
        result
    }

    /// Waits until `look` finds something. Ends never by itself; callers set a deadline.
    pub(crate) async fn wait_for<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let rung = self.changed.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            if let Some(found) = look(&mut self.state.lock()) {
                return found;
            }
            rung.await;
        }
    }

    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
        self.changed.notify_waiters();
    }

    /// Returns when the server ends.
    pub(crate) async fn closed(&self) {
        // The sender is a field of this hub, so it is not gone.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Waits this long, or until the server ends.
    pub(crate) async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.closed()).await;
    }

    /// Lets all held requests continue.
    pub(crate) fn release(&self) {
        self.released.send_modify(|releases| *releases += 1);
    }

    /// Returns when the held requests are let go.
    pub(crate) async fn held(&self) {
        let mut released = self.released.subscribe();
        let before = *released.borrow_and_update();
        tokio::select! {
            _ = released.wait_for(|releases| *releases != before) => {}
            () = self.closed() => {}
        }
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Flight {
        self.change(|state| {
            state.in_flight += 1;
            state.peak = state.peak.max(state.in_flight);
        });
        Flight { hub: self.clone() }
    }

    pub(crate) fn violation(&self, protocol: Protocol, refusal: &Refusal, body: &[u8]) {
        let body = String::from_utf8_lossy(body).chars().take(limits::VIOLATION_BODY_CHARS_MAX).collect();
        let violation = Violation { protocol, status: refusal.status, message: refusal.message.clone(), body };
        self.change(|state| {
            state.violations.push_back(violation);
            if state.violations.len() > self.settings.recorded_max {
                state.violations.pop_front();
            }
        });
    }

    /// Remembers a request and gives it its number.
    pub(crate) fn record(&self, mut asked: Asked, bytes: usize) -> Arc<Asked> {
        self.change(|state| {
            state.count += 1;
            asked.number = state.count;
            let asked = Arc::new(asked);
            state.asked.push_back((bytes, asked.clone()));
            state.asked_bytes += bytes;
            while state.asked.len() > self.settings.recorded_max || state.asked_bytes > limits::RECORDED_BYTES_MAX {
                let Some((bytes, _)) = state.asked.pop_front() else { break };
                state.asked_bytes -= bytes;
            }
            asked
        })
    }

    /// What to answer, and what goes wrong beside what the reply says itself. A reply that cannot arrive because of a
    /// planned fault stays for the next request.
    pub(crate) fn decide(&self, asked: &Asked) -> Option<Reply> {
        let (planned, fault, script) = {
            let mut state = self.state.lock();
            let fault = state.faults.pop_front();
            let spoiled = fault.as_ref().is_some_and(Fault::spoils);
            let planned = if spoiled { state.planned.front().cloned() } else { state.planned.pop_front() };
            (planned, fault, state.script.clone())
        };
        // Not under the lock: a function of the test's may ask the server something.
        let spoiled = fault.as_ref().is_some_and(Fault::spoils);
        let reply = planned.or_else(|| script.reply(asked, !spoiled));
        match (reply, fault) {
            (Some(reply), Some(fault)) => Some(reply.with(fault)),
            (None, Some(fault)) if spoiled => Some(Reply::fault(fault)),
            (reply, _) => reply,
        }
    }

    pub(crate) fn usage(&self, asked: &Asked, reply: &Reply) -> Usage {
        let hash = usage::prefix_hash(asked);
        let seen = {
            let mut state = self.state.lock();
            if state.prefixes.len() >= limits::PREFIXES_MAX {
                state.prefixes.clear();
            }
            !state.prefixes.insert(hash)
        };
        usage::estimate(asked, reply, seen, self.settings.cached_tokens_min)
    }
}
