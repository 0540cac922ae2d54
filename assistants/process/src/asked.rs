//! The turns that wait for the program, and what is done about those that wait too long. Pure.

use std::collections::{BTreeMap, VecDeque};
use tokio::time::Instant;

/// The turns that the program was given and has not answered. `T` is whoever waits for the answer.
#[derive(Debug)]
pub(crate) struct Asked<T> {
    by_turn: BTreeMap<String, VecDeque<Waiting<T>>>,
    /// Lines that the program wrote so far. One that writes is alive.
    heard: u64,
    /// Those of them that were answers.
    answered: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    who: T,
    until: Instant,
    /// How many lines were heard when it was asked.
    heard: u64,
}

/// What is due about turns that waited too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overdue<T> {
    /// Who waited too long.
    pub(crate) who: Vec<T>,
    /// Whether the program wrote nothing at all since one of them was asked: it hangs, and is to be ended.
    pub(crate) hangs: bool,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self { by_turn: BTreeMap::new(), heard: 0, answered: 0 }
    }
}

impl<T> Asked<T> {
    /// Notes a turn that is given to the program.
    pub(crate) fn ask(&mut self, turn: &str, until: Instant, who: T) {
        let waiting = Waiting { who, until, heard: self.heard };
        self.by_turn.entry(turn.to_owned()).or_default().push_back(waiting);
    }

    /// Notes a line, and finds out for whom it is. A turn that was asked twice, because it was given up in between, is
    /// answered in that order.
    pub(crate) fn heard(&mut self, turn: Option<&str>) -> Option<T> {
        self.heard += 1;
        let turn = turn?;
        let waiting = self.by_turn.get_mut(turn)?;
        let first = waiting.pop_front();
        if waiting.is_empty() {
            self.by_turn.remove(turn);
        }
        self.answered += 1;
        first.map(|first| first.who)
    }

    /// How many turns it answered.
    pub(crate) fn answered(&self) -> u64 {
        self.answered
    }

    /// The one who waits, if it is only one: for a line that does not say whom it is for.
    pub(crate) fn only(&mut self) -> Option<T> {
        let one = self.by_turn.values().map(VecDeque::len).sum::<usize>() == 1;
        let (_, mut waiting) = self.by_turn.pop_first().filter(|_| one)?;
        waiting.pop_front().map(|only| only.who)
    }

    /// When the next turn waits too long.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_turn.values().flatten().map(|waiting| waiting.until).min()
    }

    /// Takes those out that waited too long.
    pub(crate) fn overdue(&mut self, now: Instant) -> Overdue<T> {
        let mut overdue = Overdue { who: Vec::new(), hangs: false };
        for waiting in self.by_turn.values_mut() {
            for one in std::mem::take(waiting) {
                if one.until > now {
                    waiting.push_back(one);
                } else {
                    overdue.hangs |= one.heard == self.heard;
                    overdue.who.push(one.who);
                }
            }
        }
        self.by_turn.retain(|_, waiting| !waiting.is_empty());
        overdue
    }

    /// Takes all of them out.
    pub(crate) fn all(&mut self) -> Vec<T> {
        std::mem::take(&mut self.by_turn).into_values().flatten().map(|waiting| waiting.who).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn asked(turns: &[(&str, u64, u32)]) -> (Asked<u32>, Instant) {
        let (mut asked, now) = (Asked::default(), Instant::now());
        for (turn, seconds, who) in turns {
            asked.ask(turn, now + Duration::from_secs(*seconds), *who);
        }
        (asked, now)
    }

    #[test]
    fn an_answer_finds_its_turn_and_only_once() {
        let (mut asked, _) = asked(&[("t-1", 1, 1), ("t-2", 1, 2), ("t-1", 1, 3)]);
        assert_eq!((asked.heard(Some("t-2")), asked.heard(Some("t-2"))), (Some(2), None));
        assert_eq!((asked.heard(Some("t-9")), asked.heard(None)), (None, None));
        assert_eq!((asked.heard(Some("t-1")), asked.heard(Some("t-1"))), (Some(1), Some(3)), "in the order asked");
        assert_eq!((asked.heard(Some("t-1")), asked.next()), (None, None));
    }

    #[test]
    fn a_line_without_a_name_is_for_the_only_one_or_for_none() {
        let (mut two, _) = asked(&[("t-1", 1, 1), ("t-2", 1, 2)]);
        assert_eq!(two.only(), None);
        two.heard(Some("t-1"));
        assert_eq!((two.only(), two.only()), (Some(2), None), "and the others were kept");
        let (mut twice, _) = asked(&[("t-1", 1, 1), ("t-1", 1, 2)]);
        assert_eq!(twice.only(), None);
    }

    #[test]
    fn a_program_that_wrote_nothing_since_hangs_and_one_that_writes_is_slow() {
        let (mut silent, now) = asked(&[("t-1", 1, 1), ("t-2", 3, 2)]);
        assert_eq!(silent.next(), Some(now + Duration::from_secs(1)));
        assert_eq!(silent.overdue(now), Overdue { who: vec![], hangs: false });
        assert_eq!(silent.overdue(now + Duration::from_secs(1)), Overdue { who: vec![1], hangs: true });
        assert_eq!(silent.all(), [2]);
        let (mut slow, now) = asked(&[("t-1", 1, 1), ("t-2", 3, 2)]);
        assert_eq!(slow.heard(Some("t-2")), Some(2));
        assert_eq!(slow.overdue(now + Duration::from_secs(1)), Overdue { who: vec![1], hangs: false });
    }

    proptest! {
        /// Whatever happens in whatever order: everyone who asked leaves exactly once.
        #[test]
        fn each_leaves_once(steps in proptest::collection::vec((0..4_u8, 0..4_u64, 0..5_u64), 0..60)) {
            let (mut asked, begin) = (Asked::default(), Instant::now());
            let (mut count, mut left) = (0_u32, Vec::new());
            for (step, turn, seconds) in steps {
                let (turn, at) = (format!("t-{turn}"), begin + Duration::from_secs(seconds));
                match step {
                    0 | 1 => {
                        asked.ask(&turn, at, count);
                        count += 1;
                    }
                    2 => left.extend(asked.heard(Some(&turn))),
                    _ => left.extend(asked.overdue(at).who),
                }
            }
            left.extend(asked.all());
            left.sort_unstable();
            prop_assert_eq!(left, (0..count).collect::<Vec<_>>());
        }
    }
}
