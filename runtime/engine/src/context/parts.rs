//! What the application hands in for each channel and each assistant.

use greenroom_contract::assistant::Assistant;
use greenroom_contract::channel::Channel;
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::policy::ChannelPolicy;
use std::sync::Arc;
use std::time::Duration;

/// A configured channel.
pub struct ChannelPart {
    /// Its name.
    pub name: ChannelName,
    /// Its adapter's kind, to be shown.
    pub adapter: String,
    /// The adapter.
    pub channel: Arc<dyn Channel>,
    /// Whom it admits, and so on.
    pub policy: ChannelPolicy,
}

/// A configured assistant.
pub struct AssistantPart {
    /// Its name.
    pub name: AssistantName,
    /// The assistant.
    pub assistant: Arc<dyn Assistant>,
    /// Turns that it works on at once.
    pub turns_max: usize,
    /// How long one turn may take.
    pub timeout: Duration,
}
