//! Which assistants are away, and which conversations wait for them. In memory only: what waits is in the inbox, and after a
//! restart the first turn finds out anew.

use greenroom_contract::ids::{AssistantName, ConversationId, TurnId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The assistants that are away.
#[derive(Debug, Default)]
pub(crate) struct AwayBook {
    assistants: HashMap<AssistantName, Away>,
    /// What waits, until its turn ends.
    waiting: HashMap<ConversationId, Waiting>,
}

/// An assistant that is away. All moments are in steady time.
#[derive(Debug)]
struct Away {
    since: Timestamp,
    reason: String,
    /// Until when it wants to be left alone.
    alone_until: Timestamp,
    /// How many conversations wait for it.
    waiting: usize,
    /// Cancelled when it answers once more.
    back: CancellationToken,
}

/// A conversation whose turn waits for an assistant.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// The turn.
    pub(crate) turn: TurnId,
    /// The assistant.
    pub(crate) by: AssistantName,
    /// What it said first.
    pub(crate) reason: String,
    /// When that was, on the wall.
    pub(crate) at: Timestamp,
    /// The same in steady time.
    pub(crate) since: Timestamp,
    /// Whether the person was told that it takes longer.
    pub(crate) told: bool,
}

/// How an assistant is away, in steady time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Absence {
    pub(crate) since: Timestamp,
    pub(crate) alone_until: Timestamp,
}

/// An assistant that is away, for the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) assistant: AssistantName,
    pub(crate) reason: String,
    pub(crate) away_for: Duration,
    pub(crate) waiting: usize,
}

impl AwayBook {
    /// An assistant was asked in a conversation, and said that it is away. Whether that is news: it was there, or gave another
    /// reason.
    pub(crate) fn went(&mut self, conversation: ConversationId, said: Waiting, alone_for: Duration) -> bool {
        if self.waiting.get(&conversation).is_some_and(|known| known.turn != said.turn) {
            // The message that waited was deleted by its author.
            self.ended(conversation);
        }
        let Waiting { by, reason, since, .. } = &said;
        let waiting = &self.waiting;
        let away = self.assistants.entry(by.clone()).or_insert_with(|| Away {
            since: *since,
            reason: String::new(),
            alone_until: *since,
            waiting: waiting.values().filter(|known| known.by == *by).count(),
            back: CancellationToken::new(),
        });
        let is_news = away.reason != *reason;
        away.reason.clone_from(reason);
        away.alone_until = since.plus(alone_for);
        let is_full = self.waiting.len() >= limits::AWAY_WAITING_MAX;
        match self.waiting.get_mut(&conversation) {
            Some(known) if known.by == *by => {}
            // It waited for another one before. Whom it waits for changes, and not since when.
            Some(known) => {
                away.waiting += 1;
                let before = std::mem::replace(&mut known.by, by.clone());
                self.left(&before);
            }
            None if is_full => {}
            None => {
                away.waiting += 1;
                self.waiting.insert(conversation, said);
            }
        }
        is_news
    }

    /// A turn waits for an assistant that is known to be away, without having asked it.
    pub(crate) fn joins(
        &mut self,
        conversation: ConversationId,
        turn: TurnId,
        by: &AssistantName,
        now: (Timestamp, Timestamp),
    ) {
        let Some(away) = self.assistants.get(by) else { return };
        let (at, since) = now;
        let said = Waiting { turn, by: by.clone(), reason: away.reason.clone(), at, since, told: false };
        let alone_for = away.alone_until.since(since);
        self.went(conversation, said, alone_for);
    }

    /// What a turn of a conversation waits for.
    pub(crate) fn waits(&self, conversation: ConversationId, turn: TurnId) -> Option<&Waiting> {
        self.waiting.get(&conversation).filter(|waiting| waiting.turn == turn)
    }

    /// How an assistant is away; `None` if it is not, as far as is known.
    pub(crate) fn absence(&self, by: &AssistantName) -> Option<Absence> {
        self.assistants.get(by).map(|away| Absence { since: away.since, alone_until: away.alone_until })
    }

    /// Cancelled when an assistant that is away is back.
    pub(crate) fn back_token(&self, by: &AssistantName) -> Option<CancellationToken> {
        self.assistants.get(by).map(|away| away.back.clone())
    }

    /// The person was told that it takes longer.
    pub(crate) fn told(&mut self, conversation: ConversationId) {
        if let Some(waiting) = self.waiting.get_mut(&conversation) {
            waiting.told = true;
        }
    }

    /// An assistant answered, or another one has its name now: what waits for it is taken up.
    pub(crate) fn back(&mut self, by: &AssistantName) {
        if let Some(away) = self.assistants.remove(by) {
            away.back.cancel();
        }
    }

    /// The turn of a conversation ended, however it did; says what it had waited for.
    pub(crate) fn ended(&mut self, conversation: ConversationId) -> Option<Waiting> {
        let waited = self.waiting.remove(&conversation)?;
        self.left(&waited.by);
        Some(waited)
    }

    /// One conversation less waits for an assistant. Of one for which none waits nothing is known any more.
    fn left(&mut self, by: &AssistantName) {
        if let Some(away) = self.assistants.get_mut(by) {
            away.waiting = away.waiting.saturating_sub(1);
            if away.waiting == 0 {
                self.back(by);
            }
        }
    }

    /// The assistants that are away, by name.
    pub(crate) fn missed(&self, steady: Timestamp) -> Vec<Missed> {
        let missed = |(name, away): (&AssistantName, &Away)| Missed {
            assistant: name.clone(),
            reason: away.reason.clone(),
            away_for: steady.since(away.since),
            waiting: away.waiting,
        };
        let mut all: Vec<_> = self.assistants.iter().map(missed).collect();
        all.sort_by(|one, other| one.assistant.cmp(&other.assistant));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(by: &str, at: u64) -> Waiting {
        let (by, reason, at) = (by.parse().unwrap(), format!("at {at}"), Timestamp(at));
        Waiting { turn: TurnId(1), by, reason, at, since: at, told: false }
    }

    fn missed(book: &AwayBook) -> Vec<(String, usize)> {
        book.missed(Timestamp(9)).into_iter().map(|one| (one.assistant.to_string(), one.waiting)).collect()
    }

    #[test]
    fn it_is_away_until_it_answers_or_none_waits_for_it() {
        let (mut book, name) = (AwayBook::default(), "one".parse().unwrap());
        for (conversation, at) in [(1, 1), (2, 2), (1, 3)] {
            let is_news = book.went(ConversationId(conversation), said("one", at), Duration::from_millis(5));
            assert!(is_news, "each gave another reason");
        }
        assert!(!book.went(ConversationId(1), said("one", 3), Duration::from_millis(5)));
        assert_eq!(missed(&book), [("one".to_owned(), 2)]);
        assert_eq!(book.absence(&name), Some(Absence { since: Timestamp(1), alone_until: Timestamp(8) }));
        let token = book.back_token(&name).unwrap();
        let waited = book.ended(ConversationId(1)).unwrap();
        assert_eq!((waited.since, waited.reason.as_str()), (Timestamp(1), "at 1"), "since the first time");
        assert!(!token.is_cancelled());
        book.back(&name);
        assert!(token.is_cancelled() && missed(&book).is_empty());
        assert!(book.waits(ConversationId(2), TurnId(1)).is_some(), "until its turn ends");
        book.went(ConversationId(3), said("one", 4), Duration::ZERO);
        assert_eq!(missed(&book), [("one".to_owned(), 2)]);
        for conversation in [2, 3] {
            book.ended(ConversationId(conversation));
        }
        assert_eq!((missed(&book), book.absence(&name)), (Vec::new(), None));
    }

    #[test]
    fn a_turn_that_waits_for_another_one_now_is_counted_there() {
        let mut book = AwayBook::default();
        book.went(ConversationId(1), said("one", 1), Duration::ZERO);
        book.told(ConversationId(1));
        book.went(ConversationId(1), said("two", 2), Duration::ZERO);
        assert_eq!(missed(&book), [("two".to_owned(), 1)]);
        let waited = book.waits(ConversationId(1), TurnId(1)).unwrap();
        assert!(waited.told && waited.since == Timestamp(1) && waited.by.as_str() == "two");
    }

    #[test]
    fn one_that_joins_changes_nothing_of_what_is_known() {
        let (mut book, name) = (AwayBook::default(), "one".parse().unwrap());
        book.joins(ConversationId(1), TurnId(1), &name, (Timestamp(1), Timestamp(1)));
        assert_eq!(missed(&book), []);
        book.went(ConversationId(1), said("one", 1), Duration::from_millis(10));
        let before = book.absence(&name);
        book.joins(ConversationId(2), TurnId(2), &name, (Timestamp(5), Timestamp(5)));
        assert_eq!((book.absence(&name), missed(&book)), (before, vec![("one".to_owned(), 2)]));
        assert_eq!(book.waits(ConversationId(2), TurnId(2)).map(|waiting| waiting.reason.as_str()), Some("at 1"));
    }

    #[test]
    fn another_turn_begins_to_wait_when_it_is_asked_about() {
        let mut book = AwayBook::default();
        book.went(ConversationId(1), said("one", 1), Duration::ZERO);
        book.told(ConversationId(1));
        book.went(ConversationId(1), Waiting { turn: TurnId(2), ..said("one", 5) }, Duration::ZERO);
        assert!(book.waits(ConversationId(1), TurnId(1)).is_none());
        let waits = book.waits(ConversationId(1), TurnId(2)).unwrap();
        assert!(!waits.told && waits.since == Timestamp(5));
        assert_eq!(missed(&book), [("one".to_owned(), 1)]);
    }

    #[test]
    fn it_is_bounded() {
        let mut book = AwayBook::default();
        for number in 0..limits::AWAY_WAITING_MAX as u64 + 9 {
            book.went(ConversationId(number), said("one", 1), Duration::ZERO);
        }
        assert_eq!(book.waiting.len(), limits::AWAY_WAITING_MAX);
        assert!(book.ended(ConversationId(limits::AWAY_WAITING_MAX as u64 + 1)).is_none());
    }
}
