//! What was spent in a day, and whether that is too much.

use crate::config::ModelConfig;
use crate::limits::PEOPLE_COUNTED_MAX;
use greenroom_contract::assistant::Usage;
use greenroom_contract::ids::PersonId;
use greenroom_contract::time::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

const DAY_MS: u64 = 24 * 3600 * 1000;

/// The day of a moment: days since 1970-01-01 (UTC).
pub(crate) fn day(now: Timestamp) -> u32 {
    (now.0 / DAY_MS) as u32
}

/// How long until the next day begins.
pub(crate) fn until_tomorrow(now: Timestamp) -> Duration {
    Duration::from_millis(DAY_MS - now.0 % DAY_MS)
}

/// What was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    tokens: u64,
    millionths: u64,
}

impl Spent {
    pub(crate) fn new(tokens: u64, millionths: u64) -> Self {
        Self { tokens, millionths }
    }

    pub(crate) fn of(usage: &Usage) -> Self {
        Self { tokens: usage.tokens_in.saturating_add(usage.tokens_out), millionths: usage.cost_millionths }
    }

    fn add(&mut self, more: Self) {
        self.tokens = self.tokens.saturating_add(more.tokens);
        self.millionths = self.millionths.saturating_add(more.millionths);
    }

    fn take_away(&mut self, less: Self) {
        self.tokens = self.tokens.saturating_sub(less.tokens);
        self.millionths = self.millionths.saturating_sub(less.millionths);
    }
}

/// What may be spent in a day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Budget {
    tokens: Option<u64>,
    millionths: Option<u64>,
}

impl Budget {
    fn new(tokens: Option<u64>, money: Option<f64>) -> Self {
        Self { tokens, millionths: money.map(|money| (money * 1e6) as u64) }
    }

    fn is_spent(self, spent: Spent) -> bool {
        self.tokens.is_some_and(|most| spent.tokens >= most)
            || self.millionths.is_some_and(|most| spent.millionths >= most)
    }
}

/// The budgets of a model.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Budgets {
    model: Budget,
    person: Budget,
}

impl Budgets {
    pub(crate) fn of(config: &ModelConfig) -> Self {
        Self {
            model: Budget::new(config.tokens_per_day, config.budget_per_day),
            person: Budget::new(config.tokens_per_person_per_day, config.budget_per_person_per_day),
        }
    }
}

/// Whose budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Model,
    Person,
}

/// What a request that is under way is expected to cost at least, set aside until it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetAside {
    person: Option<PersonId>,
    spent: Spent,
    day: u32,
}

/// What one model cost on one day, in memory.
#[derive(Debug, Default)]
pub(crate) struct Spending {
    day: u32,
    model: Spent,
    people: HashMap<PersonId, Spent>,
    /// Those for whom there is no more room. They share one budget, so that no number of them spends without end.
    others: Spent,
}

impl Spending {
    /// Begins again on another day. A clock that was set back by some hours keeps what was spent; one that was years ahead does
    /// not block a model until then.
    fn turn_to(&mut self, today: u32) {
        if today > self.day || today.saturating_add(1) < self.day {
            *self = Self { day: today, ..Self::default() };
        }
    }

    /// Whose budget is spent, before anything is sent. Of what is under way the prompts are counted: the answers that are being
    /// written may be spent beyond it.
    pub(crate) fn over(&mut self, budgets: &Budgets, person: Option<PersonId>, today: u32) -> Option<Whose> {
        self.turn_to(today);
        if budgets.model.is_spent(self.model) {
            return Some(Whose::Model);
        }
        let spent = person.map(|person| match self.people.get(&person) {
            Some(spent) => *spent,
            None if self.is_full() => self.others,
            None => Spent::default(),
        });
        spent.filter(|spent| budgets.person.is_spent(*spent)).map(|_| Whose::Person)
    }

    /// Counts what was spent.
    pub(crate) fn add(&mut self, person: Option<PersonId>, spent: Spent, today: u32) {
        self.turn_to(today);
        self.model.add(spent);
        let Some(person) = person else { return };
        let full = self.is_full();
        match self.people.get_mut(&person) {
            Some(before) => before.add(spent),
            None if full => self.others.add(spent),
            None => {
                self.people.insert(person, spent);
            }
        }
    }

    /// Sets aside what a request will cost at least, unless a budget is spent already.
    pub(crate) fn set_aside(
        &mut self,
        budgets: &Budgets,
        person: Option<PersonId>,
        least: Spent,
        today: u32,
    ) -> Result<SetAside, Whose> {
        if let Some(whose) = self.over(budgets, person, today) {
            return Err(whose);
        }
        self.add(person, least, today);
        Ok(SetAside { person, spent: least, day: self.day })
    }

    /// Gives it back, before what the request did cost is added.
    pub(crate) fn give_back(&mut self, aside: SetAside) {
        if aside.day != self.day {
            return;
        }
        self.model.take_away(aside.spent);
        let Some(person) = aside.person else { return };
        self.people.get_mut(&person).unwrap_or(&mut self.others).take_away(aside.spent);
    }

    fn is_full(&self) -> bool {
        self.people.len() >= PEOPLE_COUNTED_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Option<PersonId> = Some(PersonId(1));
    const BEN: Option<PersonId> = Some(PersonId(2));

    fn budgets(model: u64, person: u64) -> Budgets {
        Budgets { model: Budget::new(Some(model), None), person: Budget::new(Some(person), None) }
    }

    #[test]
    fn a_person_and_a_model_have_a_budget_for_a_day() {
        let (mut spending, budgets) = (Spending::default(), budgets(100, 50));
        spending.add(ANA, Spent::new(49, 0), 7);
        assert_eq!(spending.over(&budgets, ANA, 7), None);
        spending.add(ANA, Spent::new(1, 0), 7);
        assert_eq!(spending.over(&budgets, ANA, 7), Some(Whose::Person));
        assert_eq!(spending.over(&budgets, BEN, 7), None, "it is not another person's");
        assert_eq!(spending.over(&budgets, None, 7), None);
        spending.add(None, Spent::new(50, 0), 7);
        assert_eq!(spending.over(&budgets, BEN, 7), Some(Whose::Model));
        assert_eq!(spending.over(&budgets, BEN, 6), Some(Whose::Model), "a clock that was set back gives nothing back");
        assert_eq!(spending.over(&budgets, ANA, 8), None, "the next day begins again");
    }

    #[test]
    fn a_budget_is_in_the_unit_of_the_prices() {
        let budget = Budget::new(None, Some(0.5));
        assert!(!budget.is_spent(Spent::new(u64::MAX, 499_999)));
        assert!(budget.is_spent(Spent::new(0, 500_000)));
        assert!(Budget::new(None, Some(0.0)).is_spent(Spent::default()), "a budget of nothing is spent");
        assert!(!Budget::default().is_spent(Spent::new(u64::MAX, u64::MAX)));
    }

    #[test]
    fn people_without_end_share_one_budget() {
        let mut spending = Spending::default();
        for person in 0..PEOPLE_COUNTED_MAX as u64 + 10 {
            spending.add(Some(PersonId(person)), Spent::new(10, 0), 1);
        }
        assert_eq!(spending.people.len(), PEOPLE_COUNTED_MAX);
        let budgets = budgets(u64::MAX, 50);
        assert_eq!(spending.over(&budgets, Some(PersonId(0)), 1), None);
        assert_eq!(spending.over(&budgets, Some(PersonId(u64::MAX)), 1), Some(Whose::Person));
    }

    #[test]
    fn what_is_under_way_counts_until_it_is_known() {
        let (mut spending, budgets) = (Spending::default(), budgets(10, 10));
        let least = Spent::new(6, 0);
        let one = spending.set_aside(&budgets, ANA, least, 7).unwrap();
        let two = spending.set_aside(&budgets, BEN, least, 7).unwrap();
        assert_eq!(spending.set_aside(&budgets, None, least, 7).unwrap_err(), Whose::Model);
        spending.give_back(one);
        spending.give_back(two);
        assert_eq!((spending.model, spending.people[&PersonId(1)]), (Spent::default(), Spent::default()));
        let yesterday = spending.set_aside(&budgets, ANA, least, 7).unwrap();
        spending.add(ANA, Spent::new(3, 0), 8);
        spending.give_back(yesterday);
        assert_eq!(spending.model, Spent::new(3, 0), "what was set aside on another day is gone with it");
    }

    #[test]
    fn tomorrow_begins_at_midnight() {
        let midnight = Timestamp(20_000 * DAY_MS);
        assert_eq!((day(midnight), until_tomorrow(midnight)), (20_000, Duration::from_millis(DAY_MS)));
        let before = Timestamp(midnight.0 - 1);
        assert_eq!((day(before), until_tomorrow(before)), (19_999, Duration::from_millis(1)));
    }
}
