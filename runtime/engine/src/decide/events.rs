//! What happened, for pages and programs that look on: a bounded memory of the newest events, each with a number that grows. Pure.

use crate::decide::status::AccountStatus;
use greenroom_contract::ids::{AccountId, ChannelName, ConversationId, OutboundId, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Something that happened to an account. Holds nothing of what people write, no code and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its number: greater than that of every earlier one, also of earlier runs.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Whose account it is.
    pub owner: OwnerId,
    /// The channel of the account.
    pub channel: ChannelName,
    /// The account.
    pub account: AccountId,
    /// What happened.
    pub what: Happened,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happened {
    /// Its state is another one.
    State(AccountStatus),
    /// The person who links it has something else to do now: ask for it.
    Link {
        /// Counts up with each step.
        sequence: u64,
        /// Whether the linking run continues.
        running: bool,
    },
    /// Messages came or went. Replaces the one before of the same account.
    Counts(Counts),
    /// A message of the bot will not arrive, or waits for the owner.
    Failed {
        /// The name of the message; missing where only its conversation is known.
        message: Option<OutboundId>,
        /// Its conversation.
        conversation: ConversationId,
        /// Whether it waits for the owner.
        held: bool,
        /// Why.
        reason: String,
    },
}

/// How many messages there were since midnight (UTC), as far as this run saw them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Messages of people who are admitted.
    pub received: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Turns that were answered.
    pub answered: u64,
    /// Messages of the bot that the network took.
    pub sent: u64,
    /// Messages of the bot that will not arrive, or are held.
    pub failed: u64,
}

/// One more of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Received,
    Refused,
    Answered,
    Sent,
    Failed,
}

/// What was counted on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DayCounts {
    day: u64,
    counts: Counts,
}

impl DayCounts {
    /// Counts one more, on the day of `now`.
    pub(crate) fn count(&mut self, one: Count, now: Timestamp) -> Counts {
        let mut counts = self.today(now);
        let number = match one {
            Count::Received => &mut counts.received,
            Count::Refused => &mut counts.refused,
            Count::Answered => &mut counts.answered,
            Count::Sent => &mut counts.sent,
            Count::Failed => &mut counts.failed,
        };
        *number += 1;
        *self = Self { day: day(now), counts };
        counts
    }

    /// What was counted on the day of `now` so far.
    pub(crate) fn today(&self, now: Timestamp) -> Counts {
        if self.day == day(now) { self.counts } else { Counts::default() }
    }
}

fn day(now: Timestamp) -> u64 {
    const DAY_MS: u64 = 24 * 3_600 * 1_000;
    now.0 / DAY_MS
}

/// The newest events.
#[derive(Debug)]
pub(crate) struct EventLog {
    kept: BTreeMap<u64, Arc<Event>>,
    /// The event with the counts of each account: there is one at most, so that a busy account pushes out no other event.
    counts: HashMap<AccountId, u64>,
    newest: u64,
    /// The newest one that is not kept any more, and that no later one stands for.
    lost: u64,
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventPage {
    /// The events, the oldest first.
    pub events: Vec<Arc<Event>>,
    /// Whether some in between are not kept any more.
    pub gap: bool,
    /// From which number on to ask for more.
    pub newest: u64,
}

impl EventLog {
    /// An empty log. Its numbers begin above those of every earlier run, unless more than a thousand events came in each
    /// millisecond.
    pub(crate) fn new(started_at: Timestamp) -> Self {
        let newest = started_at.0.saturating_mul(limits::EVENT_NUMBERS_PER_MS);
        Self { kept: BTreeMap::new(), counts: HashMap::new(), newest, lost: newest }
    }

    /// The number of the newest one.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Keeps one, and gives it its number.
    pub(crate) fn note(&mut self, event: Event) -> u64 {
        self.newest += 1;
        let number = self.newest;
        if matches!(event.what, Happened::Counts(_))
            && let Some(earlier) = self.counts.insert(event.account.clone(), number)
        {
            self.kept.remove(&earlier);
        }
        self.kept.insert(number, Arc::new(Event { number, ..event }));
        while self.kept.len() > limits::EVENTS_KEPT_MAX {
            let Some((oldest, event)) = self.kept.pop_first() else { break };
            self.lost = oldest;
            if self.counts.get(&event.account) == Some(&oldest) {
                self.counts.remove(&event.account);
            }
        }
        number
    }

    /// Those after a number that concern someone, at most `events_max`.
    pub(crate) fn after(&self, number: u64, events_max: usize, concerns: impl Fn(&Event) -> bool) -> EventPage {
        // A number that was never given is of another store, or of a clock that was set back: what is known comes.
        let is_known = number <= self.newest;
        let begin = if is_known { number } else { self.lost };
        let mut events = Vec::new();
        let mut newest = begin.max(self.newest);
        for event in self.kept.range(begin.saturating_add(1)..).map(|(_, event)| event) {
            if !concerns(event) {
                continue;
            }
            if events.len() >= events_max {
                newest = events.last().map_or(begin, |last: &Arc<Event>| last.number);
                break;
            }
            events.push(Arc::clone(event));
        }
        EventPage { events, gap: !is_known || number < self.lost, newest }
    }
}

#[cfg(test)]
mod tests;
