//! People and their addresses.

use crate::format::keys;
use crate::format::records::{PersonRecord, PointerRecord};
use crate::store::GreenroomStore;
use crate::write::commands::people::{ForgetPerson, SetEmail};
use async_trait::async_trait;
use greenroom_contract::address::Address;
use greenroom_contract::ids::PersonId;
use greenroom_contract::store::{People, Person, Scope, StoreError};

#[async_trait]
impl People for GreenroomStore {
    async fn person_by_address(&self, scope: &Scope, address: &Address) -> Result<Option<PersonId>, StoreError> {
        self.read(|reader| {
            let pointer = reader.load::<PointerRecord>(&keys::alias(scope, address))?;
            Ok(pointer.map(|pointer| reader.follow_person(PersonId(pointer.to))))
        })
    }

    async fn person(&self, person: PersonId) -> Result<Option<Person>, StoreError> {
        self.read(|reader| {
            let id = reader.follow_person(person);
            let record = reader.load::<PersonRecord>(&keys::person(id))?;
            Ok(record.map(|record| Person {
                id,
                addresses: record.addresses.iter().filter_map(|text| text.parse().ok()).collect(),
                name: record.name,
                email: record.email,
            }))
        })
    }

    async fn set_person_email(&self, person: PersonId, email: Option<&str>) -> Result<(), StoreError> {
        self.execute(SetEmail { person, email: email.map(str::to_owned) }).await
    }

    async fn forget_person(&self, person: PersonId) -> Result<(), StoreError> {
        self.execute(ForgetPerson(person)).await
    }
}
