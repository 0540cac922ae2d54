//! What happens to accounts, for pages and programs that look on.

use crate::decide::events::{Count, Counts, DayCounts, Event, EventLog, EventPage, Happened};
use crate::decide::status::AccountStatus;
use greenroom_contract::ids::{AccountId, ConversationId, OutboundId};
use greenroom_contract::store::Scope;
use greenroom_contract::time::Clock;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;

/// The events of one engine.
#[derive(Debug)]
pub(crate) struct Events {
    log: Mutex<EventLog>,
    newest: watch::Sender<u64>,
    clock: Clock,
}

impl Events {
    pub(crate) fn new(clock: Clock) -> Self {
        let log = EventLog::new(clock.now());
        let newest = watch::Sender::new(log.newest());
        Self { log: Mutex::new(log), newest, clock }
    }

    fn note(&self, event: Event) {
        // Under the lock, so that the number that is told never goes back.
        let mut log = self.log.lock();
        let number = log.note(event);
        self.newest.send_replace(number);
    }

    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    pub(crate) fn after(&self, number: u64, events_max: usize, concerns: impl Fn(&Event) -> bool) -> EventPage {
        self.log.lock().after(number, events_max, concerns)
    }
}

/// Tells the events of one account, and counts its messages.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    events: Arc<Events>,
    scope: Scope,
    account: AccountId,
    counts: Arc<Mutex<DayCounts>>,
}

impl Teller {
    pub(crate) fn new(events: Arc<Events>, scope: Scope, account: AccountId) -> Self {
        Self { events, scope, account, counts: Arc::default() }
    }

    /// Where they are told.
    pub(crate) fn events(&self) -> Arc<Events> {
        Arc::clone(&self.events)
    }

    /// Its state is another one.
    pub(crate) fn state(&self, status: AccountStatus) {
        self.tell(Happened::State(status));
    }

    /// The person who links it has something else to do.
    pub(crate) fn link(&self, sequence: u64, running: bool) {
        self.tell(Happened::Link { sequence, running });
    }

    /// One more of these.
    pub(crate) fn count(&self, one: Count) {
        let mut counts = self.counts.lock();
        let now = counts.count(one, self.events.clock.now());
        // Under the lock, so that no older numbers are told after newer ones.
        self.tell(Happened::Counts(now));
    }

    /// A message of the bot will not arrive; or, if it is held, waits for the owner.
    pub(crate) fn failed(&self, message: Option<&OutboundId>, conversation: ConversationId, held: bool, reason: &str) {
        let (message, reason) = (message.cloned(), reason.to_owned());
        self.tell(Happened::Failed { message, conversation, held, reason });
        self.count(Count::Failed);
    }

    /// What was counted today.
    pub(crate) fn today(&self) -> Counts {
        self.counts.lock().today(self.events.clock.now())
    }

    fn tell(&self, what: Happened) {
        let Scope { channel, owner } = self.scope.clone();
        let at = self.events.clock.now();
        self.events.note(Event { number: 0, at, owner, channel, account: self.account.clone(), what });
    }
}
