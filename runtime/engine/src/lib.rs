//! The supervised actors. With the gateway, the only crate that knows ractor.
//!
//! [`start`] takes the parts that the application made from its configuration, starts the
//! supervision tree, and returns a [`Handle`]: the only way in from outside.
//!
//! # Layout
//!
//! Pure decisions stand in modules of their own and return values; thin actors carry them out.
//!
//! | decides | carries out |
//! |---|---|
//! | `gate` (who is answered), `addressing` (is it for us) | `sink`, `conversation` |
//! | `link` (what follows the end of a connection) | `session` |
//! | `reconcile` (what to do with an unknown send) | `session` |
//! | `restart` (when a crashed actor comes back) | every supervisor |
//! | `render` (splitting, degrading), `pacing` (rates) | `conversation` |

use greenroom_contract::assistant::Assistant;
use greenroom_contract::channel::Channel;
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Transcriber;
use std::sync::Arc;
use std::time::Duration;

mod activity;
mod addressing;
mod admission;
mod gate;
mod handle;
mod health;
mod link;
mod notices;
mod overheard;
mod rates;
mod reconcile;
mod render;
mod restart;
mod service;
mod split;

pub use handle::{Drained, EndReason, Handle};
pub use health::{AccountHealth, Health, LinkStatus};
pub use service::{Service, ServiceError};

/// What an engine is made of.
pub struct Parts {
    /// The durable queues.
    pub store: Arc<dyn Store>,
    /// The configured channels.
    pub channels: Vec<ChannelPart>,
    /// The configured assistants.
    pub assistants: Vec<AssistantPart>,
    /// What hears voice notes.
    pub transcriber: Arc<dyn Transcriber>,
    /// How many voice notes are heard at once.
    pub voice_workers: usize,
    /// The time.
    pub clock: Clock,
    /// What runs beside, under the same root, such as the gateway. Started last, stopped first.
    pub services: Vec<Arc<dyn Service>>,
    /// How long an idle conversation stays in memory.
    pub conversation_idle: Duration,
}

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

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] greenroom_contract::store::StoreError),
    /// An actor could not be started: a bug.
    #[error("an actor could not be started: {reason}")]
    Actor {
        /// Why.
        reason: String,
    },
}

/// Starts everything, consumers before producers, and returns once all sessions are under way.
pub async fn start(_parts: Parts) -> Result<Handle, StartError> {
    todo!("written next")
}
