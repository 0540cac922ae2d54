//! What is asked of a model and of those that are asked instead, as the port knows it.

use crate::account::Spender;
use crate::decide::failure::Failure;
use crate::decide::follow_up::{asks_another, pause_before_next, told};
use crate::limits::{ASK_MARGIN, COOL_DOWN_SPREAD, FALLBACK_SHARE, RETRY_PAUSE, RETRY_PAUSE_MAX, TRIES_MAX};
use crate::model::{For, Model};
use crate::response::Collected;
use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable as _};
use greenroom_contract::assistant::{Bill, Usage};
use greenroom_contract::ids::ModelName;
use greenroom_contract::model::{Asking, Completion, LanguageModel, ModelError, ModelTraits, Prompt};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A configured model with those that are asked instead of it, in order.
pub(crate) struct Asked {
    pub(crate) model: Arc<Model>,
    pub(crate) instead: Vec<Arc<Model>>,
}

#[async_trait]
impl LanguageModel for Asked {
    fn name(&self) -> &ModelName {
        &self.model.name
    }

    fn traits(&self) -> ModelTraits {
        self.model.traits
    }

    async fn ask(&self, prompt: &Prompt, asking: Asking) -> Result<Completion, ModelError> {
        self.ask_on(prompt, asking, &Bill::default()).await
    }

    async fn ask_on(&self, prompt: &Prompt, asking: Asking, bill: &Bill) -> Result<Completion, ModelError> {
        let end = Instant::now() + asking.within.saturating_sub(ASK_MARGIN);
        let spent = Spender::new(bill);
        let mut error: Option<ModelError> = None;
        let row = std::iter::once(&self.model).chain(&self.instead);
        let mut left = self.instead.len();
        for model in row {
            // Who has others behind it leaves them time.
            let time = end.saturating_duration_since(Instant::now());
            let time = if left == 0 { time } else { time.saturating_sub(time / FALLBACK_SHARE) };
            left = left.saturating_sub(1);
            let whom = For { person: asking.person, deadline: Instant::now() + time.min(model.config.timeout()) };
            match persist(model, prompt, whom, &spent).await {
                Ok(collected) => return Ok(completion(collected, spent.told.into_inner())),
                Err(failed) => {
                    let goes_on = asks_another(&failed);
                    error = Some(match error.take() {
                        Some(before) => told(before, failed),
                        None => failed,
                    });
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        let unreachable =
            || ModelError::Unavailable { model: self.model.name.to_string(), what: "nothing was asked".to_owned() };
        let error = error.unwrap_or_else(unreachable);
        // Only the names and our own words.
        tracing::debug!(model = %self.model.name, %error, "a model gave no answer");
        Err(error)
    }

    async fn try_out(&self, within: Duration) -> Result<Completion, ModelError> {
        let prompt = Prompt::new("Answer with one word.").person("Are you there?");
        let bill = Bill::default();
        let spent = Spender::new(&bill);
        let whom = For { person: None, deadline: Instant::now() + within };
        let outcome = self.model.request(&prompt, whom, &spent).await;
        outcome
            .map(|collected| completion(collected, spent.told.into_inner()))
            .map_err(|failure| self.model.error(&failure))
    }
}

fn completion(collected: Collected, usage: Vec<Usage>) -> Completion {
    Completion { said: collected.said, ended: collected.ended, usage }
}

/// Asks one model until it answers, until that is of no use, or until its time ends.
async fn persist(model: &Model, prompt: &Prompt, whom: For, spent: &Spender<'_>) -> Result<Collected, ModelError> {
    model.within_budget(whom.person)?;
    let pauses = ExponentialBuilder::default()
        .with_min_delay(RETRY_PAUSE)
        .with_max_delay(RETRY_PAUSE_MAX)
        .with_max_times(TRIES_MAX - 1)
        .with_jitter();
    let once = || async {
        wait_for(model, whom.deadline).await?;
        model.request(prompt, whom, spent).await
    };
    let outcome = once
        .retry(pauses)
        .sleep(sleep)
        .adjust(|failure, pause| {
            let left = whom.deadline.saturating_duration_since(Instant::now());
            pause.and_then(|pause| pause_before_next(failure, pause, left))
        })
        .await;
    outcome.map_err(|failure| model.error(&failure))
}

/// Waits until a provider that is busy takes requests once more, if it does in time.
async fn wait_for(model: &Model, deadline: Instant) -> Result<(), Failure> {
    loop {
        let now = Instant::now();
        let Some(pause) = model.cool_down.lock().left(now) else { return Ok(()) };
        let spread = COOL_DOWN_SPREAD.mul_f64(rand::random::<f64>());
        if pause + COOL_DOWN_SPREAD * 2 >= deadline.saturating_duration_since(now) {
            return Err(Failure::Busy { after: Some(pause) });
        }
        sleep(pause + spread).await;
    }
}
