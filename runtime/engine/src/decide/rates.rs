//! Turns per person and per group. Pure; in memory only.

use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::policy::Rates;
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
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
    /// Its place in the order.
    looked_for: u64,
}

/// How often everybody was answered lately.
#[derive(Debug)]
pub(crate) struct RateBook {
    counts: HashMap<Who, Windows>,
    /// Everybody by the time at which they were last looked for.
    order: BTreeMap<u64, Who>,
    looks: u64,
    remembered_max: usize,
}

impl Default for RateBook {
    fn default() -> Self {
        Self::remembering(limits::RATES_REMEMBERED_MAX)
    }
}

impl RateBook {
    fn remembering(remembered_max: usize) -> Self {
        Self { counts: HashMap::new(), order: BTreeMap::new(), looks: 0, remembered_max }
    }

    /// How long one more turn must wait to be within the limits; `None` if it is now. Counts nothing: a turn may still be
    /// given up.
    pub(crate) fn wait(
        &mut self,
        rates: &Rates,
        person: PersonId,
        group: Option<ConversationId>,
        now: Timestamp,
    ) -> Option<Duration> {
        let person = (Who::Person(person), rates.person_per_minute, rates.person_per_day);
        let group = group.map(|id| (Who::Group(id), rates.group_per_minute, rates.group_per_day));
        std::iter::once(person).chain(group).filter_map(|(who, minute, day)| self.full_for(who, minute, day, now)).max()
    }

    /// Counts a turn that was answered.
    pub(crate) fn count(&mut self, person: PersonId, group: Option<ConversationId>, now: Timestamp) {
        for who in std::iter::once(Who::Person(person)).chain(group.map(Who::Group)) {
            let windows = self.windows(who, now);
            windows.minute.1 = windows.minute.1.saturating_add(1);
            windows.day.1 = windows.day.1.saturating_add(1);
        }
    }

    /// How long it takes until there is room; `None` if there is.
    fn full_for(&mut self, who: Who, per_minute: u32, per_day: u32, now: Timestamp) -> Option<Duration> {
        let windows = self.windows(who, now);
        let left = |(began, count): (Timestamp, u32), most: u32, length: Duration| {
            (count >= most).then(|| length.saturating_sub(now.since(began)))
        };
        left(windows.minute, per_minute, MINUTE).max(left(windows.day, per_day, DAY))
    }

    fn windows(&mut self, who: Who, now: Timestamp) -> &mut Windows {
        // Whoever writes moves to the end, also where they are refused: only silence makes room for others.
        if let Some(windows) = self.counts.get(&who) {
            self.order.remove(&windows.looked_for);
        } else if self.counts.len() >= self.remembered_max
            && let Some((_, silent_longest)) = self.order.pop_first()
        {
            self.counts.remove(&silent_longest);
        }
        self.looks += 1;
        self.order.insert(self.looks, who);
        let windows = self.counts.entry(who).or_default();
        windows.looked_for = self.looks;
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

    fn take(book: &mut RateBook, person: u64, group: Option<ConversationId>, second: u64) -> bool {
        let allowed = book.wait(&RATES, PersonId(person), group, at(second)).is_none();
        if allowed {
            book.count(PersonId(person), group, at(second));
        }
        allowed
    }

    #[test]
    fn a_person_is_limited_by_minute_and_by_day() {
        let mut book = RateBook::default();
        let answered = [0, 1, 2, 61, 62, 200, 24 * 3600 + 1].map(|second| take(&mut book, 1, None, second));
        assert_eq!(answered, [true, true, false, true, false, false, true]);
    }

    #[test]
    fn whoever_was_answered_often_enough_waits_for_the_end_of_the_minute_or_the_day() {
        let mut book = RateBook::default();
        assert!([0, 1].iter().all(|second| take(&mut book, 1, None, *second)));
        let wait = |book: &mut RateBook, second| book.wait(&RATES, PersonId(1), None, at(second));
        assert_eq!(wait(&mut book, 20), Some(Duration::from_secs(40)));
        assert!(take(&mut book, 1, None, 61));
        assert_eq!(wait(&mut book, 3_600), Some(Duration::from_secs(23 * 3_600)));
        assert_eq!(wait(&mut book, 24 * 3_600), None);
    }

    #[test]
    fn who_is_silent_longest_is_forgotten_first() {
        let mut book = RateBook::remembering(100);
        assert_eq!([0, 1, 2].map(|second| take(&mut book, 1, None, second)), [true, true, false]);
        for person in 2..1_000 {
            take(&mut book, person, None, 3);
            if person % 50 == 0 {
                assert!(!take(&mut book, 1, None, 4), "who goes on writing is remembered, however many others write");
            }
            assert!(book.counts.len() <= 100 && book.order.len() == book.counts.len());
        }
        for person in 0..100 {
            take(&mut book, 1_000_000 + person, None, 5);
        }
        assert!(take(&mut book, 1, None, 6), "who is silent is forgotten");
    }

    #[test]
    fn a_group_is_limited_whoever_writes_and_a_refusal_counts_nothing() {
        let mut book = RateBook::default();
        let answered = [1, 2, 3, 4].map(|person| take(&mut book, person, Some(ConversationId(9)), 0));
        assert_eq!(answered, [true, true, true, false]);
        assert!(take(&mut book, 4, None, 0));
    }
}
