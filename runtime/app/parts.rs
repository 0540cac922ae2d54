//! What a builder takes as an assistant and as a channel.

use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, assistant_fn};
use greenroom_contract::channel::Channel;
use greenroom_contract::limits;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Something that can be added as an assistant: a value of a type of one's own, an `Arc` of one, or an async closure
/// from a [`Turn`] to an [`Answer`]. A panic in any of them is caught and counts as a failure of the turn.
///
/// `Form` tells them apart; the compiler finds it.
pub trait IntoAssistant<Form> {
    /// The assistant.
    fn into_assistant(self) -> Arc<dyn Assistant>;
}

/// Something that can be added as a channel: a value of a type of one's own, or an `Arc` of one.
///
/// `Form` tells them apart; the compiler finds it.
pub trait IntoChannel<Form> {
    /// The channel.
    fn into_channel(self) -> Arc<dyn Channel>;
}

/// The forms of [`IntoAssistant`] and [`IntoChannel`].
pub mod form {
    /// A value.
    pub enum Value {}
    /// An `Arc` of a known type.
    pub enum Shared {}
    /// An `Arc` of any type.
    pub enum Erased {}
    /// An async closure.
    pub enum Closure {}
}

impl<A: Assistant> IntoAssistant<form::Value> for A {
    fn into_assistant(self) -> Arc<dyn Assistant> {
        Arc::new(self)
    }
}

impl<T: Assistant> IntoAssistant<form::Shared> for Arc<T> {
    fn into_assistant(self) -> Arc<dyn Assistant> {
        self
    }
}

impl IntoAssistant<form::Erased> for Arc<dyn Assistant> {
    fn into_assistant(self) -> Arc<dyn Assistant> {
        self
    }
}

impl<F, R> IntoAssistant<form::Closure> for F
where
    F: Fn(Turn) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Answer, AssistantError>> + Send + 'static,
{
    fn into_assistant(self) -> Arc<dyn Assistant> {
        Arc::new(assistant_fn(self))
    }
}

impl<C: Channel> IntoChannel<form::Value> for C {
    fn into_channel(self) -> Arc<dyn Channel> {
        Arc::new(self)
    }
}

impl<C: Channel> IntoChannel<form::Shared> for Arc<C> {
    fn into_channel(self) -> Arc<dyn Channel> {
        self
    }
}

impl IntoChannel<form::Erased> for Arc<dyn Channel> {
    fn into_channel(self) -> Arc<dyn Channel> {
        self
    }
}

/// How an assistant is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssistantOptions {
    /// How long one turn may take; then it counts as a failure.
    pub timeout: Duration,
    /// Turns that it works on at the same time, at least one; further ones wait.
    pub turns_max: usize,
}

impl Default for AssistantOptions {
    fn default() -> Self {
        Self { timeout: limits::TURN_TIMEOUT, turns_max: limits::ASSISTANT_TURNS_MAX }
    }
}

impl AssistantOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long one turn may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Turns that it works on at the same time.
    #[must_use]
    pub fn turns_max(mut self, turns_max: usize) -> Self {
        self.turns_max = turns_max;
        self
    }
}
