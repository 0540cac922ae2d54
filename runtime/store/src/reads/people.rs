//! People and their addresses.

use super::{conversations, forgetting};
use crate::format::envelope::Damage;
use crate::format::ids::known;
use crate::format::records::{ConversationRecord, PersonRecord, PointerRecord};
use crate::format::{inbox_codec, keys};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::people::{ForgetPerson, SetEmail};
use async_trait::async_trait;
use greenroom_contract::address::Address;
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, PersonId};
use greenroom_contract::store::{
    Conversation, ConversationsAsked, ListedConversation, People, Person, Scope, StoreError,
};

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

    async fn conversation(&self, conversation: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.read(|reader| load_conversation(reader, conversation))
    }

    async fn direct_conversation(
        &self,
        account: &AccountId,
        person: PersonId,
    ) -> Result<Option<Conversation>, StoreError> {
        self.read(|reader| {
            let person = reader.follow_person(person);
            let pointer = reader.load::<PointerRecord>(&keys::direct_chat(account, person))?;
            pointer.map_or(Ok(None), |pointer| load_conversation(reader, ConversationId(pointer.to)))
        })
    }

    async fn conversations(
        &self,
        asked: &ConversationsAsked,
        conversations_max: usize,
    ) -> Result<Vec<ListedConversation>, StoreError> {
        let asked = asked.clone();
        self.read_long(move |reader| conversations::listed(reader, &asked, conversations_max)).await
    }

    async fn set_person_email(&self, person: PersonId, email: Option<&str>) -> Result<(), StoreError> {
        self.execute(SetEmail { person, email: email.map(str::to_owned) }).await
    }

    async fn forget_person(&self, person: PersonId) -> Result<(), StoreError> {
        forgetting::take_out(self, person).await?;
        self.execute(ForgetPerson(person)).await
    }
}

fn load_conversation(reader: &Reader, conversation: ConversationId) -> Result<Option<Conversation>, StoreError> {
    let id = reader.follow_conversation(conversation);
    reader.load_as(&keys::conversation(id), |record| read_conversation(reader, id, record))
}

/// What a record of a conversation says.
pub(super) fn read_conversation(
    reader: &Reader,
    id: ConversationId,
    record: ConversationRecord,
) -> Result<Conversation, Damage> {
    let person = known::<PersonId>(record.person).map(|person| reader.follow_person(person));
    let account = AccountId::new(record.account)?;
    let scope = inbox_codec::scope(record.channel, record.owner)?;
    Ok(Conversation { id, account, scope, chat: ChatId::new(record.chat)?, person })
}
