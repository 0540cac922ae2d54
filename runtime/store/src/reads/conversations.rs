//! Conversations as a list for people: the one in which something was said last comes first.

use super::inbox::settings_of;
use super::people::read_conversation;
use crate::engines::Range;
use crate::format::envelope::Damage;
use crate::format::keys::{self, kind};
use crate::format::records::{ConversationRecord, HistoryRecord, InboxRecord};
use crate::store::Reader;
use greenroom_contract::ids::{ConversationId, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::store::{Conversation, ConversationsAsked, HistoryKey, ListedConversation, StoreError};
use greenroom_contract::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A conversation that may be listed. The order is that of its first two fields, which no two share.
struct Candidate(Timestamp, ConversationId, Conversation);

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// The newest ones of those that are asked for. No more than these are in memory at once.
pub(super) fn listed(
    reader: &Reader,
    asked: &ConversationsAsked,
    conversations_max: usize,
) -> Result<Vec<ListedConversation>, StoreError> {
    let mut newest: BinaryHeap<Reverse<Candidate>> = BinaryHeap::new();
    let mut range = match asked.only {
        Some(only) => Range::prefix(&keys::conversation(reader.follow_conversation(only))),
        None => Range::prefix(&[kind::CONVERSATION]),
    };
    loop {
        let page = reader.rows(&range, limits::PAGE_ROWS_MAX)?;
        let Some((last, _)) = page.last() else { break };
        range = range.after(last);
        for (key, value) in page {
            if let Some(found) = candidate(reader, asked, &key, value)? {
                newest.push(Reverse(found));
                if newest.len() > conversations_max {
                    newest.pop();
                }
            }
        }
    }
    // `Reverse` turns the order of the heap around, so the newest one comes first.
    newest.into_sorted_vec().into_iter().map(|Reverse(found)| complete(reader, found)).collect()
}

fn candidate(
    reader: &Reader,
    asked: &ConversationsAsked,
    key: &[u8],
    value: Vec<u8>,
) -> Result<Option<Candidate>, StoreError> {
    let Some(id) = keys::Reader::new(key).number().map(ConversationId) else { return Ok(None) };
    let read = |record: ConversationRecord| read_conversation(reader, id, record);
    let Some(found) = reader.decode_as(key, value, read)? else { return Ok(None) };
    let is_of = |owner: &OwnerId| found.scope.owner == *owner;
    if !asked.owner.as_ref().is_none_or(is_of) || asked.account.as_ref().is_some_and(|of| found.account != *of) {
        return Ok(None);
    }
    let last_at = last_at(reader, &found)?;
    let is_behind = asked.after.is_none_or(|after| (last_at, id) < after);
    Ok(is_behind.then_some(Candidate(last_at, id, found)))
}

/// When something was said last.
fn last_at(reader: &Reader, conversation: &Conversation) -> Result<Timestamp, StoreError> {
    let history = conversation.person.map_or(HistoryKey::Conversation(conversation.id), HistoryKey::Person);
    let last_turn = Range::prefix(&keys::history(history)).down();
    let mut last = Timestamp(0);
    if let Some((key, value)) = reader.rows(&last_turn, 1)?.pop() {
        let at = reader.decode_as(&key, value, |record: HistoryRecord| Ok::<_, Damage>(Timestamp(record.at)))?;
        last = at.unwrap_or_default();
    }
    let waits = reader.shared.index.lock().rows.get(&conversation.id).and_then(|rows| rows.last().copied());
    if let Some(row) = waits {
        let record = reader.load::<InboxRecord>(&keys::inbox(conversation.id, row))?;
        last = last.max(record.map_or(last, |record| Timestamp(record.accepted_at)));
    }
    Ok(last)
}

fn complete(reader: &Reader, found: Candidate) -> Result<ListedConversation, StoreError> {
    let Candidate(last_at, id, conversation) = found;
    let waiting = reader.shared.index.lock().rows_of(id);
    Ok(ListedConversation { conversation, last_at, waiting, settings: settings_of(reader, id)? })
}
