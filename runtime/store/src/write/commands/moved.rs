//! Whether the store was moved to another place.

use crate::format::keys;
use crate::format::records::MovedRecord;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::time::Timestamp;

/// Marks it as moved, or takes that back.
pub(crate) struct SetMoved(pub(crate) Option<Timestamp>);

impl Operation for SetMoved {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        match self.0 {
            Some(at) => txn.put(keys::MOVED.to_vec(), &MovedRecord { at: at.0 }),
            None => txn.remove_unread(keys::MOVED.to_vec()),
        }
    }
}
