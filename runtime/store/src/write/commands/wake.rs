//! Wake-ups: stored by a turn, taken back, moved into the inbox when they are due.

use crate::engines::Range;
use crate::format::ids::stored;
use crate::format::inbox_codec::{route_record, sender_record};
use crate::format::keys::{self, kind};
use crate::format::records::{InboxRecord, WakeRecord};
use crate::memory::index::{Change, Delta, WakeName, WakePlace};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{WaitingConversation, WakeDraft};
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;

/// Stores a wake-up that a turn asked for, in the place of the one of this name; false if too many wait already.
pub(crate) fn store(
    txn: &mut Txn<'_>,
    draft: &WakeDraft,
    conversation: ConversationId,
    row: &InboxRecord,
) -> Result<bool, Fail> {
    let name = WakeName { assistant: draft.assistant.as_str().to_owned(), token: draft.token.clone() };
    for place in places(txn, conversation, |other| *other == name) {
        remove(txn, conversation, place)?;
    }
    if draft.at == WakeDraft::NEVER {
        return Ok(true);
    }
    let waiting = txn.index.wakes.get(&conversation).map_or(0, BTreeMap::len);
    if waiting >= limits::WAKES_PER_CONVERSATION_MAX {
        return Ok(false);
    }
    let number = txn.number();
    let record = WakeRecord {
        conversation: conversation.0,
        route: Some(route_record(&draft.route)),
        sender: Some(sender_record(&draft.sender)),
        assistant: name.assistant.clone(),
        token: name.token.clone(),
        person: row.person,
        channel: row.channel.clone(),
        owner: row.owner.clone(),
        opened_at: draft.opened_at.0,
    };
    txn.put(keys::wake(draft.at, number), &record)?;
    txn.note(Delta::Wake { conversation, place: (draft.at, number), name, change: Change::Came });
    Ok(true)
}

/// Places of the wake-ups of a conversation with such a name.
fn places(txn: &Txn<'_>, conversation: ConversationId, is_meant: impl Fn(&WakeName) -> bool) -> Vec<WakePlace> {
    let waiting = txn.index.wakes.get(&conversation).into_iter().flatten();
    waiting.filter(|(_, name)| is_meant(name)).map(|(place, _)| *place).collect()
}

/// Takes a wake-up out.
fn remove(txn: &mut Txn<'_>, conversation: ConversationId, place: WakePlace) -> Result<(), Fail> {
    txn.remove_unread(keys::wake(place.0, place.1))?;
    forget(txn, conversation, place);
    Ok(())
}

/// Takes a wake-up out of the index.
pub(crate) fn forget(txn: &mut Txn<'_>, conversation: ConversationId, place: WakePlace) {
    if let Some(name) = txn.index.wakes.get(&conversation).and_then(|wakes| wakes.get(&place)).cloned() {
        txn.note(Delta::Wake { conversation, place, name, change: Change::Went });
    }
}

/// Takes all wake-ups of a conversation out.
pub(crate) fn remove_all(txn: &mut Txn<'_>, conversation: ConversationId) -> Result<(), Fail> {
    places(txn, conversation, |_| true).into_iter().try_for_each(|place| remove(txn, conversation, place))
}

/// The wake-ups of a conversation that is gone are those of the one that is kept. Where both have one of a name, that of
/// the older conversation stays.
pub(crate) fn merge(txn: &mut Txn<'_>, kept: ConversationId, gone: ConversationId) -> Result<(), Fail> {
    let theirs: Vec<(WakePlace, WakeName)> =
        txn.index.wakes.get(&gone).into_iter().flatten().map(|(place, name)| (*place, name.clone())).collect();
    for (place, name) in theirs {
        if !places(txn, kept, |other| *other == name).is_empty() {
            remove(txn, gone, place)?;
            continue;
        }
        forget(txn, gone, place);
        // The record follows the redirect.
        txn.note(Delta::Wake { conversation: kept, place, name, change: Change::Came });
    }
    Ok(())
}

/// Takes one wake-up back.
pub(crate) struct CancelWake(pub(crate) Sequence);

impl Operation for CancelWake {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let mut all = txn.index.wakes.iter().flat_map(|(id, wakes)| wakes.keys().map(move |place| (*id, *place)));
        let found = all.find(|(_, (_, number))| *number == self.0.0);
        let (conversation, place) = found.ok_or_else(|| Fail::not_found(format!("wake-up {}", self.0)))?;
        remove(txn, conversation, place)
    }
}

/// Moves what is due into the inbox, as far as there is room.
pub(crate) struct WakeDue {
    pub(crate) now: Timestamp,
    pub(crate) wakes_max: usize,
}

impl Operation for WakeDue {
    type Output = Vec<WaitingConversation>;

    fn run(&self, txn: &mut Txn<'_>) -> Result<Vec<WaitingConversation>, Fail> {
        let mut due = Range::prefix(&[kind::WAKE]);
        if let Some(end) = self.now.0.checked_add(1) {
            due.until = Some(keys::wake(Timestamp(end), 0));
        }
        let room = txn.bounds.inbox_rows_max.saturating_sub(txn.index.all_rows.len() as u64);
        let wakes_max = self.wakes_max.min(usize::try_from(room).unwrap_or(usize::MAX));
        let mut rung: Vec<WaitingConversation> = Vec::new();
        for (key, value) in txn.scan(&due, wakes_max)? {
            let loaded = txn.decode::<WakeRecord>(&key, value)?;
            if let Some(place) = keys::read_wake(&key) {
                let conversation = txn.index.conversations.follow(ConversationId(loaded.record.conversation));
                forget(txn, conversation, place);
            }
            txn.remove(key, loaded.parts);
            let waiting = insert(txn, loaded.record, self.now)?;
            if !rung.contains(&waiting) {
                rung.push(waiting);
            }
        }
        Ok(rung)
    }
}

fn insert(txn: &mut Txn<'_>, wake: WakeRecord, now: Timestamp) -> Result<WaitingConversation, Fail> {
    let conversation = txn.index.conversations.follow(ConversationId(wake.conversation));
    let account = wake.route.as_ref().map(|route| route.account.clone()).unwrap_or_default();
    let account = AccountId::read_back(account).map_err(|error| Fail::invalid(error.to_string()))?;
    let sequence = Sequence(txn.number());
    let record = InboxRecord {
        person: wake.person,
        channel: wake.channel.clone(),
        owner: wake.owner.clone(),
        attempts: 0,
        accepted_at: now.0,
        message: None,
        wake: Some(wake),
        seen_conversation: stored::<ConversationId>(None),
        seen_person: stored::<PersonId>(None),
        turn_tag: txn.names.turn_tag(),
    };
    txn.put(keys::inbox(conversation, sequence), &record)?;
    txn.note(Delta::Row { conversation, sequence, change: Change::Came });
    Ok(WaitingConversation { conversation, account })
}

/// When a wake-up is due.
pub(crate) fn due_at(key: &[u8]) -> Option<Timestamp> {
    keys::read_wake(key).map(|(at, _)| at)
}
