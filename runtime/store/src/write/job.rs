//! What the writer carries out: a change of the store, and the same on its way through a group.

use crate::write::txn::{Fail, Txn};
use greenroom_contract::store::StoreError;

/// A change of the store. May run more than once before it is committed.
pub(crate) trait Operation: Send + 'static {
    /// What the caller gets.
    type Output: Send + 'static;

    /// About how much it writes, where that may be much.
    fn bytes(&self) -> usize {
        0
    }

    /// Reads and writes through the view. What fails leaves nothing behind.
    fn run(&self, txn: &mut Txn<'_>) -> Result<Self::Output, Fail>;
}

/// An operation on its way through the writer.
pub(crate) trait Job: Send {
    /// Runs it and keeps what the caller will get.
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Fail>;

    /// About how much it writes, where that may be much.
    fn bytes(&self) -> usize;

    /// Tells the caller.
    fn finish(self: Box<Self>, verdict: Result<(), StoreError>);

    /// Whether a caller waits for it.
    fn is_awaited(&self) -> bool;

    /// Whether it is tried again after a failure of the store, until it is carried out.
    fn is_kept(&self) -> bool {
        false
    }
}
