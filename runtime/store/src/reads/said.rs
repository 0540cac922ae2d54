//! What a single message said, for whoever quotes it.

use super::outbox::find_own;
use crate::engines::Range;
use crate::format::keys;
use crate::format::names::NameForm;
use crate::format::records::{ConversationRecord, HistoryRecord, ParcelRecord, SaidRecord};
use crate::store::Reader;
use greenroom_contract::ids::{AccountId, ConversationId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::store::{HistoryKey, ParcelKey, Said, StoreError};

/// What is remembered of a message of this conversation.
pub(super) fn said(
    reader: &Reader,
    conversation: ConversationId,
    history: HistoryKey,
    message: &MessageId,
) -> Result<Option<Said>, StoreError> {
    let conversation = reader.follow_conversation(conversation);
    let found = reader.load::<ConversationRecord>(&keys::conversation(conversation))?;
    let account = found.and_then(|found| AccountId::read_back(found.account).ok());
    if let Some(account) = account {
        if let Some(key) = find_own(reader, &account, message)? {
            let text = if is_of(reader, &key, conversation)? { answered(reader, history, &key)? } else { None };
            return Ok(Some(Said { ours: true, text }));
        }
        if let Some(text) = answered_long_ago(reader, history, &account, message)? {
            return Ok(Some(Said { ours: true, text: Some(text) }));
        }
    }
    Ok(asked(reader, history, message)?.map(|text| Said { ours: false, text: Some(text) }))
}

/// Whether a parcel is one of this conversation.
fn is_of(reader: &Reader, key: &ParcelKey, conversation: ConversationId) -> Result<bool, StoreError> {
    for place in [keys::parcel(key), keys::held(key)] {
        if let Some(record) = reader.load::<ParcelRecord>(&place)? {
            return Ok(reader.follow_conversation(ConversationId(record.conversation)) == conversation);
        }
    }
    Ok(false)
}

/// What a parcel of a turn said. A sent parcel is empty; its turn tells it.
fn answered(reader: &Reader, history: HistoryKey, key: &ParcelKey) -> Result<Option<String>, StoreError> {
    let place = keys::history_turn(reader.follow_history(history), key.sequence);
    let Some(turn) = reader.load::<HistoryRecord>(&place)? else { return Ok(None) };
    let text = match turn.parts.into_iter().nth(usize::from(key.part)) {
        Some(part) => part,
        None => turn.answered,
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The same for a parcel that retention took, while its turn is still there: where the bot chose the name, the name
/// leads to the turn. No one else can make one that does.
fn answered_long_ago(
    reader: &Reader,
    history: HistoryKey,
    account: &AccountId,
    message: &MessageId,
) -> Result<Option<String>, StoreError> {
    let places = reader.shared.names.places(message.as_str());
    match places.into_iter().flatten().find(|place| place.form == NameForm::Mixed) {
        Some(place) => {
            let key = ParcelKey { account: account.clone(), sequence: place.sequence, part: place.part };
            answered(reader, history, &key)
        }
        None => Ok(None),
    }
}

/// What a message that was answered said; the newest of its name.
fn asked(reader: &Reader, history: HistoryKey, message: &MessageId) -> Result<Option<String>, StoreError> {
    let turns = Range::prefix(&keys::history(reader.follow_history(history))).down();
    for (key, value) in reader.rows(&turns, limits::HISTORY_TURNS_MAX)? {
        let turn = reader.decode_as(&key, value, |turn: HistoryRecord| Ok(turn))?;
        let Some(turn) = turn else { continue };
        let text = match turn.said.into_iter().find(|said| said.message == message.as_str()) {
            Some(SaidRecord { words: Some(words), .. }) => words,
            // It is the only one, or a voice note among others, of whose words the turn does not tell which are its own.
            Some(_) => turn.asked,
            None => continue,
        };
        return Ok(Some(text).filter(|text| !text.is_empty()));
    }
    Ok(None)
}
