//! Doors of the house itself.

use super::handle::EngineHandle;
use crate::intake::sink::accept_post;
use async_trait::async_trait;
use greenroom_contract::channel::Channel;
use greenroom_contract::event::{ChannelEvent, SinkError};
use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::store::Store;
use std::sync::Arc;

/// What the gateway and the program `greenroom` need of a running engine and a bot does not: by these doors one can
/// bring in messages that no network sent and change what is stored behind the engine's back. A trait, so that they
/// are not among the methods of [`EngineHandle`] unless it is named; `greenroom` does not re-export it.
#[async_trait]
pub trait Doors {
    /// The adapter of a configured channel, for its webhook.
    fn channel(&self, name: &ChannelName) -> Option<Arc<dyn Channel>>;

    /// Counts events that a webhook brought for an identity that is not configured here. They show in
    /// [`EngineHandle::health`], because they are messages that are not answered.
    fn note_unplaced(&self, channel: &ChannelName, identity: &str, events: usize);

    /// Takes the events of one webhook post, of several accounts perhaps, in one commit. Returns when
    /// they are durable. A full inbox is [`SinkError::Unavailable`], so that the network delivers the
    /// post again; events of unknown accounts are left out.
    async fn accept_post(&self, events: Vec<(AccountId, ChannelEvent)>) -> Result<(), SinkError>;

    /// The store with everything that can be written, for commands of the program.
    fn whole_store(&self) -> Arc<dyn Store>;
}

#[async_trait]
impl Doors for EngineHandle {
    fn channel(&self, name: &ChannelName) -> Option<Arc<dyn Channel>> {
        self.context.wiring.load().blueprint.plan(name).map(|plan| Arc::clone(&plan.card.channel))
    }

    fn note_unplaced(&self, channel: &ChannelName, identity: &str, events: usize) {
        self.context.books.unknown_recipients.lock().note(channel, identity, events);
    }

    async fn accept_post(&self, events: Vec<(AccountId, ChannelEvent)>) -> Result<(), SinkError> {
        let mut known = Vec::with_capacity(events.len());
        for (account, event) in events {
            match self.context.account(&account) {
                Some(card) => known.push((card, event)),
                // Its channel was removed just now: the network keeps the post and delivers it again.
                None if self.context.resting.read().contains(&account) => return Err(SinkError::Closed),
                None => {}
            }
        }
        accept_post(&self.context, known).await
    }

    fn whole_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.context.store)
    }
}
