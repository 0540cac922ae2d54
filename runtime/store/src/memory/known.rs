//! What the writer remembers of the rows that every message asks for: whom an address names, where a chat leads, and
//! that a person's row says all that the last message of that person showed.
//!
//! It repeats what the engine holds and nothing else: it is filled by reads and by committed batches, and emptied with
//! the engine. Writes of the running group lie over it, as they lie over the engine, so a command that is taken back
//! needs nothing taken back here. Two generations bound it: when the young one is full it becomes the old one, and what
//! is asked for moves back.

use crate::engines::Batch;
use crate::format::envelope;
use crate::format::keys::kind;
use crate::format::records::PointerRecord;
use crate::format::seal::Sealer;
use greenroom_contract::address::Address;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// A key, as two keyed hashes: no one outside can make two keys look alike.
type Name = (u64, u64);

/// Remembered rows.
#[derive(Debug)]
pub(crate) struct Known {
    hashers: [RandomState; 2],
    young: HashMap<Name, u64>,
    old: HashMap<Name, u64>,
    entries_max: usize,
}

impl Known {
    /// Remembers so many rows in each of two generations; 0 remembers nothing.
    pub(crate) fn new(entries_max: usize) -> Self {
        let hashers = [RandomState::new(), RandomState::new()];
        Self { hashers, young: HashMap::new(), old: HashMap::new(), entries_max }
    }

    /// What the engine holds is not known any more.
    pub(crate) fn clear(&mut self) {
        self.young = HashMap::new();
        self.old = HashMap::new();
    }

    /// The number that a remembered row stands for: where a pointer leads, or the [`Known::digest`] of the last message whose
    /// author's row needed no change.
    pub(crate) fn get(&mut self, key: &[u8]) -> Option<u64> {
        if self.young.is_empty() && self.old.is_empty() {
            return None;
        }
        let name = self.name(key);
        if let Some(number) = self.young.get(&name) {
            return Some(*number);
        }
        let number = self.old.remove(&name)?;
        self.insert(name, number);
        Some(number)
    }

    /// Remembers what was read from the engine.
    pub(crate) fn set(&mut self, key: &[u8], number: u64) {
        if self.entries_max > 0 {
            let name = self.name(key);
            self.insert(name, number);
        }
    }

    /// Takes in what was committed.
    pub(crate) fn committed(&mut self, batch: &Batch, sealer: &Sealer) {
        if self.entries_max == 0 {
            return;
        }
        for (key, value) in batch {
            if !matches!(key.first(), Some(&(kind::ALIAS | kind::CHAT | kind::PERSON))) {
                continue;
            }
            let name = self.name(key);
            self.old.remove(&name);
            if let Some(number) = value.as_deref().and_then(|value| read(key, value, sealer)) {
                self.insert(name, number);
            } else {
                self.young.remove(&name);
            }
        }
    }

    /// What stands for the author of a message: by which name and addresses it shows them.
    pub(crate) fn digest(&self, name: Option<&str>, addresses: &[Address]) -> u64 {
        self.hashers[0].hash_one((name, addresses))
    }

    fn name(&self, key: &[u8]) -> Name {
        (self.hashers[0].hash_one(key), self.hashers[1].hash_one(key))
    }

    fn insert(&mut self, name: Name, number: u64) {
        if self.young.len() >= self.entries_max && !self.young.contains_key(&name) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name, number);
    }
}

/// What a value of one part stands for.
fn read(key: &[u8], value: &[u8], sealer: &Sealer) -> Option<u64> {
    // A person's row that changed is compared with the next message.
    if envelope::part_count(value) > 0 || key.first() == Some(&kind::PERSON) {
        return None;
    }
    envelope::unwrap(key, value, sealer, envelope::read_record::<PointerRecord>).ok().map(|record| record.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_bounded() {
        let mut known = Known::new(10);
        known.set(b"asked for", 7);
        for number in 0..1_000_u64 {
            known.set(&number.to_be_bytes(), number);
            assert_eq!(known.get(b"asked for"), Some(7), "after {number}");
            assert!(known.young.len() + known.old.len() <= 20);
        }
        assert_eq!(known.get(&0_u64.to_be_bytes()), None);
        known.clear();
        assert_eq!(known.get(b"asked for"), None);
    }

    #[test]
    fn one_that_remembers_nothing_says_nothing() {
        let mut known = Known::new(0);
        known.set(b"key", 7);
        assert_eq!(known.get(b"key"), None);
    }
}
