//! Which rows were made in this run, and when, told by their numbers: those only grow, also from one run to the next,
//! while a clock may be set back.

use greenroom_contract::ids::Sequence;
use std::sync::atomic::{AtomicU64, Ordering};

/// The numbers of the rows of this run.
#[derive(Debug)]
pub(crate) struct Sequences {
    /// The lowest that was made; none was, while it is the highest that there can be.
    first: AtomicU64,
    /// The highest that was made or worked on.
    last: AtomicU64,
}

/// A moment between the rows of this run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SequenceMark(u64);

impl Default for Sequences {
    fn default() -> Self {
        Self { first: AtomicU64::new(u64::MAX), last: AtomicU64::new(0) }
    }
}

impl Sequences {
    /// This row was made just now.
    pub(crate) fn made(&self, sequence: Sequence) {
        self.first.fetch_min(sequence.0, Ordering::SeqCst);
        self.worked_on(sequence);
    }

    /// This row is worked on. Called before anything is made of it.
    pub(crate) fn worked_on(&self, sequence: Sequence) {
        self.last.fetch_max(sequence.0, Ordering::SeqCst);
    }

    /// Whether a row was certainly made in this run.
    pub(crate) fn of_this_run(&self, sequence: Sequence) -> bool {
        sequence.0 >= self.first.load(Ordering::SeqCst)
    }

    /// The newest row that is known.
    pub(crate) fn latest(&self) -> Sequence {
        Sequence(self.last.load(Ordering::SeqCst))
    }

    /// This moment.
    pub(crate) fn mark(&self) -> SequenceMark {
        SequenceMark(self.last.load(Ordering::SeqCst))
    }

    /// Whether a row was certainly made in this run, and after that moment.
    pub(crate) fn after(&self, mark: SequenceMark, sequence: Sequence) -> bool {
        sequence.0 > mark.0 && self.of_this_run(sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_earlier_runs_and_of_before_a_mark_are_told_apart_by_their_numbers() {
        let sequences = Sequences::default();
        let start = sequences.mark();
        assert!(!sequences.of_this_run(Sequence(12)), "nothing was made in this run");
        // A row of an earlier run is worked on; another one waits.
        sequences.worked_on(Sequence(10));
        let restarted = sequences.mark();
        assert!(!sequences.after(start, Sequence(12)) && !sequences.after(restarted, Sequence(12)));
        sequences.made(Sequence(20));
        let later = sequences.mark();
        assert_eq!([12, 20, 21].map(|row| sequences.of_this_run(Sequence(row))), [false, true, true]);
        assert_eq!([12, 20, 21].map(|row| sequences.after(restarted, Sequence(row))), [false, true, true]);
        assert_eq!([12, 20, 21].map(|row| sequences.after(later, Sequence(row))), [false, false, true]);
    }
}
