//! Messages that are seen before it is known what they say.
//!
//! Such a message has a row among those that were seen, like any other, and its trace. But the row recognises no
//! repetition until the content came: what comes then is the message itself.

use super::seen::SeenRow;
use crate::format::ids::known;
use crate::format::keys;
use crate::format::records::tags::ContentTag;
use crate::format::records::{InboxRecord, SeenRecord, StepRecord};
use crate::memory::index::{Change, Delta};
use crate::write::commands::sweep::is_refused;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::Sequence;
use greenroom_contract::message::{Body, Unreadable};

/// What a body says of the content.
pub(crate) fn tag(body: &Body) -> ContentTag {
    match body {
        Body::Unreadable(Unreadable::Waiting) => ContentTag::Waiting,
        Body::Unreadable(_) => ContentTag::Missing,
        _ => ContentTag::Known,
    }
}

/// Whether a message with this body is a repetition of one that was seen.
pub(crate) fn is_repetition(seen: &SeenRecord, body: &Body) -> bool {
    match ContentTag::read(seen.content).unwrap_or(ContentTag::Known) {
        ContentTag::Known => true,
        ContentTag::Waiting => tag(body) == ContentTag::Waiting,
        ContentTag::Missing => tag(body) != ContentTag::Known,
    }
}

/// What is kept of a row whose message continues: the steps of its trace, and the rows that hold the rest of it. A row that
/// waits only to say that the content is missing is taken out.
pub(crate) fn take_over(txn: &mut Txn<'_>, row: SeenRow) -> Result<(Vec<StepRecord>, Vec<u64>), Fail> {
    let record = row.record;
    let is_refused = is_refused(&record);
    let mut earlier = record.earlier;
    if let Some((conversation, sequence)) = row.conversation.zip(known::<Sequence>(record.sequence)) {
        let conversation = txn.index.conversations.follow(conversation);
        let key = keys::inbox(conversation, sequence);
        if let Some(loaded) = txn.load::<InboxRecord>(&key)? {
            txn.remove(key, loaded.parts);
            txn.set_mark((conversation, sequence), None);
            txn.note(Delta::Row { conversation, sequence, change: Change::Went });
        }
        earlier.push(if record.turn == 0 { record.sequence } else { record.turn });
    }
    if is_refused {
        txn.note(Delta::Refused { change: Change::Went });
    }
    txn.remove_unread(row.key)?;
    Ok((record.steps, earlier))
}
