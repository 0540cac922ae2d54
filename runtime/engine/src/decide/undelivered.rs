//! What a network took and did not deliver: for the owner, and for the next turn of the chat. Pure; in memory only.

use greenroom_contract::assistant::NotDelivered;
use greenroom_contract::ids::{AccountId, ChatId, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::store::ParcelKey;
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// A message of the bot that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) key: ParcelKey,
    pub(crate) conversation: ConversationId,
    pub(crate) chat: ChatId,
    /// The network's words.
    pub(crate) reason: String,
    /// When that was told, on the wall.
    pub(crate) at: Timestamp,
    /// The same in steady time.
    pub(crate) steady: Timestamp,
    /// Whether an assistant was told.
    pub(crate) given: bool,
}

/// The last messages that did not arrive.
#[derive(Debug, Default)]
pub(crate) struct UndeliveredBook(VecDeque<Lost>);

impl UndeliveredBook {
    pub(crate) fn note(&mut self, lost: Lost) {
        // Networks tell the same more than once.
        if self.0.iter().any(|known| known.key == lost.key) {
            return;
        }
        if self.0.len() >= limits::UNDELIVERED_REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(lost);
    }

    /// What is wrong in each account, in a sentence.
    pub(crate) fn problems(&self, steady: Timestamp) -> Vec<(AccountId, String)> {
        let mut of_account: BTreeMap<&AccountId, (usize, &Lost)> = BTreeMap::new();
        for lost in self.0.iter().filter(|lost| steady.since(lost.steady) < limits::UNDELIVERED_SHOWN) {
            let (count, last) = of_account.entry(&lost.key.account).or_insert((0, lost));
            (*count, *last) = (*count + 1, lost);
        }
        let said = |(account, (count, last)): (&AccountId, (usize, &Lost))| {
            let what = format!(
                "{count} message(s) of the bot were taken by the network and not delivered; the last one, in chat {}: {}",
                last.chat, last.reason
            );
            (account.clone(), what)
        };
        of_account.into_iter().map(said).collect()
    }

    /// What the next turn of a conversation has to know.
    pub(crate) fn of(&self, conversation: ConversationId) -> Vec<NotDelivered> {
        let new = self.0.iter().filter(|lost| lost.conversation == conversation && !lost.given);
        new.map(|lost| NotDelivered { at: lost.at, reason: lost.reason.clone() }).collect()
    }

    /// A turn that knew of it is answered.
    pub(crate) fn given(&mut self, conversation: ConversationId, until: Timestamp) {
        for lost in self.0.iter_mut().filter(|lost| lost.conversation == conversation && lost.steady <= until) {
            lost.given = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::Sequence;

    fn lost(account: &str, conversation: u64, at: u64) -> Lost {
        Lost {
            key: ParcelKey { account: account.parse().unwrap(), sequence: Sequence(at), part: 0 },
            conversation: ConversationId(conversation),
            chat: "chat".parse().unwrap(),
            reason: format!("131026 at {at}"),
            at: Timestamp(at),
            steady: Timestamp(at),
            given: false,
        }
    }

    #[test]
    fn the_owner_sees_it_for_a_day_and_an_assistant_is_told_once() {
        let mut book = UndeliveredBook::default();
        for (account, conversation, at) in [("a", 1, 10), ("b", 2, 20), ("a", 1, 30)] {
            book.note(lost(account, conversation, at));
            book.note(lost(account, conversation, at));
        }
        let problems = book.problems(Timestamp(40));
        assert_eq!(problems.len(), 2);
        let what = "2 message(s) of the bot were taken by the network and not delivered; the last one, in chat chat: 131026 at 30";
        assert_eq!((problems[0].0.as_str(), problems[0].1.as_str()), ("a", what));
        assert_eq!(book.problems(Timestamp(20).plus(limits::UNDELIVERED_SHOWN)).len(), 1, "a day later");
        assert_eq!(book.of(ConversationId(1)).len(), 2);
        book.given(ConversationId(1), Timestamp(29));
        assert_eq!(book.of(ConversationId(1)), [NotDelivered { at: Timestamp(30), reason: "131026 at 30".to_owned() }]);
        assert_eq!(book.of(ConversationId(2)).len(), 1);
        assert_eq!(book.problems(Timestamp(40)).len(), 2, "the owner is still shown it");
    }

    #[test]
    fn it_is_bounded() {
        let mut book = UndeliveredBook::default();
        for at in 0..limits::UNDELIVERED_REMEMBERED_MAX as u64 + 9 {
            book.note(lost("a", at, at));
        }
        assert_eq!(book.0.len(), limits::UNDELIVERED_REMEMBERED_MAX);
        assert_eq!(book.of(ConversationId(8)), [], "the oldest left");
    }
}
