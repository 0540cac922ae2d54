//! What one connection tells: how far it is, how it ended, who was acknowledged, what became of our messages.
//!
//! The protocol library calls [`Handler`] on the task that reads, so everything here is quick and never waits.
//! Messages do not come this way; they take [`crate::inbound`].

use crate::account::Account;
use crate::acks::{Acks, Answer};
use crate::address::Person;
use crate::ended::Farewell;
use crate::pairing::News;
use crate::receipt;
use crate::unreadable::Stanzas;
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{ChannelEvent, EventSink, Sign};
use greenroom_contract::limits;
use greenroom_contract::time::{Clock, Timestamp};
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use whatsapp_rust::wacore::types::events::{
    ContactNumberChanged, Event, EventHandler, EventInterest, EventKind, Receipt, ServerAck,
};
use whatsapp_rust::wacore_binary::NodeRef;

/// A connection that was silent for as long before it ended was dead.
const UNANSWERED: Duration = Duration::from_secs(15);

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

/// One connection, watched.
pub(crate) struct Watch {
    clock: Clock,
    account: Arc<Account>,
    sink: Option<Arc<dyn EventSink>>,
    /// The messages that arrived last.
    pub(crate) stanzas: Arc<Stanzas>,
    /// Who the account is. A LID may be learned late.
    own: RwLock<Person>,
    phase: watch::Sender<Phase>,
    ended: watch::Sender<Option<Ended>>,
    trouble: Mutex<Option<String>>,
    heard_at: AtomicU64,
    news: mpsc::Sender<ChannelEvent>,
    lost_news: AtomicU64,
    pairing: Option<mpsc::Sender<News>>,
    /// Sends that wait for their acknowledgement.
    pub(crate) acks: Acks,
}

impl Watch {
    /// For a connection whose news go to `sink`.
    pub(crate) fn new(
        account: Arc<Account>,
        own: Person,
        sink: Arc<dyn EventSink>,
    ) -> (Arc<Self>, mpsc::Receiver<ChannelEvent>) {
        let (news, receiver) = mpsc::channel(limits::WEB_NEWS_MAX);
        (Arc::new(Self::make(account, own, Some(sink), news, None)), receiver)
    }

    /// For a connection on which the account is linked.
    pub(crate) fn pairing(account: Arc<Account>, pairing: mpsc::Sender<News>) -> Arc<Self> {
        let (news, _) = mpsc::channel(1);
        Arc::new(Self::make(account, Person::default(), None, news, Some(pairing)))
    }

    fn make(
        account: Arc<Account>,
        own: Person,
        sink: Option<Arc<dyn EventSink>>,
        news: mpsc::Sender<ChannelEvent>,
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
            heard_at: AtomicU64::new(clock.now().0),
            news,
            lost_news: AtomicU64::new(0),
            pairing,
            acks: Acks::default(),
        }
    }

    /// Bytes arrived.
    pub(crate) fn heard(&self) {
        self.heard_at.store(self.clock.now().0, Ordering::Relaxed);
        self.sign(Sign::Frame);
    }

    /// How long nothing has arrived.
    pub(crate) fn silence(&self) -> Duration {
        self.clock.now().since(Timestamp(self.heard_at.load(Ordering::Relaxed)))
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
                _ if silence >= UNANSWERED => format!("nothing arrived for {} seconds", silence.as_secs()),
                Phase::Accepted | Phase::Ready => "the connection ended".to_owned(),
            });
            Ended::Dropped { reason }
        })
    }

    /// Why no socket could be made.
    pub(crate) fn set_trouble(&self, trouble: String) {
        self.news(News::Unreachable(trouble.clone()));
        *self.trouble.lock() = Some(trouble);
    }

    /// News that may be lost, for whoever stores them.
    fn tell(&self, event: ChannelEvent) {
        if self.sink.is_some() && self.news.try_send(event).is_err() {
            let lost = self.lost_news.fetch_add(1, Ordering::Relaxed) + 1;
            if lost.is_power_of_two() {
                tracing::warn!(account = %self.account.id, lost, "receipts came faster than they could be stored");
            }
        }
    }

    fn stanza(&self, node: &NodeRef<'_>) {
        if node.tag.as_ref() == "success" {
            self.reach(Phase::Accepted);
        } else if let Some(farewell) = Farewell::read(node) {
            let verdict = farewell.verdict(self.clock.now());
            tracing::debug!(account = %self.account.id, ?farewell, ?verdict, "the network ends the connection");
            match (&self.pairing, verdict) {
                (None, Some(ended)) => self.end(ended),
                (Some(_), Some(ended)) => self.news(News::Farewell(ended)),
                (_, None) => {}
            }
        } else if self.pairing.is_some() && node.tag.as_ref() == "iq" {
            let references = node.get_optional_child("pair-device").map(|part| part.get_children_by_tag("ref").count());
            if let Some(references) = references {
                self.news(News::References(u32::try_from(references).unwrap_or(u32::MAX)));
            }
        }
    }

    fn acknowledged(&self, ack: &ServerAck) {
        self.sign(Sign::Acknowledged);
        if ack.class.as_deref().is_none_or(|class| class == "message") {
            let answer = ack.error.clone().map_or(Answer::Taken, Answer::Refused);
            self.acks.answer(&ack.id, answer);
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
        for address in jids.into_iter().flatten().filter_map(crate::address::address) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.len() >= 2 {
            self.tell(ChannelEvent::SamePerson { addresses });
        }
    }

    /// Steps of linking. The queue has room for all that one run can tell between two looks at it.
    fn news(&self, news: News) {
        if let Some(pairing) = &self.pairing
            && pairing.try_send(news).is_err()
        {
            tracing::warn!(account = %self.account.id, "a step of linking was lost");
        }
    }
}

/// Hands the library's events to a [`Watch`].
pub(crate) struct Handler(pub(crate) Arc<Watch>);

impl EventHandler for Handler {
    fn handle_event(&self, event: Arc<Event>) {
        let watch = &self.0;
        match &*event {
            Event::RawNode(node) => {
                watch.stanzas.note(node);
                watch.stanza(node.get());
            }
            // Settings are synchronized after this; a phone that does not answer must not keep messages back.
            Event::OfflineSyncCompleted(_) => {
                watch.reach(Phase::Ready);
                watch.news(News::Settled);
            }
            Event::Connected(_) => watch.news(News::Connected),
            Event::Disconnected(lost) if watch.pairing.is_none() => {
                watch.end(Ended::Dropped { reason: format!("the connection was lost: {}", lost.reason) });
            }
            Event::Disconnected(_) => watch.news(News::Lost),
            Event::ServerAck(ack) => watch.acknowledged(ack),
            Event::Receipt(receipt) => watch.receipt(receipt),
            Event::GroupUpdate(update) => watch.account.groups.changed(&update.group_jid, &update.action),
            Event::ContactNumberChanged(change) => watch.number_changed(change),
            other => {
                if let Some(news) = News::of(other) {
                    watch.news(news);
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
            ])
        })
    }
}
