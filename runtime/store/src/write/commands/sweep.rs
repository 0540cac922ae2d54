//! Removing what is older than its retention, a step at a time. Whoever asks has looked at the rows
//! before; each step looks again, because others have written since.

use crate::engines::Range;
use crate::format::envelope::{self, Sealing};
use crate::format::keys::{self, kind};
use crate::format::outbox_codec;
use crate::format::records::{LifeRecord, ParcelRecord, SeenRecord};
use crate::write::job::Operation;
use crate::write::life::Life;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::store::HistoryKey;
use greenroom_contract::time::Timestamp;

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
            let Some(mut loaded) = txn.load::<SeenRecord>(key)? else { continue };
            let age = self.now.since(Timestamp(loaded.record.at));
            if age >= limits::DEDUP_AGE_MAX {
                txn.remove(key.clone(), loaded.parts);
                swept.removed += 1;
            } else if age >= limits::TRACE_AGE_MAX && has_trace(&loaded.record) {
                loaded.record.steps.clear();
                loaded.record.chat = None;
                txn.put_over(key.clone(), &loaded.record, Sealing::Plain, loaded.parts)?;
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
            let Some(loaded) = txn.load::<ParcelRecord>(key)? else { continue };
            let age = self.now.since(Timestamp(loaded.record.created_at));
            if age < limits::TRACE_AGE_MAX || !outbox_codec::is_done(&loaded.record) {
                continue;
            }
            let sent_as = outbox_codec::sent_as(&loaded.record);
            if let (Some(Ok(message)), Some(parcel)) = (sent_as.map(MessageId::new), keys::read_parcel(key)) {
                txn.remove_unread(keys::own(&parcel.account, &message))?;
            }
            txn.remove(key.clone(), loaded.parts);
            removed += 1;
        }
        Ok(removed)
    }
}

/// The oldest turns of a history that has too many.
pub(crate) struct SweepHistory(pub(crate) HistoryKey);

impl Operation for SweepHistory {
    type Output = u64;

    fn run(&self, txn: &mut Txn<'_>) -> Result<u64, Fail> {
        let turns = txn.scan(&Range::prefix(&keys::history(self.0)), usize::MAX)?;
        let excess = turns.len().saturating_sub(limits::HISTORY_TURNS_MAX);
        for (key, value) in turns.into_iter().take(excess) {
            txn.remove(key, envelope::part_count(&value));
        }
        Ok(excess as u64)
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
