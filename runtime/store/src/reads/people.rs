//! People and their addresses.

use super::{conversations, forgetting};
use crate::engines::Range;
use crate::format::envelope::Damage;
use crate::format::ids::known;
use crate::format::inbox_codec;
use crate::format::keys::{self, kind};
use crate::format::records::tags::EvidenceTag;
use crate::format::records::{ConversationRecord, LinkRecord, PersonRecord, PointerRecord};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::links::Unlink;
use crate::write::commands::people::{ForgetPerson, SetEmail};
use async_trait::async_trait;
use greenroom_contract::address::Address;
use greenroom_contract::identity::EmailAddress;
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, IdentityId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::store::{
    Conversation, ConversationsAsked, Evidence, ListedConversation, People, Person, PersonLink, Scope, StoreError,
};
use greenroom_contract::time::Timestamp;

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
            Ok(record.map(|record| read_person(id, record)))
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

    async fn unlink(&self, person: PersonId, number: u32) -> Result<(), StoreError> {
        self.execute(Unlink { person, number }).await
    }

    async fn linked_people(&self, after: Option<PersonId>, people_max: usize) -> Result<Vec<Person>, StoreError> {
        self.read_long(move |reader| linked(reader, after, people_max)).await
    }

    async fn forget_person(&self, person: PersonId) -> Result<(), StoreError> {
        forgetting::take_out(self, person).await?;
        self.execute(ForgetPerson(person)).await
    }
}

fn read_person(id: PersonId, record: PersonRecord) -> Person {
    Person {
        id,
        addresses: addresses(&record.addresses),
        name: record.name,
        email: record.email,
        links: record.links.iter().filter_map(read_link).collect(),
        linking_notes: record.linking_notes,
    }
}

fn addresses(texts: &[String]) -> Vec<Address> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// A link; one with an evidence that a newer program knows is none to this one.
fn read_link(record: &LinkRecord) -> Option<PersonLink> {
    Some(PersonLink {
        number: record.number,
        email: EmailAddress::new(&record.email).ok()?,
        identity: IdentityId(record.identity),
        evidence: match EvidenceTag::read(record.evidence).ok()? {
            EvidenceTag::Code => Evidence::Code,
        },
        at: Timestamp(record.at),
        proved_by: addresses(&record.proved_by),
    })
}

/// People who have links. Reads the rows of all people after that one, in pages.
fn linked(reader: &Reader, after: Option<PersonId>, people_max: usize) -> Result<Vec<Person>, StoreError> {
    let mut range = Range::prefix(&[kind::PERSON]);
    if let Some(after) = after {
        range = range.after(&keys::person(after));
    }
    let mut found = Vec::new();
    while found.len() < people_max {
        let page = reader.rows(&range, limits::PAGE_ROWS_MAX)?;
        let Some((last, _)) = page.last() else { break };
        range = range.after(last);
        for (key, value) in page {
            let Some(id) = keys::Reader::new(&key).number().map(PersonId) else { continue };
            let person =
                reader.decode_as(&key, value, |record: PersonRecord| Ok::<_, Damage>(read_person(id, record)))?;
            found.extend(person.filter(|person| !person.links.is_empty()));
        }
    }
    found.truncate(people_max);
    Ok(found)
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
