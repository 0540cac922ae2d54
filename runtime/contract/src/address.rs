//! Addresses of people, and the entries of allow-lists.
//!
//! A phone number is not a safe key on either WhatsApp transport: Web chats use LIDs, Cloud users
//! with a username arrive with a BSUID only. So a sender carries every address that is known.

use crate::ids::ChatId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One address of a person, in its one normal form. The text forms are `+15551234567`, `lid:123`,
/// `bsuid:US.123` and `@name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// A phone number in E.164: the digits only, 7 to 15 of them, not starting with zero.
    Phone(String),
    /// A WhatsApp LID: the digits only, without server and device.
    Lid(String),
    /// A business-scoped user id of the Cloud API, exactly as Meta wrote it.
    Bsuid(String),
    /// A username, lower case, without the `@`.
    Username(String),
}

/// Why a text is no address or no allow-list entry. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Looks like a phone number but is none.
    #[error("{0:?} is not a phone number in E.164: write + and 7 to 15 digits with country code, such as +15551234567")]
    Phone(String),
    /// The part after the prefix is missing or holds something strange.
    #[error("{0:?} is not complete: write lid:DIGITS, bsuid:CC.ID, @username or group:ID")]
    Incomplete(String),
    /// None of the known forms.
    #[error("{0:?} is not an address: write +E164, lid:…, bsuid:…, @username, group:ID, or \"*\" for everybody")]
    Unknown(String),
}

impl Address {
    /// Reads a phone number: `+`, then digits, with spaces, dots, hyphens and brackets ignored.
    pub fn phone(text: &str) -> Result<Self, AddressError> {
        let bad = || AddressError::Phone(text.to_owned());
        let rest = text.trim().strip_prefix('+').ok_or_else(bad)?;
        let mut digits = String::with_capacity(15);
        for c in rest.chars() {
            match c {
                '0'..='9' if digits.len() < 15 => digits.push(c),
                ' ' | '-' | '.' | '(' | ')' => {}
                _ => return Err(bad()),
            }
        }
        if digits.len() < 7 || digits.starts_with('0') { Err(bad()) } else { Ok(Self::Phone(digits)) }
    }
}

fn plain(text: &str) -> Option<&str> {
    let sane = !text.is_empty() && text.len() <= 160 && text.chars().all(|c| c.is_alphanumeric() || "._-@".contains(c));
    sane.then_some(text)
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let incomplete = || AddressError::Incomplete(text.to_owned());
        if text.starts_with('+') {
            Self::phone(text)
        } else if let Some(lid) = text.strip_prefix("lid:") {
            let digits = !lid.is_empty() && lid.len() <= 32 && lid.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| Self::Lid(lid.to_owned())).ok_or_else(incomplete)
        } else if let Some(bsuid) = text.strip_prefix("bsuid:") {
            plain(bsuid).map(|id| Self::Bsuid(id.to_owned())).ok_or_else(incomplete)
        } else if let Some(name) = text.strip_prefix('@') {
            plain(name).map(|name| Self::Username(name.to_lowercase())).ok_or_else(incomplete)
        } else if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            Err(AddressError::Phone(text.to_owned()))
        } else {
            Err(AddressError::Unknown(text.to_owned()))
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(digits) => write!(f, "+{digits}"),
            Self::Lid(digits) => write!(f, "lid:{digits}"),
            Self::Bsuid(id) => write!(f, "bsuid:{id}"),
            Self::Username(name) => write!(f, "@{name}"),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// One entry of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AllowEntry {
    /// One person, by one address.
    Person(Address),
    /// One group, written `group:ID`. As soon as one stands in the list, only listed groups are admitted.
    Group(ChatId),
    /// Everybody; it must be written `*` to mean it.
    Everybody,
}

impl FromStr for AllowEntry {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text == "*" {
            Ok(Self::Everybody)
        } else if let Some(id) = text.strip_prefix("group:") {
            ChatId::new(id).map(Self::Group).map_err(|_| AddressError::Incomplete(text.to_owned()))
        } else {
            text.parse().map(Self::Person)
        }
    }
}

impl fmt::Display for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(address) => address.fmt(f),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Everybody => f.write_str("*"),
        }
    }
}

impl TryFrom<String> for AllowEntry {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<AllowEntry> for String {
    fn from(entry: AllowEntry) -> Self {
        entry.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = text.parse::<AllowEntry>().map_or_else(|e| format!("refused: {e}"), |a| a.to_string());
        assert!(got.starts_with(expected), "{text:?} gave {got:?}, expected {expected:?}");
    }

    #[test]
    fn every_form_has_one_normal_form() {
        check("+1 (555) 123-4567", "+15551234567");
        check(" +15551234567 ", "+15551234567");
        check("lid:123456", "lid:123456");
        check("bsuid:US.Ab9", "bsuid:US.Ab9");
        check("@Ana", "@ana");
        check("group:1203630@g.us", "group:1203630@g.us");
        check("*", "*");
    }

    #[test]
    fn bad_forms_say_what_to_write() {
        check("15551234567", "refused: \"15551234567\" is not a phone number in E.164");
        check("+0123456789", "refused: \"+0123456789\" is not a phone number");
        check("+12345678901234567", "refused:");
        check("+1555x234567", "refused:");
        check("lid:", "refused: \"lid:\" is not complete");
        check("@", "refused:");
        check("group:", "refused:");
        check("", "refused: \"\" is not an address");
        check("everyone", "refused: \"everyone\" is not an address");
    }
}
