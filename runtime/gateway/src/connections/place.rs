//! The place of one connection.

use super::room::{NoRoom, Room, Signal};
use crate::limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use tokio::time::Instant;

/// How far a connection is with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The head of a request is awaited, or a part of it came.
    Head,
    /// The body of a delivery is received.
    Body,
    /// The request is worked on, or answered.
    Work,
    /// It waits between two requests.
    Idle,
    /// It was answered for the last time.
    Leaving,
}

/// The place of one connection, free again when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Place(Arc<Inner>);

struct Inner {
    room: Arc<Room>,
    id: u64,
    signal: watch::Receiver<Signal>,
    /// Whether an answer is not written completely.
    owes_answer: AtomicBool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.room.leave(self.id);
    }
}

impl Place {
    pub(super) fn new(room: Arc<Room>, id: u64, signal: watch::Receiver<Signal>) -> Self {
        Self(Arc::new(Inner { room, id, signal, owes_answer: AtomicBool::new(false) }))
    }

    /// Returns when the connection has to end: its time is up, or it makes room.
    pub(super) async fn is_over(&self) {
        let mut signal = self.0.signal.clone();
        loop {
            let Signal { deadline, makes_room } = *signal.borrow_and_update();
            if makes_room {
                return;
            }
            let late = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = signal.changed() => if changed.is_err() { return },
                () = late => {
                    // A peer that never said anything was not turned away from anything.
                    if self.stage() == Stage::Head && self.0.room.bytes_of(self.0.id) > 0 {
                        self.turned_away();
                    }
                    return;
                }
            }
        }
    }

    /// Whether it was asked to make room.
    #[cfg(test)]
    pub(super) fn makes_room(&self) -> bool {
        self.0.signal.borrow().makes_room
    }

    pub(super) fn stage(&self) -> Stage {
        self.0.room.stage(self.0.id)
    }

    /// Bytes of a head came in.
    pub(super) fn read(&self, bytes: usize) -> Result<(), NoRoom> {
        match self.stage() {
            Stage::Idle => self.0.room.enter_stage(self.0.id, Stage::Head, false),
            Stage::Head => {}
            Stage::Body | Stage::Work | Stage::Leaving => return Ok(()),
        }
        self.0.room.take_now(self.0.id, bytes * limits::HELD_PER_HEAD_BYTE)
    }

    /// A request begins to be worked on.
    pub(super) fn begins(&self) {
        self.0.owes_answer.store(true, Ordering::Relaxed);
        self.0.room.enter_stage(self.0.id, Stage::Work, false);
    }

    /// Its body is received from now on, and may be given up for others.
    pub(crate) fn receives(&self) {
        self.0.room.enter_stage(self.0.id, Stage::Body, false);
    }

    /// Its body is here and is kept.
    pub(crate) fn received(&self) {
        self.0.room.enter_stage(self.0.id, Stage::Work, true);
    }

    /// The answer was handed over for writing.
    pub(super) fn answered(&self) {
        self.0.room.enter_stage(self.0.id, Stage::Idle, false);
    }

    /// Everything that was handed over was written.
    pub(super) fn flushed(&self) {
        if self.0.owes_answer.load(Ordering::Relaxed) && self.stage() == Stage::Idle {
            self.0.owes_answer.store(false, Ordering::Relaxed);
        }
    }

    /// Whether what is written now is no answer of ours, but what the HTTP library says about a head that it refuses.
    pub(super) fn refuses_head(&self) -> bool {
        !self.0.owes_answer.load(Ordering::Relaxed) && matches!(self.stage(), Stage::Head | Stage::Idle)
    }

    /// The last answer was written.
    pub(super) fn leaves(&self) {
        self.0.room.enter_stage(self.0.id, Stage::Leaving, false);
    }

    /// The peer does not read, or reads again.
    pub(super) fn stalls(&self, stalls: bool) {
        if stalls {
            self.0.room.set_deadline(self.0.id, Some(Instant::now() + limits::WRITE_TIMEOUT));
        } else if self.stage() == Stage::Work {
            self.0.room.set_deadline(self.0.id, None);
        }
    }

    /// Holds memory for the request; waits until others made room for it.
    pub(crate) async fn take(&self, bytes: usize) -> Result<(), NoRoom> {
        self.0.room.take(self.0.id, bytes).await
    }

    /// Counts a request for which there was no room or no time.
    pub(crate) fn turned_away(&self) {
        self.0.room.turned_away();
    }
}
