//! Who is connected, and how much memory is held for requests that are not proven to be worth it.
//!
//! Both are limited, and a full house turns nobody away who is new: the connection that has used up most of the time that
//! its stage allows makes room. A good request takes milliseconds, so it is never that one.
//!
//! A peer that connects without pause would make each of the others the slowest, so each has a share: beyond it, it takes
//! places from nobody but itself.

use super::peer::Peer;
use super::place::{Place, Stage};
use crate::limits;
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Called for each connection or request that was turned away.
pub(crate) type OnTurnedAway = Box<dyn Fn() + Send + Sync>;

/// All connections of one gateway.
pub(crate) struct Room {
    guests: Mutex<Guests>,
    /// Rung when a place may have become free.
    freed: Notify,
    /// Rung when memory may have become free.
    bytes_freed: Notify,
    places_max: usize,
    bytes_max: usize,
    on_turned_away: OnTurnedAway,
}

#[derive(Default)]
struct Guests {
    next: u64,
    by_id: BTreeMap<u64, Guest>,
    /// How many of them were asked to leave.
    leaving: usize,
    /// Bytes held for all of them.
    bytes: usize,
    /// Those of them that are held for who was asked to leave.
    bytes_leaving: usize,
}

/// One connection.
struct Guest {
    /// `None` for a proxy, which has no share.
    peer: Option<Peer>,
    stage: Stage,
    since: Instant,
    bytes: usize,
    /// Whether it was asked to leave; the signal says the same to its task.
    is_leaving: bool,
    signal: watch::Sender<Signal>,
}

/// What a connection has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    /// When it ends, unless something happens before.
    pub(super) deadline: Option<Instant>,
    /// Whether it makes room now.
    pub(super) makes_room: bool,
}

/// What becomes of a new connection.
enum Entry {
    /// It has a place.
    Place(Place),
    /// All places are taken, and one may become free.
    Full,
    /// Its peer has used up its share.
    Refused,
}

/// How many connections there may be with those that were asked to leave and have not left yet.
fn with_leaving(places: usize) -> usize {
    (places + places / limits::CONNECTIONS_PER_LEAVING).max(places + 1)
}

/// No memory is left for this request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl Room {
    pub(crate) fn new(places_max: usize, bytes_max: usize, on_turned_away: OnTurnedAway) -> Arc<Self> {
        let (guests, freed, bytes_freed) = (Mutex::default(), Notify::new(), Notify::new());
        Arc::new(Self { guests, freed, bytes_freed, places_max, bytes_max, on_turned_away })
    }

    /// A place for a new connection; waits until one is free, and asks another connection to make room. `None` for a peer
    /// that has used up its share and does not make room itself.
    pub(crate) async fn enter(self: &Arc<Self>, peer: Option<Peer>) -> Option<Place> {
        loop {
            match self.try_enter(peer) {
                Entry::Place(place) => return Some(place),
                Entry::Refused => return None,
                // One task accepts connections, so one remembered ring is enough.
                Entry::Full => self.freed.notified().await,
            }
        }
    }

    fn try_enter(self: &Arc<Self>, peer: Option<Peer>) -> Entry {
        let mut guests = self.guests.lock();
        if peer.is_some() && !self.keeps_its_share(&mut guests, peer) {
            self.turned_away();
            return Entry::Refused;
        }
        if guests.by_id.len() >= with_leaving(self.places_max) {
            return Entry::Full;
        }
        if guests.by_id.len() - guests.leaving >= self.places_max && !self.dismiss_one(&mut guests, |_| true) {
            return Entry::Full;
        }
        let (id, now) = (guests.next, Instant::now());
        guests.next += 1;
        let (stage, deadline) = (Stage::Head, Stage::Head.allowance().map(|allowance| now + allowance));
        let (signal, heard) = watch::channel(Signal { deadline, makes_room: false });
        guests.by_id.insert(id, Guest { peer, stage, since: now, bytes: 0, is_leaving: false, signal });
        Entry::Place(Place::new(Arc::clone(self), id, heard))
    }

    /// Whether a peer may have one connection more, when another one of its own makes room for it if it must.
    fn keeps_its_share(&self, guests: &mut Guests, peer: Option<Peer>) -> bool {
        let share = (self.places_max / limits::PEERS_PER_ROOM).max(limits::CONNECTIONS_PER_PEER_MIN);
        let is_its = |guest: &&Guest| guest.peer == peer;
        let (all, leaving) = guests
            .by_id
            .values()
            .filter(is_its)
            .fold((0, 0), |(all, leaving), guest| (all + 1, leaving + usize::from(guest.is_leaving)));
        // Those that were asked to leave and have not left yet are in the way of others too.
        all < with_leaving(share) && (all - leaving < share || self.dismiss_one(guests, |guest| guest.peer == peer))
    }

    /// Asks the connection to leave that has used up most of its time, if one may be asked.
    pub(crate) fn make_room(&self) {
        self.dismiss_one(&mut self.guests.lock(), |_| true);
    }

    fn dismiss_one(&self, guests: &mut Guests, may_be: impl Fn(&Guest) -> bool) -> bool {
        let chosen = guests.most_overdue(|_, guest| may_be(guest));
        let Some(stage) = chosen.and_then(|id| guests.dismiss(id)) else { return false };
        // Who waits between two requests was served.
        if !matches!(stage, Stage::Idle | Stage::Leaving) {
            self.turned_away();
        }
        true
    }

    /// Asks everybody to leave.
    pub(crate) fn close(&self) {
        let mut guests = self.guests.lock();
        let all: Vec<u64> = guests.by_id.keys().copied().collect();
        for id in all {
            guests.dismiss(id);
        }
    }

    /// Counts a connection or a request for which there was no room or no time.
    pub(crate) fn turned_away(&self) {
        (self.on_turned_away)();
    }

    /// Whether anybody is connected.
    #[cfg(test)]
    pub(super) fn is_occupied(&self) -> bool {
        !self.guests.lock().by_id.is_empty()
    }

    pub(super) fn stage(&self, id: u64) -> Stage {
        self.guests.lock().by_id.get(&id).map_or(Stage::Leaving, |guest| guest.stage)
    }

    /// A connection enters a stage. Memory is given back, unless it `keeps` it.
    pub(super) fn enter_stage(&self, id: u64, stage: Stage, keeps: bool) {
        let mut guests = self.guests.lock();
        if !keeps {
            guests.give_back(id);
        }
        let now = Instant::now();
        let Some(guest) = guests.by_id.get_mut(&id) else { return };
        (guest.stage, guest.since) = (stage, now);
        let deadline = stage.allowance().map(|allowance| now + allowance);
        guest.signal.send_if_modified(|signal| std::mem::replace(&mut signal.deadline, deadline) != deadline);
        drop(guests);
        if stage == Stage::Idle {
            self.freed.notify_one();
        }
        if !keeps {
            self.bytes_freed.notify_waiters();
        }
    }

    /// Moves the moment at which a connection ends.
    pub(super) fn set_deadline(&self, id: u64, deadline: Option<Instant>) {
        if let Some(guest) = self.guests.lock().by_id.get(&id) {
            guest.signal.send_modify(|signal| signal.deadline = deadline);
        }
    }

    /// Holds memory for a body; others that are late with theirs make room. Waits until they left, so that no more is in
    /// use than is counted.
    pub(super) async fn take(&self, id: u64, bytes: usize) -> Result<(), NoRoom> {
        loop {
            let freed = self.bytes_freed.notified();
            let mut freed = std::pin::pin!(freed);
            // From here on it hears each ring.
            freed.as_mut().enable();
            {
                let mut guests = self.guests.lock();
                if guests.bytes + bytes <= self.bytes_max {
                    guests.hold(id, bytes);
                    return Ok(());
                }
                self.free_bytes(&mut guests, id, bytes)?;
            }
            freed.await;
        }
    }

    /// Holds memory for a part of a head, which is here already; others make room for it as soon as they can.
    pub(super) fn take_now(&self, id: u64, bytes: usize) -> Result<(), NoRoom> {
        let mut guests = self.guests.lock();
        if guests.bytes + bytes > self.bytes_max {
            self.free_bytes(&mut guests, id, bytes)?;
        }
        guests.hold(id, bytes);
        Ok(())
    }

    /// Asks as many to leave as hold what is missing.
    fn free_bytes(&self, guests: &mut Guests, id: u64, bytes: usize) -> Result<(), NoRoom> {
        while guests.bytes + bytes > self.bytes_max + guests.bytes_leaving {
            let holds = |other: u64, guest: &Guest| other != id && guest.bytes > 0;
            let chosen = guests.most_overdue(holds).ok_or(NoRoom)?;
            guests.dismiss(chosen);
            self.turned_away();
        }
        Ok(())
    }

    /// How many bytes are held for a connection.
    pub(super) fn bytes_of(&self, id: u64) -> usize {
        self.guests.lock().by_id.get(&id).map_or(0, |guest| guest.bytes)
    }

    pub(super) fn leave(&self, id: u64) {
        let mut guests = self.guests.lock();
        guests.give_back(id);
        if guests.by_id.remove(&id).is_some_and(|guest| guest.is_leaving) {
            guests.leaving -= 1;
        }
        drop(guests);
        self.freed.notify_one();
        self.bytes_freed.notify_waiters();
    }
}

impl Guests {
    /// The connection that has used up the largest share of its time, among those that may be asked to leave.
    fn most_overdue(&self, may_be: impl Fn(u64, &Guest) -> bool) -> Option<u64> {
        let now = Instant::now();
        let candidates = self.by_id.iter().filter_map(|(id, guest)| {
            let allowance = guest.stage.allowance_when_full().filter(|_| !guest.is_leaving && may_be(*id, guest))?;
            let used_micros = u64::try_from((now - guest.since).as_micros()).unwrap_or(u64::MAX);
            // Of those that are alike the one that came first.
            Some((used_micros / allowance.as_secs().max(1), Reverse(*id)))
        });
        candidates.max().map(|(_, Reverse(id))| id)
    }

    /// Asks a connection to leave; returns in which stage it was.
    fn dismiss(&mut self, id: u64) -> Option<Stage> {
        let guest = self.by_id.get_mut(&id)?;
        if !std::mem::replace(&mut guest.is_leaving, true) {
            guest.signal.send_modify(|signal| signal.makes_room = true);
            self.leaving += 1;
            self.bytes_leaving += guest.bytes;
        }
        Some(guest.stage)
    }

    fn hold(&mut self, id: u64, bytes: usize) {
        let Some(guest) = self.by_id.get_mut(&id) else { return };
        guest.bytes += bytes;
        self.bytes += bytes;
        if guest.is_leaving {
            self.bytes_leaving += bytes;
        }
    }

    fn give_back(&mut self, id: u64) {
        let Some(guest) = self.by_id.get_mut(&id) else { return };
        let bytes = std::mem::take(&mut guest.bytes);
        self.bytes -= bytes;
        if guest.is_leaving {
            self.bytes_leaving -= bytes;
        }
    }
}

impl Stage {
    /// How long a connection may stay in this stage; `None` where something else limits it.
    fn allowance(self) -> Option<std::time::Duration> {
        match self {
            Self::Head => Some(limits::HEAD_TIMEOUT),
            Self::Idle => Some(limits::IDLE_TIMEOUT),
            Self::Leaving => Some(limits::LINGER_TIMEOUT),
            Self::Body | Self::Work => None,
        }
    }

    /// The same where there is no room; `None` for what is not asked to leave.
    fn allowance_when_full(self) -> Option<std::time::Duration> {
        match self {
            Self::Body => Some(limits::BODY_TIMEOUT),
            Self::Work => None,
            other => other.allowance(),
        }
    }
}

#[cfg(test)]
mod tests;
