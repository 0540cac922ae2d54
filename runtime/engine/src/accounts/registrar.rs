//! Requests about accounts that are there: decided here, carried out by sessions and the writer of states.

use super::AccountsState;
use crate::context::{AccountCard, Context};
use crate::decide::link_end::LinkEnd;
use crate::decide::linking_rules::{self as rules, LinkRequest};
use crate::decide::refused::LinkRefused;
use crate::decide::session_phase::EarlierKeys;
use crate::mailbox::accounts::{AccountRequest, AccountsMsg, AfterWrite, OutcomeSender, StateChange};
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg};
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::store::{AccountRow, AccountState};
use ractor::ActorRef;
use std::sync::Arc;
use tokio::sync::oneshot;

impl AccountsState {
    /// Carries out a request, or tells why not.
    pub(super) fn request(
        &mut self,
        myself: &ActorRef<AccountsMsg>,
        (account, owner): (AccountId, OwnerId),
        request: AccountRequest,
        reply: OutcomeSender,
    ) {
        let found = match request {
            // Also for an account that rests.
            AccountRequest::Forget => return self.forget(myself, account, owner, reply),
            _ => self.find(&account).and_then(|card| rules::owned(&card.row(), &owner).map(|()| card)),
        };
        let card = match found {
            Ok(card) => card,
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        let row = card.row();
        let pending = row.configured_key.is_none() && row.state == AccountState::Pending;
        match request {
            AccountRequest::Cancel if pending => {
                self.cancelling.entry(account.clone()).or_default().push(reply);
                self.tell(&account, SessionMsg::CancelLink);
            }
            AccountRequest::Cancel => drop(reply.send(Err(LinkRefused::NotLinking { account }))),
            AccountRequest::Refresh(method) => self.refresh(myself, &row, method, reply),
            AccountRequest::Disconnect => self.disconnect(&row, reply),
            AccountRequest::Reconnect => self.reconnect(&row, reply),
            AccountRequest::Forget => {}
        }
    }

    fn refresh(&mut self, myself: &ActorRef<AccountsMsg>, row: &AccountRow, method: LinkMethod, reply: OutcomeSender) {
        if row.configured_key.is_none() && row.state == AccountState::Pending {
            let begun = rules::method(method)
                .map(|method| self.tell(&row.id, SessionMsg::Link { method, keys: EarlierKeys::Possible }));
            return drop(reply.send(begun));
        }
        let request = LinkRequest {
            channel: row.channel.clone(),
            owner: row.owner.clone(),
            account: Some(row.id.clone()),
            method,
            accepted: false,
        };
        let (linked, answer) = oneshot::channel();
        tokio::spawn(async move {
            let answer = answer.await.unwrap_or(Err(LinkRefused::Stopping));
            let _ = reply.send(answer.map(drop));
        });
        self.link(myself, request, Vec::new(), linked);
    }

    fn disconnect(&self, row: &AccountRow, reply: OutcomeSender) {
        let account = row.id.clone();
        let refused = match row.state {
            _ if row.configured_key.is_some() => LinkRefused::Configured { account },
            AccountState::Pending => LinkRefused::AlreadyLinking { account },
            AccountState::Expired { .. } | AccountState::LoggedOut { .. } => not_linked(row),
            AccountState::Linked | AccountState::Stopped { .. } => {
                return self.context.tell_channels(ChannelsMsg::Unlink { account, reply });
            }
        };
        let _ = reply.send(Err(refused));
    }

    fn reconnect(&self, row: &AccountRow, reply: OutcomeSender) {
        let account = row.id.clone();
        if rules::connects(row) {
            return self.context.tell_channels(ChannelsMsg::Restart { account, reply });
        }
        let refused = match row.state {
            AccountState::Pending => LinkRefused::AlreadyLinking { account },
            _ => not_linked(row),
        };
        let _ = reply.send(Err(refused));
    }

    fn forget(&mut self, myself: &ActorRef<AccountsMsg>, account: AccountId, owner: OwnerId, reply: OutcomeSender) {
        match self.find(&account) {
            Ok(_) | Err(LinkRefused::Elsewhere { .. }) => {}
            Err(refused) => return drop(reply.send(Err(refused))),
        }
        self.changing.insert(account.clone());
        let (context, myself) = (Arc::clone(&self.context), myself.clone());
        tokio::spawn(async move {
            let result = delete(&context, &account, &owner).await;
            let _ = myself.send_message(AccountsMsg::Forgotten { account, result, reply });
        });
    }

    /// The row is gone: so is its session.
    pub(super) fn forgotten(&mut self, account: &AccountId, result: Result<(), LinkRefused>, reply: OutcomeSender) {
        self.changing.remove(account);
        match result {
            Ok(()) => {
                self.context.accounts.write().remove(account);
                self.context.tell_channels(ChannelsMsg::Remove { account: account.clone(), reply });
            }
            Err(refused) => drop(reply.send(Err(refused))),
        }
    }

    /// A session is gone, and its linking run with it, unless a later one was begun since.
    pub(super) fn session_gone(
        &mut self,
        myself: &ActorRef<AccountsMsg>,
        account: AccountId,
        linking: u64,
        reason: &str,
    ) {
        if self.linking.get(&account) == Some(&linking) {
            let end = LinkEnd::failed(reason);
            self.linking_ended(myself, account, &end);
        }
    }

    /// A message to a session that just crashed is lost; what it was for ends with
    /// [`AccountsState::session_gone`].
    pub(super) fn tell(&self, account: &AccountId, message: SessionMsg) {
        self.context.tell_channels(ChannelsMsg::Tell { account: account.clone(), message });
    }

    /// An account that runs and of which everything is on disk.
    pub(super) fn find(&self, account: &AccountId) -> Result<Arc<AccountCard>, LinkRefused> {
        if self.changing.contains(account) || self.state_writer.is_busy(account) {
            return Err(LinkRefused::Busy { account: account.clone() });
        }
        self.context.account(account).ok_or_else(|| {
            let account = account.clone();
            if self.context.resting.read().contains(&account) {
                LinkRefused::Elsewhere { account }
            } else {
                LinkRefused::UnknownAccount { account }
            }
        })
    }

    /// Writes a new state of an account.
    pub(super) fn set(&mut self, myself: &ActorRef<AccountsMsg>, account: AccountId, change: StateChange) {
        if let Some(card) = self.context.account(&account) {
            card.enter(change.state.clone(), change.label.as_deref(), self.context.now());
        }
        let context = Arc::clone(&self.context);
        self.state_writer.write(&context, myself, account, change);
    }

    /// A state is on disk.
    pub(super) fn follow(&mut self, account: &AccountId, then: Vec<AfterWrite>) {
        for then in then {
            match then {
                AfterWrite::Report(reply) => drop(reply.send(Ok(()))),
                AfterWrite::Linked { label } => {
                    let Some(card) = self.context.account(account) else { continue };
                    card.show_link_step(Some(LinkEnd::Done { label }.step()), false);
                    self.tell(account, SessionMsg::Connect);
                }
            }
        }
    }
}

fn not_linked(row: &AccountRow) -> LinkRefused {
    LinkRefused::NotLinked { account: row.id.clone(), channel: row.channel.clone() }
}

/// Deletes an account that is not linked, and nobody is linking.
async fn delete(context: &Context, account: &AccountId, owner: &OwnerId) -> Result<(), LinkRefused> {
    let rows = context.store.accounts().await?;
    let Some(row) = rows.into_iter().find(|row| row.id == *account) else {
        return Err(LinkRefused::UnknownAccount { account: account.clone() });
    };
    rules::owned(&row, owner)?;
    // Nobody links an account that rests: what is pending there was interrupted.
    let interrupted = row.state == AccountState::Pending && context.resting.read().contains(account);
    if row.configured_key.is_some() {
        return Err(LinkRefused::Configured { account: account.clone() });
    }
    if !rules::forgettable(&row) && !interrupted {
        let account = account.clone();
        return Err(match row.state {
            AccountState::Pending => LinkRefused::AlreadyLinking { account },
            _ => LinkRefused::AlreadyLinked { account, label: row.label },
        });
    }
    context.store.delete_account(account).await?;
    context.resting.write().remove(account);
    Ok(context.refresh_admission().await?)
}
