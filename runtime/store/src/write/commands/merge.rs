//! Two people turn out to be one: the older id wins, everything of the newer one moves.

use crate::engines::Range;
use crate::format::envelope::Sealing;
use crate::format::keys::{self, Reader};
use crate::format::outbox_codec::Unsent;
use crate::format::records::{
    BytesRecord, ConversationRecord, HistoryRecord, InboxRecord, PersonRecord, PointerRecord,
};
use crate::memory::index::{Change, Delta, Merged};
use crate::write::commands::{aliases, handed_over, identity, links, settings, wake};
use crate::write::txn::{Fail, Txn};
use greenroom_contract::address::Address;
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, SenderId, Sequence};
use greenroom_contract::store::{HistoryKey, MergedConversation, ParcelKey, Scope};
use std::collections::BTreeSet;

/// Takes in that addresses are one person. People who are known are completed, and merged where there are several; one
/// who is admitted and unknown is made; of a stranger nothing is kept.
pub(crate) fn same_person(txn: &mut Txn<'_>, scope: &Scope, addresses: &[Address], admitted: bool) -> Result<(), Fail> {
    let pointers = handed_over::pointers(txn, scope, addresses)?;
    let mut found = BTreeSet::new();
    for (address, person) in &pointers {
        if let Some(person) = *person
            && !handed_over::was(txn, address, person, &pointers)?
        {
            found.insert(person);
        }
    }
    let person = match found.pop_first() {
        Some(person) => person,
        None if admitted => PersonId(txn.number()),
        None => return Ok(()),
    };
    for newer in found {
        people(txn, person, newer)?;
    }
    let key = keys::person(person);
    let loaded = txn.load::<PersonRecord>(&key)?;
    let mut record = loaded.map_or_else(|| aliases::bare(scope), |loaded| loaded.record);
    let before = record.addresses.clone();
    for address in addresses {
        let alias = keys::alias(scope, address);
        let before = aliases::pointer(txn, &alias)?;
        if before != Some(person) {
            if let Some(other) = before {
                identity::take_from(txn, other, address)?;
            }
            txn.put(alias, &PointerRecord { to: person.0 })?;
        }
        aliases::add_address(&mut record, &address.to_string());
    }
    handed_over::keep_in_order(&mut record.addresses, addresses);
    handed_over::keep_change_in_order(&mut record.addresses, &before, addresses);
    if record.addresses != before {
        txn.put(key, &record)?;
    }
    Ok(())
}

/// Merges the newer person into the older one.
pub(crate) fn people(txn: &mut Txn<'_>, kept: PersonId, gone: PersonId) -> Result<(), Fail> {
    let lost = txn.load::<PersonRecord>(&keys::person(gone))?.map(|loaded| loaded.record).unwrap_or_default();
    let mut record = match txn.load::<PersonRecord>(&keys::person(kept))? {
        Some(loaded) => loaded.record,
        None => PersonRecord { channel: lost.channel.clone(), owner: lost.owner.clone(), ..PersonRecord::default() },
    };
    move_aliases(txn, kept, &lost, &mut record)?;
    record.name = record.name.take().or(lost.name.clone());
    record.email = record.email.take().or(lost.email.clone());
    links::merge_into(txn, (kept, &mut record), (gone, &lost))?;
    for chat in lost.chats {
        let Ok(account) = AccountId::read_back(&chat.account) else { continue };
        let other = txn.index.conversations.follow(ConversationId(chat.conversation));
        let mine = record.chats.iter().position(|mine| mine.account == chat.account);
        let conversation = match mine {
            Some(place) => {
                let mine = txn.index.conversations.follow(ConversationId(record.chats[place].conversation));
                record.chats.remove(place);
                if mine != other {
                    let (kept, gone) = (mine.min(other), mine.max(other));
                    conversations(txn, kept, gone)?;
                    txn.merged.push(MergedConversation { account: account.clone(), kept, gone });
                }
                mine.min(other)
            }
            None => other,
        };
        txn.remove(keys::direct_chat(&account, gone), 0);
        txn.put(keys::direct_chat(&account, kept), &PointerRecord { to: conversation.0 })?;
        set_person(txn, conversation, kept)?;
        record.chats.push(crate::format::records::DirectRecord { account: chat.account, conversation: conversation.0 });
    }
    move_history(txn, HistoryKey::Person(gone), HistoryKey::Person(kept))?;
    txn.remove_unread(keys::person(gone))?;
    txn.put(keys::person(kept), &record)?;
    let earlier = txn.index.people.merged_into(gone).to_vec();
    redirect(txn, &earlier, gone, kept, |from, to| Merged::Person { from, to })
}

fn move_aliases(txn: &mut Txn<'_>, kept: PersonId, lost: &PersonRecord, record: &mut PersonRecord) -> Result<(), Fail> {
    let Ok(scope) = crate::format::inbox_codec::scope(lost.channel.clone(), lost.owner.clone()) else { return Ok(()) };
    for text in &lost.addresses {
        if let Ok(address) = text.parse::<Address>() {
            txn.put(keys::alias(&scope, &address), &PointerRecord { to: kept.0 })?;
            aliases::add_address(record, text);
        }
    }
    for text in &lost.senders {
        if let Ok(sender) = SenderId::read_back(text) {
            txn.put(keys::alias_of_sender(&scope, &sender), &PointerRecord { to: kept.0 })?;
            if !record.senders.contains(text) {
                record.senders.push(text.clone());
            }
        }
    }
    Ok(())
}

fn set_person(txn: &mut Txn<'_>, conversation: ConversationId, person: PersonId) -> Result<(), Fail> {
    let key = keys::conversation(conversation);
    if let Some(mut loaded) = txn.load::<ConversationRecord>(&key)? {
        loaded.record.person = person.0;
        txn.put_over(key, &loaded.record, Sealing::Plain, loaded.parts)?;
    }
    Ok(())
}

/// Merges the newer conversation into the older one. Rows keep their numbers, so their order stays.
fn conversations(txn: &mut Txn<'_>, kept: ConversationId, gone: ConversationId) -> Result<(), Fail> {
    let rows: Vec<Sequence> = txn.index.rows.get(&gone).into_iter().flatten().copied().collect();
    for sequence in rows {
        let from = keys::inbox(gone, sequence);
        if let Some(loaded) = txn.load::<InboxRecord>(&from)? {
            txn.remove(from, loaded.parts);
            txn.put_over(keys::inbox(kept, sequence), &loaded.record, Sealing::Plain, 0)?;
        }
        let mark = txn.index.marks.get(&(gone, sequence)).copied();
        txn.set_mark((gone, sequence), None);
        txn.note(Delta::Row { conversation: gone, sequence, change: Change::Went });
        txn.note(Delta::Row { conversation: kept, sequence, change: Change::Came });
        txn.set_mark((kept, sequence), mark);
    }
    let loose = txn.index.loose.get(&gone).copied();
    if loose.is_some() {
        txn.note(Delta::Loose { conversation: gone, before: loose, after: None });
    }
    txn.loosen(kept);
    move_parcels(txn, kept, gone);
    for (from, value) in txn.scan(&Range::prefix(&keys::state(gone, "")), usize::MAX)? {
        let loaded = txn.decode::<BytesRecord>(&from, value)?;
        let mut reader = Reader::new(&from);
        reader.number();
        let to = [keys::state(kept, "").as_slice(), reader.rest()].concat();
        txn.remove(from, loaded.parts);
        if !txn.holds(&to)? {
            txn.put(to, &loaded.record)?;
        }
    }
    settings::merge(txn, kept, gone)?;
    wake::merge(txn, kept, gone)?;
    txn.remove_unread(keys::conversation(gone))?;
    let earlier = txn.index.conversations.merged_into(gone).to_vec();
    redirect(txn, &earlier, gone, kept, |from, to| Merged::Conversation { from, to })
}

/// Unsent and held parcels go by the conversation that was kept; their records follow redirects.
fn move_parcels(txn: &mut Txn<'_>, kept: ConversationId, gone: ConversationId) {
    let pending: Vec<ParcelKey> = pending_of(txn, gone);
    for key in pending {
        let Some(parcel) = txn.index.unsent(&key) else { continue };
        let moved = Unsent { conversation: kept, ..parcel };
        txn.note(Delta::Pending { key: key.clone(), parcel, change: Change::Went });
        txn.note(Delta::Pending { key, parcel: moved, change: Change::Came });
    }
    let held: Vec<ParcelKey> = txn.index.held.get(&gone).into_iter().flatten().cloned().collect();
    for key in held {
        txn.note(Delta::Held { key: key.clone(), conversation: gone, change: Change::Went });
        txn.note(Delta::Held { key, conversation: kept, change: Change::Came });
    }
}

/// The unsent parcels of a conversation.
pub(crate) fn pending_of(txn: &Txn<'_>, conversation: ConversationId) -> Vec<ParcelKey> {
    txn.index.pending_in.get(&conversation).into_iter().flatten().cloned().collect()
}

pub(crate) fn move_history(txn: &mut Txn<'_>, from: HistoryKey, to: HistoryKey) -> Result<(), Fail> {
    for (key, value) in txn.scan(&Range::prefix(&keys::history(from)), usize::MAX)? {
        let loaded = txn.decode::<HistoryRecord>(&key, value)?;
        let turn = key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let turn = Sequence(turn);
        txn.remove(key, loaded.parts);
        txn.put(keys::history_turn(to, turn), &loaded.record)?;
        txn.note(Delta::Grown { history: to });
    }
    Ok(())
}

/// Writes where an id went, also for those that were merged into it earlier.
fn redirect<I: Copy>(
    txn: &mut Txn<'_>,
    earlier: &[I],
    gone: I,
    kept: I,
    merged: fn(I, I) -> Merged,
) -> Result<(), Fail> {
    for from in earlier {
        txn.note(Delta::Redirect { merged: merged(*from, gone), change: Change::Went });
        put_redirect(txn, merged(*from, kept))?;
    }
    put_redirect(txn, merged(gone, kept))
}

fn put_redirect(txn: &mut Txn<'_>, merged: Merged) -> Result<(), Fail> {
    let (key, to) = match merged {
        Merged::Person { from, to } => (keys::redirect_of_person(from), to.0),
        Merged::Conversation { from, to } => (keys::redirect_of_conversation(from), to.0),
    };
    txn.put(key, &PointerRecord { to })?;
    txn.note(Delta::Redirect { merged, change: Change::Came });
    Ok(())
}
