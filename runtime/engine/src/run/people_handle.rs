//! People and the e-mail addresses that they proved, from outside.

use super::handle::EngineHandle;
use greenroom_contract::ids::PersonId;
use greenroom_contract::store::{Person, StoreError};

impl EngineHandle {
    /// People who proved an e-mail address, in the order of their ids, after `after`, at most `people_max`. Each with all
    /// links, also those that a changed number or key keeps from counting now.
    pub async fn linked_people(&self, after: Option<PersonId>, people_max: usize) -> Result<Vec<Person>, StoreError> {
        self.context.store.linked_people(after, people_max).await
    }

    /// Removes one link of a person, by its number. Holds from the next message on; what was shared goes to the last person
    /// who leaves. [`StoreError::NotFound`] if the person has none of that number.
    pub async fn remove_link(&self, person: PersonId, number: u32) -> Result<(), StoreError> {
        self.context.store.unlink(person, number).await
    }
}
