//! Removing what is older than its retention, a step at a time. Whoever asks has looked at the rows
//! before; each step looks again, because others have written since.

use crate::engines::Range;
use crate::format::envelope::{self, Sealing};
use crate::format::keys::{self, kind};
use crate::format::outbox_codec;
use crate::format::records::{LifeRecord, ParcelRecord, SeenRecord};
use crate::format::seen_key::{Period, Place, period_of};
use crate::memory::filter::Filter;
use crate::memory::index::{Change, Delta};
use crate::write::commands::revise;
use crate::write::job::Operation;
use crate::write::life::Life;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The rows of a period whose messages are all old.
pub(crate) struct DropSeen {
    pub(crate) period: Period,
    pub(crate) now: Timestamp,
}

impl Operation for DropSeen {
    /// How many rows this step removed; `None` when nothing is left to do.
    type Output = Option<u64>;

    fn run(&self, txn: &mut Txn<'_>) -> Result<Option<u64>, Fail> {
        let Some(newest) = txn.index.periods.get(&self.period).copied() else { return Ok(None) };
        if self.now.since(newest) < limits::DEDUP_AGE_MAX {
            return Ok(None);
        }
        let rows = txn.scan(&Range::prefix(&Place::In(self.period).all()), limits::STORE_STEP_ROWS_MAX)?;
        let removed = rows.len();
        for (key, value) in rows {
            let record = envelope::unwrap(&key, &value, txn.sealer, envelope::read_record::<SeenRecord>);
            if record.is_ok_and(|record| is_refused(&record)) {
                txn.note(Delta::Refused { change: Change::Went });
            }
            txn.remove(key, envelope::part_count(&value));
        }
        if removed < limits::STORE_STEP_ROWS_MAX {
            txn.note(Delta::Period { period: self.period, before: Some(newest), after: None });
        }
        Ok(Some(removed as u64))
    }
}

/// Takes the trace out of a message that was seen.
pub(crate) fn strip(txn: &mut Txn<'_>, key: Vec<u8>, mut record: SeenRecord, parts: u16) -> Result<(), Fail> {
    record.steps.clear();
    record.chat = None;
    txn.put_over(key, &record, Sealing::Plain, parts)
}

/// Whether nothing but the key and the trace of a message was taken.
pub(crate) fn is_refused(record: &SeenRecord) -> bool {
    record.sequence == 0
}

/// The names of the rows of a period that is over, so that it is looked into only for messages that may be there.
pub(crate) struct FilterSeen {
    pub(crate) period: Period,
    pub(crate) filter: Arc<Filter>,
}

impl Operation for FilterSeen {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        // The last one still gets rows.
        let is_over = txn.index.periods.last_key_value().is_some_and(|(last, _)| *last > self.period);
        if is_over && txn.index.periods.contains_key(&self.period) {
            txn.note(Delta::Filtered { period: self.period, filter: self.filter.clone() });
        }
        Ok(())
    }
}

/// How far retention followed the clock.
pub(crate) struct WriteLife(pub(crate) Life);

impl Operation for WriteLife {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let doubt_ms = u64::try_from(self.0.doubt.as_millis()).unwrap_or(u64::MAX);
        txn.put(keys::LIFE.to_vec(), &LifeRecord { at: self.0.at.0, doubt_ms })
    }
}

/// Deduplication keys that are old: without their trace, or gone.
pub(crate) struct SweepSeen {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) now: Timestamp,
    /// How old a trace may become.
    pub(crate) trace_age_max: Duration,
}

/// What a step removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Swept {
    pub(crate) removed: u64,
    pub(crate) stripped: u64,
}

impl Operation for SweepSeen {
    type Output = Swept;

    fn run(&self, txn: &mut Txn<'_>) -> Result<Swept, Fail> {
        let mut swept = Swept::default();
        for key in &self.keys {
            let Some(loaded) = txn.load::<SeenRecord>(key)? else { continue };
            let age = self.now.since(Timestamp(loaded.record.at));
            if age >= limits::DEDUP_AGE_MAX {
                if is_refused(&loaded.record) && period_of(key).is_some() {
                    txn.note(Delta::Refused { change: Change::Went });
                }
                txn.remove(key.clone(), loaded.parts);
                swept.removed += 1;
            } else if age >= self.trace_age_max && has_trace(&loaded.record) {
                strip(txn, key.clone(), loaded.record, loaded.parts)?;
                swept.stripped += 1;
            }
        }
        Ok(swept)
    }
}

/// Whether the trace of a message is still there.
pub(crate) fn has_trace(record: &SeenRecord) -> bool {
    !record.steps.is_empty()
}

/// Parcels that are done with, and old.
pub(crate) struct SweepParcels {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) now: Timestamp,
}

impl Operation for SweepParcels {
    type Output = u64;

    fn run(&self, txn: &mut Txn<'_>) -> Result<u64, Fail> {
        let mut removed = 0;
        for key in &self.keys {
            let Some(mut loaded) = txn.load::<ParcelRecord>(key)? else { continue };
            let age = self.now.since(Timestamp(loaded.record.created_at));
            if age < limits::TRACE_AGE_MAX || !outbox_codec::is_done(&loaded.record) {
                continue;
            }
            let parcel = keys::read_parcel(key);
            if let Some(parcel) = &parcel {
                // What was told and waits to be written counts now or never.
                let told = txn.postponed.lock().told(parcel);
                revise::add_all(txn, parcel, &mut loaded.record, told.iter())?;
            }
            let sent_as = outbox_codec::sent_as(&loaded.record);
            if let (Some(Ok(message)), Some(parcel)) = (sent_as.map(MessageId::new), parcel) {
                txn.remove_unread(keys::own(&parcel.account, &message))?;
            }
            txn.remove(key.clone(), loaded.parts);
            removed += 1;
        }
        Ok(removed)
    }
}

/// Turns of a history that has too many.
pub(crate) struct SweepHistory {
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Operation for SweepHistory {
    type Output = u64;

    fn run(&self, txn: &mut Txn<'_>) -> Result<u64, Fail> {
        let mut removed = 0;
        for key in &self.keys {
            if let Some(value) = txn.raw(key)? {
                txn.remove(key.clone(), envelope::part_count(&value));
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// The oldest rows of the quarantine, when it holds too many.
pub(crate) struct SweepQuarantine {
    pub(crate) excess: usize,
}

impl Operation for SweepQuarantine {
    type Output = u64;

    fn run(&self, txn: &mut Txn<'_>) -> Result<u64, Fail> {
        let oldest = txn.scan(&Range::prefix(&[kind::QUARANTINE]), self.excess)?;
        let removed = oldest.len() as u64;
        for (key, value) in oldest {
            txn.remove(key, envelope::part_count(&value));
        }
        Ok(removed)
    }
}
