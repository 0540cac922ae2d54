//! What an account leaves behind when it is deleted: rows that no one will answer and parcels that no one will send. They
//! may be many, so they go in steps, before the account.

use crate::format::keys::{self, kind};
use crate::format::outbox_codec::{self, Unsent};
use crate::memory::index::{Change, Delta};
use crate::write::commands::wake;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::ParcelKey;

/// The first waiting rows of a conversation go.
pub(crate) struct RemoveRows(pub(crate) ConversationId);

impl Operation for RemoveRows {
    /// Whether any were left to remove.
    type Output = bool;

    fn run(&self, txn: &mut Txn<'_>) -> Result<bool, Fail> {
        let conversation = txn.index.conversations.follow(self.0);
        let waiting = txn.index.rows.get(&conversation).into_iter().flatten();
        let rows: Vec<Sequence> = waiting.take(limits::STORE_STEP_ROWS_MAX).copied().collect();
        for sequence in &rows {
            txn.remove_unread(keys::inbox(conversation, *sequence))?;
            txn.set_mark((conversation, *sequence), None);
            txn.note(Delta::Row { conversation, sequence: *sequence, change: Change::Went });
        }
        Ok(!rows.is_empty())
    }
}

/// The first unsent and held parcels of an account go.
pub(crate) struct RemoveParcels(pub(crate) AccountId);

impl Operation for RemoveParcels {
    /// Whether any were left to remove.
    type Output = bool;

    fn run(&self, txn: &mut Txn<'_>) -> Result<bool, Fail> {
        let unsent = txn.index.pending.get(&self.0).into_iter().flatten();
        let unsent: Vec<(ParcelKey, Unsent)> = unsent
            .take(limits::STORE_STEP_ROWS_MAX)
            .map(|((sequence, part), parcel)| (outbox_codec::key(&self.0, *sequence, *part), *parcel))
            .collect();
        for (key, parcel) in &unsent {
            txn.remove_unread(keys::parcel(key))?;
            txn.note(Delta::Pending { key: key.clone(), parcel: *parcel, change: Change::Went });
        }
        let held = txn.index.held.iter().flat_map(|(of, parcels)| parcels.iter().map(move |key| (key, *of)));
        let of_account = held.filter(|(key, _)| key.account == self.0).take(limits::STORE_STEP_ROWS_MAX);
        let held: Vec<(ParcelKey, ConversationId)> = of_account.map(|(key, of)| (key.clone(), of)).collect();
        for (key, conversation) in &held {
            txn.remove_unread(keys::held(key))?;
            txn.note(Delta::Held { key: key.clone(), conversation: *conversation, change: Change::Went });
        }
        Ok(!unsent.is_empty() || !held.is_empty())
    }
}

/// Wake-ups, and rows that are in quarantine, go.
pub(crate) struct RemoveKeys(pub(crate) Vec<Vec<u8>>);

impl Operation for RemoveKeys {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for key in &self.0 {
            if key.first() == Some(&kind::WAKE)
                && let Some(place) = keys::read_wake(key)
            {
                let known = txn.index.wakes.iter().find(|(_, places)| places.contains_key(&place));
                if let Some(conversation) = known.map(|(conversation, _)| *conversation) {
                    wake::forget(txn, conversation, place);
                }
            }
            txn.remove_unread(key.clone())?;
        }
        Ok(())
    }
}
