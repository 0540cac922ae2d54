//! Whether the network takes anything from an account now. Pure.
//!
//! One chat whose sends fail may have trouble of its own. When the sends of several chats fail, one after the other and
//! none between them works, it is the network, or the way there. Then the account as a whole waits, and one message at a
//! time finds out whether it works again, instead of every chat that has something to say.

use crate::decide::restart::doubled;
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;

/// What a send says about the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// It was not asked, or what it said is about the account.
    NotAsked,
    /// It took the message, or judged it.
    Works,
    /// It refused the message for now, or did not answer.
    Fails,
}

/// How the sends of one account went lately.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// Chats whose sends failed since the last one that worked.
    failing: Vec<ConversationId>,
    /// How many pauses the account made in a row.
    pauses: u32,
    /// The account waits until then. Kept until a send works.
    until: Option<Timestamp>,
}

impl Breaker {
    /// Takes in how a send went. The moment until which the account has to wait, if it begins to.
    pub(crate) fn note(&mut self, network: Network, conversation: ConversationId, now: Timestamp) -> Option<Timestamp> {
        match network {
            Network::NotAsked => None,
            Network::Works => {
                *self = Self::default();
                None
            }
            Network::Fails => self.failed(conversation, now),
        }
    }

    fn failed(&mut self, conversation: ConversationId, now: Timestamp) -> Option<Timestamp> {
        if self.failing.len() < limits::BREAKER_CHATS_MAX && !self.failing.contains(&conversation) {
            self.failing.push(conversation);
        }
        // What was under way when the pause began says nothing new.
        if self.failing.len() < limits::BREAKER_CHATS_MAX || self.until.is_some_and(|until| now < until) {
            return None;
        }
        let until = now.plus(doubled(limits::SEND_RETRY_PAUSE, self.pauses, limits::BREAKER_PAUSE_MAX));
        self.pauses = self.pauses.saturating_add(1);
        self.until = Some(until);
        self.until
    }

    /// How many sends may be under way at once.
    pub(crate) fn sends_max(&self) -> usize {
        if self.until.is_some() { 1 } else { limits::SENDS_IN_FLIGHT_MAX }
    }

    /// Until when the account waits, or waited last, because nothing it sends is taken.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Network::{Fails, NotAsked, Works};

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    fn noted(breaker: &mut Breaker, network: Network, chat: u64, second: u64) -> Option<u64> {
        breaker.note(network, ConversationId(chat), at(second)).map(|until| until.0 / 1000 - second)
    }

    #[test]
    fn one_chat_that_fails_holds_up_no_other() {
        let mut breaker = Breaker::default();
        for second in 0..1_000 {
            assert_eq!(noted(&mut breaker, Fails, second % 2, second), None);
        }
        assert_eq!(breaker.sends_max(), limits::SENDS_IN_FLIGHT_MAX);
    }

    #[test]
    fn several_that_fail_in_a_row_make_the_account_wait_longer_and_longer_until_one_works() {
        let mut breaker = Breaker::default();
        assert_eq!([1, 2].map(|chat| noted(&mut breaker, Fails, chat, 0)), [None, None]);
        assert_eq!(noted(&mut breaker, Fails, 3, 0), Some(1));
        assert_eq!((breaker.sends_max(), breaker.until()), (1, Some(at(1))));
        for chat in 4..300 {
            assert_eq!(noted(&mut breaker, Fails, chat, 0), None, "it was under way before the pause");
        }
        assert_eq!(noted(&mut breaker, NotAsked, 4, 1), None);
        let mut now = 1;
        let mut pauses = Vec::new();
        for chat in 0..10 {
            let pause = noted(&mut breaker, Fails, chat, now).expect("each try alone is a new pause");
            pauses.push(pause);
            now += pause;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
        assert_eq!(noted(&mut breaker, Works, 9, now), None);
        assert_eq!((breaker.sends_max(), breaker.until()), (limits::SENDS_IN_FLIGHT_MAX, None));
        assert_eq!(noted(&mut breaker, Fails, 1, now), None, "it begins anew");
    }

    #[test]
    fn a_send_that_works_between_those_that_fail_keeps_the_account_going() {
        let mut breaker = Breaker::default();
        for second in 0..1_000 {
            let network = if second % 3 == 2 { Works } else { Fails };
            assert_eq!(noted(&mut breaker, network, second, second), None);
        }
    }
}
