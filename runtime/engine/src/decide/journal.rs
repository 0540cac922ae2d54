//! What is remembered of the life of an account: when it was not connected, and how many messages were refused, by day and
//! cause. It is what can be said of a message that never arrived. Pure.

use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::limits;
use greenroom_contract::text::bounded;
use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A time in which an account was not connected, so that nothing could arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gap {
    /// Since when; of a process that was killed, the last time that it is known to have been connected.
    pub from: Timestamp,
    /// Until when; `None` if it lasts.
    pub until: Option<Timestamp>,
    /// Why, in a sentence without its full stop.
    pub reason: String,
}

/// How many messages of one account were refused on one day for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedCount {
    /// The day: days since 1970-01-01 (UTC).
    pub day: u32,
    /// The channel.
    pub channel: ChannelName,
    /// The account.
    pub account: AccountId,
    /// Why, in one word that does not change, such as `stranger`.
    pub cause: String,
    /// How many.
    pub count: u64,
}

/// The life of one account, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Journal {
    /// When it is known to have been connected last.
    alive_at: Option<Timestamp>,
    gaps: VecDeque<Gap>,
    refused: BTreeMap<u32, BTreeMap<String, u64>>,
    /// When this run connected first.
    #[serde(skip)]
    first_up: Option<Timestamp>,
}

impl Journal {
    /// It is connected from now on.
    pub(crate) fn up(&mut self, now: Timestamp) {
        self.first_up.get_or_insert(now);
        self.alive_at = Some(now);
        if let Some(gap) = self.gaps.back_mut().filter(|gap| gap.until.is_none()) {
            gap.until = Some(now);
        }
    }

    /// It is connected no longer.
    pub(crate) fn down(&mut self, now: Timestamp, reason: &str) {
        self.alive_at = Some(now);
        self.gap(Gap { from: now, until: None, reason: bounded(reason, limits::GAP_REASON_BYTES_MAX) });
    }

    /// It is still connected.
    pub(crate) fn alive(&mut self, now: Timestamp) {
        self.alive_at = Some(now);
    }

    /// One more message was refused.
    pub(crate) fn refused(&mut self, cause: &str, now: Timestamp) {
        *self.refused.entry(now.day()).or_default().entry(cause.to_owned()).or_default() += 1;
        self.bound();
    }

    /// What an earlier run wrote down comes before what this one saw.
    pub(crate) fn resume(&mut self, before: Self) {
        let own = std::mem::replace(self, before);
        // It was connected to its end, or an outage lasted until then: this run ended both.
        if let Some(gap) = self.gaps.back_mut().filter(|gap| gap.until.is_none()) {
            gap.until = own.first_up;
        } else if let Some(from) = self.alive_at {
            self.gap(Gap { from, until: own.first_up, reason: "the bot did not run".to_owned() });
        }
        for gap in own.gaps {
            self.gap(gap);
        }
        for (day, causes) in own.refused {
            let kept = self.refused.entry(day).or_default();
            for (cause, count) in causes {
                *kept.entry(cause).or_default() += count;
            }
        }
        self.alive_at = own.alive_at.or(self.alive_at);
        self.first_up = own.first_up;
        self.bound();
    }

    /// When it was not connected, the oldest first.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        self.gaps.iter().cloned().collect()
    }

    /// What was refused from this day on.
    pub(crate) fn refused_since(&self, day: u32, channel: &ChannelName, account: &AccountId) -> Vec<RefusedCount> {
        let days = self.refused.range(day..);
        let counts = days.flat_map(|(day, causes)| causes.iter().map(|(cause, count)| (*day, cause.clone(), *count)));
        let (channel, account) = (|| channel.clone(), || account.clone());
        counts
            .map(|(day, cause, count)| RefusedCount { day, channel: channel(), account: account(), cause, count })
            .collect()
    }

    fn gap(&mut self, gap: Gap) {
        self.gaps.push_back(gap);
        self.bound();
    }

    fn bound(&mut self) {
        while self.gaps.len() > limits::GAPS_KEPT_MAX {
            self.gaps.pop_front();
        }
        while self.refused.len() > limits::REFUSED_DAYS_MAX {
            self.refused.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn said(journal: &Journal) -> Vec<(u64, Option<u64>, String)> {
        let seconds = |at: Timestamp| at.since(START).as_secs();
        let gaps = journal.gaps().into_iter();
        gaps.map(|gap| (seconds(gap.from), gap.until.map(seconds), gap.reason)).collect()
    }

    /// As the disk gives it back.
    fn stored(journal: &Journal) -> Journal {
        serde_json::from_slice(&serde_json::to_vec(journal).unwrap()).unwrap()
    }

    #[test]
    fn a_gap_lasts_from_the_loss_to_the_next_connection() {
        let mut journal = Journal::default();
        journal.up(at(10));
        assert_eq!(said(&journal), []);
        journal.down(at(60), "reconnecting: the wire broke");
        assert_eq!(said(&journal), [(60, None, "reconnecting: the wire broke".to_owned())]);
        journal.up(at(90));
        assert_eq!(said(&journal), [(60, Some(90), "reconnecting: the wire broke".to_owned())]);
    }

    #[test]
    fn the_time_in_which_the_bot_did_not_run_is_a_gap_too_whenever_the_earlier_life_is_read() {
        let mut before = Journal::default();
        before.up(at(10));
        before.alive(at(600));
        let expected = [(600, Some(5_000), "the bot did not run".to_owned())];
        let mut early = Journal::default();
        early.resume(stored(&before));
        assert_eq!(said(&early), [(600, None, "the bot did not run".to_owned())], "it does not run yet");
        early.up(at(5_000));
        assert_eq!(said(&early), expected);
        let mut late = Journal::default();
        late.up(at(5_000));
        late.resume(stored(&before));
        assert_eq!(said(&late), expected);
        // What was an outage before is one gap until now.
        before.down(at(700), "banned");
        let mut after_outage = Journal::default();
        after_outage.up(at(5_000));
        after_outage.down(at(6_000), "again");
        after_outage.resume(stored(&before));
        assert_eq!(said(&after_outage), [(700, Some(5_000), "banned".to_owned()), (6_000, None, "again".to_owned())]);
    }

    #[test]
    fn refusals_are_counted_by_day_and_cause_across_runs_and_only_for_a_month() {
        let (channel, account) = ("front".parse().unwrap(), "acc-1".parse().unwrap());
        let mut before = Journal::default();
        (0..3).for_each(|_| before.refused("stranger", START));
        before.refused("not_addressed", START);
        let mut journal = Journal::default();
        journal.refused("stranger", START);
        journal.resume(stored(&before));
        let counts = |journal: &Journal, since: u32| -> Vec<(u32, String, u64)> {
            let counts = journal.refused_since(since, &channel, &account).into_iter();
            counts.map(|one| (one.day, one.cause, one.count)).collect()
        };
        let today = START.day();
        assert_eq!(
            counts(&journal, today),
            [(today, "not_addressed".to_owned(), 1), (today, "stranger".to_owned(), 4)]
        );
        assert_eq!(counts(&journal, today + 1), []);
        for day in 1..60 {
            journal.refused("stranger", at(day * 24 * 3_600));
        }
        assert_eq!(counts(&journal, 0).len(), limits::REFUSED_DAYS_MAX);
    }

    #[test]
    fn an_account_that_flaps_for_a_night_takes_no_more_room() {
        let mut journal = Journal::default();
        for second in 0..10_000 {
            journal.up(at(2 * second));
            journal.down(at(2 * second + 1), &"x".repeat(10_000));
        }
        assert_eq!(journal.gaps().len(), limits::GAPS_KEPT_MAX);
        assert!(serde_json::to_vec(&journal).unwrap().len() < 16 * 1024);
    }
}
