//! Messages that were seen: found by their deduplication keys, wherever these lie.

use crate::engines::Range;
use crate::format::envelope;
use crate::format::keys::kind;
use crate::format::records::SeenRecord;
use crate::format::seen_key::{NEWEST_STEP, Period, Place, SeenKey, period_of};
use crate::memory::filter;
use crate::memory::index::{Change, Delta};
use crate::write::commands::sweep::is_refused;
use crate::write::txn::{Fail, Placed, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;

/// A message that was seen under the same id. Its conversation and person are those of acceptance, if they were known.
pub(crate) struct SeenRow {
    pub(crate) key: Vec<u8>,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) record: SeenRecord,
}

/// All messages that were seen under this id in this account.
pub(crate) fn seen(txn: &Txn<'_>, message: &MessageId, account: &AccountId) -> Result<Vec<SeenRow>, Fail> {
    let mut found = Vec::new();
    for place in txn.index.seen_places_of(filter::name(message.as_str(), account.as_str())) {
        let prefix = place.in_account(message, account);
        for (key, value) in txn.scan(&Range::prefix(&prefix), limits::STORE_SAME_ID_MAX)? {
            let Some(SeenKey { conversation, person, .. }) = SeenKey::read(&key) else { continue };
            let record = txn.decode(&key, value)?.record;
            found.push(SeenRow { key, conversation, person, record });
        }
    }
    Ok(found)
}

/// The message with exactly this deduplication key.
pub(crate) fn find(
    txn: &Txn<'_>,
    message: &MessageId,
    account: &AccountId,
    conversation: Option<ConversationId>,
    person: Option<PersonId>,
) -> Result<Option<Placed<SeenRecord>>, Fail> {
    for place in txn.index.seen_places_of(filter::name(message.as_str(), account.as_str())) {
        let key = place.seen(message, account, conversation, person);
        if let Some(loaded) = txn.load::<SeenRecord>(&key)? {
            return Ok(Some((key, loaded)));
        }
    }
    Ok(None)
}

/// Where a message that comes now is noted. A new period begins when the last one is over, or holds so many messages that
/// were refused that the oldest of them could not be told from the newest.
pub(crate) fn place_of_new(txn: &mut Txn<'_>, at: Timestamp) -> Place {
    let last = txn.index.periods.last_key_value().map(|(period, newest)| (*period, *newest));
    let crowded = txn.index.refused_in_last >= txn.bounds.refused_rows_max / 4
        && txn.index.periods.len() < limits::STORE_SEEN_PERIODS_MAX;
    let (period, before) = match last {
        Some((period, newest)) if period.takes(at) && !crowded => (period, Some(newest)),
        Some((last, _)) => (Period::beginning(at).max(Period(last.0.saturating_add(1))), None),
        None => (Period::beginning(at), None),
    };
    if before.is_none_or(|newest| newest < at) {
        txn.note(Delta::Period { period, before, after: Some(at.plus(NEWEST_STEP)) });
    }
    Place::In(period)
}

/// Counts a message of which only key and trace were kept; where there are too many, older ones go.
pub(crate) fn count_refused(txn: &mut Txn<'_>) -> Result<(), Fail> {
    txn.note(Delta::Refused { change: Change::Came });
    if txn.index.refused.is_multiple_of(limits::STORE_REFUSED_UNWRITTEN_MAX) {
        // The sentinel holds the number; a crash loses little of it.
        txn.numbers.grew = true;
    }
    if txn.index.refused > txn.bounds.refused_rows_max { make_room(txn) } else { Ok(()) }
}

/// Looks at a few rows behind the place where it stopped the last time, and removes those that were refused.
fn make_room(txn: &mut Txn<'_>) -> Result<(), Fail> {
    let mut range = Range::prefix(&[kind::SEEN]);
    let stopped_at = std::mem::take(&mut txn.index.room_made_up_to);
    if !stopped_at.is_empty() {
        range = range.after(&stopped_at);
    }
    let rows = txn.scan(&range, limits::STORE_REFUSED_LOOKED_AT_MAX)?;
    let last = rows.last().filter(|_| rows.len() >= limits::STORE_REFUSED_LOOKED_AT_MAX).map(|(key, _)| key.clone());
    for (key, value) in rows {
        let record = envelope::unwrap(&key, &value, txn.sealer, envelope::read_record::<SeenRecord>);
        if record.is_ok_and(|record| is_refused(&record)) {
            txn.remove(key, envelope::part_count(&value));
            txn.note(Delta::Refused { change: Change::Went });
        }
    }
    // A period that was left behind empty is looked into no more.
    let left = period_of(&stopped_at).filter(|left| last.as_deref().and_then(period_of) != Some(*left));
    if let Some(period) = left
        && let Some(newest) = txn.index.periods.get(&period).copied()
        && txn.index.periods.last_key_value().is_some_and(|(last, _)| *last != period)
        && txn.scan(&Range::prefix(&Place::In(period).all()), 1)?.is_empty()
    {
        txn.note(Delta::Period { period, before: Some(newest), after: None });
    }
    txn.index.room_made_up_to = last.unwrap_or_default();
    Ok(())
}
