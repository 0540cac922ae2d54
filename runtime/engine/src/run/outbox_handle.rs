//! Messages of the bot that are not sent, from outside.

use super::handle::EngineHandle;
use crate::context::Context;
use crate::decide::unsent::{Sending, UnsentMessage};
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::ids::{AccountId, MessageId, OutboundId};
use greenroom_contract::limits;
use greenroom_contract::store::{ParcelKey, ParcelState, ParcelVerdict, StoreError};
use greenroom_contract::trace::{Decision, Step};
use std::collections::HashMap;
use std::sync::Arc;

impl EngineHandle {
    /// Messages of the bot that are not sent, each with the reason and until when it waits; at most `messages_max`, those
    /// that are held first.
    pub async fn unsent(&self, messages_max: usize) -> Result<Vec<UnsentMessage>, StoreError> {
        self.unsent_of(|_| true, messages_max).await
    }

    /// The same, of the accounts that are wanted.
    pub async fn unsent_of(
        &self,
        is_wanted: impl Fn(&AccountId) -> bool + Send,
        messages_max: usize,
    ) -> Result<Vec<UnsentMessage>, StoreError> {
        let context = &self.context;
        let now = context.now();
        let sending: HashMap<_, _> = context
            .accounts
            .read()
            .values()
            .map(|card| {
                let vitals = card.vitals.lock();
                let sending = Sending { status: vitals.status.clone(), pause_until: vitals.sends_pause_until };
                (card.id().clone(), sending)
            })
            .collect();
        let (mut held, mut others, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = context.store.unsent(after.as_ref(), limits::PAGE_ROWS_MAX).await?;
            for parcel in page.iter().filter(|parcel| is_wanted(&parcel.key.account)) {
                let message = UnsentMessage::of(parcel, sending.get(&parcel.key.account), now);
                let list = if matches!(parcel.state, ParcelState::Held { .. }) { &mut held } else { &mut others };
                if list.len() < messages_max {
                    list.push(message);
                }
            }
            match page.last() {
                Some(last) if page.len() == limits::PAGE_ROWS_MAX && held.len() < messages_max => {
                    after = Some(last.key.clone());
                }
                _ => break,
            }
        }
        held.append(&mut others);
        held.truncate(messages_max);
        Ok(held)
    }

    /// The account of a message that was ever put into the outbox and is still known.
    pub async fn account_of_unsent(&self, id: &OutboundId) -> Result<AccountId, StoreError> {
        Ok(self.unsent_key(id).await?.account)
    }

    /// Lets a held message be sent; its attempts and its age begin again. [`StoreError::NotFound`] if it is not held.
    pub async fn release_unsent(&self, id: &OutboundId) -> Result<(), StoreError> {
        let key = self.unsent_key(id).await?;
        self.release_key(&key).await
    }

    /// The same for all that are held; says how many they were.
    pub async fn release_all_unsent(&self) -> Result<usize, StoreError> {
        let mut released = 0;
        let mut after = None;
        loop {
            let page = self.context.store.unsent(after.as_ref(), limits::PAGE_ROWS_MAX).await?;
            let Some(last) = page.last() else { return Ok(released) };
            after = Some(last.key.clone());
            for parcel in page.iter().filter(|parcel| matches!(parcel.state, ParcelState::Held { .. })) {
                match self.release_key(&parcel.key).await {
                    Ok(()) => released += 1,
                    // Another request was faster.
                    Err(StoreError::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Gives up a message that is not sent, held or not; what it says is deleted. One that is on its way to the network in
    /// this very moment may be sent all the same, and is shown as sent then. [`StoreError::NotFound`] if it is sent, given
    /// up or unknown.
    pub async fn drop_unsent(&self, id: &OutboundId) -> Result<(), StoreError> {
        let key = self.unsent_key(id).await?;
        let context = Arc::clone(&self.context);
        // When the caller goes away after the commit, those behind it must still be told.
        let task = tokio::spawn(async move { give_up(&context, key).await });
        task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }))
    }

    async fn release_key(&self, key: &ParcelKey) -> Result<(), StoreError> {
        let (context, key) = (Arc::clone(&self.context), key.clone());
        // When the caller goes away after the commit, the session must still be told.
        let task = tokio::spawn(async move { release(&context, &key).await });
        task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }))
    }

    async fn unsent_key(&self, id: &OutboundId) -> Result<ParcelKey, StoreError> {
        let message = MessageId::new(id.as_str()).map_err(|error| StoreError::Invalid { reason: error.to_string() })?;
        for account in self.context.store.accounts().await? {
            if let Some(key) = self.context.store.find_own(&account.id, &message).await? {
                return Ok(key);
            }
        }
        Err(StoreError::NotFound { what: format!("message {id}") })
    }
}

async fn give_up(context: &Arc<Context>, key: ParcelKey) -> Result<(), StoreError> {
    let conversation = context.store.parcel(&key).await?.map(|parcel| parcel.conversation);
    let reason = "the owner gave it up".to_owned();
    let step = Step::new(context.now(), Decision::Dropped { reason: reason.clone() });
    context.store.verdict(&key, ParcelVerdict::Dropped { reason }, step).await?;
    // Those behind it do not wait for it any longer.
    if let Some(conversation) = conversation {
        context.tell_channels(ChannelsMsg::Opened { account: key.account, conversation });
    }
    Ok(())
}

async fn release(context: &Arc<Context>, key: &ParcelKey) -> Result<(), StoreError> {
    let busy = context.activity.begin();
    let released = context.store.release_parcel(key, Step::new(context.now(), Decision::Queued)).await;
    if matches!(released, Err(StoreError::Unavailable { .. })) {
        // It may have been a commit after all, of which nobody was told.
        context.recover_soon();
    }
    let parcel = released?;
    let conversation = parcel.conversation;
    context.tell_channels(ChannelsMsg::Posted { account: key.account.clone(), parcels: vec![parcel], busy });
    // The owner wants it tried, whatever its chat waits for.
    context.tell_channels(ChannelsMsg::Opened { account: key.account.clone(), conversation });
    Ok(())
}
