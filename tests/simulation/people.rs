//! The people of a world: under which addresses they write, and who is admitted when.

use greenroom_conformance::messages::id;
use greenroom_contract::address::AllowEntry;
use std::collections::HashMap;

/// People of every world.
pub(crate) const PEOPLE: usize = 6;
/// This one has a second address, which is known to be the same person's only later.
pub(crate) const TWOFOLD: usize = 2;
/// From this one on people are admitted by entries that are added and taken away.
const LISTED: usize = 4;
/// Groups of every world.
pub(crate) const GROUPS: u64 = 2;
/// Someone who is never admitted.
pub(crate) const STRANGER: &str = "+19990000000";

/// The phone number of a person.
pub(crate) fn phone(person: usize) -> String {
    format!("+1555000000{person}")
}

/// The other address of a person.
pub(crate) fn lid(person: usize) -> String {
    format!("lid:777000{person}")
}

/// Who is behind an address.
fn person(address: &str) -> Option<usize> {
    (0..PEOPLE).find(|person| phone(*person) == address || lid(*person) == address)
}

/// Whether a person is admitted by an entry that comes and goes.
pub(crate) fn is_listed(person: usize) -> bool {
    person >= LISTED
}

/// Those who come and go.
pub(crate) fn listed() -> std::ops::Range<usize> {
    LISTED..PEOPLE
}

/// The entries of the configuration.
pub(crate) fn configured() -> Vec<AllowEntry> {
    (0..LISTED).flat_map(|person| [id(phone(person)), id(lid(person))]).collect()
}

/// Whether somebody is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admitted {
    Yes,
    No,
    /// The entry was changed, and it is not known whether that is stored.
    Unclear,
}

/// Who is admitted now, in each network.
#[derive(Debug, Default)]
pub(crate) struct Book(HashMap<(usize, usize), Admitted>);

impl Book {
    /// Whether a person is admitted in a network.
    pub(crate) fn admits(&self, network: usize, person: usize) -> Admitted {
        let otherwise = if is_listed(person) { Admitted::No } else { Admitted::Yes };
        self.0.get(&(network, person)).copied().unwrap_or(otherwise)
    }

    /// Notes a change.
    pub(crate) fn set(&mut self, network: usize, person: usize, admitted: Admitted) {
        self.0.insert((network, person), admitted);
    }

    /// Whether something may be sent to an address.
    pub(crate) fn may_be_written_to(&self, network: usize, address: &str) -> bool {
        person(address).is_some_and(|person| self.admits(network, person) != Admitted::No)
    }
}
