//! An assistant from an async closure.

use super::{Answer, Assistant, AssistantError, Turn};
use async_trait::async_trait;
use std::future::Future;

/// An assistant that answers by calling this: `assistant_fn(|turn: Turn| async move { Ok(turn.text().into()) })`.
///
/// It is told everything that [`Needs::default`](super::Needs) asks for. An assistant that needs more or less, or has a life
/// of its own, implements [`Assistant`].
pub fn assistant_fn<F, R>(answer: F) -> AssistantFn<F>
where
    F: Fn(Turn) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Answer, AssistantError>> + Send + 'static,
{
    AssistantFn(answer)
}

/// What [`assistant_fn`] makes.
#[derive(Debug, Clone, Copy)]
pub struct AssistantFn<F>(F);

#[async_trait]
impl<F, R> Assistant for AssistantFn<F>
where
    F: Fn(Turn) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Answer, AssistantError>> + Send + 'static,
{
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        (self.0)(turn).await
    }
}
