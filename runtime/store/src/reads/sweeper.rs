//! The janitor: looks for what is older than its retention, and lets the writer remove it in steps.
//!
//! Looking is done beside the writer. A table is looked through only when something in it can have
//! become old since the last time, and at most once an hour.

use crate::engines::Range;
use crate::format::envelope;
use crate::format::keys::{self, kind};
use crate::format::outbox_codec;
use crate::format::records::{LifeRecord, ParcelRecord, SeenRecord};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::sweep::{SweepHistory, SweepParcels, SweepQuarantine, SweepSeen, WriteLife, has_trace};
use crate::write::life::Life;
use greenroom_contract::limits;
use greenroom_contract::store::{StoreError, SweepReport};
use greenroom_contract::time::Timestamp;
use std::ops::ControlFlow;
use std::time::Duration;

/// A page of a pass.
struct Page {
    old: Vec<Vec<u8>>,
    /// The first moment at which a row of this page that stays becomes old.
    next_due: Timestamp,
    /// Where the next page starts.
    last: Option<Vec<u8>>,
}

/// Removes what became old while the store was in use, by a clock that may be wrong.
pub(crate) async fn sweep_after(
    store: &GreenroomStore,
    now: Timestamp,
    lived: Duration,
) -> Result<SweepReport, StoreError> {
    let before = store.read(|reader| reader.load::<LifeRecord>(keys::LIFE))?;
    let lived_since = lived.saturating_sub(store.passes.lock().lived);
    let (life, old) = match before {
        Some(LifeRecord { at, doubt_ms }) => {
            let life = Life { at: Timestamp(at), doubt: Duration::from_millis(doubt_ms) };
            life.after(lived_since, now)
        }
        None => (Life::begun(now), now),
    };
    // On disk before anything is removed: a run that ends in the sweep does not live through the same time once more.
    store.execute(WriteLife(life)).await?;
    store.passes.lock().lived = lived;
    sweep(store, old).await
}

/// Removes what is old.
pub(crate) async fn sweep(store: &GreenroomStore, now: Timestamp) -> Result<SweepReport, StoreError> {
    let mut report = SweepReport::default();
    sweep_seen(store, now, &mut report).await?;
    sweep_parcels(store, now, &mut report).await?;
    sweep_history(store, &mut report).await?;
    let quarantined = store.read_long(|reader| count(reader, kind::QUARANTINE)).await?;
    let excess = quarantined.saturating_sub(limits::QUARANTINE_ROWS_MAX);
    if excess > 0 {
        report.quarantined = store.execute(SweepQuarantine { excess }).await?;
    }
    Ok(report)
}

async fn sweep_seen(store: &GreenroomStore, now: Timestamp, report: &mut SweepReport) -> Result<(), StoreError> {
    if !store.passes.lock().seen.is_due(now) {
        return Ok(());
    }
    let (mut after, mut next_due) = (None, Timestamp(u64::MAX));
    loop {
        let page =
            store.read_long(move |reader| page(reader, kind::SEEN, after, now, |row| Some(seen_due(row)))).await?;
        next_due = next_due.min(page.next_due);
        if !page.old.is_empty() {
            let swept = store.execute(SweepSeen { keys: page.old, now }).await?;
            report.dedup_keys += swept.removed;
            report.traces += swept.stripped;
        }
        after = page.last;
        if after.is_none() {
            break;
        }
        tokio::task::yield_now().await;
    }
    // What lost its trace now becomes old once more; what comes later is younger than everything here.
    let horizon = now.plus(limits::TRACE_AGE_MAX);
    let stripped_due = now.plus(limits::DEDUP_AGE_MAX.saturating_sub(limits::TRACE_AGE_MAX));
    let nothing_before = next_due.min(horizon).min(if report.traces > 0 { stripped_due } else { horizon });
    store.passes.lock().seen.done(now, nothing_before);
    Ok(())
}

async fn sweep_parcels(store: &GreenroomStore, now: Timestamp, report: &mut SweepReport) -> Result<(), StoreError> {
    if !store.passes.lock().parcels.is_due(now) {
        return Ok(());
    }
    let (mut after, mut next_due) = (None, now.plus(limits::TRACE_AGE_MAX));
    loop {
        let page = store.read_long(move |reader| page(reader, kind::PARCEL, after, now, parcel_due)).await?;
        next_due = next_due.min(page.next_due);
        if !page.old.is_empty() {
            report.traces += store.execute(SweepParcels { keys: page.old, now }).await?;
        }
        after = page.last;
        if after.is_none() {
            break;
        }
        tokio::task::yield_now().await;
    }
    store.passes.lock().parcels.done(now, next_due);
    Ok(())
}

/// Only histories that grew can have too many turns.
async fn sweep_history(store: &GreenroomStore, report: &mut SweepReport) -> Result<(), StoreError> {
    let grown: Vec<_> = store.shared.index.lock().grown.drain().collect();
    for history in grown {
        let turns = store
            .read_long(move |reader| {
                Ok(reader.rows(&Range::prefix(&keys::history(history)), limits::HISTORY_TURNS_MAX + 1)?.len())
            })
            .await?;
        if turns > limits::HISTORY_TURNS_MAX {
            report.turns += store.execute(SweepHistory(history)).await?;
        }
    }
    Ok(())
}

/// When a row of the table of seen messages must be touched next.
fn seen_due(record: &SeenRecord) -> Timestamp {
    let age = if has_trace(record) { limits::TRACE_AGE_MAX } else { limits::DEDUP_AGE_MAX };
    Timestamp(record.at).plus(age)
}

/// When a parcel may go. One that is not done with stays; it is looked at again every time.
fn parcel_due(record: &ParcelRecord) -> Option<Timestamp> {
    outbox_codec::is_done(record).then(|| Timestamp(record.created_at).plus(limits::TRACE_AGE_MAX))
}

fn page<T: prost::Message + Default>(
    reader: &Reader,
    kind: u8,
    after: Option<Vec<u8>>,
    now: Timestamp,
    due: fn(&T) -> Option<Timestamp>,
) -> Result<Page, StoreError> {
    let mut range = Range::prefix(&[kind]);
    if let Some(after) = after {
        range = range.after(&after);
    }
    let mut page = Page { old: Vec::new(), next_due: Timestamp(u64::MAX), last: None };
    let mut looked_at = 0;
    let sealer = &reader.shared.sealer;
    reader.visit(&range, &mut |key, value| {
        looked_at += 1;
        // A long value is not decoded here; it belongs to a parcel that still waits.
        let record = envelope::unwrap(key, value, sealer, envelope::read_record::<T>);
        match record.ok().as_ref().and_then(due) {
            Some(at) if at <= now => page.old.push(key.to_vec()),
            Some(at) => page.next_due = page.next_due.min(at),
            None => {}
        }
        if looked_at >= limits::SWEEP_ROWS_PER_STEP {
            page.last = Some(key.to_vec());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok(page)
}

pub(super) fn count(reader: &Reader, kind: u8) -> Result<usize, StoreError> {
    let mut count = 0;
    reader.visit(&Range::prefix(&[kind]), &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}
