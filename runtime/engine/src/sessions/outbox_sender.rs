//! The outbox of one session: what is in the queue, what the store still has, and when to look again.

use super::alarm::Alarm;
use super::send::{self, Slot};
use super::send_queue::SendQueue;
use crate::context::{AccountCard, Context, SequenceMark};
use crate::decide::breaker::{Breaker, Network};
use crate::decide::expiry;
use crate::decide::reconcile::ParcelOrigin;
use crate::mailbox::activity::Busy;
use crate::mailbox::sessions::{SendEnd, SessionMsg};
use crate::supervision::{Pauses, isolate, retry};
use greenroom_contract::channel::Link;
use greenroom_contract::ids::{AccountId, ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{ParcelKey, PendingParcel, StoreError};
use greenroom_contract::time::Timestamp;
use ractor::ActorRef;
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Sends what the outbox holds.
pub(crate) struct OutboxSender {
    queue: SendQueue,
    scan: Scan,
    /// When it began, in steady time, as all moments here are.
    started_at: Timestamp,
    /// Parcels of rows up to here may have been handed to the network by an earlier run, or an earlier session.
    mark: SequenceMark,
    /// The account has to wait until then.
    not_before: Timestamp,
    /// Whether the network takes anything now.
    breaker: Breaker,
    /// When parcels that wait for their person are looked through for those that wait too long.
    next_look: Timestamp,
    /// The present scan looks at what waits for its person as if it had written.
    reopens: bool,
    timer: Alarm<Timestamp>,
    /// For the rates, which do not know the wall clock.
    pace_timer: Alarm<Duration>,
    /// Held while something could be sent now.
    busy: Option<Busy>,
    /// Begins nothing any more.
    closed: bool,
    /// Earlier sessions of the account, while sends of theirs are under way: none begins beside them.
    earlier: Vec<Weak<()>>,
    /// Held by each send of this session.
    sends: Arc<()>,
}

/// How far the queue knows what the store has.
#[derive(Debug)]
enum Scan {
    /// The store must be asked for what stands behind this place. Doorbells are not needed until it was, because the
    /// scan finds their parcels.
    Due { after: Place },
    /// The store is being asked. What is posted meanwhile goes into the queue behind what it finds; the first place where
    /// something was posted for which there was no room.
    Running { posted: Vec<PendingParcel>, missed: Option<Place> },
    /// Everything unsent is in the queue, or in a chat that is known to be shut.
    Complete,
}

/// Everything up to this parcel is known; `None` is the beginning.
type Place = Option<ParcelKey>;

/// The place before a parcel.
fn before(key: &ParcelKey) -> Place {
    let mut before = key.clone();
    if let Some(part) = before.part.checked_sub(1) {
        before.part = part;
    } else {
        (before.sequence, before.part) = (Sequence(before.sequence.0.checked_sub(1)?), u16::MAX);
    }
    Some(before)
}

/// The place before the first of these parcels.
fn before_all(parcels: &[PendingParcel]) -> Option<Place> {
    parcels.iter().map(|parcel| before(&parcel.key)).min()
}

/// Unsent parcels.
pub(crate) type Page = Vec<PendingParcel>;

impl OutboxSender {
    pub(crate) fn new(now: Timestamp, mark: SequenceMark, card: &AccountCard) -> Self {
        let sends = Arc::new(());
        let mut rules = card.rules.lock();
        rules.sending.retain(|session| session.strong_count() > 0);
        let earlier = rules.sending.clone();
        rules.sending.push(Arc::downgrade(&sends));
        drop(rules);
        let (queue, scan) = (SendQueue::default(), Scan::Due { after: None });
        let (timer, pace_timer) = (Alarm::default(), Alarm::default());
        Self {
            queue,
            scan,
            started_at: now,
            mark,
            not_before: Timestamp(0),
            breaker: Breaker::default(),
            next_look: now.plus(limits::EXPIRY_LOOK_PAUSE),
            reopens: false,
            timer,
            pace_timer,
            busy: None,
            closed: false,
            earlier,
            sends,
        }
    }

    /// Begins nothing from now on. What is under way comes to its end, and the rest is in the store.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether a send is under way.
    pub(crate) fn is_sending(&self) -> bool {
        self.queue.in_flight() > 0
    }

    /// New parcels. What does not fit is found by the next scan, which begins before them.
    pub(crate) fn posted(&mut self, parcels: Vec<PendingParcel>, now: Timestamp) {
        let Some(place) = before_all(&parcels) else { return };
        let taken = self.queue.len() + parcels.len();
        match &mut self.scan {
            Scan::Complete if taken <= limits::OUTBOX_WINDOW => {
                for parcel in &parcels {
                    self.queue.push(parcel, ParcelOrigin::New, now);
                }
            }
            Scan::Complete => self.scan = Scan::Due { after: place },
            Scan::Running { posted, .. } if taken + posted.len() <= limits::OUTBOX_WINDOW => posted.extend(parcels),
            Scan::Running { missed, .. } => {
                *missed = Some(missed.take().map_or(place.clone(), |first| first.min(place)));
            }
            Scan::Due { after } => *after = after.take().min(place),
        }
    }

    /// The store may have parcels that nobody told of.
    pub(crate) fn rescan(&mut self) {
        match &mut self.scan {
            Scan::Running { missed, .. } => *missed = Some(None),
            scan => *scan = Scan::Due { after: None },
        }
    }

    /// The person of this conversation wrote.
    pub(crate) fn opened(&mut self, conversation: ConversationId) {
        self.queue.open(conversation);
    }

    /// The parcels of a chat that was shut.
    pub(crate) fn loaded(&mut self, conversation: ConversationId, parcels: &[PendingParcel], now: Timestamp) {
        self.queue.loaded(conversation, parcels, now);
    }

    /// What is held because a window seemed closed is looked at again.
    pub(crate) fn clock_moved(&mut self) {
        self.queue.forget_shut();
        self.reopens = true;
        self.rescan();
    }

    /// What waits of the one conversation stands in the line of the other one from now on.
    pub(crate) fn merged(&mut self, kept: ConversationId, gone: ConversationId) {
        self.queue.merge(kept, gone);
    }

    pub(crate) fn evidence(&mut self, key: &ParcelKey) {
        self.queue.nudge(key);
    }

    /// The account must not send before that moment.
    fn pause(&mut self, until: Timestamp) {
        self.not_before = self.not_before.max(until);
    }

    /// A scan brought a page.
    pub(crate) fn scanned(&mut self, context: &Context, page: Result<Page, StoreError>) {
        let scan = std::mem::replace(&mut self.scan, Scan::Due { after: None });
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read and is tried again");
                return self.pause(context.steady().plus(limits::SEND_RETRY_PAUSE));
            }
        };
        let last = page.last().map(|parcel| parcel.key.clone());
        let complete = page.len() < limits::OUTBOX_WINDOW;
        let (now, wall) = (context.steady(), context.now());
        for parcel in &page {
            let is_new = context.sequences.after(self.mark, parcel.key.sequence);
            let origin = if is_new { ParcelOrigin::New } else { ParcelOrigin::Recovered };
            let is_stale = parcel.speaks_first && expiry::is_stale(wall.since(parcel.made_at));
            if parcel.waits_for_person() && (self.reopens || is_stale) {
                self.queue.push_opened(parcel, origin, now);
            } else {
                self.queue.push(parcel, origin, now);
            }
        }
        let Scan::Running { posted, missed } = scan else { return };
        // What was posted meanwhile may stand before the place that was read.
        let missed = missed.into_iter().chain(before_all(&posted).filter(|_| !complete)).min();
        self.scan = match missed {
            None if complete => {
                for parcel in &posted {
                    self.queue.push(parcel, ParcelOrigin::New, now);
                }
                self.reopens = false;
                Scan::Complete
            }
            None => Scan::Due { after: last },
            Some(place) if complete => {
                Scan::Due { after: before_all(&posted).into_iter().chain([place]).min().flatten() }
            }
            Some(place) => Scan::Due { after: place.min(last) },
        };
    }

    /// What became of an attempt; the reason, if the account has to stop.
    pub(crate) fn ended(
        &mut self,
        conversation: ConversationId,
        end: SendEnd,
        network: Network,
        now: Timestamp,
    ) -> Option<String> {
        if network == Network::Fails {
            self.queue.note_trouble(conversation);
        }
        if let Some(until) = self.breaker.note(network, conversation, now) {
            tracing::warn!(pause = ?until.since(now), "the network takes nothing from this account now");
            self.pause(until);
        }
        match end {
            SendEnd::Done => self.queue.done(conversation),
            SendEnd::Wait { until, origin } => self.queue.wait(conversation, until, origin),
            SendEnd::Paced { until, origin } => self.queue.pace(conversation, until, origin),
            SendEnd::WaitForPerson { origin } => self.queue.wait_for_person(conversation, origin),
            SendEnd::AccountWaits { until, origin } => {
                self.pause(until);
                self.queue.wait(conversation, until, origin);
            }
            SendEnd::AccountStopped { reason } => {
                self.queue.wait(conversation, self.started_at, ParcelOrigin::New);
                return Some(reason);
            }
        }
        None
    }

    /// Hands to the network whatever may go now. `link` is there while the account can send.
    pub(crate) fn run(
        &mut self,
        context: &Arc<Context>,
        card: &Arc<AccountCard>,
        link: Option<&Arc<dyn Link>>,
        session: &ActorRef<SessionMsg>,
    ) {
        let (now, at) = (context.steady(), context.uptime());
        if self.closed {
            return self.update_busy(context, false, now);
        }
        self.queue.wake(now);
        self.queue.wake_paced(at);
        if self.next_look <= now {
            self.next_look = now.plus(limits::EXPIRY_LOOK_PAUSE);
            if self.queue.shut() > 0 {
                self.rescan();
            }
        }
        self.scan_if_due(context, card, session, now);
        self.load_opening(context, card, session);
        // A session that crashed leaves its sends under way.
        self.earlier.retain(|session| session.strong_count() > 0);
        if !self.earlier.is_empty() {
            self.pause(now.plus(limits::SEND_RETRY_PAUSE));
        }
        let mut free_at = None;
        if let Some(link) = link
            && self.not_before <= now
        {
            free_at = self.send_ready(context, card, link, session, at);
        }
        self.set_timer(session, now);
        if let Some(next) = self.queue.next_paced().into_iter().chain(free_at).min() {
            self.pace_timer.set(next, next.saturating_sub(at), session);
        }
        self.update_busy(context, link.is_some(), now);
        let mut vitals = card.vitals.lock();
        vitals.outbox_waiting = self.queue.len() + self.queue.shut();
        vitals.sends_pause_until = self.breaker.until().map(|until| context.on_the_wall(until));
    }

    /// Hands over what is ready, as fast as the account's rate allows; says when it allows the next one, if that
    /// is what holds it back.
    fn send_ready(
        &mut self,
        context: &Arc<Context>,
        card: &Arc<AccountCard>,
        link: &Arc<dyn Link>,
        session: &ActorRef<SessionMsg>,
        at: Duration,
    ) -> Option<Duration> {
        if self.breaker.until().is_some() {
            self.queue.prefer_untroubled();
        }
        while self.queue.in_flight() < self.breaker.sends_max()
            && let Some(key) = self.queue.front()
        {
            let slot = match Slot::take(card, key, at) {
                Ok(slot) => slot,
                Err(free_at) => return Some(free_at),
            };
            let due = self.queue.take()?;
            let conversation = due.conversation;
            let session = session.clone();
            let attempt = send::attempt(Arc::clone(context), Arc::clone(link), due, slot);
            let under_way = Arc::clone(&self.sends);
            tokio::spawn(async move {
                let message = match isolate("send", attempt).await {
                    Ok((end, network)) => SessionMsg::SendEnded { conversation, end, network },
                    Err(panic) => SessionMsg::Crashed(panic),
                };
                let _ = session.send_message(message);
                // Until here the send is under way, whatever became of its session.
                drop(under_way);
            });
        }
        None
    }

    fn scan_if_due(
        &mut self,
        context: &Arc<Context>,
        card: &AccountCard,
        session: &ActorRef<SessionMsg>,
        now: Timestamp,
    ) {
        let Scan::Due { after } = &mut self.scan else { return };
        if self.queue.len() >= limits::OUTBOX_WINDOW / 2 || self.not_before > now {
            return;
        }
        let after = after.take();
        self.scan = Scan::Running { posted: Vec::new(), missed: None };
        let context = Arc::clone(context);
        let account = card.id().clone();
        let session = session.clone();
        tokio::spawn(async move {
            let page = page(&context, &account, after.as_ref()).await;
            let _ = session.send_message(SessionMsg::Scanned(page));
        });
    }

    /// Asks the store for the parcels of chats that were shut and whose person wrote.
    fn load_opening(&mut self, context: &Arc<Context>, card: &AccountCard, session: &ActorRef<SessionMsg>) {
        while let Some(conversation) = self.queue.next_to_load() {
            let (context, account, session) = (Arc::clone(context), card.id().clone(), session.clone());
            tokio::spawn(async move {
                let load = |_| async {
                    match context.store.pending_of(&account, conversation, limits::OUTBOX_WINDOW).await {
                        Ok(parcels) => ControlFlow::Break(parcels),
                        Err(error) => {
                            tracing::warn!(%error, "the outbox cannot be read and is tried again");
                            ControlFlow::Continue(())
                        }
                    }
                };
                let pauses = Pauses::every(limits::SEND_RETRY_PAUSE);
                if let Some(parcels) = retry(pauses, &context.stages.closing, load).await {
                    let _ = session.send_message(SessionMsg::Loaded { conversation, parcels });
                }
            });
        }
    }

    fn set_timer(&mut self, session: &ActorRef<SessionMsg>, now: Timestamp) {
        let waits = self.not_before > now && (self.queue.has_ready() || matches!(self.scan, Scan::Due { .. }));
        let looks = (self.queue.shut() > 0).then_some(self.next_look);
        let next = self.queue.next_due().into_iter().chain(waits.then_some(self.not_before)).chain(looks).min();
        let Some(at) = next else { return };
        self.timer.set(at, at.since(now), session);
    }

    fn update_busy(&mut self, context: &Context, can_send: bool, now: Timestamp) {
        // What keeps a rate leaves by itself and soon, so it is work under way.
        let any = self.queue.has_ready() || self.queue.next_paced().is_some();
        let sendable = can_send && self.not_before <= now && any;
        let under_way = self.is_sending() || self.queue.is_opening() || matches!(self.scan, Scan::Running { .. });
        if sendable || under_way {
            self.busy.get_or_insert_with(|| context.activity.begin());
        } else {
            self.busy = None;
        }
    }
}

/// The next unsent parcels of an account.
async fn page(context: &Context, account: &AccountId, after: Option<&ParcelKey>) -> Result<Page, StoreError> {
    context.store.pending(account, after, limits::OUTBOX_WINDOW).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_before_a_parcel_leaves_out_none_that_could_stand_there() {
        let key =
            |sequence, part| ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(sequence), part };
        assert_eq!(before(&key(7, 3)), Some(key(7, 2)));
        assert_eq!(before(&key(7, 0)), Some(key(6, u16::MAX)));
        assert_eq!(before(&key(0, 0)), None, "the beginning");
        let parcel = |sequence| PendingParcel::new(key(sequence, 0), ConversationId(1), Timestamp(0), false);
        assert_eq!(before_all(&[parcel(9), parcel(4), parcel(6)]), Some(before(&key(4, 0))));
        assert_eq!(before_all(&[]), None);
    }
}
