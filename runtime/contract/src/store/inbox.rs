//! The durable queue of accepted messages.

use super::{
    ConversationSettings, HistoryKey, IdentityChange, OwnerWrote, ParcelDraft, ParcelKey, PendingWake, StoreError,
    WakeDraft,
};
use crate::address::Address;
use crate::assistant::{PastTurn, SpentBy};
use crate::event::{DeliveryStatus, StatusOf};
use crate::ids::{
    AccountId, AssistantName, ChannelName, ChatId, ConversationId, MessageId, OwnerId, PersonId, SenderId, Sequence,
    TurnId,
};
use crate::limits;
use crate::message::{Inbound, Sender};
use crate::outbound::Route;
use crate::time::Timestamp;
use crate::trace::{Ignored, Step};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

/// Accepted messages, until they are settled.
///
/// Order: rows of one conversation are handed out in the order of their [`Sequence`]. A settled set
/// is always a prefix of what waits, so no answer overtakes another. Only a turn that ran while its conversation was
/// merged may cover rows behind others that waited then.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Takes a batch in one commit, all or nothing, and returns one [`Accepted`] per arrival, in
    /// order. Durable on return.
    ///
    /// Deduplicates by (account, conversation, canonical sender, message id), also within the batch. A message that came as
    /// [`Body::Unreadable`](crate::message::Body::Unreadable) is not a repetition of itself when its content comes.
    /// Resolves the conversation and the person through their addresses, mints them when they are
    /// new, and merges two that turn out to be one (the older id wins, and the arrival is told as [`Accepted::Merged`]).
    /// [`StoreError::Full`] when the admitted messages of the batch do not fit: nothing is stored then.
    async fn accept(&self, batch: Vec<Arrival>) -> Result<Vec<Accepted>, StoreError>;

    /// The first rows of a conversation that wait, at most `rows_max`, in order. Follows redirects of
    /// merged conversations. A damaged row is set aside and skipped.
    async fn waiting(&self, conversation: ConversationId, rows_max: usize) -> Result<Vec<Entry>, StoreError>;

    /// Conversations that have rows waiting, in the order of their id, after `after`, at most
    /// `conversations_max`. For recovery at start.
    async fn conversations_waiting(
        &self,
        after: Option<ConversationId>,
        conversations_max: usize,
    ) -> Result<Vec<WaitingConversation>, StoreError>;

    /// How many rows wait altogether.
    async fn rows_waiting(&self) -> Result<u64, StoreError>;

    /// Counts one more attempt for these rows; durable on return. Called before a turn whose rows
    /// were tried before.
    async fn begin(&self, begin: Begin) -> Result<(), StoreError>;

    /// The same for a first attempt: submitted in order with all other commands, not waited for.
    fn begin_submitted(&self, begin: Begin);

    /// Takes the attempt back, when a turn was interrupted or the runtime stops. Durable on return.
    async fn withdraw(&self, begin: Begin) -> Result<(), StoreError>;

    /// Ends a turn in one commit: rows out, history in, state in, settings in, wake-ups in, replies in the
    /// outbox, trace written. [`StoreError::NotFound`] if any row is gone; nothing is changed then.
    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError>;

    /// The same for a caller that tries again: a store that can reads the settlement where it is, and nothing is copied.
    async fn settle_shared(&self, settlement: &Arc<Settlement>) -> Result<Settled, StoreError> {
        self.settle(Settlement::clone(settlement)).await
    }

    /// Moves wake-ups that are due into the inbox, at most `wakes_max`, and returns the conversations
    /// to ring. Durable on return.
    async fn wake_due(&self, now: Timestamp, wakes_max: usize) -> Result<Vec<WaitingConversation>, StoreError>;

    /// Wake-ups that are not due yet, of one conversation or of all, the earliest first, at most `wakes_max`. Follows
    /// redirects of merged conversations.
    async fn wakes(
        &self,
        conversation: Option<ConversationId>,
        wakes_max: usize,
    ) -> Result<Vec<PendingWake>, StoreError>;

    /// Takes a wake-up back. Durable on return; [`StoreError::NotFound`] if it is due already, or was never there.
    async fn cancel_wake(&self, wake: Sequence) -> Result<(), StoreError>;

    /// When the next wake-up is due.
    async fn next_wake(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Rows that failed too often, newest last.
    async fn quarantined(&self, rows_max: usize) -> Result<Vec<QuarantinedRow>, StoreError>;

    /// How many rows failed too often. Counts them without reading what they hold, wherever the store can; the default
    /// reads a page.
    async fn quarantined_count(&self) -> Result<u64, StoreError> {
        Ok(self.quarantined(limits::PAGE_ROWS_MAX).await?.len() as u64)
    }

    /// Puts a quarantined row back into the inbox, with no attempts counted, and returns the
    /// conversation to ring.
    async fn release(&self, sequence: Sequence) -> Result<WaitingConversation, StoreError>;

    /// How a conversation is treated; the default where nothing was set. Follows redirects of merged
    /// conversations. [`StoreError::NotFound`] if the scope has no such conversation.
    async fn settings(&self, scope: &Scope, conversation: ConversationId) -> Result<ConversationSettings, StoreError>;

    /// Replaces how a conversation is treated; the default removes what was set. Durable on return, and
    /// seen by the next `waiting`. [`StoreError::NotFound`] if the scope has no such conversation.
    ///
    /// When two conversations are merged the settings of the older one stay; where it has none, it takes
    /// those of the newer one. They are deleted with the person or the history of the conversation.
    async fn set_settings(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        settings: ConversationSettings,
    ) -> Result<(), StoreError>;

    /// Changes of how a conversation is treated only until when it is paused; `None` ends its pause. Durable on return,
    /// and seen by the next `waiting`; a turn under way does not undo it (see [`Settlement::settings_before`]).
    /// [`StoreError::NotFound`] if the scope has no such conversation.
    async fn set_pause(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Keeps what the owner typed in a chat from another device in the history as ours, and changes the silence of the bot
    /// there; one commit. Which conversation it is; `None`, and nothing is kept, where the bot has none in this chat. The
    /// default keeps nothing.
    async fn owner_wrote(&self, wrote: OwnerWrote) -> Result<Option<ConversationId>, StoreError> {
        let _ = wrote;
        Ok(None)
    }
}

/// Within which people are told apart: a history belongs to (channel, owner, person), so that it
/// survives a change of the adapter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The configured channel.
    pub channel: ChannelName,
    /// The owner of the account.
    pub owner: OwnerId,
}

/// One thing to make durable.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// A message.
    Message(Arc<MessageArrival>),
    /// A message was deleted: a waiting row is removed, history that holds it is cleared.
    Revoked {
        /// The account.
        account: AccountId,
        /// The scope of its people.
        scope: Scope,
        /// The chat, as in its message.
        chat: ChatId,
        /// The author, as in its message.
        sender: SenderId,
        /// The message.
        message: MessageId,
        /// Now.
        at: Timestamp,
    },
    /// A message was edited: the text of a waiting row is replaced; later, nothing happens.
    Edited {
        /// The account.
        account: AccountId,
        /// The scope of its people.
        scope: Scope,
        /// The chat, as in its message.
        chat: ChatId,
        /// The author, as in its message.
        sender: SenderId,
        /// The message.
        message: MessageId,
        /// Its text now.
        text: String,
        /// Now.
        at: Timestamp,
    },
    /// Something became of a message of ours.
    Status(StatusArrival),
    /// These addresses are one person. Completes and merges people who are known.
    SamePerson {
        /// The scope.
        scope: Scope,
        /// At least two.
        addresses: Vec<Address>,
        /// Whether the allow-list names one of them. Then the person is kept also if unknown so far; of a stranger
        /// nothing is kept.
        admitted: bool,
    },
}

/// A message to accept.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageArrival {
    /// The message.
    pub inbound: Inbound,
    /// The scope of its people.
    pub scope: Scope,
    /// What the admission check said.
    pub admission: Admission,
    /// When it arrived here.
    pub received_at: Timestamp,
}

/// What the admission check said before the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It becomes a row. `by` names the entry that admitted it.
    Admitted {
        /// The entry and its origin.
        by: String,
    },
    /// Only the deduplication key and the trace are stored, never the body, and nobody is rung.
    Refused {
        /// Why.
        reason: Ignored,
    },
}

/// A status to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusArrival {
    /// The account.
    pub account: AccountId,
    /// Which message of ours.
    pub of: StatusOf,
    /// What became of it.
    pub status: DeliveryStatus,
    /// When.
    pub at: Timestamp,
    /// Under which category the network bills the message, where it says so. The message is counted once, on the day on
    /// which it is delivered: see [`History::billed`](super::History::billed).
    pub billed_as: Option<String>,
}

/// What became of one arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It waits; ring this conversation.
    New {
        /// The conversation.
        conversation: ConversationId,
        /// Its row.
        sequence: Sequence,
    },
    /// It was seen before; nothing was stored.
    Duplicate,
    /// It was refused, by admission or because the conversation is full; only its trace is stored.
    Noted,
    /// A status, an edit, a deletion or an alias was taken in. `parcel` is the one it is evidence for;
    /// ring the session.
    Updated {
        /// The parcel, if a status named one of ours.
        parcel: Option<ParcelKey>,
    },
    /// It showed that two people are one, so conversations became one: tell whoever works on them. Then it was taken in.
    Merged {
        /// Which.
        conversations: Vec<MergedConversation>,
        /// What became of the arrival itself.
        then: Box<Accepted>,
    },
}

/// A conversation that became a part of another one: its rows, parcels and settings lie there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedConversation {
    /// The account of both.
    pub account: AccountId,
    /// The one that stays.
    pub kept: ConversationId,
    /// The one that is gone. Its id leads to the other one.
    pub gone: ConversationId,
}

/// A row that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place.
    pub sequence: Sequence,
    /// The name of a turn that begins with it. The same in every attempt; no other turn of this store has it, nor any of a
    /// store that was restored from a copy or an export of it.
    pub turn: TurnId,
    /// The conversation (after redirects).
    pub conversation: ConversationId,
    /// The author.
    pub person: PersonId,
    /// Whose history this chat is.
    pub history: HistoryKey,
    /// The scope of its people.
    pub scope: Scope,
    /// Attempts already counted.
    pub attempts: u32,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// How its conversation is treated.
    pub settings: ConversationSettings,
    /// What it is.
    pub kind: EntryKind,
}

impl Entry {
    /// Where an answer goes.
    pub fn route(&self) -> Route {
        match &self.kind {
            EntryKind::Message(inbound) => Route {
                account: inbound.key.account.clone(),
                chat: inbound.key.chat.clone(),
                kind: inbound.chat.clone(),
            },
            EntryKind::Wake { route, .. } => route.clone(),
        }
    }

    /// Who wrote it, or asked for the wake-up.
    pub fn sender(&self) -> &Sender {
        match &self.kind {
            EntryKind::Message(inbound) => &inbound.sender,
            EntryKind::Wake { sender, .. } => sender,
        }
    }
}

/// What a row is.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryKind {
    /// A message.
    Message(Box<Inbound>),
    /// A wake-up that fired.
    Wake {
        /// Where the answer goes.
        route: Route,
        /// Who the conversation was with.
        sender: Sender,
        /// The assistant that asked for it.
        assistant: AssistantName,
        /// What it asked to be reminded of.
        token: String,
        /// When the message was written that it goes back to; 0 if that is not known.
        opened_at: Timestamp,
    },
}

/// A conversation with waiting rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingConversation {
    /// Which.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
}

/// An attempt at a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its rows.
    pub rows: Vec<Sequence>,
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The conversation.
    pub conversation: ConversationId,
    /// The rows it covers: a contiguous prefix of what waits.
    pub rows: Vec<Sequence>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was decided on the way. Stored with the first parcel, or with the message if there is none.
    pub steps: Vec<Step>,
    /// What to send, in order.
    pub parcels: Vec<ParcelDraft>,
    /// What to append to the history.
    pub history: Option<(HistoryKey, PastTurn)>,
    /// What the assistants of the turn want to remember, each one at most once; empty bytes delete it.
    pub states: Vec<(AssistantName, Bytes)>,
    /// Whether the history of this chat, and all that assistants remember of it, is deleted first. What this settlement
    /// holds is kept.
    pub forget: bool,
    /// What the turn cost, added to the sums of its day and of the author of its first row.
    pub usage: Vec<SpentBy>,
    /// How the conversation is treated from now on; `None` leaves it as it is.
    pub settings: Option<ConversationSettings>,
    /// How it was treated when the turn began, where that is known: of what the turn left as it was, that which was set
    /// meanwhile holds.
    pub settings_before: Option<ConversationSettings>,
    /// What it changes of who the author of its first row is; nothing if that person is not known any more.
    pub identity: Option<IdentityChange>,
    /// When to wake it.
    pub wakes: Vec<WakeDraft>,
    /// Now.
    pub at: Timestamp,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The assistant answered, perhaps with silence.
    Answered,
    /// It is not answered.
    Ignored(Ignored),
    /// It failed too often; its rows move to quarantine.
    Quarantined {
        /// The last failure.
        reason: String,
    },
}

/// What settling gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The parcels in the order of their drafts; ring the session.
    pub parcels: Vec<ParcelKey>,
    /// Whether more rows of this conversation wait.
    pub more: bool,
    /// When the earliest of the new wake-ups is due.
    pub wake_at: Option<Timestamp>,
}

/// A row in quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantinedRow {
    /// The row.
    pub entry: Entry,
    /// Why it is here.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}
