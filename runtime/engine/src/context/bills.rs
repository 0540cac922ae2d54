//! What turns spent that are not settled yet, in memory and bounded.

use greenroom_contract::assistant::{Bill, SpentBy};
use greenroom_contract::ids::{AssistantName, TurnId};
use greenroom_contract::limits::BILLS_OPEN_MAX;
use std::collections::VecDeque;

/// The bills of turns that are not settled yet: of attempts that failed, were given up or are under way. Each becomes part of the
/// settlement that ends its turn.
#[derive(Debug, Default)]
pub(crate) struct BillBook {
    /// The latest at the end.
    open: VecDeque<(TurnId, Vec<(AssistantName, Bill)>)>,
}

impl BillBook {
    /// The bill of one assistant for a turn: the same in all its attempts.
    pub(crate) fn of(&mut self, turn: TurnId, by: &AssistantName) -> Bill {
        let place = self.open.iter().rposition(|(open, _)| *open == turn);
        let at = place.unwrap_or_else(|| {
            if self.open.len() >= BILLS_OPEN_MAX {
                self.open.pop_front();
            }
            self.open.push_back((turn, Vec::new()));
            self.open.len() - 1
        });
        let bills = &mut self.open[at].1;
        if let Some((_, bill)) = bills.iter().find(|(name, _)| name == by) {
            return bill.clone();
        }
        let bill = Bill::default();
        bills.push((by.clone(), bill.clone()));
        bill
    }

    /// All that was spent on a turn, taken because it is settled.
    pub(crate) fn take(&mut self, turn: TurnId) -> Vec<SpentBy> {
        let place = self.open.iter().rposition(|(open, _)| *open == turn);
        let bills = place.and_then(|at| self.open.remove(at)).map(|(_, bills)| bills).unwrap_or_default();
        let spent = bills
            .into_iter()
            .flat_map(|(by, bill)| bill.take().into_iter().map(move |usage| SpentBy { assistant: by.clone(), usage }));
        spent.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::assistant::Usage;

    fn name(name: &str) -> AssistantName {
        name.parse().unwrap()
    }

    #[test]
    fn what_failed_attempts_spent_is_there_when_the_turn_is_settled_and_once() {
        let mut book = BillBook::default();
        let usage = |tokens_in| Usage { tokens_in, ..Usage::default() };
        for _ in 0..3 {
            book.of(TurnId(1), &name("one")).add(usage(2));
        }
        book.of(TurnId(1), &name("two")).add(usage(5));
        book.of(TurnId(2), &name("one")).add(usage(9));
        let spent: Vec<_> =
            book.take(TurnId(1)).into_iter().map(|spent| (spent.assistant, spent.usage.tokens_in)).collect();
        assert_eq!(spent, [(name("one"), 6), (name("two"), 5)]);
        assert!(book.take(TurnId(1)).is_empty());
        assert_eq!(book.take(TurnId(2)).len(), 1);
    }

    #[test]
    fn no_more_turns_are_open_than_there_is_room_for() {
        let mut book = BillBook::default();
        for turn in 0..2 * BILLS_OPEN_MAX as u64 {
            book.of(TurnId(turn), &name("one"));
        }
        assert_eq!(book.open.len(), BILLS_OPEN_MAX);
    }
}
