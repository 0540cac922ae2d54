//! What one connection tells: how far it is, how it ended, who was acknowledged, what became of our messages.
//!
//! The protocol library calls [`Handler`] on the task that reads, so everything here is quick and never waits.
//! Messages do not come this way; they take [`crate::connection::inbound`].

use crate::connection::account::Account;
use crate::connection::disconnect_reason::DisconnectReason;
use crate::connection::pairing_news::News;
use crate::connection::undecrypted::UndecryptedMessages;
use crate::connection::unread::Unread;
use crate::ids::address::Person;
use crate::limits;
use crate::messages::receipt;
use crate::wire::pending_acks::{Answer, PendingAcks};
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{ChannelEvent, EventSink, Sign};
use greenroom_contract::time::Clock;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use whatsapp_rust::wacore::types::events::{
    ContactNumberChanged, Event, EventHandler, EventInterest, EventKind, Receipt, ServerAck,
};
use whatsapp_rust::wacore_binary::NodeRef;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Nothing is certain yet.
    Connecting,
    /// The network accepted the login.
    Accepted,
    /// Messages flow.
    Ready,
}

/// What a connection tells while it lasts, for those who store it.
pub(crate) struct Told {
    /// Receipts and the like.
    pub(crate) evidence: mpsc::Receiver<ChannelEvent>,
    /// Messages without content.
    pub(crate) unread: mpsc::Receiver<Unread>,
}

/// What is known of one connection.
pub(crate) struct ConnectionState {
    clock: Clock,
    account: Arc<Account>,
    sink: Option<Arc<dyn EventSink>>,
    /// The messages that arrived last.
    pub(crate) stanzas: Arc<UndecryptedMessages>,
    /// Who the account is. A LID may be learned late.
    own: RwLock<Person>,
    phase: watch::Sender<Phase>,
    ended: watch::Sender<Option<Ended>>,
    trouble: Mutex<Option<String>>,
    heard_at: Mutex<Instant>,
    evidence: mpsc::Sender<ChannelEvent>,
    lost_evidence: AtomicU64,
    unread: mpsc::Sender<Unread>,
    /// Changes when the library shows the account as online by itself.
    announced: watch::Sender<()>,
    pairing: Option<mpsc::Sender<News>>,
    /// Sends that wait for their acknowledgement.
    pub(crate) pending_acks: PendingAcks,
}

impl ConnectionState {
    /// For a connection whose messages go to `sink`.
    pub(crate) fn new(account: Arc<Account>, own: Person, sink: Arc<dyn EventSink>) -> (Arc<Self>, Told) {
        let (evidence, evidence_told) = mpsc::channel(limits::EVIDENCE_QUEUE_MAX);
        let (unread, unread_told) = mpsc::channel(limits::UNREAD_QUEUE_MAX);
        let state = Self::make(account, own, Some(sink), (evidence, unread), None);
        (Arc::new(state), Told { evidence: evidence_told, unread: unread_told })
    }

    /// For a connection on which the account is linked.
    pub(crate) fn pairing(account: Arc<Account>, pairing: mpsc::Sender<News>) -> Arc<Self> {
        let (evidence, _) = mpsc::channel(1);
        let (unread, _) = mpsc::channel(1);
        Arc::new(Self::make(account, Person::default(), None, (evidence, unread), Some(pairing)))
    }

    fn make(
        account: Arc<Account>,
        own: Person,
        sink: Option<Arc<dyn EventSink>>,
        (evidence, unread): (mpsc::Sender<ChannelEvent>, mpsc::Sender<Unread>),
        pairing: Option<mpsc::Sender<News>>,
    ) -> Self {
        let clock = account.clock;
        Self {
            clock,
            account,
            sink,
            stanzas: Arc::default(),
            own: RwLock::new(own),
            phase: watch::Sender::new(Phase::Connecting),
            ended: watch::Sender::new(None),
            trouble: Mutex::new(None),
            heard_at: Mutex::new(clock.instant()),
            evidence,
            lost_evidence: AtomicU64::new(0),
            unread,
            announced: watch::Sender::new(()),
            pairing,
            pending_acks: PendingAcks::default(),
        }
    }

    /// Bytes arrived.
    pub(crate) fn heard(&self) {
        *self.heard_at.lock() = self.clock.instant();
        self.sign(Sign::Frame);
    }

    /// How long nothing has arrived.
    pub(crate) fn silence(&self) -> Duration {
        self.clock.instant().duration_since(*self.heard_at.lock())
    }

    pub(crate) fn sign(&self, sign: Sign) {
        if let Some(sink) = &self.sink {
            sink.alive(sign);
        }
    }

    pub(crate) fn own(&self) -> Person {
        self.own.read().clone()
    }

    /// Who the account is, as the library knows by now.
    pub(crate) fn learn_own(&self, own: &Person) {
        if *self.own.read() != *own {
            self.own.write().clone_from(own);
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Messages flow, whatever the library waits for.
    pub(crate) fn be_ready(&self) {
        self.reach(Phase::Ready);
    }

    fn reach(&self, phase: Phase) {
        self.phase.send_if_modified(|reached| {
            let further = phase > *reached;
            *reached = (*reached).max(phase);
            further
        });
    }

    /// Returns once the connection got this far.
    pub(crate) async fn until(&self, phase: Phase) {
        let mut phases = self.phase.subscribe();
        // The sender lives as long as this.
        let _ = phases.wait_for(|reached| *reached >= phase).await;
    }

    /// The connection is over, for this reason. The first reason counts.
    pub(crate) fn end(&self, ended: Ended) {
        self.ended.send_if_modified(|first| {
            let is_first = first.is_none();
            if is_first {
                *first = Some(ended);
            }
            is_first
        });
    }

    /// Returns once the connection is over, and why.
    pub(crate) async fn ended(&self) -> Ended {
        let mut ended = self.ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone().expect("just waited for"),
            Err(_) => Ended::Dropped { reason: "the connection is no longer watched".to_owned() },
        }
    }

    /// Why the connection is over, if anybody said so; else what went wrong while it was made.
    pub(crate) fn reason(&self) -> Ended {
        let said = self.ended.borrow().clone();
        said.unwrap_or_else(|| {
            let trouble = self.trouble.lock().take();
            let silence = self.silence();
            let reason = trouble.unwrap_or_else(|| match self.phase() {
                Phase::Connecting => "WhatsApp's server did not agree to a connection".to_owned(),
                // The library gives up a connection on which its ping was not answered, and does not say so.
                _ if silence >= limits::UNANSWERED => format!("nothing arrived for {} seconds", silence.as_secs()),
                Phase::Accepted | Phase::Ready => "the connection ended".to_owned(),
            });
            Ended::Dropped { reason }
        })
    }

    /// Why no socket could be made.
    pub(crate) fn set_trouble(&self, trouble: String) {
        self.tell_pairing(News::Unreachable(trouble.clone()));
        *self.trouble.lock() = Some(trouble);
    }

    /// Tells when the library shows the account as online by itself.
    pub(crate) fn announced(&self) -> watch::Receiver<()> {
        self.announced.subscribe()
    }

    /// Evidence that may be lost, for the one who stores it.
    fn tell(&self, event: ChannelEvent) {
        if self.sink.is_some() && self.evidence.try_send(event).is_err() {
            let lost = self.lost_evidence.fetch_add(1, Ordering::Relaxed) + 1;
            if lost.is_power_of_two() {
                tracing::warn!(account = %self.account.id, lost, "receipts came faster than they could be stored");
            }
        }
    }

    /// A message of which only the outside came, for the one who traces it.
    fn tell_unread(&self, unread: Unread) {
        if self.sink.is_some() && self.unread.try_send(unread).is_err() {
            tracing::warn!(account = %self.account.id, "a message without content came faster than it could be noted");
        }
    }

    fn stanza(&self, node: &NodeRef<'_>) {
        if node.tag.as_ref() == "success" {
            self.reach(Phase::Accepted);
        } else if let Some(told) = DisconnectReason::read(node) {
            let verdict = told.verdict(self.clock.now());
            tracing::debug!(account = %self.account.id, ?told, ?verdict, "the network ends the connection");
            match (&self.pairing, verdict) {
                (None, Some(ended)) => self.end(ended),
                (Some(_), Some(ended)) => self.tell_pairing(News::Ended(ended)),
                (_, None) => {}
            }
        } else if self.pairing.is_some() && node.tag.as_ref() == "iq" {
            let references = node.get_optional_child("pair-device").map(|part| part.get_children_by_tag("ref").count());
            if let Some(references) = references {
                self.tell_pairing(News::References(u32::try_from(references).unwrap_or(u32::MAX)));
            }
        }
    }

    fn acknowledged(&self, ack: &ServerAck) {
        self.sign(Sign::Acknowledged);
        if ack.class.as_deref().is_none_or(|class| class == "message") {
            let answer = ack.error.clone().map_or(Answer::Taken, Answer::Refused);
            self.pending_acks.answer(&ack.id, answer);
        }
    }

    fn receipt(&self, receipt: &Receipt) {
        if self.own.read().is(&receipt.source.sender) {
            if receipt.source.sender.device == 0 {
                self.account.phone.seen(receipt::at(receipt), self.clock.now());
            }
            return;
        }
        for event in receipt::statuses(receipt) {
            self.tell(event);
        }
    }

    fn number_changed(&self, change: &ContactNumberChanged) {
        let jids = [Some(&change.old_jid), Some(&change.new_jid), change.old_lid.as_ref(), change.new_lid.as_ref()];
        let mut addresses = Vec::new();
        for address in jids.into_iter().flatten().filter_map(crate::ids::address::address) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.len() >= 2 {
            self.tell(ChannelEvent::SamePerson { addresses });
        }
    }

    /// Steps of linking. The queue has room for all that one run can tell between two looks at it.
    fn tell_pairing(&self, news: News) {
        if let Some(pairing) = &self.pairing
            && pairing.try_send(news).is_err()
        {
            tracing::warn!(account = %self.account.id, "a step of linking was lost");
        }
    }
}

/// Hands the library's events to a [`ConnectionState`].
pub(crate) struct Handler(pub(crate) Arc<ConnectionState>);

impl EventHandler for Handler {
    fn handle_event(&self, event: Arc<Event>) {
        let state = &self.0;
        match &*event {
            Event::RawNode(node) => {
                state.stanzas.note(node);
                state.stanza(node.get());
                if let Some(unread) = Unread::bare(node) {
                    state.tell_unread(unread);
                }
            }
            Event::UndecryptableMessage(message) => state.tell_unread(Unread::told(message)),
            // Settings are synchronized after this; a phone that does not answer must not keep messages back.
            Event::OfflineSyncCompleted(_) => {
                state.reach(Phase::Ready);
                state.tell_pairing(News::Settled);
            }
            Event::Connected(_) => {
                let _ = state.announced.send(());
                state.tell_pairing(News::Connected);
            }
            Event::SelfPushNameUpdated(_) => drop(state.announced.send(())),
            Event::Disconnected(lost) if state.pairing.is_none() => {
                state.end(Ended::Dropped { reason: format!("the connection was lost: {}", lost.reason) });
            }
            Event::Disconnected(_) => state.tell_pairing(News::Lost),
            Event::ServerAck(ack) => state.acknowledged(ack),
            Event::Receipt(receipt) => state.receipt(receipt),
            Event::GroupUpdate(update) => state.account.groups.changed(&update.group_jid, &update.action),
            Event::ContactNumberChanged(change) => state.number_changed(change),
            other => {
                if let Some(news) = News::of(other) {
                    state.tell_pairing(news);
                }
            }
        }
    }

    fn interest(&self) -> EventInterest {
        let always = EventInterest::of(&[
            EventKind::RawNode,
            EventKind::Connected,
            EventKind::Disconnected,
            EventKind::OfflineSyncCompleted,
        ]);
        always.union(if self.0.pairing.is_some() {
            EventInterest::of(&News::KINDS)
        } else {
            EventInterest::of(&[
                EventKind::ServerAck,
                EventKind::Receipt,
                EventKind::GroupUpdate,
                EventKind::ContactNumberChanged,
                EventKind::UndecryptableMessage,
                EventKind::SelfPushNameUpdated,
            ])
        })
    }
}
