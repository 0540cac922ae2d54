//! What people may ask of the store: an e-mail address, and to be forgotten.

use crate::engines::Range;
use crate::format::envelope::Sealing;
use crate::format::inbox_codec;
use crate::format::keys::{self, kind};
use crate::format::records::{DirectRecord, PersonRecord, QuarantineRecord};
use crate::memory::index::{Change, Delta};
use crate::write::commands::merge::pending_of;
use crate::write::commands::past::remove_all;
use crate::write::commands::{aliases, links, past, settings, wake};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Loaded, Txn};
use greenroom_contract::address::Address;
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, SenderId, Sequence};
use greenroom_contract::store::{HistoryKey, ParcelKey};

/// Sets or removes the verified e-mail address.
pub(crate) struct SetEmail {
    pub(crate) person: PersonId,
    pub(crate) email: Option<String>,
}

impl Operation for SetEmail {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let (person, mut loaded) = load(txn, self.person)?;
        loaded.record.email.clone_from(&self.email);
        txn.put_over(keys::person(person), &loaded.record, Sealing::Plain, loaded.parts)
    }
}

/// Deletes a person and all that is private to them.
pub(crate) struct ForgetPerson(pub(crate) PersonId);

impl Operation for ForgetPerson {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let (person, loaded) = load(txn, self.0)?;
        let record = loaded.record;
        forget_aliases(txn, person, &record)?;
        links::forget_all(txn, person, &record)?;
        for chat in &record.chats {
            let conversation = conversation_of(txn, chat);
            if let Ok(account) = AccountId::read_back(&chat.account) {
                txn.remove(keys::direct_chat(&account, person), 0);
            }
            forget_conversation(txn, conversation)?;
        }
        let conversations: Vec<ConversationId> = record.chats.iter().map(|chat| conversation_of(txn, chat)).collect();
        forget_wakes(txn, &conversations)?;
        forget_quarantined(txn, &conversations)?;
        remove_all(txn, &keys::history(HistoryKey::Person(person)))?;
        txn.remove(keys::person(person), loaded.parts);
        Ok(())
    }
}

/// Deletes a history, and what assistants remember and what was set with it.
pub(crate) struct ForgetHistory(pub(crate) HistoryKey);

impl Operation for ForgetHistory {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for conversation in past::forget(txn, self.0)? {
            settings::remove(txn, conversation);
        }
        Ok(())
    }
}

/// A person's row, after merges.
pub(crate) fn load(txn: &Txn<'_>, person: PersonId) -> Result<(PersonId, Loaded<PersonRecord>), Fail> {
    let person = txn.index.people.follow(person);
    let loaded = txn.load::<PersonRecord>(&keys::person(person))?;
    Ok((person, loaded.ok_or_else(|| Fail::not_found(format!("person {person}")))?))
}

/// The conversation of a direct chat, after merges.
fn conversation_of(txn: &Txn<'_>, chat: &DirectRecord) -> ConversationId {
    txn.index.conversations.follow(ConversationId(chat.conversation))
}

fn forget_aliases(txn: &mut Txn<'_>, person: PersonId, record: &PersonRecord) -> Result<(), Fail> {
    let Ok(scope) = inbox_codec::scope(record.channel.clone(), record.owner.clone()) else { return Ok(()) };
    let addresses = record.addresses.iter().filter_map(|text| text.parse::<Address>().ok());
    let senders = record.senders.iter().filter_map(|text| SenderId::read_back(text).ok());
    let keys: Vec<Vec<u8>> = addresses
        .map(|address| keys::alias(&scope, &address))
        .chain(senders.map(|sender| keys::alias_of_sender(&scope, &sender)))
        .collect();
    for key in keys {
        if aliases::pointer(txn, &key)? == Some(person) {
            txn.remove(key, 0);
        }
    }
    Ok(())
}

/// Rows, unsent and held parcels, settings and states of a direct conversation.
fn forget_conversation(txn: &mut Txn<'_>, conversation: ConversationId) -> Result<(), Fail> {
    let rows: Vec<Sequence> = txn.index.rows.get(&conversation).into_iter().flatten().copied().collect();
    for sequence in rows {
        txn.remove_unread(keys::inbox(conversation, sequence))?;
        txn.set_mark((conversation, sequence), None);
        txn.note(Delta::Row { conversation, sequence, change: Change::Went });
    }
    for key in pending_of(txn, conversation) {
        txn.remove_unread(keys::parcel(&key))?;
        if let Some(parcel) = txn.index.unsent(&key) {
            txn.note(Delta::Pending { key, parcel, change: Change::Went });
        }
    }
    let held: Vec<ParcelKey> = txn.index.held.get(&conversation).into_iter().flatten().cloned().collect();
    for key in held {
        txn.remove_unread(keys::held(&key))?;
        txn.note(Delta::Held { key, conversation, change: Change::Went });
    }
    settings::remove(txn, conversation);
    txn.remove_unread(keys::conversation(conversation))?;
    remove_all(txn, &keys::state(conversation, ""))
}

fn forget_wakes(txn: &mut Txn<'_>, conversations: &[ConversationId]) -> Result<(), Fail> {
    conversations.iter().try_for_each(|conversation| wake::remove_all(txn, *conversation))
}

fn forget_quarantined(txn: &mut Txn<'_>, conversations: &[ConversationId]) -> Result<(), Fail> {
    for (key, value) in txn.scan(&Range::prefix(&[kind::QUARANTINE]), usize::MAX)? {
        let loaded = txn.decode::<QuarantineRecord>(&key, value)?;
        if conversations.contains(&txn.index.conversations.follow(ConversationId(loaded.record.conversation))) {
            txn.remove(key, loaded.parts);
        }
    }
    Ok(())
}
