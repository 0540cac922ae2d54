//! Messages that no turn made, into the outbox.

use super::{AccountCard, Context};
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::store::{PendingParcel, Post, Posted, StoreError};
use std::sync::Arc;

impl Context {
    /// Commits a message that no turn made, and tells its session. In a task of its own: when the caller goes away after
    /// the commit, the session must still be told.
    pub(crate) async fn post(self: &Arc<Self>, card: &AccountCard, post: Post) -> Result<Posted, StoreError> {
        let (context, account) = (Arc::clone(self), card.id().clone());
        let task = tokio::spawn(async move {
            let made_at = post.at;
            let speak_first: Vec<bool> = post.parcels.iter().map(|parcel| parcel.speaks_first).collect();
            let posted = context.store.post(post).await;
            match &posted {
                Ok(posted) if !posted.parcels.is_empty() => {
                    for key in &posted.parcels {
                        context.sequences.made(key.sequence);
                    }
                    let conversation = posted.conversation;
                    let parcels = posted.parcels.iter().cloned().zip(speak_first);
                    let made = |(key, speaks_first)| PendingParcel::new(key, conversation, made_at, speaks_first);
                    let parcels = parcels.map(made).collect();
                    let busy = context.activity.begin();
                    context.tell_channels(ChannelsMsg::Posted { account, parcels, busy });
                }
                Err(StoreError::Unavailable { .. }) => context.recover_soon(),
                _ => {}
            }
            posted
        });
        task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }))
    }
}
