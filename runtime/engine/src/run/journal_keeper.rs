//! Has the journals of the accounts read and written.

use crate::context::Context;
use crate::run::handle::EngineHandle;
use crate::run::service::{Service, ServiceError};
use async_trait::async_trait;
use greenroom_contract::limits;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Writes what changed now and then, and at the end.
pub(crate) struct JournalKeeper {
    pub(crate) context: Arc<Context>,
}

#[async_trait]
impl Service for JournalKeeper {
    fn name(&self) -> &'static str {
        "journal keeper"
    }

    async fn run(&self, _: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let mut alive_at = Instant::now() + limits::ALIVE_WRITTEN_PAUSE;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.context.write_journals(true);
                    return Ok(());
                }
                // A store that does not answer must not keep the end from coming.
                read = self.context.resume_journals() => {
                    if let Err(error) = read {
                        tracing::debug!(%error, "the journals of the accounts cannot be read now");
                    }
                }
            }
            let tells_alive = Instant::now() >= alive_at;
            if tells_alive {
                alive_at = Instant::now() + limits::ALIVE_WRITTEN_PAUSE;
            }
            self.context.write_journals(tells_alive);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(limits::JOURNAL_PAUSE) => {}
            }
        }
    }
}
