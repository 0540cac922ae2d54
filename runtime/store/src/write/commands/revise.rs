//! Messages that are deleted or edited, and what networks say about ours.

use crate::engines::Range;
use crate::format::envelope::Sealing;
use crate::format::ids::known;
use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::tags::BodyTag;
use crate::format::records::{ConversationRecord, HistoryRecord, InboxRecord, ParcelRecord, QuarantineRecord};
use crate::format::trace_codec;
use crate::memory::index::{Change, Delta, RowName};
use crate::memory::postponed::{Told, add_status};
use crate::write::commands::seen::{SeenRow, seen};
use crate::write::commands::{billed, send};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Loaded, Placed, Txn};
use greenroom_contract::event::StatusOf;
use greenroom_contract::ids::{AccountId, MessageId, SenderId};
use greenroom_contract::store::{Accepted, HistoryKey, ParcelKey, StatusArrival};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};

/// A message was deleted: out of the inbox, out of quarantine, out of history.
pub(crate) fn revoke(
    txn: &mut Txn<'_>,
    account: &AccountId,
    sender: &SenderId,
    message: &MessageId,
    at: Timestamp,
) -> Result<Accepted, Fail> {
    for row in seen(txn, message, account)? {
        if let Some(((conversation, sequence), key, loaded)) = waiting(txn, &row, sender)? {
            txn.remove(key, loaded.parts);
            txn.set_mark((conversation, sequence), None);
            txn.note(Delta::Row { conversation, sequence, change: Change::Went });
            add_step(txn, row, Decision::Revoked, at)?;
            continue;
        }
        if let Some(key) = known(row.record.sequence).map(keys::quarantine)
            && let Some(loaded) = txn.load::<QuarantineRecord>(&key)?
            && loaded.record.row.as_ref().is_some_and(|row| is_from(row, sender))
        {
            txn.remove(key, loaded.parts);
            add_step(txn, row, Decision::Revoked, at)?;
            continue;
        }
        clear_history(txn, &row, message, sender)?;
    }
    Ok(Accepted::Updated { parcel: None })
}

/// A message was edited: the words of a row that no turn has taken yet are replaced.
pub(crate) fn edit(
    txn: &mut Txn<'_>,
    account: &AccountId,
    sender: &SenderId,
    message: &MessageId,
    text: &str,
    at: Timestamp,
) -> Result<Accepted, Fail> {
    for row in seen(txn, message, account)? {
        let Some((name, key, mut loaded)) = waiting(txn, &row, sender)? else { continue };
        let taken = loaded.record.attempts > 0 || txn.index.marks_of(name) > 0;
        let Some(body) = loaded.record.message.as_mut().and_then(|message| message.body.as_mut()) else { continue };
        if taken || !BodyTag::read(body.kind).is_ok_and(BodyTag::has_words) {
            continue;
        }
        body.text = Some(text.to_owned());
        txn.put_over(key, &loaded.record, Sealing::Plain, loaded.parts)?;
        add_step(txn, row, Decision::Edited, at)?;
    }
    Ok(Accepted::Updated { parcel: None })
}

/// A status of a message of ours.
pub(crate) fn status(txn: &mut Txn<'_>, arrival: &StatusArrival) -> Result<Accepted, Fail> {
    let key = match &arrival.of {
        StatusOf::Outbound(id) => send::find_by_name(txn, &arrival.account, id.as_str())?,
        StatusOf::Message(id) => send::find_own(txn, &arrival.account, id)?,
    };
    let Some(key) = key else { return Ok(Accepted::Updated { parcel: None }) };
    let Some((stored_at, loaded)) = send::load(txn, &key)? else {
        return Ok(Accepted::Updated { parcel: None });
    };
    // What was told before, and waits to be written, comes first.
    let earlier = txn.postponed.lock().told(&key);
    tell(txn, &key, (stored_at, loaded), earlier.iter().chain([&Told::from(arrival)]))?;
    Ok(Accepted::Updated { parcel: Some(key) })
}

/// Writes what networks told about parcels that are sent.
pub(crate) struct WriteStatuses(pub(crate) Vec<(ParcelKey, Vec<Told>)>);

impl Operation for WriteStatuses {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for (key, all) in &self.0 {
            if let Some(placed) = send::load(txn, key)? {
                tell(txn, key, placed, all.iter())?;
            }
        }
        Ok(())
    }
}

/// Writes into a parcel what was told of it, and counts it if that shows it to be billed.
fn tell<'a>(
    txn: &mut Txn<'_>,
    key: &ParcelKey,
    (stored_at, mut loaded): Placed<ParcelRecord>,
    all: impl Iterator<Item = &'a Told>,
) -> Result<(), Fail> {
    if add_all(txn, key, &mut loaded.record, all)? {
        txn.put_over(stored_at, &loaded.record, outbox_codec::sealing(&loaded.record), loaded.parts)?;
    }
    Ok(())
}

/// Adds to a parcel what was told of it, and counts it; says whether it must be written.
pub(crate) fn add_all<'a>(
    txn: &mut Txn<'_>,
    key: &ParcelKey,
    record: &mut ParcelRecord,
    all: impl Iterator<Item = &'a Told>,
) -> Result<bool, Fail> {
    let mut changed = false;
    for told in all {
        let added = add_status(record, told);
        changed |= added.changed;
        if let Some(billed) = added.billed {
            billed::count(txn, &key.account, billed)?;
        }
    }
    Ok(changed)
}

fn is_from(row: &InboxRecord, sender: &SenderId) -> bool {
    let author = row.message.as_ref().and_then(|message| message.sender.as_ref());
    author.is_some_and(|author| author.id == sender.as_str())
}

/// A waiting row, the key under which it lies, and what lies there.
type Waiting = (RowName, Vec<u8>, Loaded<InboxRecord>);

/// The waiting row of a message, if this sender wrote it.
fn waiting(txn: &Txn<'_>, row: &SeenRow, sender: &SenderId) -> Result<Option<Waiting>, Fail> {
    let Some((conversation, sequence)) = row.conversation.zip(known(row.record.sequence)) else { return Ok(None) };
    let name = (txn.index.conversations.follow(conversation), sequence);
    let key = keys::inbox(name.0, name.1);
    let loaded = txn.load::<InboxRecord>(&key)?;
    Ok(loaded.filter(|loaded| is_from(&loaded.record, sender)).map(|loaded| (name, key, loaded)))
}

fn add_step(txn: &mut Txn<'_>, mut row: SeenRow, what: Decision, at: Timestamp) -> Result<(), Fail> {
    trace_codec::append(&mut row.record.steps, &Step::new(at, what));
    txn.put(row.key, &row.record)
}

/// Removes the turns that hold a message. Question and answer go together: the answer tells what
/// was asked.
fn clear_history(txn: &mut Txn<'_>, row: &SeenRow, message: &MessageId, sender: &SenderId) -> Result<(), Fail> {
    let Some(conversation) = row.conversation else { return Ok(()) };
    let conversation = txn.index.conversations.follow(conversation);
    let Some(chat) = txn.load::<ConversationRecord>(&keys::conversation(conversation))? else { return Ok(()) };
    let history = match known(chat.record.person) {
        None => HistoryKey::Conversation(conversation),
        Some(person) => HistoryKey::Person(txn.index.people.follow(person)),
    };
    for (key, value) in txn.scan(&Range::prefix(&keys::history(history)), usize::MAX)? {
        let turn = txn.decode::<HistoryRecord>(&key, value)?;
        let holds = |said: &crate::format::records::SaidRecord| {
            said.message == message.as_str() && said.sender == sender.as_str()
        };
        if turn.record.said.iter().any(holds) {
            txn.remove(key, turn.parts);
        }
    }
    Ok(())
}
