//! Entries of allow-lists as people write them, looked at with the numbering plans of all countries.
//!
//! The contract decides what may be an entry. The plans add what a person wants to hear before they wait for an answer
//! that never comes: that a number does not look like one that is given out, and which one may be meant. They grow old, so
//! they never refuse what can be a number.

use crate::limits;
use greenroom_contract::address::{Address, AddressError, AllowEntry};
use phonenumber::PhoneNumber;

/// An entry that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// In its normal form.
    pub(crate) entry: AllowEntry,
    /// What is worth a second look.
    pub(crate) warning: Option<String>,
}

/// What cannot be an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoEntry {
    /// It is almost one.
    #[error("{reason}; did you mean {meant}?")]
    Near {
        /// What is wrong with it.
        reason: String,
        /// What may be meant: a number that is given out.
        meant: AllowEntry,
    },
    /// It is none.
    #[error(transparent)]
    None(AddressError),
}

/// Reads an entry as a person wrote it.
pub(crate) fn read(text: &str) -> Result<Entry, NoEntry> {
    match text.parse::<AllowEntry>() {
        Ok(entry) => {
            let warning = warning(&entry);
            Ok(Entry { entry, warning })
        }
        Err(error) => Err(match meant(text) {
            Some(meant) => NoEntry::Near { reason: error.to_string(), meant },
            None => NoEntry::None(error),
        }),
    }
}

/// What is worth a second look about an entry: a number that the plans know nothing of.
pub(crate) fn warning(entry: &AllowEntry) -> Option<String> {
    let AllowEntry::Person(address) = entry else { return None };
    if address.namespace() != Address::PHONE || known(&address.to_string()).is_some() {
        return None;
    }
    Some(format!("{address} does not look like a number that is given out: is a digit missing, or one too many?"))
}

/// A number that is given out, as the plans know it.
fn known(text: &str) -> Option<PhoneNumber> {
    let number = phonenumber::parse(None, text).ok()?;
    number.is_valid().then_some(number)
}

/// The number that may be meant by digits that are none: `+` was left out, or a 0 stands where only its own country dials it.
fn meant(text: &str) -> Option<AllowEntry> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_number = text.chars().all(|c| c.is_ascii_digit() || " +-./()".contains(c));
    if !is_number || digits.len() > limits::NUMBER_DIGITS_MAX {
        return None;
    }
    let number = known(&format!("+{digits}"))?;
    let normal = number.format().mode(phonenumber::Mode::E164).to_string();
    Address::phone(&normal).ok().map(AllowEntry::Person)
}

#[cfg(test)]
mod tests;
