//! A runtime that is whole and has not started.

use crate::config::Config;
use crate::registry::Registry;
use crate::storage::StoreChoice;
use greenroom_contract::factory::Kept;
use greenroom_contract::model::Models;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers;
use greenroom_contract::transcriber::Transcriber;
use greenroom_engine::{AssistantPart, ChannelPart, SessionLimits};
use std::net::SocketAddr;
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
    /// `None`: what is configured.
    pub(crate) models: Option<Arc<dyn Models>>,
    /// `None`: what is configured.
    pub(crate) tools: Option<Arc<dyn ToolServers>>,
    /// What assistants keep while their configuration is read again.
    pub(crate) kept: Kept,
    pub(crate) clock: Clock,
    pub(crate) conversation_idle: Duration,
    pub(crate) chosen: Chosen,
}

/// What the program chose, whatever a configuration says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chosen {
    pub(crate) gateway: Option<SocketAddr>,
    pub(crate) sessions: Option<SessionLimits>,
}

impl Chosen {
    /// Puts it into a configuration.
    pub(crate) fn apply(self, config: &mut Config) {
        if let Some(listen) = self.gateway {
            config.gateway.listen = listen;
            config.gateway.chosen = true;
            config.gateway.enabled = true;
        }
        if let Some(sessions) = self.sessions {
            config.gateway.sessions = sessions;
        }
    }
}

impl Runtime {
    /// What it was configured with.
    pub fn configuration(&self) -> &Config {
        &self.config
    }
}
