//! By which addresses a person is known.

use crate::format::records::PersonRecord;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::PersonId;
use greenroom_contract::limits;
use greenroom_contract::store::Scope;

/// The person that an alias points to, after merges.
pub(crate) fn pointer(txn: &Txn<'_>, key: &[u8]) -> Result<Option<PersonId>, Fail> {
    Ok(txn.pointer(key)?.map(|person| txn.index.people.follow(PersonId(person))))
}

/// A person whose row was lost.
pub(crate) fn bare(scope: &Scope) -> PersonRecord {
    PersonRecord {
        channel: scope.channel.as_str().to_owned(),
        owner: scope.owner.as_str().to_owned(),
        ..PersonRecord::default()
    }
}

/// Adds an address to those by which a person is known; the oldest goes when there are too many.
pub(crate) fn add_address(record: &mut PersonRecord, address: &str) {
    if record.addresses.iter().any(|known| known == address) {
        return;
    }
    if record.addresses.len() >= limits::ADDRESSES_PER_PERSON_MAX {
        record.addresses.remove(0);
    }
    record.addresses.push(address.to_owned());
}
