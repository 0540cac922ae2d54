//! Keeps the store and the in-memory books small.

use crate::context::Context;
use crate::run::handle::EngineHandle;
use crate::run::service::{Service, ServiceError};
use async_trait::async_trait;
use greenroom_contract::limits;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Sweeps now and then, and has the journals of the accounts written.
pub(crate) struct Janitor {
    pub(crate) context: Arc<Context>,
}

#[async_trait]
impl Service for Janitor {
    fn name(&self) -> &'static str {
        "janitor"
    }

    async fn run(&self, _: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let (mut sweep, mut alive) = (Instant::now() + limits::SWEEP_PAUSE, Instant::now());
        loop {
            let now = Instant::now();
            let tells_alive = now >= alive;
            if tells_alive {
                alive = now + limits::ALIVE_WRITTEN_PAUSE;
            }
            self.context.write_journals(tells_alive).await;
            tokio::select! {
                () = stop.cancelled() => {
                    self.context.write_journals(true).await;
                    return Ok(());
                }
                () = tokio::time::sleep(limits::JOURNAL_PAUSE) => {}
            }
            if Instant::now() < sweep {
                continue;
            }
            sweep = Instant::now() + limits::SWEEP_PAUSE;
            let now = self.context.now();
            self.context.books.overheard.lock().forget_old(now);
            match self.context.store.sweep_after(now, self.context.uptime()).await {
                Ok(report) => tracing::debug!(?report, "swept"),
                Err(error) => tracing::warn!(%error, "the store cannot be swept now"),
            }
        }
    }
}
