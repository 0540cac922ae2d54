//! The store, for reading.

use super::{
    AccountRow, Conversation, ConversationsAsked, HistoryKey, ListedConversation, Parcel, ParcelKey, PendingParcel,
    PendingWake, Person, QuarantinedRow, Scope, Store, StoreError, StoredEntry,
};
use crate::address::Address;
use crate::assistant::{BilledRow, PastTurn, SpentFor, Usage, UsageRow};
use crate::ids::{AccountId, AssistantName, ConversationId, MessageId, PersonId};
use crate::limits;
use crate::trace::Trace;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What a program may look up in the store of a running bot. Nothing here changes anything, and there is no way from
/// here to the secrets of accounts. Cheap to clone.
#[derive(Clone)]
pub struct StoreReader(Arc<dyn Store>);

impl StoreReader {
    /// The readable part of this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Why a message was, or was not, answered: as [`Traces::why`](super::Traces::why).
    pub async fn why(&self, message: &MessageId, account: Option<&AccountId>) -> Result<Vec<Trace>, StoreError> {
        self.0.why(message, account).await
    }

    /// The newest messages, newest first.
    pub async fn latest(&self, traces_max: usize) -> Result<Vec<Trace>, StoreError> {
        self.0.latest(traces_max).await
    }

    /// How many accepted messages wait for their answer.
    pub async fn rows_waiting(&self) -> Result<u64, StoreError> {
        self.0.rows_waiting().await
    }

    /// Messages that failed too often, newest last.
    pub async fn quarantined(&self, rows_max: usize) -> Result<Vec<QuarantinedRow>, StoreError> {
        self.0.quarantined(rows_max).await
    }

    /// Wake-ups that are not due yet, of one conversation or of all, the earliest first.
    pub async fn wakes(
        &self,
        conversation: Option<ConversationId>,
        wakes_max: usize,
    ) -> Result<Vec<PendingWake>, StoreError> {
        self.0.wakes(conversation, wakes_max).await
    }

    /// All accounts, in the order in which they were made.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.0.accounts().await
    }

    /// All stored entries of allow-lists. Those of the configuration are not among them.
    pub async fn allow_entries(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.0.allow_entries().await
    }

    /// The person behind an address.
    pub async fn person_by_address(&self, scope: &Scope, address: &Address) -> Result<Option<PersonId>, StoreError> {
        self.0.person_by_address(scope, address).await
    }

    /// What is known of a person. Follows merges.
    pub async fn person(&self, person: PersonId) -> Result<Option<Person>, StoreError> {
        self.0.person(person).await
    }

    /// People who have links: as [`People::linked_people`](super::People::linked_people).
    pub async fn linked_people(&self, after: Option<PersonId>, people_max: usize) -> Result<Vec<Person>, StoreError> {
        self.0.linked_people(after, people_max).await
    }

    /// A conversation. Follows merges.
    pub async fn conversation(&self, conversation: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.0.conversation(conversation).await
    }

    /// The direct conversation of an account with a person, if there is one.
    pub async fn direct_conversation(
        &self,
        account: &AccountId,
        person: PersonId,
    ) -> Result<Option<Conversation>, StoreError> {
        self.0.direct_conversation(account, person).await
    }

    /// Conversations, the one with the newest activity first: as
    /// [`People::conversations`](super::People::conversations).
    pub async fn conversations(
        &self,
        asked: &ConversationsAsked,
        conversations_max: usize,
    ) -> Result<Vec<ListedConversation>, StoreError> {
        self.0.conversations(asked, conversations_max).await
    }

    /// The last turns of a history, oldest first.
    pub async fn recent(&self, history: HistoryKey, turns_max: usize) -> Result<Vec<PastTurn>, StoreError> {
        self.0.recent(history, turns_max).await
    }

    /// What an assistant remembers for a conversation.
    pub async fn state(
        &self,
        conversation: ConversationId,
        assistant: &AssistantName,
    ) -> Result<Option<Bytes>, StoreError> {
        self.0.state(conversation, assistant).await
    }

    /// What answers cost on these days (since 1970-01-01, UTC; both ends are included): as
    /// [`History::usage`](super::History::usage).
    pub async fn usage(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<UsageRow>, StoreError> {
        self.0.usage(days, rows_max).await
    }

    /// How many messages of the bot networks billed on these days: as [`History::billed`](super::History::billed).
    pub async fn billed(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<BilledRow>, StoreError> {
        self.0.billed(days, rows_max).await
    }

    /// What was spent on a day (since 1970-01-01, UTC) at each model for each person, whatever the conversation and the
    /// assistant; without a model first. Reads at most
    /// [`USAGE_SUMS_PER_DAY_READ_MAX`](crate::limits::USAGE_SUMS_PER_DAY_READ_MAX) sums.
    pub async fn spent_on(&self, day: u32) -> Result<Vec<SpentFor>, StoreError> {
        let mut sums: BTreeMap<(Option<String>, Option<PersonId>), Usage> = BTreeMap::new();
        for row in self.usage(day..=day, limits::USAGE_SUMS_PER_DAY_READ_MAX).await? {
            sums.entry((row.usage.model.clone(), row.person)).or_default().add(&row.usage);
        }
        let spent = |((model, person), usage)| SpentFor { person, usage: Usage { model, ..usage } };
        Ok(sums.into_iter().map(spent).collect())
    }

    /// Unsent parcels of an account, after `after`, in order. Held parcels are not among them.
    pub async fn pending(
        &self,
        account: &AccountId,
        after: Option<&ParcelKey>,
        parcels_max: usize,
    ) -> Result<Vec<PendingParcel>, StoreError> {
        self.0.pending(account, after, parcels_max).await
    }

    /// Unsent and held parcels of all accounts without what they say, after `after`, in the order of their keys.
    pub async fn unsent(&self, after: Option<&ParcelKey>, parcels_max: usize) -> Result<Vec<Parcel>, StoreError> {
        self.0.unsent(after, parcels_max).await
    }

    /// One parcel.
    pub async fn parcel(&self, key: &ParcelKey) -> Result<Option<Parcel>, StoreError> {
        self.0.parcel(key).await
    }

    /// The parcel that became this network message, if it is one of the bot's own.
    pub async fn find_own(&self, account: &AccountId, message: &MessageId) -> Result<Option<ParcelKey>, StoreError> {
        self.0.find_own(account, message).await
    }

    /// Whether the store works, in a sentence for people.
    pub fn health(&self) -> Result<(), String> {
        self.0.store_health()
    }
}

impl fmt::Debug for StoreReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreReader")
    }
}
