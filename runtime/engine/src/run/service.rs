//! Something that runs beside the conversations under the same root, such as the gateway.

use crate::run::handle::EngineHandle;
use async_trait::async_trait;
use greenroom_contract::cause::Cause;
use tokio_util::sync::CancellationToken;

/// Runs in a task of its own, which the root watches: when `run` ends by itself, fails or panics, it is
/// called again after a pause that grows, and for ever: one that ended too often rarely, or it ends the engine.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// One word, for logs and health.
    fn name(&self) -> &'static str;

    /// Whether the engine ends when the service ended too often, because without it messages do not arrive.
    fn is_vital(&self, _handle: &EngineHandle) -> bool {
        false
    }

    /// Runs until `stop` is cancelled. Called again after a failure.
    async fn run(&self, handle: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError>;
}

/// Why a service ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ServiceError {
    /// What happened.
    #[source]
    pub reason: Cause,
}
