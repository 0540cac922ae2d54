//! Doors of the house itself.

use super::handle::EngineHandle;
use crate::decide::rejections::RejectionCause;
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

    /// Counts what came from outside and was not taken; it shows in [`EngineHandle::health`]. The first of each cause is
    /// logged, the rest by [`Doors::tell_rejected`].
    fn note_rejected(&self, channel: Option<&ChannelName>, cause: RejectionCause, about: Option<&str>, times: usize);

    /// Notes that something on this channel had a right signature, so the secret is not what is wrong.
    fn note_signed(&self, channel: &ChannelName);

    /// Logs what was not taken since it was logged last, one line for each cause.
    fn tell_rejected(&self);

    /// Takes the events of one webhook post, of several accounts perhaps, in one commit. Returns when
    /// they are durable. A full inbox is [`SinkError::Unavailable`], so that the network delivers the
    /// post again. So are events of an account that does not run here, after the others were taken.
    async fn accept_post(&self, events: Vec<(AccountId, ChannelEvent)>) -> Result<(), SinkError>;

    /// The store with everything that can be written, for commands of the program.
    fn whole_store(&self) -> Arc<dyn Store>;
}

#[async_trait]
impl Doors for EngineHandle {
    fn channel(&self, name: &ChannelName) -> Option<Arc<dyn Channel>> {
        self.context.wiring.load().blueprint.plan(name).map(|plan| Arc::clone(&plan.card.channel))
    }

    fn note_rejected(&self, channel: Option<&ChannelName>, cause: RejectionCause, about: Option<&str>, times: usize) {
        self.context.note_rejected(channel, cause, about, times as u64);
    }

    fn note_signed(&self, channel: &ChannelName) {
        self.context.books.rejections.lock().note_signed(channel);
    }

    fn tell_rejected(&self) {
        for rejection in self.context.books.rejections.lock().news() {
            tracing::warn!(cause = rejection.cause.code(), "{rejection}");
        }
    }

    async fn accept_post(&self, events: Vec<(AccountId, ChannelEvent)>) -> Result<(), SinkError> {
        let (mut known, mut unknown) = (Vec::with_capacity(events.len()), None);
        for (account, event) in events {
            match self.context.account(&account) {
                Some(card) => known.push((card, event)),
                None => unknown = Some(account),
            }
        }
        accept_post(&self.context, known).await?;
        match unknown {
            None => Ok(()),
            Some(account) => {
                self.context.note_rejected(None, RejectionCause::UnknownRecipient, Some(account.as_str()), 1);
                Err(SinkError::Unavailable { reason: format!("account {account} does not run here").into() })
            }
        }
    }

    fn whole_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.context.store)
    }
}
