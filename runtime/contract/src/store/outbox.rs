//! The durable queue of messages to send.

use super::{Scope, StoreError};
use crate::channel::Receipt;
use crate::event::DeliveryStatus;
use crate::ids::{AccountId, ConversationId, MessageId, OutboundId, Sequence};
use crate::message::Sender;
use crate::outbound::{OutboundBody, Route};
use crate::time::Timestamp;
use crate::trace::Step;
use async_trait::async_trait;

/// Messages to send, and what became of those that were sent.
///
/// A sent parcel stays as the index of our own messages and as a part of the trace until the
/// janitor removes it.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Unsent parcels of an account, after `after`, in order, at most `parcels_max`. Held parcels are
    /// not among them.
    async fn pending(
        &self,
        account: &AccountId,
        after: Option<&ParcelKey>,
        parcels_max: usize,
    ) -> Result<Vec<PendingParcel>, StoreError>;

    /// One parcel.
    async fn parcel(&self, key: &ParcelKey) -> Result<Option<Parcel>, StoreError>;

    /// Puts a message that no turn made, such as an owner's own send, into the outbox, in one commit. Durable on
    /// return. [`StoreError::NotFound`] if its conversation is named and unknown.
    async fn post(&self, post: Post) -> Result<Posted, StoreError>;

    /// The network has it. Durable on return.
    async fn sent(&self, key: &ParcelKey, receipt: &Receipt, at: Timestamp) -> Result<(), StoreError>;

    /// The same, where the network shows an id once: nobody waits for it. From now on the parcel is not pending and reads
    /// as sent; it is on disk a moment later, however often the store fails. After a crash within that moment it is found
    /// unsent.
    fn sent_submitted(&self, key: &ParcelKey, receipt: &Receipt, at: Timestamp);

    /// An attempt did not end with a receipt. Durable on return.
    async fn verdict(&self, key: &ParcelKey, verdict: ParcelVerdict, step: Step) -> Result<(), StoreError>;

    /// Unsent parcels of one conversation by this account, in order, at most `parcels_max`. Held parcels are not among
    /// them. Follows redirects of merged conversations.
    async fn pending_of(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        parcels_max: usize,
    ) -> Result<Vec<PendingParcel>, StoreError>;

    /// Unsent and held parcels of all accounts without what they say, after `after`, in the order of their keys, at most
    /// `parcels_max`. For whoever wants to look at them.
    async fn unsent(&self, after: Option<&ParcelKey>, parcels_max: usize) -> Result<Vec<Parcel>, StoreError>;

    /// How many parcels are not sent. Counts them without reading them.
    async fn unsent_count(&self) -> Result<UnsentCount, StoreError>;

    /// Puts one held parcel back among the pending ones: its attempts begin anew, and so does its age. Called when the
    /// owner wants it, never by itself. [`StoreError::NotFound`] if it is not held. Durable on return.
    async fn release_parcel(&self, key: &ParcelKey, step: Step) -> Result<PendingParcel, StoreError>;

    /// Puts held parcels of a conversation back among the pending ones and returns them; called when
    /// the owner wants it. Never called by itself: whether a held parcel was sent is not known.
    async fn release_held(&self, conversation: ConversationId) -> Result<Vec<ParcelKey>, StoreError>;

    /// The parcel that became this network message, if it is one of ours. Also finds a parcel that is
    /// not marked as sent yet by the id we chose.
    async fn find_own(&self, account: &AccountId, message: &MessageId) -> Result<Option<ParcelKey>, StoreError>;
}

/// Names a parcel: the account, the row that caused it, and its number among that row's parcels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParcelKey {
    /// The account that sends.
    pub account: AccountId,
    /// The row that caused it.
    pub sequence: Sequence,
    /// Its number, from 0.
    pub part: u16,
}

/// A parcel that is not sent yet: what must be known to put it into an order, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingParcel {
    /// Its name.
    pub key: ParcelKey,
    /// Its conversation: never two in flight in one.
    pub conversation: ConversationId,
    /// When it was made, or released last.
    pub made_at: Timestamp,
    /// As in [`ParcelState::Waiting`]; 0 in every other state.
    pub not_before: Timestamp,
    /// As in [`ParcelDraft`].
    pub speaks_first: bool,
}

impl PendingParcel {
    /// A parcel that was put into the outbox just now.
    pub fn new(key: ParcelKey, conversation: ConversationId, made_at: Timestamp, speaks_first: bool) -> Self {
        Self { key, conversation, made_at, not_before: Timestamp(0), speaks_first }
    }

    /// Whether it waits until its person writes.
    pub fn waits_for_person(&self) -> bool {
        self.not_before == PERSON_WRITES
    }
}

/// Stands for a moment where there is none: the parcel waits until its person writes.
pub const PERSON_WRITES: Timestamp = Timestamp(u64::MAX);

/// How many parcels are not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnsentCount {
    /// Those that will be sent by themselves.
    pub waiting: u64,
    /// Those of them that wait until their person writes.
    pub for_person: u64,
    /// Those that wait for the owner.
    pub held: u64,
}

/// What may be put in the outbox: exactly these three. Error texts and logs are another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelKind {
    /// What an assistant said.
    Reply,
    /// A kind sentence of the engine.
    Notice,
    /// The owner's own words.
    OwnSend,
}

/// A parcel to store. The store chooses its name and its [`OutboundId`].
#[derive(Debug, Clone, PartialEq)]
pub struct ParcelDraft {
    /// What it is.
    pub kind: ParcelKind,
    /// Where it goes.
    pub route: Route,
    /// For whom it is: checked against the allow-list again just before the send.
    pub recipient: Sender,
    /// The message it visibly answers.
    pub reply_to: Option<MessageId>,
    /// When the message that it is for was written.
    pub opened_at: Timestamp,
    /// Whether the bot speaks first: it is no answer to a message. That it was made says nothing about when the person
    /// wrote last.
    pub speaks_first: bool,
    /// What it says. Media are sealed, and deleted after the send.
    pub body: OutboundBody,
}

/// A message that no turn made, with all the parcels that it becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Its conversation. `None`: that of the route and the recipient of the first parcel; it is made if it is new.
    pub conversation: Option<ConversationId>,
    /// The scope of its people.
    pub scope: Scope,
    /// At least one, at most [`crate::limits::PARCELS_PER_TURN_MAX`], all of one route.
    pub parcels: Vec<ParcelDraft>,
    /// What was decided about it, for its trace.
    pub steps: Vec<Step>,
    /// What makes it the same message when it is posted again: such a post of the same account, within
    /// [`crate::limits::DEDUP_AGE_MAX`], stores nothing. Its trace is found by this name too.
    pub name: Option<MessageId>,
    /// Now.
    pub at: Timestamp,
}

/// What a post gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its conversation.
    pub conversation: ConversationId,
    /// The name of its first parcel.
    pub id: OutboundId,
    /// The parcels in the order of their drafts; ring the session. Empty if it was posted before.
    pub parcels: Vec<ParcelKey>,
}

/// A stored parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Its name.
    pub key: ParcelKey,
    /// Its name on the network, chosen before the send.
    pub id: OutboundId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What it was made of. The body of a sent parcel is an empty text: it is in the history.
    pub draft: ParcelDraft,
    /// How far it is.
    pub state: ParcelState,
    /// Attempts so far, as far as they ended.
    pub attempts: u32,
    /// How often it may have been shown, as far as that is not known: sends without an outcome. Forgotten when it is
    /// released, because its owner wants it to be sent.
    pub unclear: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the owner released it last, if that was ever done.
    pub released_at: Option<Timestamp>,
    /// What the network said, in order of arrival; evidence for an uncertain send.
    pub statuses: Vec<DeliveryStatus>,
    /// What was decided about it.
    pub steps: Vec<Step>,
}

/// How far a parcel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParcelState {
    /// It waits, at least until then.
    Waiting {
        /// Not before. [`PERSON_WRITES`] stands for no moment.
        not_before: Timestamp,
    },
    /// It is unknown whether the network has it.
    Uncertain {
        /// Since when.
        since: Timestamp,
    },
    /// It waits until something changes; it is shown to the owner.
    Held {
        /// For what.
        reason: String,
    },
    /// The network has it.
    Sent {
        /// Its id there.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// It will not be sent.
    Dropped {
        /// Why.
        reason: String,
    },
}

impl ParcelState {
    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Uncertain { .. } => "uncertain",
            Self::Held { .. } => "held",
            Self::Sent { .. } => "sent",
            Self::Dropped { .. } => "dropped",
        }
    }
}

/// How an attempt ended without a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParcelVerdict {
    /// Certainly not sent; try again then. Counts an attempt unless nothing was tried.
    Retry {
        /// Not before.
        not_before: Timestamp,
        /// Whether this was an attempt at all.
        counted: Counted,
    },
    /// Perhaps sent.
    Uncertain {
        /// Since when.
        since: Timestamp,
    },
    /// Perhaps sent, and it is handed to the network once more now. Counted before, so that a process that dies then does
    /// not repeat it without end; a [`ParcelVerdict::Retry`] takes the count back.
    Repeating {
        /// Now.
        since: Timestamp,
    },
    /// Hold it.
    Held {
        /// For what.
        reason: String,
    },
    /// Give it up. Its body is deleted.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// Whether something counts as an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It does.
    Yes,
    /// It does not: there was no connection.
    No,
}
