//! One account's side of the network: what waits for it, and the state of its wire.

use crate::Options;
use crate::fault::{OnRun, Plans};
use greenroom_contract::channel::{ConnectError, Ended};
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use greenroom_contract::ids::{AccountId, ChatId, MessageId};
use greenroom_contract::limits;
use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, oneshot, watch};

/// A message on its way to us.
#[derive(Debug)]
pub struct Delivery {
    /// Its id on the network; for an event without one, the message it speaks of or a new id.
    pub message: MessageId,
    outcome: oneshot::Receiver<Result<(), NotAcknowledged>>,
}

impl Delivery {
    pub(crate) fn new(message: MessageId, outcome: oneshot::Receiver<Result<(), NotAcknowledged>>) -> Self {
        Self { message, outcome }
    }

    /// Waits until `emit` returned for it: from then on it is durable.
    pub async fn acknowledged(self) -> Result<(), NotAcknowledged> {
        self.outcome.await.unwrap_or(Err(NotAcknowledged::NetworkGone))
    }
}

/// Why a delivery was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAcknowledged {
    /// The sink refused it, and this network does not deliver again by itself.
    #[error("not taken: {reason}")]
    Refused {
        /// The sink's words.
        reason: String,
    },
    /// The network was dropped while it waited.
    #[error("the network is gone")]
    NetworkGone,
}

struct Pending {
    event: ChannelEvent,
    outcome: oneshot::Sender<Result<(), NotAcknowledged>>,
}

/// A queue whose head leaves only when it was acknowledged.
#[derive(Default)]
struct Lane {
    queue: Mutex<VecDeque<Pending>>,
    rung: Notify,
}

/// What a test ordered for one account.
#[derive(Default)]
pub(crate) struct Orders {
    pub(crate) plans: Plans,
    pub(crate) cut: Option<Ended>,
    pub(crate) refuse_runs: VecDeque<Ended>,
    pub(crate) decide_run: Option<OnRun>,
    pub(crate) refuse_connects: VecDeque<ConnectError>,
    pub(crate) panic_runs: u32,
    pub(crate) finishing: bool,
    pub(crate) finished: bool,
}

pub(crate) struct Account {
    pub(crate) key: String,
    pub(crate) orders: Mutex<Orders>,
    pub(crate) cut_rung: Notify,
    pub(crate) connected: watch::Sender<bool>,
    pub(crate) paused: watch::Sender<bool>,
    pub(crate) sending: Mutex<HashSet<ChatId>>,
    lanes: Vec<Lane>,
    room: Semaphore,
    /// Without a random key: a seed of a simulation repeats the lanes too.
    hasher: BuildHasherDefault<DefaultHasher>,
    batch_max: usize,
    redeliver_after: Option<Duration>,
}

impl Account {
    pub(crate) fn new(key: &str, options: &Options) -> Self {
        Self {
            key: key.to_owned(),
            orders: Mutex::default(),
            cut_rung: Notify::new(),
            connected: watch::Sender::new(false),
            paused: watch::Sender::new(false),
            sending: Mutex::default(),
            lanes: (0..options.lanes.max(1)).map(|_| Lane::default()).collect(),
            room: Semaphore::new(options.queued_max.clamp(1, Semaphore::MAX_PERMITS)),
            hasher: BuildHasherDefault::default(),
            batch_max: options.batch_max.clamp(1, limits::EVENTS_PER_EMIT_MAX),
            redeliver_after: options.redeliver_after,
        }
    }

    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Messages that are not acknowledged.
    pub(crate) fn queued(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.lock().len()).sum()
    }

    /// Waits for room, then queues.
    pub(crate) async fn push(&self, event: ChannelEvent, outcome: oneshot::Sender<Result<(), NotAcknowledged>>) {
        let room = self.room.acquire().await.expect("the semaphore is never closed");
        room.forget();
        let lane = &self.lanes[self.lane_of(&event)];
        lane.queue.lock().push_back(Pending { event, outcome });
        lane.rung.notify_one();
    }

    /// Ends the connection once everything that waits was acknowledged.
    pub(crate) fn finish(&self) {
        self.orders.lock().finishing = true;
        for lane in &self.lanes {
            lane.rung.notify_one();
        }
    }

    /// Waits while the wire is paused.
    pub(crate) async fn unpaused(&self) {
        let mut paused = self.paused.subscribe();
        let _ = paused.wait_for(|paused| !paused).await;
    }

    /// Delivers one lane until the sink closes or the input is finished.
    pub(crate) async fn serve(&self, lane: usize, id: &AccountId, sink: &dyn EventSink) -> Ended {
        let lane = &self.lanes[lane];
        loop {
            self.unpaused().await;
            let batch = self.head_of(lane, id);
            let events = batch.len();
            if events == 0 {
                if self.orders.lock().finishing {
                    return Ended::Finished;
                }
                lane.rung.notified().await;
                continue;
            }
            sink.alive(Sign::Frame);
            match sink.emit(batch).await {
                Ok(()) => self.leave(lane, events, &Ok(())),
                Err(SinkError::Closed) => return Ended::Stopped,
                Err(error) => match self.redeliver_after {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => self.leave(lane, events, &Err(NotAcknowledged::Refused { reason: error.to_string() })),
                },
            }
        }
    }

    fn head_of(&self, lane: &Lane, id: &AccountId) -> Vec<ChannelEvent> {
        let queue = lane.queue.lock();
        let mut batch = Vec::with_capacity(queue.len().min(self.batch_max));
        for pending in queue.iter().take(self.batch_max) {
            let mut event = pending.event.clone();
            if let ChannelEvent::Message(inbound) = &mut event {
                inbound.key.account = id.clone();
            }
            batch.push(event);
        }
        batch
    }

    fn leave(&self, lane: &Lane, events: usize, outcome: &Result<(), NotAcknowledged>) {
        let left: Vec<Pending> = lane.queue.lock().drain(..events).collect();
        self.room.add_permits(left.len());
        for pending in left {
            // Nobody has to wait for a delivery.
            let _ = pending.outcome.send(outcome.clone());
        }
    }

    fn lane_of(&self, event: &ChannelEvent) -> usize {
        if self.lanes.len() == 1 {
            return 0;
        }
        let hash = match event {
            ChannelEvent::Message(inbound) => self.hasher.hash_one(&inbound.key.chat),
            ChannelEvent::Revoked { chat, .. } | ChannelEvent::Edited { chat, .. } => self.hasher.hash_one(chat),
            ChannelEvent::Status { .. } | ChannelEvent::SamePerson { .. } => 0,
        };
        (hash % self.lanes.len() as u64) as usize
    }
}
