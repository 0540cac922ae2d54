//! How fast an account may send: one bucket for the account, one for each chat. Pure; in memory only.
//!
//! The time is a value that only grows, the time since the engine began: a wall clock that jumps changes nothing. A
//! bucket is one moment, the one at which all that was taken from it has come back (the generic cell rate
//! algorithm). A library for it would bring a clock of its own and could take nothing back.

use greenroom_contract::capabilities::{Rate, RateRules};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::message::Chat;
use greenroom_contract::store::ParcelKey;
use greenroom_support::memory::Memory;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The rates of one account.
#[derive(Debug)]
pub(crate) struct Pacer {
    rules: Option<RateRules>,
    account: Bucket,
    /// Between [`limits::CHATS_PACED`] chats and twice as many; one that is forgotten counts as silent.
    chats: Memory<ConversationId, Bucket>,
}

impl Pacer {
    /// Nothing waits without rules.
    pub(crate) fn new(rules: Option<RateRules>) -> Self {
        Self { rules, account: Bucket::default(), chats: Memory::new(limits::CHATS_PACED) }
    }

    /// Other rules hold from now on, for what was taken before too.
    pub(crate) fn follow(&mut self, rules: Option<RateRules>) {
        self.rules = rules;
    }

    /// Takes a place in the account's rate for this message, or says when there may be one.
    pub(crate) fn take(&mut self, key: &ParcelKey, at: Duration) -> Result<(), Duration> {
        let Some(rules) = &self.rules else { return Ok(()) };
        self.account.take(rules.account, due(rules.account, rules, key), at)
    }

    /// Gives that place back: the message was not handed to the network.
    pub(crate) fn give_back(&mut self, key: &ParcelKey) {
        if let Some(rules) = &self.rules {
            self.account.full_at = self.account.full_at.saturating_sub(due(rules.account, rules, key));
        }
    }

    /// Takes a place in the rate of its chat, where chats of this kind have one, or says when there is one.
    pub(crate) fn take_in_chat(
        &mut self,
        conversation: ConversationId,
        kind: &Chat,
        key: &ParcelKey,
        at: Duration,
    ) -> Result<(), Duration> {
        let Some(rules) = &self.rules else { return Ok(()) };
        let of_chats = rules.chat.filter(|chat| !kind.is_group() || chat.groups.is_there());
        let Some(chat) = of_chats else { return Ok(()) };
        self.chats.entry(&conversation, Bucket::default).take(chat.rate, due(chat.rate, rules, key), at)
    }

    /// A message arrived. Where that counts it takes from the account's rate, and is not held up.
    pub(crate) fn note_inbound(&mut self, at: Duration) {
        if let Some(rules) = &self.rules
            && let Some(debt_max) = rules.inbound_debt_max
        {
            self.account.owe(rules.account, debt_max, at);
        }
    }
}

/// Messages that may leave now, and those that left lately.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// When all that was taken has come back.
    full_at: Duration,
}

impl Bucket {
    fn take(&mut self, rate: Rate, due: Duration, at: Duration) -> Result<(), Duration> {
        let free_at = self.full_at.saturating_sub(rate.period.saturating_mul(rate.burst.saturating_sub(1)));
        if free_at > at {
            return Err(free_at);
        }
        self.full_at = self.full_at.max(at).saturating_add(due);
        Ok(())
    }

    /// Takes what may not be there. What is missing is paid before the next message leaves, up to `debt_max`.
    fn owe(&mut self, rate: Rate, debt_max: u32, at: Duration) {
        let most = at.saturating_add(rate.period.saturating_mul(rate.burst.saturating_add(debt_max)));
        let owed = self.full_at.max(at).saturating_add(rate.period);
        self.full_at = owed.min(most).max(self.full_at);
    }
}

/// What a message takes from a rate: its share, and the part of the jitter that its name draws.
fn due(rate: Rate, rules: &RateRules, key: &ParcelKey) -> Duration {
    if rules.jitter_percent == 0 {
        return rate.period;
    }
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let drawn = u128::from(hasher.finish() & 0xffff);
    let percent = u128::from(rules.jitter_percent.min(100));
    let more = rate.period.as_nanos().saturating_mul(percent * drawn) / (100 * 0xffff);
    rate.period.saturating_add(Duration::from_nanos(u64::try_from(more).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
