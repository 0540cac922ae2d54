//! Who wrote, and in which conversation.
//!
//! An id that a network gives an account names one person for good. A phone number does so until it is given to another
//! person: whoever is seen with it and another id than its owner's takes it over, and nothing else of that owner. A weak
//! address, such as a user name, changes hands at any time, so it alone never merges two people who are known by something
//! stronger; it follows the one who was seen with it last.

use crate::format::ids::stored;
use crate::format::keys;
use crate::format::records::{ConversationRecord, DirectRecord, PersonRecord, PointerRecord};
use crate::write::commands::aliases::{add_address, bare, pointer};
use crate::write::commands::{handed_over, merge};
use crate::write::txn::{Fail, Txn};
use greenroom_contract::address::{Address, Strength};
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, PersonId};
use greenroom_contract::message::{Chat, Sender};
use greenroom_contract::store::Scope;
use std::collections::BTreeSet;

fn is_strong(address: &Address) -> bool {
    address.strength() == Strength::Strong
}

/// The person behind a sender, if there is one; changes nothing.
pub(crate) fn known_person(txn: &Txn<'_>, scope: &Scope, sender: &Sender) -> Result<Option<PersonId>, Fail> {
    if sender.addresses.is_empty() {
        return pointer(txn, &keys::alias_of_sender(scope, &sender.id));
    }
    let pointers = handed_over::pointers(txn, scope, &sender.addresses)?;
    let strong = pointers.iter().filter(|(address, _)| is_strong(address));
    let weak = pointers.iter().filter(|(address, _)| !is_strong(address));
    for (address, person) in strong.chain(weak) {
        if let Some(person) = *person
            && !handed_over::was(txn, address, person, &pointers)?
        {
            return Ok(Some(person));
        }
    }
    Ok(None)
}

/// The conversation of a chat, if there is one; changes nothing. A direct chat is found by its person.
pub(crate) fn known_conversation(
    txn: &Txn<'_>,
    of: &ChatOf<'_>,
    person: Option<PersonId>,
) -> Result<Option<ConversationId>, Fail> {
    let key = match person {
        _ if of.kind.is_group() => keys::group_chat(of.account, of.chat),
        Some(person) => keys::direct_chat(of.account, person),
        None => return Ok(None),
    };
    Ok(txn.pointer(&key)?.map(|conversation| txn.index.conversations.follow(ConversationId(conversation))))
}

/// The person behind a sender; made if nobody is known, merged if several are.
pub(crate) fn person(txn: &mut Txn<'_>, scope: &Scope, sender: &Sender) -> Result<PersonId, Fail> {
    let mut found = BTreeSet::new();
    let mut unknown = Vec::new();
    if sender.addresses.is_empty() {
        found.extend(pointer(txn, &keys::alias_of_sender(scope, &sender.id))?);
    }
    let has_strong = sender.addresses.iter().any(is_strong);
    let pointers = handed_over::pointers(txn, scope, &sender.addresses)?;
    for (address, person) in &pointers {
        match *person {
            Some(person) if handed_over::was(txn, address, person, &pointers)? => unknown.push(*address),
            Some(person) if !has_strong || is_strong(address) => {
                found.insert(person);
            }
            Some(person) if knows_only_names(txn, person)? => {
                found.insert(person);
            }
            Some(person) if found.contains(&person) => {}
            _ => unknown.push(*address),
        }
    }
    let name = sender.name.as_deref();
    let Some(oldest) = found.pop_first() else { return make(txn, scope, sender, name) };
    for newer in found {
        merge::people(txn, oldest, newer)?;
    }
    learn(txn, scope, oldest, &sender.addresses, &unknown, name)?;
    Ok(oldest)
}

fn knows_only_names(txn: &Txn<'_>, person: PersonId) -> Result<bool, Fail> {
    let loaded = txn.load::<PersonRecord>(&keys::person(person))?;
    let is_name = |text: &String| text.parse::<Address>().is_ok_and(|address| !is_strong(&address));
    Ok(loaded.is_some_and(|loaded| loaded.record.addresses.iter().all(is_name)))
}

fn make(txn: &mut Txn<'_>, scope: &Scope, sender: &Sender, name: Option<&str>) -> Result<PersonId, Fail> {
    let person = PersonId(txn.number());
    let here = PointerRecord { to: person.0 };
    let mut record = PersonRecord {
        channel: scope.channel.as_str().to_owned(),
        owner: scope.owner.as_str().to_owned(),
        addresses: sender.addresses.iter().map(ToString::to_string).collect(),
        name: name.map(str::to_owned),
        ..PersonRecord::default()
    };
    handed_over::keep_in_order(&mut record.addresses, &sender.addresses);
    for address in &sender.addresses {
        let key = keys::alias(scope, address);
        if let Some(other) = pointer(txn, &key)? {
            take_from(txn, other, address)?;
        }
        txn.put(key, &here)?;
    }
    if sender.addresses.is_empty() {
        record.senders.push(sender.id.as_str().to_owned());
        txn.put(keys::alias_of_sender(scope, &sender.id), &here)?;
    }
    txn.put(keys::person(person), &record)?;
    Ok(person)
}

/// Writes down what is new about a person; usually nothing is.
fn learn(
    txn: &mut Txn<'_>,
    scope: &Scope,
    person: PersonId,
    together: &[Address],
    unknown: &[&Address],
    name: Option<&str>,
) -> Result<(), Fail> {
    if unknown.is_empty() && txn.knows(person, name, together) {
        return Ok(());
    }
    let loaded = txn.load::<PersonRecord>(&keys::person(person))?;
    let (mut record, was_missing) = match loaded {
        Some(loaded) => (loaded.record, false),
        None => (bare(scope), true),
    };
    let new_name = name.is_some() && record.name.as_deref() != name;
    let other_order = handed_over::keep_in_order(&mut record.addresses, together);
    if unknown.is_empty() && !new_name && !was_missing && !other_order {
        txn.remember_person(person, name, together);
        return Ok(());
    }
    for address in unknown {
        let key = keys::alias(scope, address);
        if let Some(other) = pointer(txn, &key)? {
            take_from(txn, other, address)?;
        }
        txn.put(key, &PointerRecord { to: person.0 })?;
        add_address(&mut record, &address.to_string());
    }
    handed_over::keep_in_order(&mut record.addresses, together);
    if new_name {
        record.name = name.map(str::to_owned);
    }
    txn.put(keys::person(person), &record)
}

/// A user name or a number changed hands.
pub(crate) fn take_from(txn: &mut Txn<'_>, other: PersonId, address: &Address) -> Result<(), Fail> {
    let key = keys::person(other);
    if let Some(mut loaded) = txn.load::<PersonRecord>(&key)? {
        let text = address.to_string();
        loaded.record.addresses.retain(|known| *known != text);
        txn.put(key, &loaded.record)?;
    }
    Ok(())
}

/// Where something was written.
pub(crate) struct ChatOf<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) scope: &'a Scope,
    pub(crate) chat: &'a ChatId,
    pub(crate) kind: &'a Chat,
}

/// The conversation of a chat; made if it is new. A direct chat is found by its person.
pub(crate) fn conversation(txn: &mut Txn<'_>, of: &ChatOf<'_>, person: PersonId) -> Result<ConversationId, Fail> {
    let is_group = of.kind.is_group();
    let key = if is_group { keys::group_chat(of.account, of.chat) } else { keys::direct_chat(of.account, person) };
    if let Some(conversation) = txn.pointer(&key)? {
        return Ok(txn.index.conversations.follow(ConversationId(conversation)));
    }
    let conversation = ConversationId(txn.number());
    txn.put(key, &PointerRecord { to: conversation.0 })?;
    let record = ConversationRecord {
        account: of.account.as_str().to_owned(),
        channel: of.scope.channel.as_str().to_owned(),
        owner: of.scope.owner.as_str().to_owned(),
        person: stored((!is_group).then_some(person)),
        chat: of.chat.as_str().to_owned(),
    };
    txn.put(keys::conversation(conversation), &record)?;
    if !is_group {
        let key = keys::person(person);
        let mut record = txn.load::<PersonRecord>(&key)?.map_or_else(|| bare(of.scope), |loaded| loaded.record);
        record.chats.retain(|chat| chat.account != of.account.as_str());
        record.chats.push(DirectRecord { account: of.account.as_str().to_owned(), conversation: conversation.0 });
        txn.put(key, &record)?;
    }
    Ok(conversation)
}
