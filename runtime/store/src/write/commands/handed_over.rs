//! Numbers that are given to another person: recognised by the id that comes with them.
//!
//! A network gives an account an id that no other account gets, and a number that another account gets some months after
//! it was given up. So a number that comes with an id of a kind of which its owner has another one is not theirs any more,
//! unless it is what they changed to: a change of number may bring an id that was not told with it.

use crate::format::keys;
use crate::format::records::PersonRecord;
use crate::write::commands::aliases::pointer;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::address::{Address, Strength};
use greenroom_contract::ids::PersonId;
use greenroom_contract::store::Scope;

/// Addresses that came together, and whom each leads to.
pub(crate) type Pointers<'a> = [(&'a Address, Option<PersonId>)];

/// Whom addresses that came together lead to.
pub(crate) fn pointers<'a>(
    txn: &Txn<'_>,
    scope: &Scope,
    addresses: &'a [Address],
) -> Result<Vec<(&'a Address, Option<PersonId>)>, Fail> {
    addresses.iter().map(|address| Ok((address, pointer(txn, &keys::alias(scope, address))?))).collect()
}

/// Whether this address led to a person and is another one's now, as what came with it shows.
pub(crate) fn was(txn: &Txn<'_>, address: &Address, person: PersonId, together: &Pointers<'_>) -> Result<bool, Fail> {
    let has_other = || together.iter().any(|(address, _)| is_id(address));
    let is_theirs = || together.iter().any(|(address, to)| is_id(address) && *to == Some(person));
    if !is_phone(address) || !has_other() || is_theirs() {
        return Ok(false);
    }
    let known = txn.load::<PersonRecord>(&keys::person(person))?.map(|loaded| loaded.record.addresses);
    let known: Vec<Address> = known.into_iter().flatten().filter_map(|text| text.parse().ok()).collect();
    let contradicts =
        |id: &Address| known.iter().any(|other| is_id(other) && other.namespace() == id.namespace() && other != id);
    Ok(together.iter().any(|(id, _)| is_id(id) && contradicts(id)) && !is_changed_to(&known, address))
}

/// Whether a person changed to this number, and no id was seen with it yet.
fn is_changed_to(known: &[Address], number: &Address) -> bool {
    let is_last = known.iter().rfind(|address| is_strong(address)) == Some(number);
    is_last && known.iter().filter(|address| is_phone(address)).count() > 1
}

/// Keeps the ids that came with one number behind it, so that a number at the end is one that was changed to. Those that came
/// with two tell of a change, and may be of before it. Says whether anything moved.
pub(crate) fn keep_in_order(known: &mut Vec<String>, together: &[Address]) -> bool {
    let mut numbers = together.iter().filter(|address| is_phone(address));
    let (Some(number), None) = (numbers.next(), numbers.next()) else { return false };
    let ids: Vec<String> = together.iter().filter(|address| is_id(address)).map(ToString::to_string).collect();
    let place = |text: &String| known.iter().position(|known| known == text);
    let Some(number_at) = place(&number.to_string()) else { return false };
    if ids.iter().filter_map(place).all(|at| at > number_at) {
        return false;
    }
    let (mut behind, rest): (Vec<String>, Vec<String>) = known.drain(..).partition(|address| ids.contains(address));
    known.extend(rest);
    known.append(&mut behind);
    true
}

/// Keeps what a change of number tells in the order of time: the ids that were known, the numbers with the new one at the
/// end, and behind it what was told for the first time.
pub(crate) fn keep_change_in_order(known: &mut Vec<String>, before: &[String], together: &[Address]) {
    let numbers: Vec<String> = together.iter().filter(|address| is_phone(address)).map(ToString::to_string).collect();
    if numbers.len() < 2 {
        return;
    }
    let places: Vec<_> = numbers.iter().map(|number| before.iter().position(|known| known == number)).collect();
    if places.iter().all(Option::is_some) && places.is_sorted() {
        return;
    }
    let is_new_id = |text: &String| {
        !before.contains(text) && together.iter().any(|address| is_id(address) && address.to_string() == *text)
    };
    let (new_ids, rest): (Vec<String>, Vec<String>) = known.drain(..).partition(is_new_id);
    known.extend(rest.into_iter().filter(|address| !numbers.contains(address)));
    known.extend(numbers);
    known.extend(new_ids);
}

fn is_strong(address: &Address) -> bool {
    address.strength() == Strength::Strong
}

fn is_phone(address: &Address) -> bool {
    address.namespace() == Address::PHONE
}

/// What a network gives an account and no other one.
fn is_id(address: &Address) -> bool {
    is_strong(address) && !is_phone(address)
}
