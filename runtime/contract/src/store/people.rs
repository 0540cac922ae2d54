//! People and their addresses.

use super::{Scope, StoreError};
use crate::address::Address;
use crate::ids::{AccountId, ChatId, ConversationId, PersonId};
use async_trait::async_trait;

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

    /// Sets or removes the verified e-mail address.
    async fn set_person_email(&self, person: PersonId, email: Option<&str>) -> Result<(), StoreError>;

    /// Deletes a person: addresses, e-mail, history, what assistants remember, waiting rows, unsent
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
