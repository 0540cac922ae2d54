//! Out of quarantine, back into the inbox.

use crate::format::envelope::Sealing;
use crate::format::keys;
use crate::format::records::{InboxRecord, QuarantineRecord};
use crate::memory::index::{Change, Delta};
use crate::write::commands::settle::seen_of;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, Sequence};
use greenroom_contract::store::WaitingConversation;

/// Gives a row another chance. It joins the end of the queue, so that it does not slip in before a
/// turn that is running.
pub(crate) struct Release {
    pub(crate) sequence: Sequence,
}

impl Operation for Release {
    type Output = WaitingConversation;

    fn run(&self, txn: &mut Txn<'_>) -> Result<WaitingConversation, Fail> {
        let key = keys::quarantine(self.sequence);
        let missing = || Fail::not_found(format!("row {} in quarantine", self.sequence));
        let loaded = txn.load::<QuarantineRecord>(&key)?.ok_or_else(missing)?;
        let conversation = txn.index.conversations.follow(ConversationId(loaded.record.conversation));
        let mut row = loaded.record.row.ok_or_else(missing)?;
        let account = AccountId::read_back(account(&row)).map_err(|error| Fail::invalid(error.to_string()))?;
        txn.remove(key, loaded.parts);
        let sequence = Sequence(txn.number());
        row.attempts = 0;
        row.turn_tag = txn.names.turn_tag();
        txn.put(keys::inbox(conversation, sequence), &row)?;
        txn.note(Delta::Row { conversation, sequence, change: Change::Came });
        if let Some((seen, mut loaded)) = seen_of(txn, &row)? {
            loaded.record.earlier.push(self.sequence.0);
            loaded.record.sequence = sequence.0;
            loaded.record.turn = 0;
            txn.put_over(seen, &loaded.record, Sealing::Plain, loaded.parts)?;
        }
        Ok(WaitingConversation { conversation, account })
    }
}

/// The account of a row.
pub(crate) fn account(row: &InboxRecord) -> &str {
    let of_message = row.message.as_ref().map(|message| message.account.as_str());
    let of_wake = || row.wake.as_ref().and_then(|wake| wake.route.as_ref()).map(|route| route.account.as_str());
    of_message.or_else(of_wake).unwrap_or_default()
}
