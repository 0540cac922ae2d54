//! For whom a call is made, in names that a server can keep something under and that say nothing else.

use crate::limits::WHOM_BYTES;
use greenroom_contract::ids::{ConversationId, PersonId, ToolServerName};
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::RwLock;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// The key that the names are made with. The names last as long as it does: with another one, a server takes every person for
/// a new one.
#[derive(Clone)]
pub struct WhomKey(Zeroizing<[u8; KEY_BYTES]>);

impl WhomKey {
    /// A new one.
    ///
    /// # Errors
    /// The machine has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// One that was kept; `None` if that is no key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// What has to be kept of it.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The name under which this server knows something. Each server has names of its own, so that two of them cannot
    /// compare whom they know.
    fn name(&self, server: &ToolServerName, kind: &str, number: u64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.as_bytes()).expect("HMAC takes keys of any length");
        for part in [kind, server.as_str()] {
            mac.update(part.as_bytes());
            // No name of a server holds it.
            mac.update(b"\0");
        }
        mac.update(&number.to_be_bytes());
        let name = mac.finalize().into_bytes();
        format!("{}-{}", &kind[..1], hex::encode(&name[..WHOM_BYTES]))
    }
}

impl fmt::Debug for WhomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WhomKey(…)")
    }
}

/// The key that all servers share, once it is known.
#[derive(Debug, Default)]
pub(crate) struct Whom(RwLock<Option<WhomKey>>);

/// The names of those for whom a call is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) person: String,
    pub(crate) conversation: String,
}

impl Whom {
    pub(crate) fn know(&self, key: WhomKey) {
        *self.0.write() = Some(key);
    }

    /// The names; `None` as long as there is no key.
    pub(crate) fn named(
        &self,
        server: &ToolServerName,
        person: PersonId,
        conversation: ConversationId,
    ) -> Option<Named> {
        let key = self.0.read().clone()?;
        Some(Named {
            person: key.name(server, "person", person.0),
            conversation: key.name(server, "conversation", conversation.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(key: &[u8], server: &str, person: u64, conversation: u64) -> Named {
        let whom = Whom::default();
        whom.know(WhomKey::from_bytes(key).unwrap());
        whom.named(&server.parse().unwrap(), PersonId(person), ConversationId(conversation)).unwrap()
    }

    #[test]
    fn a_name_stays_the_same_and_is_one_persons_at_one_server() {
        let one = named(&[7; 32], "tasks", 3, 3);
        // Made by: printf 'person\0tasks\0\0\0\0\0\0\0\0\3' | openssl dgst -sha256 -mac hmac -macopt hexkey:0707…07
        assert_eq!(one.person, "p-27a807dfb6738496cba2d0568ab9d499");
        assert_eq!(one, named(&[7; 32], "tasks", 3, 3));
        assert_ne!(one.person[2..], one.conversation[2..], "of the same number");
        for other in [named(&[7; 32], "tasks", 4, 4), named(&[7; 32], "notes", 3, 3), named(&[8; 32], "tasks", 3, 3)] {
            assert!(one.person != other.person && one.conversation != other.conversation, "{other:?}");
        }
    }

    #[test]
    fn without_a_key_there_are_no_names_and_no_log_shows_one() {
        assert_eq!(Whom::default().named(&"tasks".parse().unwrap(), PersonId(1), ConversationId(1)), None);
        assert!(WhomKey::from_bytes(&[1; 31]).is_none());
        let key = WhomKey::random().unwrap();
        assert_ne!(key.as_bytes(), WhomKey::random().unwrap().as_bytes());
        assert_eq!(format!("{key:?}"), "WhomKey(…)");
    }
}
