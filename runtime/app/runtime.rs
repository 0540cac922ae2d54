//! A runtime that is whole and has not started.

use crate::config::Config;
use crate::registry::Registry;
use crate::storage::StoreChoice;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Transcriber;
use greenroom_engine::{AssistantPart, ChannelPart};
use std::sync::Arc;
use std::time::Duration;

/// A runtime whose configuration is sound. Nothing runs yet.
pub struct Runtime {
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    pub(crate) store: StoreChoice,
    pub(crate) channels: Vec<ChannelPart>,
    pub(crate) assistants: Vec<AssistantPart>,
    /// `None`: what the configuration says.
    pub(crate) transcriber: Option<Arc<dyn Transcriber>>,
    pub(crate) clock: Clock,
    pub(crate) conversation_idle: Duration,
}

impl Runtime {
    /// What it was configured with.
    pub fn configuration(&self) -> &Config {
        &self.config
    }
}
