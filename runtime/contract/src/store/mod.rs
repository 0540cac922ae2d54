//! The durable queues and tables.
//!
//! The store is the seam for scale: these traits will be served by a distributed engine later, so
//! nobody may assume that the store is local, cheap or synchronous. Every method that changes
//! something returns when the change is on disk, unless it says otherwise.
//!
//! # One message in the store
//!
//! [`Inbox::accept`] (deduplicated and durable) → [`Inbox::begin`] (the attempt is counted) →
//! [`Inbox::settle`] (row out, history in, replies in the outbox: one commit) → [`Outbox::sent`].

mod accounts;
mod backup;
mod history;
mod inbox;
mod links;
mod outbox;
mod owner;
mod people;
mod reader;
mod settings;
mod traces;
mod vault;
mod wakes;

use crate::cause::Cause;

pub use accounts::{AcceptedWarning, AccountRow, AccountState, Accounts, ListScope, StoredEntry};
pub use backup::{Fence, Snapshot, StoredRow};
pub use history::{History, HistoryKey, Said};
pub use inbox::{
    Accepted, Admission, Arrival, Begin, Entry, EntryKind, Inbox, MergedConversation, MessageArrival, Outcome,
    QuarantinedRow, Scope, Settled, Settlement, StatusArrival, WaitingConversation,
};
pub use links::{Evidence, IdentityChange, LinkChange, PersonLink, SharedMemory};
pub use outbox::{
    Counted, Outbox, PERSON_WRITES, Parcel, ParcelDraft, ParcelKey, ParcelKind, ParcelState, ParcelVerdict,
    PendingParcel, Post, Posted, UnsentCount,
};
pub use owner::{OwnerWrote, Silence};
pub use people::{Conversation, ConversationsAsked, ListedConversation, People, Person};
pub use reader::StoreReader;
pub use settings::{ConversationSettings, OpenChoice, UNTIL_RELEASED, UNTIL_STARTED};
pub use traces::{Maintenance, SweepReport, Traces};
pub use vault::{AccountVault, Vault, VaultWrite};
pub use wakes::{PendingWake, WakeDraft};

/// Everything a runtime needs. Implemented by the store crate; object safe.
pub trait Store: Inbox + Outbox + History + Accounts + People + Vault + Traces + Maintenance {}

impl<T: Inbox + Outbox + History + Accounts + People + Vault + Traces + Maintenance> Store for T {}

/// Why the store did not do it, named by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The inbox is full. Wait until something is settled, then try again. Nothing was stored.
    #[error("the inbox is full ({rows} rows wait)")]
    Full {
        /// How many rows wait.
        rows: u64,
    },
    /// The disk or the engine failed. Nothing of this call is known to be stored; trying again later
    /// may work, because the store reopens itself.
    #[error("the store cannot be used now: {reason}")]
    Unavailable {
        /// The engine's error.
        #[source]
        reason: Cause,
    },
    /// The row is not there (any more): already settled, already sent, never seen. A bug or a race
    /// that the caller can ignore.
    #[error("no such row: {what}")]
    NotFound {
        /// Which.
        what: String,
    },
    /// The call breaks a rule of this contract, such as a limit. A bug in the caller.
    #[error("refused: {reason}")]
    Invalid {
        /// Which rule.
        reason: String,
    },
    /// A stored value could not be read. It was set aside with its bytes and reported.
    #[error("a damaged record was set aside: {what}")]
    Damaged {
        /// Which record.
        what: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}
