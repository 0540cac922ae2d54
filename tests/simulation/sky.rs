//! What networks and disks do in a world: what becomes of each send, each connection and each call of the store, and the
//! moment at which the process dies. Shared by everything that decides in the middle of something.

use super::gates::{Gate, with};
use super::people::Book;
use crate::support::rng::Rng;
use greenroom_channel_loopback::SendPlan;
use greenroom_conformance::faulty_store::CallPlan;
use greenroom_contract::capabilities::Resend;
use greenroom_contract::channel::{BackOff, Ended, SendError};
use greenroom_contract::event::DeliveryStatus;
use greenroom_contract::outbound::{Outbound, OutboundBody};
use greenroom_contract::time::{Clock, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// An account: the number of its network, and its key there.
pub(crate) type Place = (usize, String);

/// How long the world's engine waits for evidence of a send.
pub(crate) const RECONCILE: Duration = Duration::from_secs(20);

/// Decides, and remembers what it decided.
pub(crate) struct Sky {
    inside: Mutex<Inside>,
    /// Rung when there is evidence to be told.
    pub(crate) news: Notify,
}

pub(crate) struct Inside {
    dice: Rng,
    /// No faults any more.
    pub(crate) calm: bool,
    /// What the right time is.
    pub(crate) clock: Clock,
    /// When all faults ended.
    pub(crate) calm_since: Timestamp,
    /// After so many more calls of the store and sends the process dies.
    pub(crate) doom: Option<u64>,
    pub(crate) dead: bool,
    /// Rung when the process dies.
    death: Arc<Notify>,
    /// So many more calls of the store may fail.
    pub(crate) storm: u64,
    /// How often a method of the store failed.
    pub(crate) failed: HashMap<&'static str, u64>,
    pub(crate) outages: HashMap<Place, Outage>,
    pub(crate) suspended: HashMap<Place, Timestamp>,
    /// When each person wrote last in a chat, by the network.
    pub(crate) written: HashMap<(Place, String), Timestamp>,
    pub(crate) book: Book,
    pub(crate) sends: HashMap<String, Sends>,
    evidence: Vec<Evidence>,
    /// What the runtime did although it promised not to.
    pub(crate) wrong: Vec<String>,
}

/// What a network is not able to do for some time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) until: Timestamp,
    /// It takes connections, and refuses what is sent.
    pub(crate) connected: bool,
}

/// What became of one parcel, by its name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sends {
    /// Sends that did not end with a receipt.
    failures: u64,
    /// What it says.
    pub(crate) words: String,
    /// Sends whose outcome was lost.
    pub(crate) uncertain: u64,
    /// Refused for good, by the send or by a status.
    pub(crate) refused: bool,
    /// The window was closed.
    pub(crate) closed: bool,
    /// It was acknowledged that the network has it.
    pub(crate) told: bool,
    /// Evidence comes as soon as the account listens.
    pub(crate) prompt: bool,
}

/// What a network tells later of a message of ours.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) status: DeliveryStatus,
    /// How long after the account is connected.
    pub(crate) after: Duration,
    carried: bool,
    told: bool,
}

/// What a network is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    pub(crate) resend: Resend,
    /// How long after a person wrote it takes answers.
    pub(crate) window: Option<Duration>,
}

impl Sky {
    pub(crate) fn new(seed: u64, book: Book) -> Arc<Self> {
        let inside = Inside {
            dice: Rng::new(seed),
            calm: false,
            clock: Clock::System,
            calm_since: Timestamp(0),
            doom: None,
            dead: true,
            death: Arc::default(),
            storm: 0,
            failed: HashMap::new(),
            outages: HashMap::new(),
            suspended: HashMap::new(),
            written: HashMap::new(),
            book,
            sends: HashMap::new(),
            evidence: Vec::new(),
            wrong: Vec::new(),
        };
        Arc::new(Self { inside: Mutex::new(inside), news: Notify::new() })
    }

    pub(crate) fn look(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().expect("no panic under this lock")
    }

    /// A life begins, with this clock; it ends when the bell rings.
    pub(crate) fn begin(&self, clock: Clock, doom: Option<u64>) -> Arc<Notify> {
        let mut inside = self.look();
        (inside.clock, inside.doom, inside.dead, inside.storm) = (clock, doom, false, 0);
        inside.death = Arc::default();
        let death = inside.death.clone();
        inside.evidence.retain(|evidence| !evidence.told);
        inside.evidence.iter_mut().for_each(|evidence| evidence.carried = false);
        drop(inside);
        self.news.notify_one();
        death
    }

    /// The life is over: nothing reaches a network or the disk any more.
    pub(crate) fn end(&self) {
        self.look().dead = true;
    }

    /// All faults end.
    pub(crate) fn clear(&self) {
        let mut inside = self.look();
        (inside.calm, inside.storm, inside.doom) = (true, 0, None);
        inside.calm_since = inside.now();
        inside.outages.clear();
        inside.suspended.clear();
    }

    /// What becomes of a send.
    pub(crate) fn send(&self, place: &Place, manners: Manners, outbound: &Outbound) -> SendPlan {
        let mut inside = self.look();
        if inside.dead {
            return SendPlan::Hang;
        }
        let id = outbound.id.as_str().to_owned();
        inside.check(place, &id, outbound);
        let dies = inside.touch();
        let plan = if dies { inside.last_send() } else { inside.plan(place, manners, &id, outbound) };
        let shown = matches!(plan, SendPlan::DeliverUncertain | SendPlan::DeliverAndHang);
        let sends = inside.sends.entry(id.clone()).or_default();
        words(&outbound.body).clone_into(&mut sends.words);
        match &plan {
            SendPlan::Deliver | SendPlan::DeliverAfter(_) => {}
            SendPlan::Fail(error) | SendPlan::FailAfter(_, error) => {
                sends.failures += 1;
                sends.refused |= matches!(error, SendError::Refused { .. });
                sends.closed |= matches!(error, SendError::WindowClosed { .. });
            }
            _ => {
                sends.failures += 1;
                sends.uncertain += 1;
            }
        }
        if shown {
            inside.tell_later(place, &id);
            self.news.notify_one();
        }
        plan
    }

    /// Whether a connection ends at once.
    pub(crate) fn run(&self, place: &Place) -> Option<Ended> {
        let inside = self.look();
        let now = inside.clock.now();
        if let Some(until) = inside.suspended.get(place).filter(|until| now < **until) {
            return Some(Ended::Suspended { until: *until, reason: "slow down".to_owned() });
        }
        inside.outages.get(place).filter(|outage| now < outage.until && !outage.connected)?;
        Some(Ended::Dropped { reason: "no network".to_owned() })
    }

    /// What becomes of a call of the store.
    pub(crate) fn call(&self, method: &'static str) -> CallPlan {
        let mut inside = self.look();
        if inside.dead {
            return CallPlan::Hang;
        }
        if inside.touch() {
            return if inside.dice.percent(50) { CallPlan::Hang } else { CallPlan::PassAndHang };
        }
        if inside.storm == 0 {
            return CallPlan::Pass;
        }
        inside.storm -= 1;
        let unclear = with(Gate::UnclearWakes) || !matches!(method, "wake_due" | "release");
        let plan = match inside.dice.below(100) {
            0..35 => CallPlan::Fail,
            35..65 if unclear => CallPlan::PassAndFail,
            _ => CallPlan::Pass,
        };
        if plan != CallPlan::Pass {
            *inside.failed.entry(method).or_default() += 1;
        }
        plan
    }

    /// Evidence that was not handed to a courier in this life.
    pub(crate) fn take_evidence(&self) -> Vec<Evidence> {
        let mut inside = self.look();
        let new = inside.evidence.iter_mut().filter(|evidence| !evidence.carried);
        new.map(|evidence| {
            evidence.carried = true;
            evidence.clone()
        })
        .collect()
    }

    /// Evidence was acknowledged.
    pub(crate) fn acknowledged(&self, evidence: &Evidence) {
        let mut inside = self.look();
        for known in inside.evidence.iter_mut().filter(|known| known.id == evidence.id) {
            known.told = true;
        }
        let sends = inside.sends.entry(evidence.id.clone()).or_default();
        sends.told |= !matches!(evidence.status, DeliveryStatus::Failed { .. });
    }
}

impl Inside {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One more call or send. Whether the process dies in it.
    fn touch(&mut self) -> bool {
        match &mut self.doom {
            Some(0) => {
                (self.dead, self.doom) = (true, None);
                self.death.notify_one();
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    /// What must hold of everything that is sent, whatever becomes of it.
    fn check(&mut self, place: &Place, id: &str, outbound: &Outbound) {
        let now = self.now();
        let recipient = outbound.recipient.as_ref().map_or(outbound.route.chat.as_str(), |sender| sender.as_str());
        if !self.book.may_be_written_to(place.0, recipient) {
            let chat = &outbound.route.chat;
            self.wrong.push(format!("at {now} sent to {recipient} in {chat}, who is not admitted: {outbound:?}"));
        }
        if self.sends.get(id).is_some_and(|sends| sends.told) {
            self.wrong.push(format!("at {now} sent again although the network told that it has it: {outbound:?}"));
        }
    }

    fn plan(&mut self, place: &Place, manners: Manners, id: &str, outbound: &Outbound) -> SendPlan {
        let now = self.now();
        let sends = self.sends.get(id).cloned().unwrap_or_default();
        let chat = (place.clone(), outbound.route.chat.as_str().to_owned());
        let written = self.written.get(&chat).copied();
        if let (Some(open), Some(written)) = (manners.window, written)
            && now.since(written) > open
        {
            let error = SendError::WindowClosed { reason: "the person has to write first".to_owned() };
            if with(Gate::SlowWindowRefusals) && !self.calm {
                return SendPlan::FailAfter(Duration::from_millis(self.dice.below(30_000)), error);
            }
            return SendPlan::Fail(error);
        }
        if self.calm {
            return SendPlan::Deliver;
        }
        let may_fail = with(Gate::LongRefusals) || sends.failures < 6;
        if may_fail && self.outages.get(place).is_some_and(|outage| now < outage.until) {
            let scope = if self.dice.percent(50) { BackOff::Account } else { BackOff::Conversation };
            return SendPlan::Fail(SendError::Retry { reason: "an outage".into(), after: None, scope });
        }
        if !may_fail {
            return SendPlan::Deliver;
        }
        self.moods(manners, &sends, outbound)
    }

    fn moods(&mut self, manners: Manners, sends: &Sends, outbound: &Outbound) -> SendPlan {
        let busy = |scope| SendPlan::Fail(SendError::Retry { reason: "busy".into(), after: None, scope });
        let certain = manners.resend == Resend::Visible && sends.uncertain > 0 && !with(Gate::ManyLostOutcomes);
        let is_text = matches!(outbound.body, OutboundBody::Text(_));
        match self.dice.below(200) {
            0..10 => busy(BackOff::Conversation),
            10..14 => busy(BackOff::Account),
            14..16 if is_text => SendPlan::Fail(SendError::Refused { reason: "not this".to_owned() }),
            16..17 => SendPlan::Fail(SendError::AccountStopped { reason: "the number is blocked".to_owned() }),
            17..23 => SendPlan::Fail(SendError::NotConnected),
            23..50 if certain => SendPlan::Deliver,
            23..33 => SendPlan::DeliverUncertain,
            33..41 => SendPlan::LoseUncertain,
            41..44 => SendPlan::DeliverAndHang,
            44..47 => SendPlan::Hang,
            47..50 => SendPlan::Panic,
            50..80 => SendPlan::DeliverAfter(Duration::from_millis(self.dice.below(2_000))),
            _ => SendPlan::Deliver,
        }
    }

    /// A send in which the process dies.
    fn last_send(&mut self) -> SendPlan {
        if self.dice.percent(50) { SendPlan::DeliverAndHang } else { SendPlan::Hang }
    }

    /// The network has a message whose outcome is not known here: it tells soon, late, or never.
    fn tell_later(&mut self, place: &Place, id: &str) {
        let seconds = RECONCILE.as_secs();
        let (after, prompt) = match self.dice.below(4) {
            0 | 1 => (self.dice.below(seconds - 2), true),
            2 => (seconds + self.dice.below(600), false),
            _ => return,
        };
        let statuses = [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read];
        let status = self.dice.pick(&statuses).clone();
        self.sends.entry(id.to_owned()).or_default().prompt |= prompt;
        let after = Duration::from_secs(after);
        let (place, id) = (place.clone(), id.to_owned());
        self.evidence.push(Evidence { place, id, status, after, carried: false, told: false });
    }
}

fn words(body: &OutboundBody) -> &str {
    match body {
        OutboundBody::Text(text) => text,
        OutboundBody::Image { caption, .. } | OutboundBody::Document { caption, .. } => {
            caption.as_deref().unwrap_or_default()
        }
        OutboundBody::Choices(choices) => &choices.text,
        OutboundBody::Voice { .. } | OutboundBody::Location(_) | OutboundBody::Reaction { .. } => "",
    }
}
