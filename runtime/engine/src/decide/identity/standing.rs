//! Whether an earlier proof still counts for who writes now.
//!
//! A number is given to another person some months after it was given up, and whoever has it then must not be taken for the
//! one before. So a proof counts for the addresses by which the person was known when it was given: another number, or
//! another id of the same kind, asks for a new one. A user name alone proves nothing, because it may change hands at any time.

use greenroom_contract::address::{Address, Strength};
use greenroom_contract::store::PersonLink;

fn is_strong(address: &Address) -> bool {
    address.strength() == Strength::Strong
}

/// Whether someone with these addresses can be told from others for good. A network that gives none has names of its own.
pub(crate) fn can_be_linked(addresses: &[Address]) -> bool {
    addresses.is_empty() || addresses.iter().any(is_strong)
}

/// Whether this link counts for a sender with these addresses.
pub(crate) fn stands(link: &PersonLink, addresses: &[Address]) -> bool {
    if link.proved_by.is_empty() || addresses.is_empty() {
        return link.proved_by.is_empty() && addresses.is_empty();
    }
    let proved = || link.proved_by.iter().filter(|address| is_strong(address));
    let shown = || addresses.iter().filter(|address| is_strong(address));
    let contradicts =
        |one: &Address| !link.proved_by.contains(one) && proved().any(|known| known.namespace() == one.namespace());
    shown().any(|one| link.proved_by.contains(one)) && !shown().any(contradicts)
}

/// The link that counts: of several the one that was proved last.
pub(crate) fn standing<'a>(links: &'a [PersonLink], addresses: &[Address]) -> Option<&'a PersonLink> {
    links.iter().rev().find(|link| stands(link, addresses))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::identity::EmailAddress;
    use greenroom_contract::ids::IdentityId;
    use greenroom_contract::store::Evidence;
    use greenroom_contract::time::Timestamp;

    fn addresses(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn link(proved_by: &[&str]) -> PersonLink {
        PersonLink {
            number: 1,
            email: EmailAddress::new("ana@example.org").unwrap(),
            identity: IdentityId(7),
            evidence: Evidence::Code,
            at: Timestamp(1),
            proved_by: addresses(proved_by),
        }
    }

    #[test]
    fn a_proof_counts_for_the_addresses_it_was_given_with() {
        for (proved_by, shown, counts) in [
            (&["+15550000001", "lid:1"][..], &["+15550000001", "lid:1"][..], true),
            (&["+15550000001", "lid:1"], &["lid:1"], true),
            (&["+15550000001"], &["+15550000001", "lid:1"], true),
            // The number was given to another person, who has another id.
            (&["+15550000001", "lid:1"], &["+15550000001", "lid:2"], false),
            // A new number, with the same id.
            (&["+15550000001", "lid:1"], &["+15550000009", "lid:1"], false),
            (&["+15550000001", "bsuid:US.1"], &["+15550000001", "bsuid:US.2"], false),
            (&["+15550000001"], &["lid:1"], false),
            (&["bsuid:US.1", "@ana"], &["bsuid:US.1", "@ana-maria"], true),
            (&["@ana"], &["@ana"], false),
            (&["bsuid:US.1", "@ana"], &["@ana"], false),
            (&[], &[], true),
            (&[], &["+15550000001"], false),
            (&["+15550000001"], &[], false),
        ] {
            assert_eq!(stands(&link(proved_by), &addresses(shown)), counts, "{proved_by:?} {shown:?}");
        }
        assert!(!can_be_linked(&addresses(&["@ana"])) && can_be_linked(&addresses(&["@ana", "lid:1"])));
        assert!(can_be_linked(&[]));
    }
}
