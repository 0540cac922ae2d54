//! What another blueprint means for sessions: those of new channels begin, those of channels that are gone let their
//! sends under way end, then their connections, then stop. Of an account whose channel has another adapter the next
//! session begins when the one before has ended, so there are never two connections.

use super::{ChannelsState, session_name};
use crate::context::AccountCard;
use crate::decide::blueprint::Change;
use crate::decide::link_end::LinkEnd;
use crate::mailbox::accounts::AccountsMsg;
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg};
use greenroom_contract::ids::{AccountId, ChannelName};
use ractor::{ActorId, ActorProcessingErr, ActorRef};
use std::collections::HashMap;
use std::sync::Arc;

/// Sessions that were told to end, and what their successors have to do.
#[derive(Default)]
pub(super) struct Retiring(HashMap<AccountId, Leaving>);

struct Leaving {
    session: ActorId,
    /// The account as it was.
    card: Arc<AccountCard>,
    /// What was asked of the account since. Whoever asks waits for an answer, so this is short.
    delayed: Vec<ChannelsMsg>,
}

impl Retiring {
    pub(super) fn contains(&self, account: &AccountId) -> bool {
        self.0.contains_key(account)
    }

    /// Whether this is for an account whose session is ending.
    pub(super) fn delays(&self, message: &ChannelsMsg) -> bool {
        account_of(message).is_some_and(|account| self.contains(account))
    }

    pub(super) fn delay(&mut self, message: ChannelsMsg) {
        if let Some(leaving) = account_of(&message).cloned().and_then(|account| self.0.get_mut(&account)) {
            leaving.delayed.push(message);
        }
    }

    fn ended(&mut self, session: ActorId) -> Option<(AccountId, Leaving)> {
        let account = self.0.iter().find(|(_, leaving)| leaving.session == session)?.0.clone();
        self.0.remove_entry(&account)
    }
}

/// Why a linking run ended with its session.
const GONE: &str = "its channel was replaced or removed";

fn account_of(message: &ChannelsMsg) -> Option<&AccountId> {
    match message {
        ChannelsMsg::Link { account, .. } | ChannelsMsg::Restart { account, .. } => Some(account),
        _ => None,
    }
}

impl ChannelsState {
    /// Another blueprint holds, and its accounts are known.
    pub(super) async fn reconfigure(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        change: &Change,
    ) -> Result<(), ActorProcessingErr> {
        match change {
            Change::ChannelAdded(plan) => self.begin_all(myself, plan.name()).await,
            Change::ChannelReplaced(plan) => {
                self.retire_all(plan.name());
                self.begin_all(myself, plan.name()).await
            }
            Change::ChannelRemoved(name) => {
                self.retire_all(name);
                self.end_if_finished();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Begins the sessions of a channel that are not there; one that must wait for its predecessor follows it.
    async fn begin_all(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        channel: &ChannelName,
    ) -> Result<(), ActorProcessingErr> {
        let cards = self.context.accounts.read().values().cloned().collect::<Vec<_>>();
        for card in cards.into_iter().filter(|card| card.channel.name == *channel) {
            if !self.sessions.contains(card.id()) {
                self.spawn(myself, card.id()).await?;
            }
        }
        Ok(())
    }

    /// Tells all sessions of a channel to end that are not of the account as it is now. The channel itself may be back
    /// already, with the same adapter: its accounts began again nevertheless, and a session of before would serve what
    /// nothing else looks at.
    fn retire_all(&mut self, channel: &ChannelName) {
        let of_channel = self.cards.values().filter(|card| card.channel.name == *channel);
        let is_now =
            |card: &Arc<AccountCard>| self.context.account(card.id()).is_some_and(|now| Arc::ptr_eq(&now, card));
        let cards: Vec<_> = of_channel.filter(|card| !is_now(card)).cloned().collect();
        for card in cards {
            let account = card.id().clone();
            self.cards.remove(&account);
            self.finished.remove(&account);
            self.sessions.forgive(&account);
            self.context.crashes.forget(&session_name(&account));
            let Some(session) = self.sessions.remove(&account) else { continue };
            tracing::info!(%account, "the channel of this account is gone, or has another adapter; its session ends");
            // One that just crashed has ended already, and its end is told.
            let _ = session.send_message(SessionMsg::Retire);
            self.retiring.0.insert(account, Leaving { session: session.get_id(), card, delayed: Vec::new() });
        }
    }

    /// A session ended. If it was told to, its successor begins, where there is one.
    pub(super) async fn retired(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        session: ActorId,
    ) -> Result<(), ActorProcessingErr> {
        let Some((account, Leaving { card, delayed, .. })) = self.retiring.ended(session) else { return Ok(()) };
        if card.link_progress.borrow().running {
            // Whoever looks at the codes looks at the card as it was.
            card.show_link_step(Some(LinkEnd::failed(GONE).step()), false);
        }
        if let Some(linking) = self.linking.remove(&account) {
            self.context.tell_accounts(AccountsMsg::SessionGone { account: account.clone(), linking, reason: GONE });
        }
        if !self.context.stages.closing.is_cancelled() {
            self.spawn(myself, &account).await?;
        }
        for message in delayed {
            let _ = myself.send_message(message);
        }
        Ok(())
    }
}
