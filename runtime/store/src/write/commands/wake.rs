//! Wake-ups: stored by a turn, moved into the inbox when they are due.

use crate::engines::Range;
use crate::format::ids::stored;
use crate::format::inbox_codec::{route_record, sender_record};
use crate::format::keys::{self, Reader, kind};
use crate::format::records::{InboxRecord, WakeRecord};
use crate::memory::index::{Change, Delta};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, Sequence};
use greenroom_contract::store::{WaitingConversation, WakeDraft};
use greenroom_contract::time::Timestamp;

/// Stores a wake-up that a turn asked for.
pub(crate) fn store(
    txn: &mut Txn<'_>,
    draft: &WakeDraft,
    conversation: ConversationId,
    row: &InboxRecord,
) -> Result<(), Fail> {
    let number = txn.number();
    let record = WakeRecord {
        conversation: conversation.0,
        route: Some(route_record(&draft.route)),
        sender: Some(sender_record(&draft.sender)),
        assistant: draft.assistant.as_str().to_owned(),
        token: draft.token.clone(),
        person: row.person,
        channel: row.channel.clone(),
        owner: row.owner.clone(),
        opened_at: draft.opened_at.0,
    };
    txn.put(keys::wake(draft.at, number), &record)
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
    };
    txn.put(keys::inbox(conversation, sequence), &record)?;
    txn.note(Delta::Row { conversation, sequence, change: Change::Came });
    Ok(WaitingConversation { conversation, account })
}

/// When a wake-up is due.
pub(crate) fn due_at(key: &[u8]) -> Option<Timestamp> {
    Reader::new(key).number().map(Timestamp)
}
