//! Turns per person and per group (decision 21). Pure; in memory only.

use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::policy::Rates;
use greenroom_contract::time::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Person(PersonId),
    Group(ConversationId),
}

/// Two fixed windows: cheap, bounded, and exact enough to stop a flood.
#[derive(Debug, Clone, Copy, Default)]
struct Windows {
    minute: (Timestamp, u32),
    day: (Timestamp, u32),
}

/// How often everybody was answered lately.
#[derive(Debug, Default)]
pub(crate) struct RateBook {
    counts: HashMap<Who, Windows>,
    order: VecDeque<Who>,
}

impl RateBook {
    /// Counts a turn, unless it would exceed a limit.
    pub(crate) fn take(
        &mut self,
        rates: &Rates,
        person: PersonId,
        group: Option<ConversationId>,
        now: Timestamp,
    ) -> bool {
        let person = (Who::Person(person), rates.person_per_minute, rates.person_per_day);
        let group = group.map(|id| (Who::Group(id), rates.group_per_minute, rates.group_per_day));
        let both = || std::iter::once(person).chain(group);
        if !both().all(|(who, minute, day)| self.has_room(who, minute, day, now)) {
            return false;
        }
        for (who, _, _) in both() {
            let windows = self.windows(who, now);
            windows.minute.1 += 1;
            windows.day.1 += 1;
        }
        true
    }

    fn has_room(&mut self, who: Who, per_minute: u32, per_day: u32, now: Timestamp) -> bool {
        let windows = self.windows(who, now);
        windows.minute.1 < per_minute && windows.day.1 < per_day
    }

    fn windows(&mut self, who: Who, now: Timestamp) -> &mut Windows {
        if !self.counts.contains_key(&who) {
            if self.order.len() >= limits::RATES_REMEMBERED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.counts.remove(&oldest);
            }
            self.order.push_back(who);
        }
        let windows = self.counts.entry(who).or_default();
        if now.since(windows.minute.0) >= MINUTE {
            windows.minute = (now, 0);
        }
        if now.since(windows.day.0) >= DAY {
            windows.day = (now, 0);
        }
        windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { person_per_minute: 2, person_per_day: 3, group_per_minute: 3, group_per_day: 100 };
    const START: u64 = 1_000_000_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(START + seconds * 1000)
    }

    #[test]
    fn a_person_is_limited_by_minute_and_by_day() {
        let mut book = RateBook::default();
        let mut take = |second| book.take(&RATES, PersonId(1), None, at(second));
        assert_eq!([take(0), take(1), take(2), take(61), take(62), take(200)], [true, true, false, true, false, false]);
        assert!(take(24 * 3600 + 1));
    }

    #[test]
    fn a_group_is_limited_whoever_writes_and_a_refusal_counts_nothing() {
        let mut book = RateBook::default();
        let mut take = |person| book.take(&RATES, PersonId(person), Some(ConversationId(9)), at(0));
        assert_eq!([take(1), take(2), take(3), take(4)], [true, true, true, false]);
        assert!(book.take(&RATES, PersonId(4), None, at(0)));
    }
}
