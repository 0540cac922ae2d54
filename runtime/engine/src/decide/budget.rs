//! What an account may send on one day. Pure; the engine keeps what was spent in the account's vault.

use greenroom_contract::capabilities::DailyBudget;
use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What was spent on a day (UTC), counted from 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) day: u64,
    pub(crate) messages: u32,
}

/// Messages of one account on one day.
#[derive(Debug, Default)]
pub(crate) struct Spending {
    today: Spent,
    /// Whether what an earlier run spent was read.
    pub(crate) resumed: bool,
}

impl Spending {
    /// Goes on from what an earlier run spent. Doing it twice is the same as once.
    pub(crate) fn resume(&mut self, spent: Spent) {
        let today = &mut self.today;
        if spent.day > today.day || (spent.day == today.day && spent.messages > today.messages) {
            *today = spent;
        }
    }

    /// Counts one message, or says how long there are none left.
    pub(crate) fn take(&mut self, budget: DailyBudget, now: Timestamp) -> Result<Spent, Duration> {
        let day = now.0 / DAY_MS;
        if self.today.day != day {
            self.today = Spent { day, messages: 0 };
        }
        if self.today.messages >= budget.messages_max {
            return Err(Duration::from_millis((day + 1) * DAY_MS - now.0));
        }
        self.today.messages = self.today.messages.saturating_add(1);
        Ok(self.today)
    }

    /// Gives one back, because it was certainly not sent.
    pub(crate) fn give_back(&mut self, taken: Spent) {
        if self.today.day == taken.day {
            self.today.messages = self.today.messages.saturating_sub(1);
        }
    }

    /// What is to be kept.
    pub(crate) fn today(&self) -> Spent {
        self.today
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: DailyBudget = DailyBudget { messages_max: 2 };
    const NOON: Timestamp = Timestamp(20_000 * DAY_MS + DAY_MS / 2);
    const HALF_A_DAY: Duration = Duration::from_secs(12 * 3600);

    #[test]
    fn a_budget_ends_and_goes_on_the_next_day() {
        let mut spending = Spending::default();
        let first = spending.take(TWO, NOON).unwrap();
        spending.take(TWO, NOON).unwrap();
        assert_eq!(spending.take(TWO, NOON), Err(HALF_A_DAY));
        spending.give_back(first);
        assert!(spending.take(TWO, NOON).is_ok());
        assert_eq!(spending.take(TWO, NOON.plus(HALF_A_DAY)).unwrap().messages, 1);
    }

    #[test]
    fn what_an_earlier_run_spent_counts_once() {
        let mut spending = Spending::default();
        for _ in 0..2 {
            spending.resume(Spent { day: 20_000, messages: 1 });
        }
        assert_eq!(spending.take(TWO, NOON).unwrap().messages, 2);
        spending.resume(Spent { day: 20_000, messages: 1 });
        assert!(spending.take(TWO, NOON).is_err(), "an older count takes nothing back");
    }
}
