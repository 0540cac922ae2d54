//! People and their addresses.

use super::{PersonLink, Scope, StoreError};
use crate::address::Address;
use crate::ids::{AccountId, ChatId, ConversationId, OwnerId, PersonId};
use crate::store::ConversationSettings;
use crate::time::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

/// Somebody with one or more addresses. Rows are made and merged by `accept`.
#[async_trait]
pub trait People: Send + Sync {
    /// The person behind an address.
    async fn person_by_address(&self, scope: &Scope, address: &Address) -> Result<Option<PersonId>, StoreError>;

    /// What is known of a person. Follows merges.
    async fn person(&self, person: PersonId) -> Result<Option<Person>, StoreError>;

    /// A conversation. Follows merges.
    async fn conversation(&self, conversation: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// The direct conversation of an account with a person, if there is one. Follows merges.
    async fn direct_conversation(
        &self,
        account: &AccountId,
        person: PersonId,
    ) -> Result<Option<Conversation>, StoreError>;

    /// Conversations, the one with the newest activity first and of equal ones the younger one, at most
    /// `conversations_max`. Reads what is known of all of them: for a person who looks at a list.
    async fn conversations(
        &self,
        asked: &ConversationsAsked,
        conversations_max: usize,
    ) -> Result<Vec<ListedConversation>, StoreError>;

    /// Sets or removes the verified e-mail address.
    async fn set_person_email(&self, person: PersonId, email: Option<&str>) -> Result<(), StoreError>;

    /// Removes one link of a person, by its number. What was shared goes to the last person who leaves. Durable on return;
    /// [`StoreError::NotFound`] if the person has none of that number.
    async fn unlink(&self, person: PersonId, number: u32) -> Result<(), StoreError>;

    /// People who have links, in the order of their ids, after `after`, at most `people_max`.
    async fn linked_people(&self, after: Option<PersonId>, people_max: usize) -> Result<Vec<Person>, StoreError>;

    /// Deletes a person: addresses, e-mail, links, history, what assistants remember, waiting rows, unsent
    /// parcels and settings of the direct conversation; chat, name and addresses in sent parcels, and the traces of the
    /// person's messages. Deduplication keys stay, so that nothing old comes back as new.
    async fn forget_person(&self, person: PersonId) -> Result<(), StoreError>;
}

/// What is known of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id, after merges.
    pub id: PersonId,
    /// Every known address.
    pub addresses: Vec<Address>,
    /// The name last seen.
    pub name: Option<String>,
    /// A verified e-mail address.
    pub email: Option<String>,
    /// E-mail addresses that the person proved to have, in the order in which they were proved.
    pub links: Vec<PersonLink>,
    /// What [`IdentityChange::notes`](super::IdentityChange::notes) wrote down.
    pub linking_notes: Option<Bytes>,
}

/// What is known of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The id, after merges.
    pub id: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// The scope of its people.
    pub scope: Scope,
    /// The chat, with the address that its first message came with.
    pub chat: ChatId,
    /// Who it is with; `None` for a group.
    pub person: Option<PersonId>,
}

/// Which conversations are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConversationsAsked {
    /// Only those of this owner.
    pub owner: Option<OwnerId>,
    /// Only this one, wherever it stands in the list. Follows merges.
    pub only: Option<ConversationId>,
    /// Only those of this account.
    pub account: Option<AccountId>,
    /// Only those behind this place of the list.
    pub after: Option<(Timestamp, ConversationId)>,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedConversation {
    /// What is known of it.
    pub conversation: Conversation,
    /// When something was said last: of what waits, and of the history, which accounts of one channel share. 0 if nothing
    /// of it is left.
    pub last_at: Timestamp,
    /// How many rows wait.
    pub waiting: usize,
    /// How it is treated.
    pub settings: ConversationSettings,
}

impl ListedConversation {
    /// Its place in the list, to continue from.
    pub fn place(&self) -> (Timestamp, ConversationId) {
        (self.last_at, self.conversation.id)
    }
}
