//! The janitor: looks for what is older than its retention, and lets the writer remove it in small steps.
//!
//! Looking is done beside the writer, and only where something old can be: messages that were seen lie in periods, which
//! are stripped of their traces, read once for a filter, and dropped as a whole; parcels are looked at from the oldest on, up to the first that is
//! young; histories are counted once and then followed. So a pass that removes nothing reads next to nothing. Only rows of
//! earlier versions are looked through one by one, at most once an hour, until they are gone.

use super::traces::accounts_with_parcels;
use super::usage;
use crate::engines::Range;
use crate::format::envelope;
use crate::format::keys::{self, kind};
use crate::format::outbox_codec;
use crate::format::records::{LifeRecord, ParcelRecord, SeenRecord};
use crate::format::seen_key::{Period, Place, SeenKey};
use crate::format::usage_key;
use crate::memory::filter::{self, Filter};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::sweep::{
    DropSeen, FilterSeen, SweepHistory, SweepParcels, SweepQuarantine, SweepSeen, WriteLife, has_trace,
};
use crate::write::commands::usage::SweepUsage;
use crate::write::life::Life;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::{HistoryKey, StoreError, SweepReport};
use greenroom_contract::time::Timestamp;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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

impl Page {
    fn new() -> Self {
        Self { old: Vec::new(), next_due: Timestamp(u64::MAX), last: None }
    }
}

/// Removes what is old.
pub(crate) async fn sweep(store: &GreenroomStore, now: Timestamp) -> Result<SweepReport, StoreError> {
    let mut report = SweepReport::default();
    sweep_seen(store, now, &mut report).await?;
    sweep_parcels(store, now, &mut report).await?;
    sweep_history(store, &mut report).await?;
    sweep_usage(store, now, &mut report).await?;
    let quarantined = store.read_long(|reader| count(reader, kind::QUARANTINE)).await?;
    let excess = quarantined.saturating_sub(limits::QUARANTINE_ROWS_MAX);
    if excess > 0 {
        report.quarantined = store.execute(SweepQuarantine { excess }).await?;
    }
    Ok(report)
}

/// A period loses its traces when its first message is old, and all its rows when the last one is.
async fn sweep_seen(store: &GreenroomStore, now: Timestamp, report: &mut SweepReport) -> Result<(), StoreError> {
    let periods = store.index(|index| index.periods.clone())?;
    for (period, newest) in periods {
        if now.since(newest) >= limits::DEDUP_AGE_MAX {
            while let Some(removed) = store.execute(DropSeen { period, now }).await? {
                report.dedup_keys += removed;
                tokio::task::yield_now().await;
            }
        } else if now.since(period.start()) >= limits::TRACE_AGE_MAX && !store.passes.lock().stripped.contains(&period)
        {
            sweep_rows(store, Place::In(period), now, Duration::ZERO, report).await?;
            store.passes.lock().stripped.insert(period);
        }
    }
    filter_seen(store).await?;
    // Rows of earlier versions, each by its own age.
    if store.index(|index| index.has_early_rows)? && store.passes.lock().early.is_due(now) {
        let next_due = sweep_rows(store, Place::Early, now, limits::TRACE_AGE_MAX, report).await?;
        // What lost its trace now becomes old once more.
        let horizon = now.plus(limits::TRACE_AGE_MAX);
        let stripped_due = now.plus(limits::DEDUP_AGE_MAX.saturating_sub(limits::TRACE_AGE_MAX));
        let nothing_before = next_due.min(horizon).min(if report.traces > 0 { stripped_due } else { horizon });
        store.passes.lock().early.done(now, nothing_before);
    }
    Ok(())
}

/// Reads what the rows of periods that are over are called, once in a run.
async fn filter_seen(store: &GreenroomStore) -> Result<(), StoreError> {
    let unknown: Vec<Period> = store.index(|index| {
        let over = index.periods.keys().rev().skip(1);
        over.filter(|period| !index.filters.contains_key(*period)).copied().collect()
    })?;
    for period in unknown {
        let filter = store.read_long(move |reader| filter_of(reader, period)).await?;
        store.execute(FilterSeen { period, filter: Arc::new(filter) }).await?;
    }
    Ok(())
}

fn filter_of(reader: &Reader, period: Period) -> Result<Filter, StoreError> {
    let mut names = Vec::new();
    reader.visit(&Range::prefix(&Place::In(period).all()), &mut |key, _| {
        names.extend(SeenKey::read(key).map(|seen| filter::name(seen.message, seen.account)));
        ControlFlow::Continue(())
    })?;
    looked_at(reader, names.len());
    Ok(Filter::of(&names))
}

/// Looks through the rows of a place; returns when the first of those that stay becomes old.
async fn sweep_rows(
    store: &GreenroomStore,
    place: Place,
    now: Timestamp,
    trace_age_max: Duration,
    report: &mut SweepReport,
) -> Result<Timestamp, StoreError> {
    let (mut after, mut next_due) = (None, Timestamp(u64::MAX));
    loop {
        let page = store.read_long(move |reader| seen_page(reader, place, after, now, trace_age_max)).await?;
        next_due = next_due.min(page.next_due);
        for keys in page.old.chunks(limits::STORE_STEP_ROWS_MAX) {
            let swept = store.execute(SweepSeen { keys: keys.to_vec(), now, trace_age_max }).await?;
            report.dedup_keys += swept.removed;
            report.traces += swept.stripped;
        }
        after = page.last;
        if after.is_none() {
            return Ok(next_due);
        }
        tokio::task::yield_now().await;
    }
}

fn seen_page(
    reader: &Reader,
    place: Place,
    after: Option<Vec<u8>>,
    now: Timestamp,
    trace_age_max: Duration,
) -> Result<Page, StoreError> {
    let range = continued(Range::prefix(&place.all()), after);
    let mut page = Page::new();
    let mut rows = 0;
    let sealer = &reader.shared.sealer;
    reader.visit(&range, &mut |key, value| {
        rows += 1;
        let record = envelope::unwrap(key, value, sealer, envelope::read_record::<SeenRecord>);
        match record.ok().map(|record| seen_due(&record, trace_age_max)) {
            Some(at) if at <= now => page.old.push(key.to_vec()),
            Some(at) => page.next_due = page.next_due.min(at),
            None => {}
        }
        if rows >= limits::SWEEP_ROWS_PER_STEP {
            page.last = Some(key.to_vec());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    looked_at(reader, rows);
    Ok(page)
}

/// When a message that was seen must be touched next.
fn seen_due(record: &SeenRecord, trace_age_max: Duration) -> Timestamp {
    let age = if has_trace(record) { trace_age_max } else { limits::DEDUP_AGE_MAX };
    Timestamp(record.at).plus(age)
}

async fn sweep_parcels(store: &GreenroomStore, now: Timestamp, report: &mut SweepReport) -> Result<(), StoreError> {
    for account in store.read_long(accounts_with_parcels).await? {
        let mut after = None;
        loop {
            let of = account.clone();
            let page = store.read_long(move |reader| old_parcels(reader, &of, after, now)).await?;
            if !page.old.is_empty() {
                report.traces += store.execute(SweepParcels { keys: page.old, now }).await?;
            }
            after = page.last;
            if after.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// The oldest parcels of an account that are done with, up to the first young one: they lie in the order of their rows.
fn old_parcels(
    reader: &Reader,
    account: &AccountId,
    after: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let range = continued(Range::prefix(&keys::parcels(account)), after);
    let mut page = Page::new();
    let mut rows = 0;
    let sealer = &reader.shared.sealer;
    reader.visit(&range, &mut |key, value| {
        rows += 1;
        // A long value is not decoded here; it belongs to a parcel that still waits.
        let record = envelope::unwrap(key, value, sealer, envelope::read_record::<ParcelRecord>).ok();
        if let Some(record) = record {
            if now.since(Timestamp(record.created_at)) < limits::TRACE_AGE_MAX {
                return ControlFlow::Break(());
            }
            if outbox_codec::is_done(&record) {
                page.old.push(key.to_vec());
            }
        }
        if rows >= limits::STORE_STEP_ROWS_MAX {
            page.last = Some(key.to_vec());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    looked_at(reader, rows);
    Ok(page)
}

/// Only histories that grew can have too many turns. How many one has is read once and then counted.
async fn sweep_history(store: &GreenroomStore, report: &mut SweepReport) -> Result<(), StoreError> {
    let grown: Vec<_> = store.shared.index.lock().grown.drain().collect();
    for (history, by) in grown {
        let known = store.passes.lock().turns_of(history, by);
        if known.is_some_and(|turns| turns <= limits::HISTORY_TURNS_MAX) {
            continue;
        }
        let mut oldest = store.read_long(move |reader| turns(reader, history)).await?;
        let all = oldest.len();
        oldest.truncate(all.saturating_sub(limits::HISTORY_TURNS_MAX));
        store.passes.lock().has_turns(history, all - oldest.len());
        for keys in oldest.chunks(limits::STORE_STEP_ROWS_MAX) {
            report.turns += store.execute(SweepHistory { keys: keys.to_vec() }).await?;
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// The oldest sums, day by day.
async fn sweep_usage(store: &GreenroomStore, now: Timestamp, report: &mut SweepReport) -> Result<(), StoreError> {
    let before = usage_key::first_kept(now);
    while store.read(|reader| usage::has_before(reader, before))? {
        report.usage += store.execute(SweepUsage { before }).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// The turns of a history, the oldest first.
fn turns(reader: &Reader, history: HistoryKey) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut turns = Vec::new();
    reader.visit(&Range::prefix(&keys::history(history)), &mut |key, _| {
        turns.push(key.to_vec());
        ControlFlow::Continue(())
    })?;
    looked_at(reader, turns.len());
    Ok(turns)
}

/// The rest of a range, behind the last row of the page before.
fn continued(range: Range, after: Option<Vec<u8>>) -> Range {
    match after {
        Some(after) => range.after(&after),
        None => range,
    }
}

fn looked_at(reader: &Reader, rows: usize) {
    reader.shared.tally.swept_over.fetch_add(rows as u64, Ordering::Relaxed);
}

pub(super) fn count(reader: &Reader, kind: u8) -> Result<usize, StoreError> {
    let mut count = 0;
    reader.visit(&Range::prefix(&[kind]), &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    looked_at(reader, count);
    Ok(count)
}
