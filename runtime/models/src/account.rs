//! What a request costs, counted once however it ends.

use crate::decide::cost::{Tokens, add};
use crate::decide::failure::Failure;
use crate::decide::spending::{SetAside, Spent, day};
use crate::model::Model;
use crate::request::estimate;
use crate::response::Watch;
use greenroom_contract::assistant::{Bill, Usage};
use greenroom_contract::ids::PersonId;
use greenroom_contract::model::Prompt;
use parking_lot::Mutex;
use std::sync::Arc;

/// Where one ask writes what it spends.
pub(crate) struct Spender<'a> {
    /// For the answer.
    pub(crate) told: Mutex<Vec<Usage>>,
    /// For whoever asks, however the ask ends.
    pub(crate) bill: &'a Bill,
}

impl<'a> Spender<'a> {
    pub(crate) fn new(bill: &'a Bill) -> Self {
        Self { told: Mutex::default(), bill }
    }
}

/// A request that is under way. What it cost is counted when this is dropped.
pub(crate) struct Account<'a> {
    model: &'a Model,
    prompt: &'a Prompt,
    watch: Arc<Watch>,
    person: Option<PersonId>,
    spent: &'a Spender<'a>,
    aside: SetAside,
    /// What is known in the end; `None` if the answer did not come whole.
    pub(crate) tokens: Option<Tokens>,
}

impl<'a> Account<'a> {
    /// Sets aside what the prompt will cost.
    ///
    /// # Errors
    /// A budget is spent.
    pub(crate) fn open(
        model: &'a Model,
        prompt: &'a Prompt,
        watch: &Arc<Watch>,
        person: Option<PersonId>,
        spent: &'a Spender<'a>,
    ) -> Result<Self, Failure> {
        let tokens = estimate(prompt, 0);
        let least = Spent::of(&model.prices.usage("", Tokens { read: tokens.read.max(1), ..tokens }));
        let today = day(model.clock.now());
        let aside = model.spending().set_aside(&model.budgets, person, least, today);
        let aside = aside.map_err(|whose| Failure::OverBudget { whose })?;
        Ok(Self { model, prompt, watch: watch.clone(), person, spent, aside, tokens: None })
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        // It is paid for what it began, and does not say how much that is.
        let begun = || self.watch.began().then(|| estimate(self.prompt, self.watch.bytes()));
        let tokens = self.tokens.or_else(begun);
        let mut spending = self.model.spending();
        spending.give_back(self.aside);
        let Some(tokens) = tokens else { return };
        let usage = self.model.prices.usage(&self.model.config.model, tokens);
        spending.add(self.person, Spent::of(&usage), day(self.model.clock.now()));
        drop(spending);
        self.spent.bill.add(usage.clone());
        add(&mut self.spent.told.lock(), usage);
    }
}
