//! Conversations that were handed to a human, for the owner. Pure; in memory only: one that is forgotten is remembered
//! when its person writes the next time.

use greenroom_contract::ids::{AccountId, ChatId, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::collections::VecDeque;

/// A conversation in which a human is to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantsHuman {
    pub(crate) conversation: ConversationId,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    /// Until when the bot is silent there.
    pub(crate) until: Timestamp,
}

/// The conversations that wait for a human.
#[derive(Debug, Default)]
pub(crate) struct HumanBook(VecDeque<WantsHuman>);

impl HumanBook {
    /// A human is to answer here.
    pub(crate) fn wanted(&mut self, one: WantsHuman) {
        self.released(one.conversation);
        if self.0.len() >= limits::HUMANS_REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(one);
    }

    /// The bot answers here once more.
    pub(crate) fn released(&mut self, conversation: ConversationId) {
        self.0.retain(|known| known.conversation != conversation);
    }

    /// Those that still wait; the newest ones, if there are many.
    pub(crate) fn waiting(&mut self, now: Timestamp) -> Vec<WantsHuman> {
        self.0.retain(|known| known.until > now);
        self.0.iter().rev().take(limits::HUMANS_SHOWN_MAX).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(conversation: u64, until: u64) -> WantsHuman {
        let (account, chat) = ("a".parse().unwrap(), "c".parse().unwrap());
        WantsHuman { conversation: ConversationId(conversation), account, chat, until: Timestamp(until) }
    }

    #[test]
    fn it_is_shown_once_until_it_is_released_or_its_time_is_over() {
        let mut book = HumanBook::default();
        for one in [wanted(1, 10), wanted(2, 20), wanted(1, 30)] {
            book.wanted(one);
        }
        assert_eq!(book.waiting(Timestamp(0)), [wanted(1, 30), wanted(2, 20)]);
        assert_eq!(book.waiting(Timestamp(20)), [wanted(1, 30)]);
        book.released(ConversationId(1));
        assert_eq!(book.waiting(Timestamp(0)), []);
    }

    #[test]
    fn it_is_bounded() {
        let mut book = HumanBook::default();
        for number in 0..limits::HUMANS_REMEMBERED_MAX as u64 + 3 {
            book.wanted(wanted(number, 10));
        }
        assert_eq!(
            (book.0.len(), book.waiting(Timestamp(0)).len()),
            (limits::HUMANS_REMEMBERED_MAX, limits::HUMANS_SHOWN_MAX)
        );
    }
}
