//! Looks from time to time, and sends what was not told yet.

use crate::alert::{Alert, Key, Trouble};
use crate::episodes::Episodes;
use crate::kept::Kept;
use crate::limits::{ALERTS_WAITING_MAX, GIVEN_UP_AFTER, LOOK_PAUSE, LOOK_TIMEOUT, RETRY_PAUSE, RETRY_PAUSE_MAX};
use crate::refusals::Refusals;
use crate::troubles::{store_is_silent, troubles};
use crate::webhook::{Failure, Webhook};
use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable as _};
use greenroom_contract::time::Clock;
use greenroom_engine::{EngineHandle, Service, ServiceError};
use greenroom_support::metrics::words::AlertEnd;
use greenroom_support::metrics::{Happened, count};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How alerts are made and sent. The defaults are those of [`crate::limits`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The data folder, where it is written down what was told; `None`: after a restart it is told once more.
    pub folder: Option<PathBuf>,
    /// The time.
    pub clock: Clock,
    /// The pause between two looks.
    pub look_pause: Duration,
    /// The first pause between two attempts.
    pub retry_pause: Duration,
    /// The longest pause between two attempts.
    pub retry_pause_max: Duration,
    /// How long attempts are made.
    pub given_up_after: Duration,
}

impl Options {
    /// The defaults, for this data folder.
    pub fn new(folder: Option<PathBuf>, clock: Clock) -> Self {
        Self {
            folder,
            clock,
            look_pause: LOOK_PAUSE,
            retry_pause: RETRY_PAUSE,
            retry_pause_max: RETRY_PAUSE_MAX,
            given_up_after: GIVEN_UP_AFTER,
        }
    }
}

/// The service that the engine runs. An alert that is on its way when it is told to stop is told by the next run.
pub struct Alerts {
    webhook: Arc<Webhook>,
    options: Options,
}

impl Alerts {
    /// Alerts that go to this webhook.
    pub fn new(webhook: Webhook, options: Options) -> Self {
        Self { webhook: Arc::new(webhook), options }
    }

    /// Sends what is new of this look.
    fn send(&self, alerts: Vec<(Key, Alert)>, episodes: &mut Episodes, on_their_way: &mut JoinSet<Key>) {
        for (key, alert) in alerts {
            if on_their_way.len() >= ALERTS_WAITING_MAX {
                episodes.had_no_room(&key);
                continue;
            }
            tracing::error!(kind = ?alert.kind, id = alert.id, "this needs a person: {alert}");
            on_their_way.spawn(deliver(Arc::clone(&self.webhook), self.options.clone(), key, alert));
        }
    }
}

#[async_trait]
impl Service for Alerts {
    fn name(&self) -> &'static str {
        "alerts"
    }

    async fn run(&self, handle: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let kept = Kept::new(self.options.folder.clone());
        let (mut episodes, untold) = Episodes::of_before(kept.read());
        let mut written = episodes.kept();
        let (mut refusals, began) = (Refusals::default(), Instant::now());
        // They end with this value, so none outlives the service.
        let mut on_their_way: JoinSet<Key> = JoinSet::new();
        // The same alerts under the same ids: a receiver that took one already leaves it out.
        self.send(untold, &mut episodes, &mut on_their_way);
        let mut looks = interval(self.options.look_pause);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut alerts = Vec::new();
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = looks.tick() => {
                    let found = tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        found = look(&handle, &mut refusals, began.elapsed()) => found,
                    };
                    alerts = episodes.look(found, self.options.clock.now(), began.elapsed());
                }
                // A panic in a delivery is a bug of this crate; its alert is told by the next run.
                Some(Ok(key)) = on_their_way.join_next() => episodes.was_told(&key),
            }
            // Before the first attempt, so that a later run knows the id of what this one may have sent.
            let lasting = episodes.kept();
            if lasting != written && kept.write(&lasting) {
                written = lasting;
            }
            self.send(alerts, &mut episodes, &mut on_their_way);
        }
    }
}

/// What is wrong now. A store whose disk hangs is a trouble of its own.
async fn look(handle: &EngineHandle, refusals: &mut Refusals, at: Duration) -> Vec<Trouble> {
    match tokio::time::timeout(LOOK_TIMEOUT, handle.health()).await {
        Ok(health) => troubles(&health, &handle.alive(), refusals, at),
        Err(_) => vec![store_is_silent()],
    }
}

/// Hands an alert over, with pauses that grow, until it is taken or given up. Returns which trouble it was.
async fn deliver(webhook: Arc<Webhook>, options: Options, key: Key, alert: Alert) -> Key {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(options.retry_pause)
        .with_max_delay(options.retry_pause_max)
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(options.given_up_after));
    let attempts = || webhook.post(&alert);
    let longest = options.retry_pause_max;
    let delivered = attempts
        .retry(pauses)
        // What the receiver asks for counts, if it is longer.
        .adjust(|failure: &Failure, pause| {
            pause.map(|pause| pause.max(failure.after().unwrap_or_default().min(longest)))
        })
        .notify(|failure, pause| {
            count(Happened::Alert(AlertEnd::Retried));
            tracing::warn!(id = alert.id, error = %failure, ?pause, "an alert was not taken and is sent again");
        })
        .await;
    match delivered {
        Ok(()) => count(Happened::Alert(AlertEnd::Delivered)),
        Err(failure) => {
            count(Happened::Alert(AlertEnd::GivenUp));
            tracing::error!(id = alert.id, error = %failure, "an alert is given up: see [alerts] webhook");
        }
    }
    key
}
