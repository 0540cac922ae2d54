//! Which messages carry the reaction that shows they were received. Pure; in memory only: of a message of an earlier run it
//! is taken for granted.

use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;
use std::collections::BTreeSet;

/// The rows whose messages carry one.
#[derive(Debug, Default)]
pub(crate) struct AckBook(BTreeSet<Sequence>);

impl AckBook {
    /// A row's message is to get one; says whether it has none yet.
    pub(crate) fn put(&mut self, row: Sequence) -> bool {
        let is_new = self.0.insert(row);
        if self.0.len() > limits::ACKS_REMEMBERED_MAX {
            self.0.pop_first();
        }
        is_new
    }

    /// The row leaves; says whether its message had one.
    pub(crate) fn take(&mut self, row: Sequence) -> bool {
        self.0.remove(&row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gets_one_and_the_oldest_are_forgotten() {
        let mut book = AckBook::default();
        assert!(book.put(Sequence(7)) && !book.put(Sequence(7)));
        assert!(book.take(Sequence(7)) && !book.take(Sequence(7)));
        for row in 0..limits::ACKS_REMEMBERED_MAX as u64 + 5 {
            book.put(Sequence(row));
        }
        assert_eq!((book.0.len(), book.take(Sequence(4))), (limits::ACKS_REMEMBERED_MAX, false));
    }
}
