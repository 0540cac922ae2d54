//! What the janitor remembers between sweeps: when rows of earlier versions were last looked through, and how many turns
//! histories have.

use crate::format::seen_key::Period;
use greenroom_contract::limits;
use greenroom_contract::store::HistoryKey;
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    pub(crate) early: Pass,
    /// How long this run had lasted at the last sweep.
    pub(crate) lived: Duration,
    /// Periods whose messages have no traces any more. There are few.
    pub(crate) stripped: BTreeSet<Period>,
    turns: HashMap<HistoryKey, usize>,
}

impl Passes {
    /// How many turns a history has that grew by some; at least so many, if it was forgotten meanwhile. `None`: they have to
    /// be counted.
    pub(crate) fn turns_of(&mut self, history: HistoryKey, grown_by: usize) -> Option<usize> {
        let turns = self.turns.get_mut(&history)?;
        *turns += grown_by;
        Some(*turns)
    }

    /// Notes how many turns were counted.
    pub(crate) fn has_turns(&mut self, history: HistoryKey, turns: usize) {
        if self.turns.len() >= limits::STORE_HISTORIES_COUNTED_MAX {
            self.turns.clear();
        }
        self.turns.insert(history, turns);
    }
}

/// One table's passes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Pass {
    last: Option<Timestamp>,
    /// Before this moment nothing can be old.
    nothing_before: Timestamp,
}

impl Pass {
    /// Whether the table may hold something old by now.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.since(last) >= limits::STORE_PASS_PAUSE && now >= self.nothing_before)
    }

    /// Notes that the table was looked through.
    pub(crate) fn done(&mut self, now: Timestamp, nothing_before: Timestamp) {
        *self = Self { last: Some(now), nothing_before };
    }
}
