//! E-mail addresses that people proved to have, and what follows from them.

use super::HistoryKey;
use crate::address::Address;
use crate::identity::EmailAddress;
use crate::ids::{AssistantName, ConversationId, IdentityId, PersonId};
use crate::time::Timestamp;
use bytes::Bytes;

/// That a person proved to have an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLink {
    /// Names it among the links of its person; never given to another one of them.
    pub number: u32,
    /// The address.
    pub email: EmailAddress,
    /// The same for everyone with this address who belongs to the same owner.
    pub identity: IdentityId,
    /// How it was proved.
    pub evidence: Evidence,
    /// When, last.
    pub at: Timestamp,
    /// By which addresses the person was known then. One of the same kind that differs asks for a new proof.
    pub proved_by: Vec<Address>,
}

/// How an e-mail address was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// A code that was sent to it came back in the chat.
    Code,
}

/// What a turn changes of who its person is, in the commit with which it ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IdentityChange {
    /// What happens to the person's links.
    pub links: Option<LinkChange>,
    /// What the component that asks for proofs remembers of the person from now on, as it wrote it down: at most
    /// [`crate::limits::LINKING_NOTES_BYTES_MAX`] bytes. Empty deletes it; `None` leaves it.
    pub notes: Option<Bytes>,
    /// Whose memory the turn is beside its person's.
    pub shared: Option<SharedMemory>,
}

/// The memory of everyone who proved the same address. What a turn forgets is forgotten there too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedMemory {
    /// Whose.
    pub identity: IdentityId,
    /// The assistants that remember there, and not with the conversation.
    pub assistants: Vec<AssistantName>,
}

/// What happens to the links of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkChange {
    /// An address was proved by a code, just now. Beyond [`crate::limits::LINKS_PER_PERSON_MAX`] the oldest one goes.
    Proved {
        /// The address.
        email: EmailAddress,
        /// By which addresses the person is known now.
        by: Vec<Address>,
    },
    /// All are removed. What was shared goes to the last person who leaves.
    Removed,
    /// All are removed, and what was shared is deleted.
    Forgotten,
}

impl IdentityId {
    /// The history that everyone shares who proved the same address. A store gives each number once, to a person or to an
    /// identity, so this is no person's own.
    pub fn history(self) -> HistoryKey {
        HistoryKey::Person(PersonId(self.0))
    }

    /// Under which conversation assistants remember what belongs to that history; it is no chat's own.
    pub fn memory(self) -> ConversationId {
        ConversationId(self.0)
    }
}
