//! Pictures, sounds and files, which documents name by number.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use greenroom_contract::message::Media;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The media of a turn by number, from 0. Numbers of an answer's own media follow them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaTable(BTreeMap<u32, Media>);

impl MediaTable {
    /// Adds a medium under the next number.
    pub fn put(&mut self, media: Media) -> u32 {
        let number = self.next();
        self.0.insert(number, media);
        number
    }

    /// The medium with this number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Media> {
        self.0.get(&number)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Media)> {
        self.0.iter().map(|(number, media)| (*number, media))
    }

    /// How many bytes they have altogether.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.values().map(|media| media.bytes.len()).sum()
    }

    /// Adds a medium under a number that it chose; `false` if another one has it.
    pub(crate) fn put_as(&mut self, number: u32, media: Media) -> bool {
        if self.0.contains_key(&number) {
            return false;
        }
        self.0.insert(number, media);
        true
    }

    fn next(&self) -> u32 {
        self.0.last_key_value().map_or(0, |(number, _)| number.saturating_add(1))
    }
}

/// A medium with its bytes, as a document carries it where there is no other way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CarriedMedium {
    /// Its number. In an answer: one that the turn does not use, such as 1000.
    pub medium: u32,
    /// Its type, such as `image/png`.
    pub mime: String,
    /// Its bytes in base64 (RFC 4648, section 4, padded).
    pub base64: String,
}

impl CarriedMedium {
    /// The same medium as text.
    #[must_use]
    pub fn of(number: u32, media: &Media) -> Self {
        Self { medium: number, mime: media.mime.clone(), base64: BASE64_STANDARD.encode(&media.bytes) }
    }

    /// The medium itself; `None` if its text is not base64.
    #[must_use]
    pub fn media(&self) -> Option<Media> {
        let bytes = BASE64_STANDARD.decode(&self.base64).ok()?;
        Some(Media { mime: self.mime.clone(), bytes: bytes.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_in_order_and_never_twice() {
        let media = |mime: &str| Media { mime: mime.to_owned(), bytes: vec![1, 2].into() };
        let mut table = MediaTable::default();
        assert_eq!((table.put(media("a")), table.put(media("b"))), (0, 1));
        assert!(table.put_as(7, media("c")) && !table.put_as(1, media("d")));
        assert_eq!((table.put(media("e")), table.bytes()), (8, 8));
        assert_eq!(table.get(1), Some(&media("b")));
        let carried = CarriedMedium::of(3, &media("a"));
        assert_eq!((carried.base64.as_str(), carried.media()), ("AQI=", Some(media("a"))));
        assert_eq!(CarriedMedium { base64: "?".to_owned(), ..carried }.media(), None);
    }
}
