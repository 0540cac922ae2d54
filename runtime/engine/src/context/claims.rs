//! Which rows are worked on, so that none is asked about twice: while two conversations become one, a turn of each may be
//! under way, and either may see the rows of both.

use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::limits;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;

/// The rows that turns work on.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    book: Mutex<Book>,
    released: Notify,
}

#[derive(Debug, Default)]
struct Book {
    held: HashMap<Sequence, ConversationId>,
    /// Rows that were let go last, and by whom.
    ended: HashMap<Sequence, ConversationId>,
    /// The same in order, to forget the oldest.
    order: VecDeque<Sequence>,
}

/// Rows that one turn works on, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    claims: Arc<Claims>,
    by: ConversationId,
    rows: Vec<Sequence>,
}

/// What became of the wish to work on rows.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// They are its own.
    Yes(Claim),
    /// Another turn works on one of them: wait until that ended, then look again.
    Busy,
    /// Another turn let one of them go, perhaps after these were read: look again.
    Stale,
}

impl Claims {
    /// Takes rows for a turn of the conversation that an actor was made for, whatever it is called since.
    pub(crate) fn take(self: &Arc<Self>, by: ConversationId, rows: Vec<Sequence>) -> Claimed {
        let mut book = self.book.lock();
        if rows.iter().any(|row| book.held.contains_key(row)) {
            return Claimed::Busy;
        }
        let mut is_stale = false;
        for row in &rows {
            if book.ended.get(row).is_some_and(|other| *other != by) {
                book.ended.remove(row);
                is_stale = true;
            }
        }
        if is_stale {
            return Claimed::Stale;
        }
        book.held.extend(rows.iter().map(|row| (*row, by)));
        Claimed::Yes(Claim { claims: Arc::clone(self), by, rows })
    }

    /// Whether a turn of this conversation is under way.
    pub(crate) fn are_held_by(&self, conversation: ConversationId) -> bool {
        self.book.lock().held.values().any(|by| *by == conversation)
    }

    /// Ends when rows were let go after it was called first.
    pub(crate) fn released(&self) -> tokio::sync::futures::Notified<'_> {
        self.released.notified()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut book = self.claims.book.lock();
        for row in self.rows.drain(..) {
            book.held.remove(&row);
            if book.ended.insert(row, self.by).is_none() {
                book.order.push_back(row);
            }
        }
        while book.order.len() > limits::CLAIMS_ENDED_MAX {
            if let Some(oldest) = book.order.pop_front() {
                book.ended.remove(&oldest);
            }
        }
        drop(book);
        self.claims.released.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLDER: ConversationId = ConversationId(1);
    const NEWER: ConversationId = ConversationId(2);

    fn take(claims: &Arc<Claims>, by: ConversationId, rows: &[u64]) -> Claimed {
        claims.take(by, rows.iter().copied().map(Sequence).collect())
    }

    #[tokio::test]
    async fn a_row_is_worked_on_by_one_turn_at_a_time() {
        let claims = Arc::new(Claims::default());
        let Claimed::Yes(first) = take(&claims, NEWER, &[5, 6]) else { panic!("nobody works on them") };
        assert!(matches!(take(&claims, OLDER, &[3, 5]), Claimed::Busy));
        let Claimed::Yes(other) = take(&claims, OLDER, &[3]) else { panic!("a busy one claims nothing of the rest") };
        assert!(claims.are_held_by(NEWER) && claims.are_held_by(OLDER));
        let released = claims.released();
        drop(first);
        assert!(!claims.are_held_by(NEWER) && claims.are_held_by(OLDER));
        released.await;
        assert!(matches!(take(&claims, OLDER, &[5]), Claimed::Stale), "it may be settled since it was read");
        assert!(matches!(take(&claims, OLDER, &[5]), Claimed::Yes(_)), "it waits still");
        drop(other);
        assert!(matches!(take(&claims, OLDER, &[3]), Claimed::Yes(_)), "its own row is no news");
    }

    #[test]
    fn what_ended_long_ago_is_forgotten() {
        let claims = Arc::new(Claims::default());
        for row in 0..2 * limits::CLAIMS_ENDED_MAX as u64 {
            assert!(matches!(take(&claims, NEWER, &[row]), Claimed::Yes(_)));
            // Some go by both ways.
            assert!(row % 3 > 0 || matches!(take(&claims, OLDER, &[row]), Claimed::Stale));
        }
        let book = claims.book.lock();
        assert!(book.held.is_empty() && book.order.len() <= limits::CLAIMS_ENDED_MAX, "{}", book.order.len());
        assert!(book.ended.len() <= book.order.len());
    }
}
