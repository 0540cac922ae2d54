//! Something that runs beside the conversations under the same root, such as the gateway.

use crate::run::handle::Handle;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

/// Mounted in an actor of its own: when `run` fails or panics it is restarted with growing pauses.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// One word, for logs and health.
    fn name(&self) -> &'static str;

    /// Runs until `stop` is cancelled. Called again after a failure.
    async fn run(&self, handle: Handle, stop: CancellationToken) -> Result<(), ServiceError>;
}

/// Why a service ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ServiceError {
    /// What happened.
    pub reason: String,
}
