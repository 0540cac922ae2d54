//! What answers cost.

use crate::engines::Range;
use crate::format::keys::kind;
use crate::format::records::UsageRecord;
use crate::format::usage_key::{UsageKey, day_of_key, of_day};
use crate::store::Reader;
use crate::write::commands::usage::{BY_DAY, merge};
use greenroom_contract::assistant::{Usage, UsageRow};
use greenroom_contract::store::StoreError;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};

/// The sums of these days. Conversations and people that were merged since count as the one that
/// stayed.
pub(super) fn sums(reader: &Reader, days: &RangeInclusive<u32>, rows_max: usize) -> Result<Vec<UsageRow>, StoreError> {
    let mut found = Vec::new();
    let mut range = Range::prefix(&[kind::USAGE]).starting(of_day(*days.start(), None));
    // A day is read whole, because merged conversations stand where they stood before.
    while found.len() < rows_max {
        let Some((day, next)) = next_day(reader, &range, *days.end())? else { break };
        found.extend(day);
        range = range.starting(next);
    }
    found.truncate(rows_max);
    Ok(found)
}

/// The sums of a day, and where the day behind it begins.
type Day = (Vec<UsageRow>, Vec<u8>);

/// The first day in a range of rows that has any.
fn next_day(reader: &Reader, range: &Range, last: u32) -> Result<Option<Day>, StoreError> {
    let mut rows = Vec::new();
    let mut of: Option<u32> = None;
    reader.visit(range, &mut |bytes, value| {
        // What cannot be read is found by whoever verifies the store.
        let Some(key) = UsageKey::read(bytes) else { return ControlFlow::Continue(()) };
        let day = *of.get_or_insert(key.day);
        if day != key.day || day > last {
            return ControlFlow::Break(());
        }
        rows.push((bytes.to_vec(), key, value.to_vec()));
        ControlFlow::Continue(())
    })?;
    let Some(day) = of.filter(|day| *day <= last) else { return Ok(None) };
    let mut sums: BTreeMap<UsageKey, UsageRecord> = BTreeMap::new();
    for (bytes, key, value) in rows {
        let conversation = reader.follow_conversation(key.conversation);
        let person = key.person.map(|person| reader.follow_person(person));
        if let Some(record) = reader.decode_as(&bytes, value, |record: UsageRecord| Ok(record))? {
            merge(sums.entry(UsageKey { conversation, person, ..key }).or_default(), &record);
        }
    }
    let sums = sums.into_iter().map(|(key, record)| row(key, &record)).collect();
    Ok(Some((sums, of_day(day.saturating_add(1), None))))
}

fn row(key: UsageKey, record: &UsageRecord) -> UsageRow {
    let UsageKey { day, conversation, assistant, model, person } = key;
    let UsageRecord { turns, tokens_in, tokens_out, tokens_cached, cost_millionths } = *record;
    let usage = Usage { model, tokens_in, tokens_out, tokens_cached, cost_millionths };
    UsageRow { day, conversation, assistant, person, turns, usage }
}

/// Whether a sum of a day before this one is kept.
pub(super) fn has_before(reader: &Reader, day: u32) -> Result<bool, StoreError> {
    for kind in BY_DAY {
        let oldest = reader.rows(&Range::prefix(&[kind]), 1)?;
        if oldest.first().is_some_and(|(key, _)| day_of_key(key).is_none_or(|of| of < day)) {
            return Ok(true);
        }
    }
    Ok(false)
}
