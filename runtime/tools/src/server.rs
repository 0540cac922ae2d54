//! A configured server, as assistants see it.

use crate::config::ToolsConfig;
use crate::failure::Failure;
use crate::life::{Plan, Standing, Up, live};
use crate::limits::{ARGUMENTS_BYTES_MAX, BUSY_PAUSE, SOON_LIMIT};
use crate::masks::Masks;
use crate::offers::{LeftOut, Terms};
use crate::patterns::Patterns;
use crate::returned::returned;
use crate::session::{About, Told};
use crate::start::Way;
use crate::whom::Whom;
use async_trait::async_trait;
use greenroom_contract::factory::BuildError;
use greenroom_contract::ids::ToolServerName;
use greenroom_contract::model::ToolCall;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::{Calling, ToolError, ToolOffer, ToolReturn, ToolServer};
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// A configured tool server.
pub struct ConfiguredServer {
    plan: Plan,
    /// The variables that its program gets, by name.
    variables: Vec<String>,
    timeout: Duration,
    output_bytes_max: usize,
    places: Arc<Semaphore>,
    /// Where it is told for whom a call is made.
    whom: Option<Arc<Whom>>,
    standing: watch::Sender<Standing>,
    lives: AtomicBool,
}

/// What a server says when it is tried out. Nothing was changed by it.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What it says of itself.
    pub about: About,
    /// The tools that it offers, and whether a person is asked before they are called.
    pub offers: Arc<[ToolOffer]>,
    /// Tools that are not offered, and why; the first hundred or so.
    pub left_out: Vec<LeftOut>,
    /// Entries of `allow` and `deny` that match none of its tools.
    pub in_vain: Vec<String>,
    /// Variables that `env` names and that are not set.
    pub unset: Vec<String>,
    /// How long it took to say that it is there.
    pub took: Duration,
}

impl ConfiguredServer {
    pub(crate) fn new(
        name: ToolServerName,
        config: ToolsConfig,
        folder: &Path,
        whom: &Arc<Whom>,
        clock: Clock,
    ) -> Result<Self, BuildError> {
        let place = config.checked()?;
        let (timeout, start) = (config.timeout(), Duration::from_secs(config.start_seconds));
        let is_program = config.url.is_none();
        let variables = if is_program { config.env } else { Vec::new() };
        let masks = match &config.token {
            Some(token) => Masks::new([token.clone()]),
            None => Masks::of_variables(&variables),
        };
        let folder = folder.join(&config.folder);
        let way = Way::new(place, &folder, variables.clone(), config.token.as_ref(), config.allow_private)?;
        let patterns = Patterns { allow: config.allow, deny: config.deny };
        let terms = Arc::new(Terms { patterns, confirm: config.confirm, masks });
        Ok(Self {
            plan: Plan { name, way, terms, start, clock },
            variables,
            timeout,
            output_bytes_max: config.output_bytes_max,
            places: Arc::new(Semaphore::new(config.calls_at_once)),
            whom: config.tell_person.then(|| Arc::clone(whom)),
            standing: watch::Sender::new(Standing::Starting),
            lives: AtomicBool::new(false),
        })
    }

    pub(crate) fn tells_person(&self) -> bool {
        self.whom.is_some()
    }

    /// Its life: it is kept ready until `stop`. A second life beside the first one waits for `stop` and does nothing.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        if self.lives.swap(true, Ordering::SeqCst) {
            stop.cancelled().await;
            return;
        }
        let span = tracing::info_span!("tools", name = %self.plan.name);
        live(&self.plan, &self.standing, &stop).instrument(span).await;
        self.lives.store(false, Ordering::SeqCst);
    }

    /// What it says; it is started for that, where it does not run yet.
    pub(crate) async fn try_out(&self, within: Duration) -> Result<Tried, ToolError> {
        if self.lives.load(Ordering::SeqCst) {
            return self.tried(within).await;
        }
        let stop = CancellationToken::new();
        let tried = async {
            let tried = self.tried(within).await;
            stop.cancel();
            tried
        };
        tokio::join!(tried, self.run(stop.clone())).0
    }

    async fn tried(&self, within: Duration) -> Result<Tried, ToolError> {
        let until = Instant::now() + within;
        let up = self.ready(until, Duration::ZERO).await?;
        let asked = Instant::now();
        up.session.ping(until).await.map_err(|failure| self.away(failure.words(), None))?;
        let offered = &up.offered;
        let is_unset = |name: &&String| std::env::var_os(name).is_none();
        Ok(Tried {
            about: offered.about.clone(),
            offers: Arc::clone(&offered.offers),
            left_out: offered.left_out.clone(),
            in_vain: offered.in_vain.clone(),
            unset: self.variables.iter().filter(is_unset).cloned().collect(),
            took: asked.elapsed(),
        })
    }

    /// The server once it is ready. One that is down is waited for if it is started again this soon.
    async fn ready(&self, until: Instant, soon: Duration) -> Result<Arc<Up>, ToolError> {
        let mut standing = self.standing.subscribe();
        loop {
            match &*standing.borrow_and_update() {
                Standing::Up(up) => return Ok(Arc::clone(up)),
                Standing::Over => return Err(self.away("it was stopped", None)),
                Standing::Down { until: next, reason } => {
                    let pause = next.saturating_duration_since(Instant::now());
                    if pause > soon || *next >= until {
                        return Err(self.away(reason.as_ref(), Some(pause)));
                    }
                }
                Standing::Starting => {}
            }
            if timeout_at(until, standing.changed()).await.is_err() {
                return Err(self.away("it is being started", Some(BUSY_PAUSE)));
            }
        }
    }

    /// A place at the server, waited for as long as half of the time leaves the other half for the call.
    async fn place(&self, until: Instant) -> Result<OwnedSemaphorePermit, ToolError> {
        let now = Instant::now();
        let half = now + until.saturating_duration_since(now) / 2;
        match timeout_at(half, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(self.away("it is busy with other calls", Some(BUSY_PAUSE))),
        }
    }

    fn server(&self) -> String {
        self.plan.name.as_str().to_owned()
    }

    fn away(&self, what: impl Into<String>, after: Option<Duration>) -> ToolError {
        ToolError::Away { server: self.server(), what: what.into(), after }
    }

    fn unclear(&self, what: impl Into<String>) -> ToolError {
        ToolError::Unclear { server: self.server(), what: what.into() }
    }

    /// The arguments as the protocol wants them.
    fn arguments(&self, arguments: &Value) -> Result<Map<String, Value>, ToolError> {
        let refused = |what: &str| ToolError::Refused { server: self.server(), what: what.to_owned() };
        let arguments = match arguments {
            Value::Object(arguments) => arguments.clone(),
            Value::Null => Map::new(),
            _ => return Err(refused("its arguments are not an object")),
        };
        if serde_json::to_string(&arguments).map_or(usize::MAX, |text| text.len()) > ARGUMENTS_BYTES_MAX {
            return Err(refused("its arguments are too long"));
        }
        Ok(arguments)
    }

    /// What the server is told about a call. One that keeps things by person is not called without knowing whose they are.
    fn told(&self, calling: &Calling) -> Result<Told, ToolError> {
        let Some(whom) = &self.whom else { return Ok(Told { turn: calling.turn, named: None }) };
        let named = whom.named(&self.plan.name, calling.person, calling.conversation);
        let named =
            named.ok_or_else(|| self.away("it cannot be told for whom it is called, as tell_person wants", None))?;
        Ok(Told { turn: calling.turn, named: Some(named) })
    }

    /// What a call came to.
    fn outcome(&self, outcome: Result<Value, Failure>, within: Duration) -> Result<ToolReturn, ToolError> {
        let masks = &self.plan.terms.masks;
        match outcome {
            Ok(result) => returned(&result, self.output_bytes_max, masks)
                .ok_or_else(|| self.unclear("its answer is not the result of a call")),
            Err(Failure::Failed(said)) => Ok(ToolReturn { text: said, failed: true, media: Vec::new() }),
            Err(Failure::Refused(what)) => Err(ToolError::Refused { server: self.server(), what }),
            Err(Failure::Away { what, after }) => Err(self.away(what, after)),
            Err(Failure::Unclear(what)) => Err(self.unclear(what)),
            Err(Failure::TooSlow) => {
                Err(self.unclear(format!("it did not answer within {:.1} s", within.as_secs_f32())))
            }
            Err(Failure::Ended) => Err(self.unclear("it ended before it answered")),
        }
    }
}

#[async_trait]
impl ToolServer for ConfiguredServer {
    fn name(&self) -> &ToolServerName {
        &self.plan.name
    }

    async fn offers(&self, within: Duration) -> Result<Arc<[ToolOffer]>, ToolError> {
        let up = self.ready(Instant::now() + within, SOON_LIMIT).await?;
        Ok(Arc::clone(&up.offered.offers))
    }

    async fn call(&self, call: &ToolCall, calling: Calling) -> Result<ToolReturn, ToolError> {
        let within = calling.within.min(self.timeout);
        let until = Instant::now() + within;
        let up = self.ready(until, SOON_LIMIT).await?;
        if !up.offered.offers.iter().any(|offer| offer.spec.name == call.name) {
            return Err(ToolError::Unknown { server: self.server() });
        }
        let (arguments, told) = (self.arguments(&call.arguments)?, self.told(&calling)?);
        let _place = self.place(until).await?;
        let name = up.offered.renamed.get(&call.name).unwrap_or(&call.name).clone();
        let outcome = up.session.call(name, arguments, told, until).await;
        match &outcome {
            Err(failure) if failure.raises_doubt() => up.run.doubt.notify_one(),
            _ => drop(up.run.answered.fetch_add(1, Ordering::Relaxed)),
        }
        self.outcome(outcome, within)
    }
}
