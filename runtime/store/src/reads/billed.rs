//! How many messages networks billed.

use crate::engines::Range;
use crate::format::billed_key::{BilledKey, of_day};
use crate::format::keys::{self, kind};
use crate::format::records::{BilledRecord, ParcelRecord};
use crate::memory::postponed::{Billed, add_status};
use crate::store::Reader;
use crate::write::commands::billed::OTHER;
use greenroom_contract::assistant::BilledRow;
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};

/// The sums of these days, with what was told and waits to be written.
pub(super) fn sums(reader: &Reader, days: &RangeInclusive<u32>, rows_max: usize) -> Result<Vec<BilledRow>, StoreError> {
    let mut rows = Vec::new();
    let range = Range::prefix(&[kind::BILLED]).starting(of_day(*days.start()));
    reader.visit(&range, &mut |bytes, value| {
        // What cannot be read is found by whoever verifies the store.
        let Some(key) = BilledKey::read(bytes) else { return ControlFlow::Continue(()) };
        if key.day > *days.end() || rows.len() >= rows_max {
            return ControlFlow::Break(());
        }
        rows.push((bytes.to_vec(), key, value.to_vec()));
        ControlFlow::Continue(())
    })?;
    let mut sums = BTreeMap::new();
    for (bytes, key, value) in rows {
        if let Some(record) = reader.decode_as(&bytes, value, |record: BilledRecord| Ok(record))? {
            sums.insert(key, record.messages);
        }
    }
    add_waiting(reader, days, &mut sums)?;
    let row = |(BilledKey { day, account, category }, messages)| BilledRow { day, account, category, messages };
    Ok(sums.into_iter().take(rows_max).map(row).collect())
}

/// Adds what statuses will count that nobody waits for.
fn add_waiting(
    reader: &Reader,
    days: &RangeInclusive<u32>,
    sums: &mut BTreeMap<BilledKey, u64>,
) -> Result<(), StoreError> {
    let told = reader.shared.postponed.lock().all_told();
    for (key, told) in told {
        if told.iter().all(|told| told.billed_as.is_none() && !told.status.is_delivered()) {
            continue;
        }
        let Some(mut record) = reader.load::<ParcelRecord>(&keys::parcel(&key))? else { continue };
        let billed = told.iter().find_map(|told| add_status(&mut record, told).billed);
        if let Some(Billed { day, category }) = billed.filter(|billed| days.contains(&billed.day)) {
            let mut key = BilledKey { day, account: key.account, category };
            let is_known = sums.contains_key(&key);
            let beside = || sums.keys().filter(|other| (other.day, &other.account) == (key.day, &key.account)).count();
            if !is_known && beside() >= limits::BILLED_CATEGORIES_PER_DAY_MAX {
                OTHER.clone_into(&mut key.category);
            }
            let messages = sums.entry(key).or_default();
            *messages = messages.saturating_add(1);
        }
    }
    Ok(())
}
