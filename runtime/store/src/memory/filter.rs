//! Whether a message may lie in a period, known without looking: a Bloom filter over the names of its rows.
//!
//! A period that is over gets no new rows, so its filter is made once, by the janitor, and stays right; rows that leave make
//! it no more wrong than it is allowed to be. A period without a filter is looked into.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Bits for each row. With four places a row, one question in a hundred looks in vain.
const BITS_PER_ROW: usize = 10;
const PLACES: u64 = 4;

/// The names of the rows of a period.
#[derive(Debug)]
pub(crate) struct Filter(Vec<u64>);

impl Filter {
    pub(crate) fn of(names: &[u64]) -> Self {
        let words = (names.len() * BITS_PER_ROW).div_ceil(64).max(1);
        let mut filter = Self(vec![0; words]);
        for name in names {
            for place in filter.places(*name) {
                filter.0[place / 64] |= 1 << (place % 64);
            }
        }
        filter
    }

    /// Whether a row with this name may be there.
    pub(crate) fn may_hold(&self, name: u64) -> bool {
        self.places(name).all(|place| self.0[place / 64] & (1 << (place % 64)) != 0)
    }

    fn places(&self, name: u64) -> impl Iterator<Item = usize> + use<> {
        let bits = (self.0.len() * 64) as u64;
        let (first, step) = (name & 0xFFFF_FFFF, (name >> 32) | 1);
        (0..PLACES).map(move |number| (first.wrapping_add(number.wrapping_mul(step)) % bits) as usize)
    }
}

/// What a message is called in filters.
pub(crate) fn name(message: &str, account: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (message, account).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_always_found_and_what_is_not_rarely() {
        let names = |from: u64| (from..from + 10_000).map(|number| name(&format!("m{number}"), "acc"));
        let filter = Filter::of(&names(0).collect::<Vec<_>>());
        assert!(names(0).all(|name| filter.may_hold(name)));
        let in_vain = names(1_000_000).filter(|name| filter.may_hold(*name)).count();
        assert!(in_vain < 300, "{in_vain} of 10,000");
        assert!(!Filter::of(&[]).may_hold(7));
    }
}
