//! What is known and will be written a moment later: that a parcel is sent, where the network knows our ids, and what
//! became of parcels after that.
//!
//! Nobody waits for either, so both share a commit with what others wait for. Readers see them at once. A crash loses
//! what was not written: a parcel is then found unsent and is sent again under the same id, which the network shows
//! once; a status is missing in the trace.

use crate::format::outbox_codec;
use crate::format::records::ParcelRecord;
use crate::format::trace_codec;
use crate::format::usage_key::day_of;
use greenroom_contract::event::DeliveryStatus;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::store::{ParcelKey, ParcelState, StatusArrival};
use greenroom_contract::text::bounded;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// What waits to be written about parcels.
#[derive(Debug, Default)]
pub(crate) struct Postponed {
    sent: HashMap<ParcelKey, (MessageId, Timestamp)>,
    statuses: HashMap<ParcelKey, Vec<Told>>,
    /// Since when statuses of a parcel wait, the oldest at the front. One whose statuses were written is passed over.
    order: VecDeque<(Instant, ParcelKey)>,
}

/// What a network told about a sent parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) status: DeliveryStatus,
    pub(crate) at: Timestamp,
    pub(crate) billed_as: Option<String>,
}

impl From<&StatusArrival> for Told {
    fn from(arrival: &StatusArrival) -> Self {
        let billed_as = arrival.billed_as.as_deref();
        let billed_as = billed_as.map(|category| bounded(category, limits::BILLED_CATEGORY_BYTES_MAX));
        Self { status: arrival.status.clone(), at: arrival.at, billed_as }
    }
}

/// A message that is to be counted as billed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Billed {
    /// The day of its delivery.
    pub(crate) day: u32,
    pub(crate) category: String,
}

/// What a status changed of a parcel.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Added {
    /// Whether it changed anything, so that the parcel must be written.
    pub(crate) changed: bool,
    /// That its message counts as billed from now on.
    pub(crate) billed: Option<Billed>,
}

impl Postponed {
    /// A parcel was sent; that is being written.
    pub(crate) fn sent(&mut self, key: ParcelKey, message: MessageId, at: Timestamp) {
        self.sent.insert(key, (message, at));
    }

    /// That it was sent is written, or cannot be.
    pub(crate) fn sent_is_written(&mut self, key: &ParcelKey) {
        self.sent.remove(key);
    }

    /// Whether a parcel is sent and will be written as such.
    pub(crate) fn is_sent(&self, key: &ParcelKey) -> bool {
        !self.sent.is_empty() && self.sent.contains_key(key)
    }

    /// Whether nothing is being written about sent parcels.
    pub(crate) fn none_sent(&self) -> bool {
        self.sent.is_empty()
    }

    /// Keeps a status of a sent parcel; `false` if so many wait already that whoever has it must wait too.
    pub(crate) fn tell(&mut self, key: ParcelKey, told: Told) -> bool {
        if let Some(before) = self.statuses.get_mut(&key) {
            if !before.contains(&told) && before.len() < limits::STATUSES_PER_PARCEL_MAX {
                before.push(told);
            }
            return true;
        }
        if self.statuses.len() >= limits::STORE_STATUSES_POSTPONED_MAX {
            return false;
        }
        self.order.push_back((Instant::now(), key.clone()));
        self.statuses.insert(key, vec![told]);
        true
    }

    /// What was told of a parcel and waits to be written.
    pub(crate) fn told(&self, key: &ParcelKey) -> Vec<Told> {
        self.statuses.get(key).cloned().unwrap_or_default()
    }

    /// What is to be written now: what waited long enough, or is too much to go on waiting. A few parcels at once, so that
    /// no commit is held up.
    pub(crate) fn take_due(&mut self, pause: Duration) -> Vec<(ParcelKey, Vec<Told>)> {
        let mut due = Vec::new();
        while due.len() < limits::STORE_STEP_ROWS_MAX
            && let Some((since, _)) = self.order.front()
            && (since.elapsed() >= pause || self.statuses.len() > limits::STORE_STATUSES_POSTPONED_MAX / 2)
        {
            let Some((_, key)) = self.order.pop_front() else { break };
            if let Some(told) = self.statuses.remove(&key) {
                due.push((key, told));
            }
        }
        due
    }

    /// Puts back what could not be written, to be written next.
    pub(crate) fn put_back(&mut self, due: Vec<(ParcelKey, Vec<Told>)>) {
        for (key, mut told) in due.into_iter().rev() {
            let later = self.statuses.remove(&key).unwrap_or_default();
            told.extend(later);
            self.order.push_front((Instant::now(), key.clone()));
            self.statuses.insert(key, told);
        }
    }

    /// How long nothing has to be written; `None` if nothing waits.
    pub(crate) fn wait(&self, pause: Duration) -> Option<Duration> {
        self.order.front().map(|(since, _)| pause.saturating_sub(since.elapsed()))
    }

    /// A parcel as it will be.
    pub(crate) fn apply(&self, key: &ParcelKey, record: &mut ParcelRecord) {
        if let Some((message, at)) = self.sent.get(key)
            && !outbox_codec::is_done(record)
        {
            let state = end_as_sent(record, message, *at);
            record.state = Some(outbox_codec::state_record(&state));
        }
        for told in self.statuses.get(key).into_iter().flatten() {
            add_status(record, told);
        }
    }

    /// All that was told and waits to be written.
    pub(crate) fn all_told(&self) -> Vec<(ParcelKey, Vec<Told>)> {
        self.statuses.iter().map(|(key, told)| (key.clone(), told.clone())).collect()
    }
}

/// The network has it: its words are in the history, and go. Returns the state that it is in now.
pub(crate) fn end_as_sent(record: &mut ParcelRecord, message: &MessageId, at: Timestamp) -> ParcelState {
    let step = Step::new(at, Decision::Sent { message: message.clone() });
    trace_codec::append(&mut record.steps, &step);
    record.body = Some(outbox_codec::emptied());
    ParcelState::Sent { message: message.clone(), at }
}

/// Adds what a network told, once.
pub(crate) fn add_status(record: &mut ParcelRecord, told: &Told) -> Added {
    let Told { status, at, billed_as } = told;
    let mut added = Added::default();
    if let Some(category) = billed_as.as_ref().filter(|_| record.billed_as.is_empty()) {
        category.clone_into(&mut record.billed_as);
        added.changed = true;
    }
    added.billed = take_billed(record, status, *at);
    added.changed |= added.billed.is_some();
    let said = outbox_codec::status_record(status);
    if record.statuses.contains(&said) || record.statuses.len() >= limits::STATUSES_PER_PARCEL_MAX {
        return added;
    }
    record.statuses.push(said);
    let words = match status {
        DeliveryStatus::Failed { reason, .. } => format!("failed: {reason}"),
        other => other.word().to_owned(),
    };
    trace_codec::append(&mut record.steps, &Step::new(*at, Decision::Status { status: words }));
    Added { changed: true, ..added }
}

/// Whether this status makes a message count as billed: once, when it is delivered, whichever status told the category. The
/// day is one on which the parcel was there, whatever the clock of the network says.
fn take_billed(record: &mut ParcelRecord, status: &DeliveryStatus, at: Timestamp) -> Option<Billed> {
    if record.billed || record.billed_as.is_empty() || !was_delivered(record, status) {
        return None;
    }
    record.billed = true;
    let made_at = Timestamp(record.created_at);
    let at = at.clamp(made_at, made_at.plus(limits::TRACE_AGE_MAX));
    Some(Billed { day: day_of(at), category: record.billed_as.clone() })
}

/// Whether this status, or one before it, says that a device has the message. The order in which they come says nothing.
fn was_delivered(record: &ParcelRecord, status: &DeliveryStatus) -> bool {
    let delivered = [DeliveryStatus::Delivered, DeliveryStatus::Read, DeliveryStatus::Played];
    status.is_delivered()
        || record.statuses.iter().any(|said| delivered.iter().any(|one| *said == outbox_codec::status_record(one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::{AccountId, Sequence};

    fn key(number: u64) -> ParcelKey {
        ParcelKey { account: AccountId::new("acc").unwrap(), sequence: Sequence(number), part: 0 }
    }

    fn told(status: DeliveryStatus) -> Told {
        Told { status, at: Timestamp(1), billed_as: None }
    }

    #[test]
    fn statuses_of_one_parcel_are_written_together_and_once() {
        let mut postponed = Postponed::default();
        for status in [DeliveryStatus::Delivered, DeliveryStatus::Read, DeliveryStatus::Delivered] {
            assert!(postponed.tell(key(1), told(status)));
        }
        assert_eq!(postponed.take_due(Duration::from_secs(3_600)), []);
        let due = postponed.take_due(Duration::ZERO);
        assert_eq!(due, [(key(1), vec![told(DeliveryStatus::Delivered), told(DeliveryStatus::Read)])]);
        assert_eq!((postponed.wait(Duration::ZERO), postponed.take_due(Duration::ZERO)), (None, Vec::new()));
        postponed.tell(key(1), told(DeliveryStatus::Sent));
        postponed.put_back(due);
        assert_eq!(postponed.take_due(Duration::ZERO)[0].1.len(), 3);
    }

    #[test]
    fn too_many_make_the_next_one_wait_and_the_oldest_leave_early() {
        let mut postponed = Postponed::default();
        for number in 0..limits::STORE_STATUSES_POSTPONED_MAX as u64 {
            assert!(postponed.tell(key(number), told(DeliveryStatus::Delivered)));
        }
        assert!(postponed.tell(key(0), told(DeliveryStatus::Read)), "its parcel waits already");
        assert!(!postponed.tell(key(u64::MAX), told(DeliveryStatus::Delivered)));
        let early = postponed.take_due(Duration::from_secs(3_600));
        assert_eq!(early.len(), limits::STORE_STEP_ROWS_MAX);
        assert_eq!(early[0].0, key(0), "the oldest first");
    }
}
