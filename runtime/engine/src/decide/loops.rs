//! Two programs that answer each other: noticed by how they write. Pure; in memory only.
//!
//! A person needs time to read an answer and to write; a program does not. So what counts is how often in a row a message
//! was accepted within a moment after the chat's last answer. A message that was accepted before that answer is none: people
//! write several in a row. In a lively group several people together may be as fast as a program, so only messages of one
//! person in a row count.

use greenroom_contract::ids::{AccountId, ChatId, ConversationId, PersonId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::policy::Rates;
use greenroom_contract::time::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Messages that followed an answer at once, one after another.
#[derive(Debug, Clone, Default)]
struct Chain {
    answered_at: Timestamp,
    answer: String,
    /// Who wrote last.
    person: Option<PersonId>,
    /// How many messages of that person in a row.
    reactions: u32,
    /// How many of them said what the answer had said.
    repetitions: u32,
    /// The message that was counted last.
    counted: Option<Sequence>,
}

/// The chats that were answered lately.
#[derive(Debug, Default)]
pub(crate) struct LoopBook {
    chains: HashMap<ConversationId, Chain>,
    order: VecDeque<ConversationId>,
    /// Chats that were paused lately, for the owner.
    paused: VecDeque<PausedChat>,
}

/// A chat that is paused because two programs seem to answer each other in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PausedChat {
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    pub(crate) until: Timestamp,
}

impl LoopBook {
    /// Whether the message that was accepted at `accepted_at` continues a conversation of two programs. Counts it, once:
    /// a message is looked at as often as what it waits for takes.
    pub(crate) fn is_loop(
        &mut self,
        chat: ConversationId,
        person: PersonId,
        words: &str,
        (row, accepted_at): (Sequence, Timestamp),
    ) -> bool {
        let Some(chain) = self.chains.get_mut(&chat) else { return false };
        if accepted_at < chain.answered_at || chain.counted.replace(row) == Some(row) {
            return false;
        }
        let is_another = chain.person.replace(person) != Some(person);
        let is_late = accepted_at.since(chain.answered_at) > limits::LOOP_REACTION_MAX;
        if is_another || is_late {
            (chain.reactions, chain.repetitions) = (0, 0);
        }
        if is_late {
            return false;
        }
        chain.reactions += 1;
        let repeats = !words.is_empty() && beginning(words) == chain.answer;
        chain.repetitions = if repeats { chain.repetitions + 1 } else { 0 };
        let is_loop =
            chain.reactions >= limits::LOOP_REACTIONS_MAX || chain.repetitions >= limits::LOOP_REPETITIONS_MAX;
        if is_loop {
            // After the pause it is counted anew.
            (chain.reactions, chain.repetitions) = (0, 0);
        }
        is_loop
    }

    /// A chat is paused for it.
    pub(crate) fn pause(&mut self, chat: PausedChat) {
        if self.paused.len() >= limits::LOOPS_SHOWN_MAX {
            self.paused.pop_front();
        }
        self.paused.push_back(chat);
    }

    /// Whether a chat is paused for it.
    pub(crate) fn is_paused(&self, account: &AccountId, chat: &ChatId, now: Timestamp) -> bool {
        self.paused.iter().any(|paused| paused.until > now && paused.chat == *chat && paused.account == *account)
    }

    /// The chats that are paused now; the newest ones, if there are many.
    pub(crate) fn paused(&self, now: Timestamp) -> Vec<PausedChat> {
        self.paused.iter().filter(|chat| chat.until > now).cloned().collect()
    }

    /// The chat was answered.
    pub(crate) fn answered(&mut self, chat: ConversationId, words: &str, at: Timestamp) {
        if !self.chains.contains_key(&chat) {
            self.order.push_back(chat);
            if self.order.len() > limits::LOOPS_REMEMBERED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.chains.remove(&oldest);
            }
        }
        let chain = self.chains.entry(chat).or_default();
        chain.answered_at = at;
        chain.answer = beginning(words);
    }
}

/// More than the beginning is not needed to know a text again.
fn beginning(words: &str) -> String {
    words.trim().chars().take(limits::LOOP_WORDS_COMPARED_MAX).collect()
}

/// Whether loops are looked for. Whom the operator lets write more than a person can is a program of theirs, or sits at a
/// keyboard.
pub(crate) fn are_looked_for(rates: &Rates) -> bool {
    rates.person_per_minute <= limits::LOOP_RATE_PER_MINUTE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHAT: ConversationId = ConversationId(7);
    const ANA: PersonId = PersonId(1);

    fn at(ms: u64) -> Timestamp {
        Timestamp(1_000_000_000 + ms)
    }

    /// How many of these messages are answered before it counts as a loop, each so many milliseconds after the answer
    /// before it.
    fn answered(pauses_ms: &[u64], words: impl Fn(usize) -> String) -> usize {
        let mut book = LoopBook::default();
        let mut now = 0;
        for (number, pause_ms) in pauses_ms.iter().enumerate() {
            now += pause_ms;
            if book.is_loop(CHAT, ANA, &words(number), (Sequence(number as u64), at(now))) {
                return number;
            }
            book.answered(CHAT, &format!("answer {number}"), at(now));
        }
        pauses_ms.len()
    }

    #[test]
    fn two_programs_are_noticed_soon_and_people_are_not() {
        let said = |number: usize| format!("words {number}");
        assert_eq!(answered(&[50; 100], said), limits::LOOP_REACTIONS_MAX as usize);
        assert_eq!(answered(&[1_900; 100], said), limits::LOOP_REACTIONS_MAX as usize);
        assert_eq!(answered(&[2_100; 500], said), 500, "a person who writes fast");
        let echo = |number: usize| format!("answer {}", number.saturating_sub(1));
        assert_eq!(answered(&[50; 100], echo), limits::LOOP_REPETITIONS_MAX as usize);
    }

    #[test]
    fn people_who_talk_at_the_same_time_are_no_program_and_one_program_among_them_is() {
        let stopped_at = |talkers: u64| {
            let mut book = LoopBook::default();
            book.answered(CHAT, "hello", at(0));
            (0..200_u64).find(|number| {
                let is_loop =
                    book.is_loop(CHAT, PersonId(number % talkers), "more", (Sequence(*number), at(number * 100 + 50)));
                book.answered(CHAT, "yes", at((number + 1) * 100));
                is_loop
            })
        };
        assert_eq!((stopped_at(2), stopped_at(5)), (None, None), "a lively group");
        assert_eq!(stopped_at(1), Some(u64::from(limits::LOOP_REACTIONS_MAX) - 1));
    }

    #[test]
    fn several_messages_in_a_row_are_no_reactions() {
        let mut book = LoopBook::default();
        book.answered(CHAT, "hello", at(5_000));
        for number in 0..100 {
            let row = (Sequence(number), at(number));
            assert!(!book.is_loop(CHAT, ANA, "more", row), "it was written before the answer");
        }
    }

    #[test]
    fn a_message_that_is_looked_at_many_times_counts_once() {
        let mut book = LoopBook::default();
        book.answered(CHAT, "hello", at(0));
        assert!((0..100).all(|_| !book.is_loop(CHAT, ANA, "hello", (Sequence(1), at(100)))));
    }

    proptest! {
        /// A pause of a moment at least once in so many messages makes it a conversation.
        #[test]
        fn whoever_pauses_now_and_then_is_never_stopped(
            chunks in prop::collection::vec(prop::collection::vec(0_u64..2_000, 0..9), 1..20),
        ) {
            let pauses: Vec<u64> = chunks.into_iter().flat_map(|chunk| chunk.into_iter().chain([2_500])).collect();
            prop_assert_eq!(answered(&pauses, |number| format!("words {number}")), pauses.len());
        }
    }

    #[test]
    fn only_so_many_chats_are_remembered() {
        let mut book = LoopBook::default();
        for chat in 0..limits::LOOPS_REMEMBERED_MAX as u64 + 10 {
            book.answered(ConversationId(chat), "x", at(0));
        }
        assert_eq!(book.chains.len(), limits::LOOPS_REMEMBERED_MAX);
        assert_eq!(book.order.len(), limits::LOOPS_REMEMBERED_MAX);
    }
}
