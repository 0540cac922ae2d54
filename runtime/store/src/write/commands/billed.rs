//! How many messages networks billed: one sum for each day, account and category.

use crate::engines::Range;
use crate::format::billed_key::{BilledKey, of_account};
use crate::format::records::BilledRecord;
use crate::memory::postponed::Billed;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;

/// Counts what is beyond the categories that a day has.
pub(crate) const OTHER: &str = "other";

/// Counts a message that was found to be billed, in the commit that says so of its parcel.
pub(crate) fn count(txn: &mut Txn<'_>, account: &AccountId, billed: Billed) -> Result<(), Fail> {
    let Billed { day, category } = billed;
    let mut key = BilledKey { day, account: account.clone(), category };
    if !txn.holds(&key.bytes())? {
        let most = limits::BILLED_CATEGORIES_PER_DAY_MAX;
        if txn.scan(&Range::prefix(&of_account(day, account)), most)?.len() >= most {
            OTHER.clone_into(&mut key.category);
        }
    }
    let key = key.bytes();
    let mut record = txn.load::<BilledRecord>(&key)?.map(|loaded| loaded.record).unwrap_or_default();
    record.messages = record.messages.saturating_add(1);
    txn.put(key, &record)
}
