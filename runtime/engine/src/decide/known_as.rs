//! Which addresses are one person's, as signed messages showed it. Pure.
//!
//! A person whom the allow-list knows by a number may write tomorrow without it, or under another one. What a network
//! once said in one message together stays true, so the entry holds for all of it.

use greenroom_contract::address::{Address, Strength};
use greenroom_contract::limits;
use greenroom_contract::message::Sender;

fn is_strong(address: &Address) -> bool {
    address.strength() == Strength::Strong
}

fn is_phone(address: &Address) -> bool {
    address.namespace() == Address::PHONE
}

/// Addresses that name a person for good. An id that a network gives an account comes before a phone number, which is
/// given to another person some months after it was given up.
pub(crate) fn lasting(addresses: &[Address]) -> Vec<&Address> {
    let ids: Vec<&Address> =
        addresses.iter().filter(|address| is_strong(address)).filter(|address| !is_phone(address)).collect();
    if ids.is_empty() { addresses.iter().filter(|address| is_strong(address)).collect() } else { ids }
}

/// Whether a person with these addresses, in the order in which they were learned, is the one who wrote with this
/// address among others. A number beside an id is asked only where nothing was learned since it: a change of number
/// brings a new id, which may not have been told. A number that the person did not change to, beside an id of a kind of
/// which the person has another one, was given to another person.
pub(crate) fn leads_to(person: &[Address], by: &Address, written: &[Address]) -> bool {
    if lasting(written).contains(&by) {
        return true;
    }
    let is_last = person.iter().rfind(|address| is_strong(address)) == Some(by);
    let changed = person.iter().filter(|address| is_phone(address)).count() > 1;
    is_last && (changed || !contradicts(person, written))
}

/// Whether these addresses hold an id of a kind of which the person has others only.
fn contradicts(person: &[Address], written: &[Address]) -> bool {
    let is_id = |address: &&Address| is_strong(address) && !is_phone(address);
    written.iter().filter(is_id).any(|id| {
        let mut of_kind = person.iter().filter(is_id).filter(|own| own.namespace() == id.namespace()).peekable();
        of_kind.peek().is_some() && of_kind.all(|own| own != id)
    })
}

/// What the events of one batch showed, before they are stored.
#[derive(Debug, Default)]
pub(crate) struct Learned(Vec<Vec<Address>>);

impl Learned {
    /// These came together.
    pub(crate) fn note(&mut self, addresses: &[Address]) {
        if addresses.len() >= 2 {
            self.0.push(addresses.to_vec());
        }
    }

    /// What the batch shows of the person with these addresses.
    pub(crate) fn of(&self, addresses: &[Address]) -> Vec<Address> {
        let mut known: Vec<Address> = addresses.iter().filter(|address| is_strong(address)).cloned().collect();
        let mut groups: Vec<&Vec<Address>> = self.0.iter().collect();
        loop {
            let before = groups.len();
            groups.retain(|group| {
                let one = lasting(group).into_iter().any(|address| known.contains(address));
                if one {
                    known.extend(group.iter().cloned());
                }
                !one
            });
            if groups.len() == before {
                return known;
            }
        }
    }
}

/// Adds the address that the allow-list names, so that every later look at the list finds it too.
pub(crate) fn with_admitted(sender: &mut Sender, admitted: &Address) {
    if !sender.addresses.contains(admitted) {
        sender.addresses.truncate(limits::ADDRESSES_MAX - 1);
        sender.addresses.push(admitted.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<Address> {
        text.split_whitespace().map(|address| address.parse().unwrap()).collect()
    }

    fn of(learned: &[&str], asked: &str) -> String {
        let mut book = Learned::default();
        for group in learned {
            book.note(&addresses(group));
        }
        let mut found: Vec<String> = book.of(&addresses(asked)).iter().map(ToString::to_string).collect();
        found.sort();
        found.dedup();
        found.join(" ")
    }

    #[test]
    fn what_came_together_is_one_person() {
        assert_eq!(of(&["+15550001 bsuid:a"], "bsuid:a"), "+15550001 bsuid:a");
        assert_eq!(of(&["+15550002 bsuid:b", "+15550001 bsuid:a"], "bsuid:a"), "+15550001 bsuid:a");
        let chain = ["+15550001 bsuid:a", "+15550001 +15550002 bsuid:a bsuid:b", "+15550002 bsuid:b"];
        assert_eq!(of(&chain, "bsuid:b"), "+15550001 +15550002 bsuid:a bsuid:b");
        assert_eq!(of(&[], "bsuid:b"), "bsuid:b");
    }

    #[test]
    fn a_number_that_was_given_to_another_person_leads_nowhere() {
        // The new owner of the number has an id of their own, so the number is not asked.
        assert_eq!(of(&["+15550001 bsuid:a"], "+15550001 bsuid:z"), "+15550001 bsuid:z");
        assert_eq!(of(&["+15550001 bsuid:a"], "+15550001"), "+15550001", "nor by a group that has an id");
        assert_eq!(of(&["@ana bsuid:a"], "@ana"), "", "a name changes hands");
    }

    #[test]
    fn a_number_beside_an_id_is_asked_only_after_it_was_changed_to() {
        let leads = |person: &str, by: &str, written: &str| {
            leads_to(&addresses(person), &by.parse().unwrap(), &addresses(written))
        };
        assert!(leads("+15550001 bsuid:a", "bsuid:a", "bsuid:a"));
        assert!(leads("+15550001 bsuid:a", "+15550001", "+15550001"), "there is nothing else to ask");
        assert!(leads("+15550001 bsuid:a +15550002", "+15550002", "+15550002 bsuid:b"), "the new number");
        assert!(
            !leads("+15550001 bsuid:a +15550002", "+15550001", "+15550001 bsuid:z"),
            "the old one is another's now"
        );
        assert!(!leads("+15550001 bsuid:a", "+15550001", "+15550001 bsuid:z"));
        assert!(!leads("lid:1 +15550001", "+15550001", "lid:2 +15550001"), "another id came with the same number");
        assert!(leads("lid:1 +15550001", "+15550001", "bsuid:z +15550001"), "an id of another kind says nothing");
    }

    #[test]
    fn a_sender_has_room_for_the_admitted_address() {
        let many = (0..limits::ADDRESSES_MAX).map(|n| format!("lid:{n}").parse().unwrap()).collect();
        let mut sender = Sender { id: "s".parse().unwrap(), addresses: many, name: None };
        let admitted: Address = "+15550001".parse().unwrap();
        with_admitted(&mut sender, &admitted);
        with_admitted(&mut sender, &admitted);
        assert_eq!((sender.addresses.len(), sender.addresses.last()), (limits::ADDRESSES_MAX, Some(&admitted)));
    }
}
