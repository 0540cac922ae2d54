//! One configured model: what is known of its provider, and one try to ask it.

use crate::account::{Account, Spender};
use crate::client::Connection;
use crate::config::ModelConfig;
use crate::decide::cool_down::CoolDown;
use crate::decide::cost::Prices;
use crate::decide::failure::Failure;
use crate::decide::spending::{Budgets, Spending, Spent, Whose, day, until_tomorrow};
use crate::reader::Reader;
use crate::request::{estimate, options, request};
use crate::response::{Collected, Watch, bounded, collect};
use genai::ServiceTarget;
use greenroom_contract::ids::{ModelName, PersonId};
use greenroom_contract::model::{Ended, ModelError, ModelTraits, Prompt, Said};
use greenroom_contract::time::Clock;
use parking_lot::{Mutex, MutexGuard};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use url::Url;

/// A model, shared by all who ask it.
pub(crate) struct Model {
    pub(crate) name: ModelName,
    pub(crate) config: ModelConfig,
    pub(crate) traits: ModelTraits,
    client: genai::Client,
    /// A thread of its own: a provider that keeps it busy holds up no other one.
    reader: Reader,
    target: ServiceTarget,
    /// Where it is, for its owner: without path, user and key.
    place: String,
    /// Which model its signatures are of.
    by: String,
    pub(crate) clock: Clock,
    pub(crate) prices: Prices,
    pub(crate) budgets: Budgets,
    own: Arc<Mutex<Spending>>,
    /// What is spent, where it is shared with the model whose place this one took.
    shared: OnceLock<Arc<Mutex<Spending>>>,
    pub(crate) cool_down: Mutex<CoolDown>,
    places: Semaphore,
}

/// For whom a try is made, and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct For {
    pub(crate) person: Option<PersonId>,
    pub(crate) deadline: Instant,
}

impl Model {
    pub(crate) fn new(
        name: ModelName,
        config: ModelConfig,
        url: &Url,
        (connection, reader): (&Connection, Reader),
        clock: Clock,
    ) -> Self {
        let target = config.provider.target(url, &config.model, config.key.as_ref());
        Self {
            traits: config.traits(),
            place: url.origin().ascii_serialization(),
            by: format!("{:?}:{}", config.provider, config.model),
            prices: Prices::of(&config),
            budgets: Budgets::of(&config),
            own: Arc::default(),
            shared: OnceLock::new(),
            cool_down: Mutex::default(),
            places: Semaphore::new(config.calls_at_once as usize),
            name,
            client: connection.client(url),
            reader,
            target,
            clock,
            config,
        }
    }

    /// Refuses what would be over a budget.
    pub(crate) fn within_budget(&self, person: Option<PersonId>) -> Result<(), ModelError> {
        let over = self.spending().over(&self.budgets, person, day(self.clock.now()));
        over.map_or(Ok(()), |whose| Err(self.error(&Failure::OverBudget { whose })))
    }

    /// Counts what was spent before this run, if that was today.
    pub(crate) fn spent_before(&self, on: u32, person: Option<PersonId>, spent: Spent) {
        if on == day(self.clock.now()) && self.shared.get().is_none() {
            self.spending().add(person, spent, on);
        }
    }

    /// Shares what is spent with the model whose place this one takes: turns that run end with that one.
    pub(crate) fn inherit(&self, before: &Self) {
        // Only the first one counts: it is told before anything is asked.
        let _ = self.shared.set(Arc::clone(before.shared.get().unwrap_or(&before.own)));
    }

    /// What was spent today.
    pub(crate) fn spending(&self) -> MutexGuard<'_, Spending> {
        self.shared.get().unwrap_or(&self.own).lock()
    }

    /// Makes one request, once there is a place for it, and counts what it cost, whatever came of it: also where it is dropped.
    pub(crate) async fn request(&self, prompt: &Prompt, whom: For, spent: &Spender<'_>) -> Result<Collected, Failure> {
        let place = timeout_at(whom.deadline, self.places.acquire()).await;
        // Places are never closed.
        let Ok(Ok(_place)) = place else { return Err(Failure::Busy { after: None }) };
        let watch = Watch::new(self.config.provider);
        // Those who waited with this one may have spent what there was.
        let mut account = Account::open(self, prompt, &watch, whom.person, spent)?;
        // A broken reader of a protocol does not end the turn.
        let outcome = match timeout_at(whom.deadline, self.reader.read(self.reading(prompt, &watch))).await {
            Ok(outcome) => outcome.unwrap_or(Err(Failure::UNREADABLE)),
            Err(_) => Err(Failure::OutOfTime),
        };
        if let Ok(collected) = &outcome {
            let written = collected.said.text.len();
            account.tokens = Some(collected.tokens.unwrap_or_else(|| estimate(prompt, written)));
        }
        drop(account);
        match outcome {
            Err(Failure::Declined) => Ok(Collected { said: Said::default(), ended: Ended::Refused, tokens: None }),
            Err(Failure::Busy { after }) => {
                self.cool_down.lock().busy(Instant::now(), after);
                Err(Failure::Busy { after })
            }
            outcome => outcome,
        }
    }

    /// Sends the request and reads the answer.
    fn reading(
        &self,
        prompt: &Prompt,
        watch: &Arc<Watch>,
    ) -> impl Future<Output = Result<Collected, Failure>> + Send + 'static {
        let most = prompt.answer_tokens_max.unwrap_or(self.traits.answer_tokens).clamp(1, self.traits.answer_tokens);
        let options = options(&self.config, most).with_raw_frame_sink_arc(watch.clone());
        let request = request(prompt, self.traits, self.config.provider, &self.by);
        let (client, target, watch) = (self.client.clone(), self.target.clone(), watch.clone());
        let (silence, by, now) = (self.config.read_timeout(), self.by.clone(), self.clock.now());
        let seen = watch.clone();
        let reading = async move {
            match client.exec_chat_stream(target, request, Some(&options)).await {
                Ok(answer) => collect(answer.stream, &watch, silence, &by, now).await,
                Err(_) => Err(Failure::Refused { what: "the request cannot be put into its protocol" }),
            }
        };
        // The library logs what was sent and what came back, also where something failed.
        bounded(reading, seen).with_subscriber(Dispatch::none())
    }

    /// The failure, as the caller is told it.
    pub(crate) fn error(&self, failure: &Failure) -> ModelError {
        let model = self.name.to_string();
        match failure {
            Failure::Busy { after } => ModelError::Busy { model, after: *after },
            Failure::Unavailable { what } => {
                ModelError::Unavailable { model, what: format!("{what} ({})", self.place) }
            }
            Failure::OutOfTime => {
                ModelError::Unavailable { model, what: "it did not answer within the time that it has".to_owned() }
            }
            Failure::Refused { what } => ModelError::Refused { model, what: (*what).to_owned() },
            Failure::Declined => ModelError::Refused { model, what: "it declines".to_owned() },
            Failure::Wrong(what) => ModelError::Wrong { model, what: *what },
            Failure::TooLong => ModelError::TooLong { model },
            Failure::OverBudget { whose } => {
                let whose = match whose {
                    Whose::Model => "the model",
                    Whose::Person => "this person",
                };
                ModelError::OverBudget { model, whose: whose.to_owned(), after: until_tomorrow(self.clock.now()) }
            }
        }
    }
}
