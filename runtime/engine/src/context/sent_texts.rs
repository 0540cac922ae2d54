//! What was sent lately to networks that may find later that they should not have taken it.
//!
//! A sent parcel keeps no text. Where a network may say afterwards that the window was closed, the text is needed once
//! more, also after a restart: so the last few of an account lie in its vault, each in a place of a ring.

use bytes::Bytes;
use greenroom_contract::limits;
use greenroom_contract::store::{ParcelKey, VaultWrite};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the names of all places begin with.
pub(crate) const PREFIX: &[u8] = b"engine/sent/";

/// The texts of one account.
#[derive(Debug, Default)]
pub(crate) struct SentTexts {
    /// By a number that grows with each text; two texts of one place are never here together.
    texts: BTreeMap<u64, SentText>,
    /// Whether what an earlier run kept is here. Before that nothing may be overwritten.
    is_resumed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SentText {
    number: u64,
    row: u64,
    part: u16,
    text: String,
}

impl SentTexts {
    pub(crate) fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Takes over what an earlier run kept. What cannot be read is left out; it is overwritten some time.
    pub(crate) fn resume<'a>(&mut self, kept: impl IntoIterator<Item = &'a Bytes>) {
        if std::mem::replace(&mut self.is_resumed, true) {
            return;
        }
        // The few of this run that could not be written yet come behind all others.
        let of_this_run = std::mem::take(&mut self.texts);
        let read = kept.into_iter().filter_map(|bytes| serde_json::from_slice::<SentText>(bytes).ok());
        self.texts = read.map(|text| (text.number, text)).collect();
        for text in of_this_run.into_values() {
            self.put(text);
        }
    }

    /// Keeps a text; returns what is to be written, if it may be.
    pub(crate) fn note(&mut self, key: &ParcelKey, text: &str) -> Option<VaultWrite> {
        self.forget(key);
        let text = SentText { number: 0, row: key.sequence.0, part: key.part, text: text.to_owned() };
        let number = self.put(text);
        let value = serde_json::to_vec(self.texts.get(&number).filter(|_| self.is_resumed)?).ok()?;
        Some(VaultWrite::Put { key: place(number), value: value.into() })
    }

    /// The text of a parcel.
    pub(crate) fn get(&self, key: &ParcelKey) -> Option<&str> {
        self.find(key).map(|text| text.text.as_str())
    }

    /// Forgets it; returns what is to be written.
    pub(crate) fn forget(&mut self, key: &ParcelKey) -> Option<VaultWrite> {
        let number = self.find(key)?.number;
        self.texts.remove(&number);
        Some(VaultWrite::Delete { key: place(number) })
    }

    fn find(&self, key: &ParcelKey) -> Option<&SentText> {
        // The newest is asked for most.
        self.texts.values().rev().find(|text| text.row == key.sequence.0 && text.part == key.part)
    }

    fn put(&mut self, text: SentText) -> u64 {
        let number = self.texts.last_key_value().map_or(0, |(newest, _)| newest + 1);
        self.texts.insert(number, SentText { number, ..text });
        // Its place is this one's now.
        self.texts.retain(|of, _| of + limits::SENT_REMEMBERED as u64 > number);
        number
    }
}

fn place(number: u64) -> Bytes {
    let place = number % limits::SENT_REMEMBERED as u64;
    Bytes::from([PREFIX, format!("{place:04}").as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::Sequence;
    use std::collections::HashMap;

    const MAX: u64 = limits::SENT_REMEMBERED as u64;

    fn key(row: u64, part: u16) -> ParcelKey {
        ParcelKey { account: "a".parse().unwrap(), sequence: Sequence(row), part }
    }

    /// A vault, as far as it is needed.
    #[derive(Default)]
    struct Kept(HashMap<Bytes, Bytes>);

    impl Kept {
        fn carry_out(&mut self, write: Option<VaultWrite>) {
            match write {
                Some(VaultWrite::Put { key, value }) => _ = self.0.insert(key, value),
                Some(VaultWrite::Delete { key }) => _ = self.0.remove(&key),
                None => {}
            }
        }
    }

    #[test]
    fn the_last_ones_are_known_in_the_next_life_too_and_take_a_bounded_room() {
        let mut kept = Kept::default();
        let mut texts = SentTexts::default();
        texts.resume([]);
        for row in 0..3 * MAX {
            for part in 0..2 {
                kept.carry_out(texts.note(&key(row, part), &format!("{row}.{part}")));
            }
        }
        kept.carry_out(texts.forget(&key(3 * MAX - 1, 0)));
        assert_eq!((texts.texts.len() as u64, kept.0.len() as u64), (MAX - 1, MAX - 1));
        for life in 0..3 {
            let mut next = SentTexts::default();
            next.resume(kept.0.values());
            assert_eq!(next.texts, texts.texts);
            assert_eq!(next.get(&key(3 * MAX - 1, 1)), Some(format!("{}.1", 3 * MAX - 1).as_str()));
            assert_eq!((next.get(&key(3 * MAX - 1, 0)), next.get(&key(0, 0))), (None, None));
            // Each life overwrites the oldest, not what the one before wrote last.
            kept.carry_out(next.note(&key(3 * MAX + life, 0), "later"));
            texts = next;
        }
    }

    #[test]
    fn what_was_sent_before_the_vault_could_be_read_overwrites_nothing() {
        let mut texts = SentTexts::default();
        assert_eq!(texts.note(&key(7, 0), "early"), None);
        assert_eq!(texts.get(&key(7, 0)), Some("early"));
        let old = SentText { number: 40, row: 3, part: 0, text: "old".to_owned() };
        texts.resume([&Bytes::from(serde_json::to_vec(&old).unwrap()), &Bytes::from_static(b"damaged")]);
        assert_eq!((texts.get(&key(3, 0)), texts.get(&key(7, 0))), (Some("old"), Some("early")));
        let Some(VaultWrite::Put { key: at, .. }) = texts.note(&key(8, 0), "new") else { panic!("it is written") };
        assert_eq!(at, place(42));
        texts.resume([]);
        assert_eq!(texts.get(&key(3, 0)), Some("old"), "only once");
    }
}
