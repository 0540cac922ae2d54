//! The names that our messages have on their networks, and the names of turns.
//!
//! A name is the place of its parcel (row and part) and a tag, mixed by a keyed permutation, so that it shows neither how
//! many messages there were nor their order, and can still be turned back into the place. The tag is made with the epoch,
//! which is random and renewed whenever the store is opened: two stores that go on from the same copy count alike, but
//! name what they make then differently.

use crate::format::envelope::Damage;
use crate::format::records::{ParcelRecord, SentinelRecord};
use greenroom_contract::ids::{OutboundId, Sequence, TurnId};
use greenroom_contract::limits;
use greenroom_contract::store::ParcelKey;
use sha2::{Digest, Sha256};

/// What our ids begin with, as those of WhatsApp Web clients do.
const PREFIX: &str = "3EB0";
/// Hexadecimal digits behind it: five bytes of row, one of part, three of tag.
const DIGITS: usize = 18;
/// Rows whose parcels can still be named: five bytes of an id.
pub(crate) const SEQUENCE_MAX: u64 = limits::STORE_SEQUENCE_MAX;
/// Bits of a row's number.
const SEQUENCE_BITS: u32 = 40;
/// Bits of each half of a name.
const HALF_BITS: u32 = 36;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
/// Rounds of the permutation. Four make one that cannot be told from a random one; the others are cheap.
const ROUNDS: u8 = 6;

/// How a stored parcel is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum NameForm {
    /// Row, part and tag can be read in the name: parcels that an earlier version stored.
    Plain = 0,
    /// They are mixed.
    Mixed = 1,
}

/// A place as a name holds it: row, part and tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sequence: Sequence,
    pub(crate) part: u16,
    pub(crate) tag: u32,
    pub(crate) form: NameForm,
}

impl Place {
    /// Whether the parcel that lies there has this name.
    pub(crate) fn is_of(&self, record: &ParcelRecord) -> bool {
        record.tag == self.tag && record.name_form == self.form as u32
    }
}

/// Makes the names of one store.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    salt: Vec<u8>,
    epoch: Vec<u8>,
    turn_tag: u32,
}

impl Names {
    pub(crate) fn new(sentinel: &SentinelRecord) -> Self {
        Self::of(&sentinel.salt, &sentinel.epoch)
    }

    pub(crate) fn of(salt: &[u8], epoch: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(salt).chain_update(b"turns").chain_update(epoch).finalize();
        // Zero stands for rows of versions that had no epoch.
        let turn_tag = first_bytes(&digest, 3).max(1) as u32;
        Self { salt: salt.to_vec(), epoch: epoch.to_vec(), turn_tag }
    }

    /// What makes fingerprints unlike those of any other store. The same for as long as the store and its copies live.
    pub(crate) fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// What a row keeps of the epoch in which it was made, so that its turn has one name for ever.
    pub(crate) fn turn_tag(&self) -> u32 {
        self.turn_tag
    }

    /// The part of a new parcel's name that makes it unlike those that another store, or a copy of this one, gives.
    pub(crate) fn tag(&self, key: &ParcelKey) -> u32 {
        tag(&[&self.salt, &self.epoch], key)
    }

    /// The tag that an earlier version gave to a parcel.
    pub(crate) fn plain_tag(&self, key: &ParcelKey) -> u32 {
        tag(&[&self.salt], key)
    }

    /// The name of a stored parcel.
    pub(crate) fn of_parcel(&self, key: &ParcelKey, record: &ParcelRecord) -> Result<OutboundId, Damage> {
        let form = if record.name_form == NameForm::Plain as u32 { NameForm::Plain } else { NameForm::Mixed };
        self.name(&Place { sequence: key.sequence, part: key.part, tag: record.tag, form })
    }

    /// The name of a place.
    pub(crate) fn name(&self, place: &Place) -> Result<OutboundId, Damage> {
        let (sequence, part) = (place.sequence.0 & SEQUENCE_MAX, u64::from(place.part & 0xFF));
        let tag = u64::from(place.tag & 0x00FF_FFFF);
        let plain = u128::from(sequence) << 32 | u128::from(part << 24 | tag);
        let number = match place.form {
            NameForm::Plain => plain,
            NameForm::Mixed => self.mix(plain),
        };
        Ok(OutboundId::new(format!("{PREFIX}{number:018X}"))?)
    }

    /// The places that a name of this form may stand for; which of them it is, the tag of the parcel there says.
    pub(crate) fn places(&self, text: &str) -> Option<[Place; 2]> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == DIGITS && digits.is_ascii())?;
        let well_formed = digits.bytes().all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit));
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| well_formed)?;
        Some([place(self.unmix(number), NameForm::Mixed), place(number, NameForm::Plain)])
    }

    /// A Feistel network: each round changes one half by what the key makes of the other.
    fn mix(&self, number: u128) -> u128 {
        let (mut left, mut right) = halves(number);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.round(round, right));
        }
        u128::from(left) << HALF_BITS | u128::from(right)
    }

    fn unmix(&self, number: u128) -> u128 {
        let (mut left, mut right) = halves(number);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.round(round, left), left);
        }
        u128::from(left) << HALF_BITS | u128::from(right)
    }

    fn round(&self, round: u8, half: u64) -> u64 {
        let digest = Sha256::new()
            .chain_update(&self.salt)
            .chain_update([b'n', round])
            .chain_update(half.to_be_bytes())
            .finalize();
        first_bytes(&digest, 8) & HALF_MASK
    }
}

/// The name of a turn whose first row this is, made in the epoch with this tag.
pub(crate) fn turn(turn_tag: u32, first: Sequence) -> TurnId {
    TurnId(u64::from(turn_tag) << SEQUENCE_BITS | first.0)
}

fn tag(keys: &[&[u8]], key: &ParcelKey) -> u32 {
    let digest = keys
        .iter()
        .fold(Sha256::new(), Digest::chain_update)
        .chain_update(key.sequence.0.to_be_bytes())
        .chain_update(key.part.to_be_bytes())
        .chain_update(key.account.as_str().as_bytes())
        .finalize();
    first_bytes(&digest, 3) as u32
}

fn place(number: u128, form: NameForm) -> Place {
    let (sequence, rest) = ((number >> 32) as u64 & SEQUENCE_MAX, number as u32);
    Place { sequence: Sequence(sequence), part: (rest >> 24) as u16, tag: rest & 0x00FF_FFFF, form }
}

fn halves(number: u128) -> (u64, u64) {
    ((number >> HALF_BITS) as u64 & HALF_MASK, number as u64 & HALF_MASK)
}

fn first_bytes(digest: &[u8], count: usize) -> u64 {
    digest.iter().take(count).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::AccountId;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn a_name_leads_back_to_its_place(
            sequence in 0..=SEQUENCE_MAX, part in 0_u16..64, tag in 0_u32..(1 << 24), salt in any::<[u8; 16]>(),
        ) {
            let names = Names::of(&salt, b"epoch");
            for form in [NameForm::Mixed, NameForm::Plain] {
                let place = Place { sequence: Sequence(sequence), part, tag, form };
                let id = names.name(&place).unwrap();
                prop_assert_eq!(id.as_str().len(), 22);
                prop_assert!(names.places(id.as_str()).unwrap().contains(&place));
            }
        }

        #[test]
        fn foreign_names_are_not_ours(text in prop_oneof!["\\PC{0,30}", "3EB0[0-9A-Fa-f]{17,19}"]) {
            let names = Names::of(b"salt", b"epoch");
            for place in names.places(&text).into_iter().flatten() {
                let name = names.name(&place).unwrap();
                prop_assert_eq!(name.as_str(), &text);
            }
        }
    }

    fn key(sequence: u64) -> ParcelKey {
        ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(sequence), part: 0 }
    }

    fn name(names: &Names, sequence: u64) -> String {
        let tag = names.tag(&key(sequence));
        let place = Place { sequence: Sequence(sequence), part: 0, tag, form: NameForm::Mixed };
        names.name(&place).unwrap().as_str().to_owned()
    }

    #[test]
    fn names_show_neither_count_nor_order() {
        let names = Names::of(b"salt", b"epoch");
        let first: Vec<String> = (1..=2_000).map(|sequence| name(&names, sequence)).collect();
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), first.len());
        let rising = first.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((800..1_200).contains(&rising), "{rising} of 1,999 names are larger than the one before");
        // Each digit takes each value about as often as any other.
        for place in PREFIX.len()..PREFIX.len() + DIGITS {
            for digit in "0123456789ABCDEF".bytes() {
                let count = first.iter().filter(|name| name.as_bytes()[place] == digit).count();
                assert!((60..200).contains(&count), "digit {digit} stands {count} times at {place}");
            }
        }
    }

    #[test]
    fn a_copy_names_the_same_place_differently_and_still_reads_the_old_names() {
        let (before, after) = (Names::of(b"salt", b"one"), Names::of(b"salt", b"two"));
        let clashes = (0..500).filter(|sequence| name(&before, *sequence) == name(&after, *sequence)).count();
        assert_eq!(clashes, 0);
        let [mixed, _] = after.places(&name(&before, 77)).unwrap();
        assert_eq!((mixed.sequence, mixed.tag), (Sequence(77), before.tag(&key(77))));
        assert_ne!(turn(before.turn_tag(), Sequence(77)), turn(after.turn_tag(), Sequence(77)));
    }
}
