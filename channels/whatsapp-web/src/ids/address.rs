//! Addresses of the network (JIDs), and what they are here.
//!
//! A person has two: a phone number (`15551234567@s.whatsapp.net`) and a LID (`123@lid`). Either may carry a device
//! (`15551234567:3@…`), which says which of a person's devices wrote and never who the person is.

use greenroom_contract::address::Address;
use greenroom_contract::ids::{ChatId, SenderId};
use whatsapp_rust::{Jid, Server};

/// The address of the person or group, without device. Servers that are the same namespace under another name are
/// folded, so that equality means "the same".
pub(crate) fn bare(jid: &Jid) -> Jid {
    let server = match jid.server {
        Server::Hosted | Server::Legacy => Server::Pn,
        Server::HostedLid => Server::Lid,
        other => other,
    };
    let mut bare = jid.to_non_ad();
    bare.server = server;
    bare
}

/// Reads an address as a message or a record carries it; its device is dropped.
pub(crate) fn read(text: &str) -> Option<Jid> {
    let jid: Jid = text.parse().ok()?;
    (!jid.user.is_empty()).then(|| bare(&jid))
}

/// The address of a person as allow-lists and records of people write it.
pub(crate) fn address(jid: &Jid) -> Option<Address> {
    match jid.server {
        Server::Pn | Server::Hosted | Server::Legacy => Address::phone(&format!("+{}", jid.user)).ok(),
        Server::Lid | Server::HostedLid => Address::lid(&jid.user).ok(),
        _ => None,
    }
}

/// A chat's id: its address without device, which is also where replies go.
pub(crate) fn chat_id(jid: &Jid) -> Option<ChatId> {
    ChatId::new(bare(jid).to_string()).ok()
}

/// The address behind a chat's id.
pub(crate) fn of_chat(chat: &ChatId) -> Option<Jid> {
    read(chat.as_str())
}

/// The address behind an author's id.
pub(crate) fn of_sender(sender: &SenderId) -> Option<Jid> {
    read(sender.as_str())
}

/// The addresses of one person, as far as they are known, without device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// By phone number.
    pub number: Option<Jid>,
    /// By LID.
    pub lid: Option<Jid>,
}

impl Person {
    /// The person with these addresses; of two of one kind the first counts.
    pub fn of<'a>(jids: impl IntoIterator<Item = &'a Jid>) -> Self {
        let mut person = Self::default();
        for jid in jids {
            let jid = bare(jid);
            let place = match jid.server {
                Server::Pn => &mut person.number,
                Server::Lid => &mut person.lid,
                _ => continue,
            };
            if place.is_none() && !jid.user.is_empty() {
                *place = Some(jid);
            }
        }
        person
    }

    /// Whether this address, with any device, is one of theirs.
    pub fn is(&self, jid: &Jid) -> bool {
        let jid = Some(bare(jid));
        jid == self.number || jid == self.lid
    }

    /// The address that stays when numbers change, else the number.
    pub(crate) fn lasting(&self) -> Option<&Jid> {
        self.lid.as_ref().or(self.number.as_ref())
    }

    /// All addresses, the most telling first.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        [&self.number, &self.lid].into_iter().flatten().filter_map(address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> Jid {
        text.parse().unwrap()
    }

    #[test]
    fn a_device_says_nothing_about_the_person() {
        for (text, expected) in [
            ("15550000001:12@s.whatsapp.net", "15550000001@s.whatsapp.net"),
            ("15550000001@c.us", "15550000001@s.whatsapp.net"),
            ("15550000001:99@hosted", "15550000001@s.whatsapp.net"),
            ("777:3@lid", "777@lid"),
            ("777@hosted.lid", "777@lid"),
            ("120363001@g.us", "120363001@g.us"),
        ] {
            assert_eq!(read(text).map(|jid| jid.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "s.whatsapp.net", "@lid", "+15550000001", "nonsense"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_person_is_recognised_by_each_address() {
        let ana = Person::of([&jid("15550000001:2@s.whatsapp.net"), &jid("777:2@lid")]);
        assert!(ana.is(&jid("15550000001@s.whatsapp.net")) && ana.is(&jid("777:40@lid")));
        assert!(!ana.is(&jid("777@s.whatsapp.net")) && !ana.is(&jid("15550000001@lid")) && !ana.is(&Jid::default()));
        assert!(!Person::default().is(&Jid::default()));
        assert_eq!(ana.addresses(), ["+15550000001".parse().unwrap(), "lid:777".parse().unwrap()]);
    }
}
