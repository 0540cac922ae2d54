//! Turns of history: how one is kept, so that a quote of it can be understood later, and how all are forgotten.

use crate::engines::Range;
use crate::format::envelope;
use crate::format::inbox_codec::body_words;
use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::{HistoryRecord, InboundRecord, InboxRecord, PersonRecord, SaidRecord};
use crate::memory::index::Delta;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{HistoryKey, OwnerWrote, ParcelDraft};
use greenroom_contract::text;

/// Keeps a turn, with the names and the words of the messages that it is made of.
pub(crate) fn put(
    txn: &mut Txn<'_>,
    (history, past): (HistoryKey, &PastTurn),
    (turn, rows): (Sequence, &[&InboxRecord]),
    parcels: &[ParcelDraft],
) -> Result<(), Fail> {
    let history = follow(txn, history);
    let messages: Vec<&InboundRecord> = rows.iter().filter_map(|row| row.message.as_ref()).collect();
    let is_one_of_several = messages.len() > 1;
    let record = HistoryRecord {
        at: past.at.0,
        name: past.name.clone(),
        asked: past.asked.clone(),
        answered: past.answered.clone(),
        said: messages.into_iter().map(|message| said(message, is_one_of_several)).collect(),
        turn_tag: rows.first().map(|row| row.turn_tag),
        parts: parts(parcels),
        worded_by: past.worded_by.as_ref().map(ToString::to_string),
        by_owner: false,
    };
    txn.put(keys::history_turn(history, turn), &record)?;
    txn.note(Delta::Grown { history });
    Ok(())
}

/// Keeps what the owner typed, as ours.
pub(crate) fn put_of_owner(
    txn: &mut Txn<'_>,
    history: HistoryKey,
    wrote: &OwnerWrote,
    words: &str,
) -> Result<(), Fail> {
    let history = follow(txn, history);
    let record = HistoryRecord {
        at: wrote.at.0,
        name: None,
        asked: String::new(),
        answered: text::bounded(words, limits::TEXT_BYTES_MAX),
        said: vec![SaidRecord {
            message: wrote.message.as_str().to_owned(),
            sender: wrote.sender.as_str().to_owned(),
            words: None,
        }],
        turn_tag: None,
        parts: Vec::new(),
        worded_by: None,
        by_owner: true,
    };
    let turn = Sequence(txn.number());
    txn.put(keys::history_turn(history, turn), &record)?;
    txn.note(Delta::Grown { history });
    Ok(())
}

fn said(message: &InboundRecord, is_one_of_several: bool) -> SaidRecord {
    let words = message.body.as_ref().and_then(body_words).filter(|_| is_one_of_several);
    SaidRecord {
        message: message.message.clone(),
        sender: message.sender.as_ref().map(|sender| sender.id.clone()).unwrap_or_default(),
        words: words.map(|words| text::bounded(words, limits::QUOTED_BYTES_MAX)),
    }
}

/// What each message of an answer says. Of one that is a single message the turn itself says it; no one quotes a reaction.
fn parts(parcels: &[ParcelDraft]) -> Vec<String> {
    let quotable = parcels.iter().filter(|parcel| !matches!(parcel.body, OutboundBody::Reaction { .. }));
    if quotable.count() < 2 {
        return Vec::new();
    }
    let words = parcels.iter().map(|parcel| outbox_codec::words(&parcel.body).unwrap_or_default());
    words.map(|words| text::bounded(words, limits::QUOTED_BYTES_MAX)).collect()
}

/// Whose history it is, after merges.
pub(crate) fn follow(txn: &Txn<'_>, history: HistoryKey) -> HistoryKey {
    match history {
        HistoryKey::Person(person) => HistoryKey::Person(txn.index.people.follow(person)),
        HistoryKey::Conversation(conversation) => {
            HistoryKey::Conversation(txn.index.conversations.follow(conversation))
        }
    }
}

/// Deletes a history, and what assistants remember with it. Gives the conversations that it is the history of.
pub(crate) fn forget(txn: &mut Txn<'_>, history: HistoryKey) -> Result<Vec<ConversationId>, Fail> {
    let history = follow(txn, history);
    remove_all(txn, &keys::history(history))?;
    let conversations = match history {
        HistoryKey::Conversation(conversation) => vec![conversation],
        HistoryKey::Person(person) => {
            let loaded = txn.load::<PersonRecord>(&keys::person(person))?;
            let chats = loaded.map(|loaded| loaded.record.chats).unwrap_or_default();
            let of = chats.iter().map(|chat| txn.index.conversations.follow(ConversationId(chat.conversation)));
            of.collect()
        }
    };
    for conversation in &conversations {
        remove_all(txn, &keys::state(*conversation, ""))?;
    }
    Ok(conversations)
}

/// Removes everything below a prefix.
pub(crate) fn remove_all(txn: &mut Txn<'_>, prefix: &[u8]) -> Result<(), Fail> {
    for (key, value) in txn.scan(&Range::prefix(prefix), usize::MAX)? {
        txn.remove(key, envelope::part_count(&value));
    }
    Ok(())
}
