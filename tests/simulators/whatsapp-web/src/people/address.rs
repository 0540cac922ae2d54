//! Whom a person writes to, and who is who.

use std::collections::HashMap;
use whatsapp_rust::wacore::libsignal::protocol::ProtocolAddress;
use whatsapp_rust::wacore::types::jid::JidExt as _;
use whatsapp_rust::wacore_binary::{Jid, Server};

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A person by phone number, digits.
    Pn(String),
    /// A person by LID, digits.
    Lid(String),
    /// A group by its id, with or without `@g.us`.
    Group(String),
    /// The chat "message yourself".
    Myself,
}

impl Address {
    /// A person by phone number; everything but digits is ignored.
    pub fn pn(number: &str) -> Self {
        Self::Pn(digits(number))
    }

    /// A person by LID; everything but digits is ignored.
    pub fn lid(lid: &str) -> Self {
        Self::Lid(digits(lid))
    }

    /// A group by its id, with or without `@g.us`.
    pub fn group(id: &str) -> Self {
        Self::Group(id.trim_end_matches("@g.us").to_owned())
    }

    /// The bare JID, seen by the phone with this number.
    pub(super) fn jid(&self, own_number: &str) -> Jid {
        match self {
            Self::Pn(number) => Jid::pn(number.as_str()),
            Self::Lid(lid) => Jid::lid(lid.as_str()),
            Self::Group(id) => Jid::group(id.trim_end_matches("@g.us")),
            Self::Myself => Jid::pn(own_number),
        }
    }
}

/// The digits of a number as people write it.
pub(super) fn digits(text: &str) -> String {
    let user = text.split(['@', ':']).next().unwrap_or_default();
    user.chars().filter(char::is_ascii_digit).collect()
}

/// Which phone number and which LID are one person.
///
/// Sessions belong to a person's device and not to the name it was addressed by, so every key of the
/// stores is the LID where it is known.
#[derive(Debug, Default)]
pub(super) struct Directory {
    lid_of: HashMap<String, String>,
    number_of: HashMap<String, String>,
}

impl Directory {
    /// Notes that both are one person; returns whether that is news.
    pub(super) fn learn(&mut self, number: &str, lid: &str) -> bool {
        if number.is_empty() || lid.is_empty() || self.lid_of.get(number).is_some_and(|known| known == lid) {
            return false;
        }
        self.lid_of.insert(number.to_owned(), lid.to_owned());
        self.number_of.insert(lid.to_owned(), number.to_owned());
        true
    }

    /// The person's phone number if it is known, else the digits of the JID itself.
    pub(super) fn number(&self, jid: &Jid) -> String {
        match jid.server {
            Server::Lid => self.number_of.get(jid.user.as_str()).cloned().unwrap_or_else(|| jid.user.to_string()),
            _ => jid.user.to_string(),
        }
    }

    /// The LID of the same device if it is known, else the JID unchanged.
    pub(super) fn canonical(&self, jid: &Jid) -> Jid {
        match jid.server {
            Server::Pn => match self.lid_of.get(jid.user.as_str()) {
                Some(lid) => Jid::lid_device(lid.as_str(), jid.device),
                None => Jid::pn_device(jid.user.as_str(), jid.device),
            },
            Server::Lid => Jid::lid_device(jid.user.as_str(), jid.device),
            _ => jid.clone(),
        }
    }

    /// Under which address the sessions with this device are kept.
    pub(super) fn signal_address(&self, jid: &Jid) -> ProtocolAddress {
        self.canonical(jid).to_protocol_address()
    }

    /// Whether both JIDs are the same person, devices ignored.
    pub(super) fn same_person(&self, one: &Jid, other: &Jid) -> bool {
        let (one, other) = (self.canonical(one), self.canonical(other));
        one.user == other.user && one.server == other.server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_one_whichever_way_they_are_addressed() {
        let mut directory = Directory::default();
        let (number, lid) = (Jid::pn_device("15550001", 3), Jid::lid_device("9001", 3));
        assert!(!directory.same_person(&number, &lid));
        assert_ne!(directory.signal_address(&number), directory.signal_address(&lid));
        assert!(directory.learn("15550001", "9001"));
        assert!(!directory.learn("15550001", "9001"));
        assert!(directory.same_person(&number, &lid));
        assert_eq!(directory.signal_address(&number), directory.signal_address(&lid));
        assert_ne!(directory.signal_address(&number), directory.signal_address(&Jid::lid("9001")));
        assert_eq!(directory.number(&lid), "15550001");
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(Address::pn("+1 (555) 000-1"), Address::Pn("15550001".to_owned()));
        assert_eq!(Address::lid("9001@lid"), Address::Lid("9001".to_owned()));
        assert_eq!(Address::group("120363@g.us"), Address::Group("120363".to_owned()));
    }
}
