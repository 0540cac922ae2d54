//! What turns did that failed, for their next attempt: a finished call is not made again.

use super::progress::Progress;
use crate::limits::{ATTEMPTS_REMEMBERED_BYTES_MAX, ATTEMPTS_REMEMBERED_MAX, ATTEMPTS_SEEN_MAX};
use greenroom_contract::assistant::Turn;
use greenroom_contract::ids::{ConversationId, MessageId, TurnId};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

/// What turns did that failed. Within the process only: of one that a process before this one worked on it is known that it
/// did ([`Attempt::is_doubtful`]), and not what it called.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    kept: VecDeque<Kept>,
    /// The turns that this process has worked on, the latest at the end.
    seen: VecDeque<(ConversationId, TurnId)>,
}

#[derive(Debug)]
struct Kept {
    conversation: ConversationId,
    turn: TurnId,
    messages: Vec<MessageId>,
    progress: Progress,
    bytes: usize,
}

impl Attempts {
    /// Goes on where an earlier attempt at this turn was, or begins. A turn may have got more messages since.
    pub(crate) fn resume(&self, turn: &Turn) -> Attempt<'_> {
        let messages: Vec<MessageId> = turn.messages.iter().map(|message| message.message.clone()).collect();
        let name = (turn.conversation, turn.id);
        let mut held = self.0.lock();
        let Held { kept, seen } = &mut *held;
        // Attempts are counted on disk before they begin, and those that did nothing wrong are taken back.
        let is_doubtful = turn.attempt > 1 && !seen.contains(&name);
        if !is_doubtful && !seen.contains(&name) {
            if seen.len() >= ATTEMPTS_SEEN_MAX {
                seen.pop_front();
            }
            seen.push_back(name);
        }
        let is_it = |one: &Kept| {
            (one.conversation, one.turn) == name && one.messages.iter().all(|message| messages.contains(message))
        };
        let at = kept.iter().rposition(is_it);
        let progress = at.and_then(|at| kept.remove(at)).map(|kept| kept.progress).unwrap_or_default();
        Attempt { attempts: self, conversation: turn.conversation, turn: turn.id, messages, progress, is_doubtful }
    }

    fn keep(&self, one: Kept) {
        let kept = &mut self.0.lock().kept;
        kept.push_back(one);
        let mut bytes: usize = kept.iter().map(|one| one.bytes).sum();
        while kept.len() > 1 && (kept.len() > ATTEMPTS_REMEMBERED_MAX || bytes > ATTEMPTS_REMEMBERED_BYTES_MAX) {
            bytes -= kept.pop_front().map_or(0, |one| one.bytes);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().kept.len()
    }
}

/// An attempt at a turn. Dropped, also in the middle, what it did is kept.
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    conversation: ConversationId,
    turn: TurnId,
    messages: Vec<MessageId>,
    progress: Progress,
    /// Whether a process that is gone worked on the turn: it may have made calls of which nothing is known here.
    pub(crate) is_doubtful: bool,
}

impl Deref for Attempt<'_> {
    type Target = Progress;
    fn deref(&self) -> &Progress {
        &self.progress
    }
}

impl DerefMut for Attempt<'_> {
    fn deref_mut(&mut self) -> &mut Progress {
        &mut self.progress
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        // Kept also where it is answered: an answer that could not be committed is asked for once more.
        if self.progress.rounds.is_empty() {
            return;
        }
        let progress = std::mem::take(&mut self.progress);
        let bytes = progress.bytes();
        let messages = std::mem::take(&mut self.messages);
        self.attempts.keep(Kept { conversation: self.conversation, turn: self.turn, messages, progress, bytes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round::Round;
    use greenroom_conformance::turns::turn;
    use greenroom_contract::model::Said;

    fn numbered(id: u64) -> Turn {
        let mut turn = turn("hi").build();
        turn.id = TurnId(id);
        turn
    }

    #[test]
    fn what_an_attempt_did_is_there_for_the_next_one_of_the_same_turn() {
        let attempts = Attempts::default();
        attempts.resume(&numbered(1)).rounds.push(Round::new(Said::default()));
        assert!(attempts.resume(&numbered(2)).rounds.is_empty());
        let mut grown = numbered(1);
        let mut more = grown.messages[0].clone();
        more.message = "message-2".parse().unwrap();
        grown.messages.push(more);
        assert_eq!(attempts.resume(&grown).rounds.len(), 1, "it got one more message");
        assert!(attempts.resume(&numbered(1)).rounds.is_empty(), "and then lost one");
        drop(attempts.resume(&numbered(7)));
        assert_eq!(attempts.len(), 1, "what did nothing is not kept");
    }

    #[test]
    fn a_turn_is_doubtful_that_a_process_before_this_one_worked_on() {
        let (before, now) = (Attempts::default(), Attempts::default());
        let attempt = |number: u32| {
            let mut turn = numbered(1);
            turn.attempt = number;
            turn
        };
        assert!(!before.resume(&attempt(1)).is_doubtful);
        assert!(!before.resume(&attempt(2)).is_doubtful, "what this process did not keep, it did not do");
        for number in 2..4 {
            assert!(now.resume(&attempt(number)).is_doubtful, "and stays so: nothing more is known later");
        }
        assert!(!now.resume(&numbered(2)).is_doubtful);
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let attempts = Attempts::default();
        for id in 0..2 * ATTEMPTS_REMEMBERED_MAX as u64 {
            attempts.resume(&numbered(id)).rounds.push(Round::new(Said::default()));
        }
        assert_eq!(attempts.len(), ATTEMPTS_REMEMBERED_MAX);
    }
}
