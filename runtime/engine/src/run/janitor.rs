//! Keeps the store and the in-memory books small.

use crate::context::Context;
use crate::run::handle::EngineHandle;
use crate::run::service::{Service, ServiceError};
use async_trait::async_trait;
use greenroom_contract::limits;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Sweeps now and then.
pub(crate) struct Janitor {
    pub(crate) context: Arc<Context>,
}

#[async_trait]
impl Service for Janitor {
    fn name(&self) -> &'static str {
        "janitor"
    }

    async fn run(&self, _: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(limits::SWEEP_PAUSE) => {}
            }
            let now = self.context.now();
            self.context.books.overheard.lock().forget_old(now);
            match self.context.store.sweep_after(now, self.context.uptime()).await {
                Ok(report) => tracing::debug!(?report, "swept"),
                Err(error) => tracing::warn!(%error, "the store cannot be swept now"),
            }
        }
    }
}
