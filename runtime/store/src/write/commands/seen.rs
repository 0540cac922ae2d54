//! Messages that were seen: found again by their deduplication keys.

use crate::engines::Range;
use crate::format::ids::known;
use crate::format::keys::{self, Reader};
use crate::format::records::SeenRecord;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, PersonId};
use greenroom_contract::limits;

/// A message that was seen under the same id. Its conversation and person are those of acceptance, if they were known.
pub(crate) struct SeenRow {
    pub(crate) key: Vec<u8>,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) record: SeenRecord,
}

/// All messages that were seen under this id in this account.
pub(crate) fn seen(txn: &Txn<'_>, message: &MessageId, account: &AccountId) -> Result<Vec<SeenRow>, Fail> {
    let prefix = keys::seen_in_account(message, account);
    let mut found = Vec::new();
    for (key, value) in txn.scan(&Range::prefix(&prefix), limits::STORE_SAME_ID_MAX)? {
        let Some((conversation, person)) = read_seen_key(&key) else { continue };
        let record = txn.decode(&key, value)?.record;
        found.push(SeenRow { key, conversation, person, record });
    }
    Ok(found)
}

/// Conversation and person in a deduplication key, as they were at acceptance, if they were known.
pub(crate) fn read_seen_key(key: &[u8]) -> Option<(Option<ConversationId>, Option<PersonId>)> {
    let mut reader = Reader::new(key);
    reader.text()?;
    reader.text()?;
    Some((known(reader.number()?), known(reader.number()?)))
}
