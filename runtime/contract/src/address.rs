//! Addresses of people, and the entries of allow-lists.
//!
//! A phone number is not a safe key on either WhatsApp transport: Web chats use LIDs, Cloud users
//! with a username arrive with a BSUID only. So a sender carries every address that is known.

use crate::ids::{ChatId, IdError};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

mod plan;
mod spelling;

pub use plan::{Likeness, nearest, other_spelling};

/// One address of a person: a value within a namespace, in its one normal form.
///
/// | made by | written | the value |
/// |---|---|---|
/// | [`Address::phone`] | `+15551234567` | a phone number in E.164: the digits only, 7 to 15 of them, not starting with zero |
/// | [`Address::lid`] | `lid:123` | a WhatsApp LID: the digits only, without server and device |
/// | [`Address::bsuid`] | `bsuid:US.123` | a business-scoped user id of the Cloud API, exactly as Meta wrote it |
/// | [`Address::username`] | `@name` | a user name, lower case, without the `@` |
/// | [`Address::other`] | `telegram:123` | an id of any other network, exactly as that network wrote it |
///
/// The normal form is made once, in the constructor, and it is stable: what is written reads the same again.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    namespace: Namespace,
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Namespace {
    Phone,
    Lid,
    Bsuid,
    Username,
    Other(Box<str>),
}

/// How far an address tells who a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// It names one person for good: two people who are known by it are one.
    Strong,
    /// It may change hands: it belongs to the person who was seen with it last.
    Weak,
}

/// Why a text cannot be an address or an allow-list entry. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Looks like a phone number and is not one.
    #[error("{0:?} is not a phone number in E.164: write + and 7 to 15 digits with country code, such as +15551234567")]
    Phone(String),
    /// The part after the prefix is missing or holds something strange.
    #[error("{0:?} is not complete: write lid:DIGITS, bsuid:CC.ID, @username, NETWORK:ID or group:ID")]
    Incomplete(String),
    /// A character that does not belong there, perhaps one that cannot be seen.
    #[error(
        "{text:?} holds a character that does not belong there: {} (U+{:04X}); type it again, such as +15551234567",
        shown(*character), u32::from(*character)
    )]
    Character {
        /// What was written.
        text: String,
        /// The first character that does not belong there.
        character: char,
    },
    /// A number that no country has.
    #[error("{number} cannot be a phone number: {reason}; write {instead}")]
    Impossible {
        /// The number in its normal form.
        number: String,
        /// Which rule it breaks.
        reason: &'static str,
        /// What may be meant.
        instead: String,
    },
    /// A link that names no phone number.
    #[error("{0:?} is a link without a phone number: write the number itself, such as +15551234567")]
    Link(String),
    /// None of the known forms.
    #[error(
        "{0:?} is not an address: write +E164, lid:…, bsuid:…, @username, NETWORK:ID, group:ID, or \"*\" for everybody"
    )]
    Unknown(String),
}

fn shown(character: char) -> String {
    character.escape_debug().to_string()
}

impl Address {
    /// The namespace of phone numbers.
    pub const PHONE: &'static str = "phone";
    /// The namespace of WhatsApp LIDs.
    pub const LID: &'static str = "lid";
    /// The namespace of business-scoped user ids.
    pub const BSUID: &'static str = "bsuid";
    /// The namespace of user names.
    pub const USERNAME: &'static str = "username";

    /// An address as a person typed or pasted it: `tel:`, `whatsapp:` and `https://wa.me/` are understood, `00` for `+`,
    /// `(0)`, digits of other scripts, and every kind of space, hyphen and invisible mark within a number. An adapter
    /// uses [`Address::from_str`], which knows one form of each.
    pub fn typed(text: &str) -> Result<Self, AddressError> {
        spelling::address(text)
    }

    /// A phone number: `+`, then digits, with spaces, dots, hyphens and brackets ignored.
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
        let valid = digits.len() >= 7 && !digits.starts_with('0');
        valid.then_some(Self { namespace: Namespace::Phone, value: digits }).ok_or_else(bad)
    }

    /// A WhatsApp LID: its digits.
    pub fn lid(digits: &str) -> Result<Self, AddressError> {
        let valid = (1..=limits::LID_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        Self::checked(Namespace::Lid, digits.to_owned(), valid)
    }

    /// A business-scoped user id, as Meta writes it.
    pub fn bsuid(id: &str) -> Result<Self, AddressError> {
        let valid = bounded(id) && id.chars().all(is_of_name);
        Self::checked(Namespace::Bsuid, id.to_owned(), valid)
    }

    /// A user name without the `@`, in upper or lower case.
    pub fn username(name: &str) -> Result<Self, AddressError> {
        // Checked after it was made lower case: that can make it longer, and can bring in a mark that is not a letter.
        let name = name.to_lowercase();
        let valid = bounded(&name) && name.chars().all(|c| is_of_name(c) || c == DOT_ABOVE);
        Self::checked(Namespace::Username, name, valid)
    }

    /// An id of any other network, such as `telegram`, `discord` or `email`. The namespace is at most 24 lower-case
    /// letters, digits and hyphens, beginning with a letter; the value is letters, digits and ASCII punctuation, kept
    /// exactly as it is, so an adapter gives it in one form only. It counts as strong: a name that may change hands is
    /// an [`Address::username`].
    pub fn other(namespace: &str, value: &str) -> Result<Self, AddressError> {
        if !is_namespace(namespace) {
            return Err(AddressError::Unknown(format!("{namespace}:{value}")));
        }
        let valid = bounded(value) && value.chars().all(|c| c.is_alphanumeric() || c.is_ascii_punctuation());
        Self::checked(Namespace::Other(namespace.into()), value.to_owned(), valid)
    }

    fn checked(namespace: Namespace, value: String, valid: bool) -> Result<Self, AddressError> {
        let address = Self { namespace, value };
        if valid { Ok(address) } else { Err(AddressError::Incomplete(address.to_string())) }
    }

    /// What kind of address it is: [`Address::PHONE`], [`Address::LID`], [`Address::BSUID`], [`Address::USERNAME`], or
    /// the namespace that was given to [`Address::other`].
    pub fn namespace(&self) -> &str {
        match &self.namespace {
            Namespace::Phone => Self::PHONE,
            Namespace::Lid => Self::LID,
            Namespace::Bsuid => Self::BSUID,
            Namespace::Username => Self::USERNAME,
            Namespace::Other(namespace) => namespace,
        }
    }

    /// The address within its namespace, in its normal form: a phone number's digits, a name without the `@`.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it names one person for good.
    pub fn strength(&self) -> Strength {
        match &self.namespace {
            Namespace::Username => Strength::Weak,
            Namespace::Phone | Namespace::Lid | Namespace::Bsuid | Namespace::Other(_) => Strength::Strong,
        }
    }
}

/// Combining dot above: lower case of `İ` is `i` and this mark, the only one that lower-casing brings in.
const DOT_ABOVE: char = '\u{307}';

fn bounded(value: &str) -> bool {
    !value.is_empty() && value.len() <= limits::ADDRESS_BYTES_MAX
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "._-@".contains(c)
}

/// Whether another network may be called this; the words of the forms above, and of groups, are taken.
fn is_namespace(text: &str) -> bool {
    let taken = [Address::PHONE, Address::LID, Address::BSUID, Address::USERNAME, GROUP];
    let taken = taken.iter().chain(&spelling::SCHEMES);
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=limits::NAMESPACE_BYTES_MAX).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(plain)
        && !taken.into_iter().any(|word| *word == text)
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.starts_with('+') {
            Self::phone(text)
        } else if let Some(name) = text.strip_prefix('@') {
            Self::username(name)
        } else if let Some((namespace, value)) = text.split_once(':') {
            match namespace {
                Self::LID => Self::lid(value),
                Self::BSUID => Self::bsuid(value),
                _ => Self::other(namespace, value),
            }
        } else if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            Err(AddressError::Phone(text.to_owned()))
        } else {
            Err(AddressError::Unknown(text.to_owned()))
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Namespace::Phone => write!(f, "+{}", self.value),
            Namespace::Username => write!(f, "@{}", self.value),
            Namespace::Lid | Namespace::Bsuid | Namespace::Other(_) => {
                write!(f, "{}:{}", self.namespace(), self.value)
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
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

/// What the entry of a group begins with.
const GROUP: &str = "group";
/// The entry that admits everybody.
const EVERYBODY: &str = "*";

impl AllowEntry {
    /// Reads an entry that was accepted once and written down: the id of its group as [`ChatId::read_back`] does, and a
    /// number also if none like it would be accepted today.
    pub fn read_back(text: &str) -> Result<Self, AddressError> {
        match group_id(text) {
            Some(id) => Self::group(text, ChatId::read_back(id)),
            None if text == EVERYBODY => Ok(Self::Everybody),
            None => text.parse().map(Self::Person),
        }
    }

    fn group(text: &str, id: Result<ChatId, IdError>) -> Result<Self, AddressError> {
        id.map(Self::Group).map_err(|_| AddressError::Incomplete(text.to_owned()))
    }
}

fn group_id(text: &str) -> Option<&str> {
    text.strip_prefix(GROUP)?.strip_prefix(':')
}

impl FromStr for AllowEntry {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text == EVERYBODY {
            Ok(Self::Everybody)
        } else if let Some(id) = group_id(text) {
            Self::group(text, ChatId::new(id.trim_start()))
        } else {
            // Written by a person, on a command line or in a configuration.
            Address::typed(text).map(Self::Person)
        }
    }
}

impl fmt::Display for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(address) => address.fmt(f),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Everybody => f.write_str(EVERYBODY),
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
mod tests;
