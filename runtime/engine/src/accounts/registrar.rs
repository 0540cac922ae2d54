//! Requests about accounts: decided here, carried out by sessions and the writer of states.

use super::ChannelsState;
use crate::context::{AccountCard, ChannelCard, Context};
use crate::decide::linking_rules::{self as rules, LinkRequest};
use crate::decide::login_end::LoginEnd;
use crate::decide::refused::LinkRefused;
use crate::decide::session_phase::EarlierKeys;
use crate::mailbox::accounts::{AccountRequest, AfterWrite, OutcomeSender, PreparedLink, StateChange};
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg};
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::LoginMethod;
use greenroom_contract::store::{AcceptedWarning, AccountRow, AccountState};
use ractor::{ActorProcessingErr, ActorRef};
use std::sync::Arc;
use tokio::sync::oneshot;

// --- linking ------------------------------------------------------------------------------------

impl ChannelsState {
    /// Checks the rules, keeps a place, and asks the store; [`ChannelsState::link_prepared`] goes on.
    pub(super) fn link(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        request: LinkRequest,
        reply: oneshot::Sender<Result<AccountId, LinkRefused>>,
    ) {
        let (channel, request) = match self.check_link(request) {
            Ok(checked) => checked,
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        self.places.push(request.owner.clone());
        self.changing.extend(request.account.clone());
        let (context, myself) = (Arc::clone(&self.context), myself.clone());
        tokio::spawn(async move {
            let result = prepare(&context, &channel, &request).await;
            let LinkRequest { owner: place, account, method, .. } = request;
            let prepared = PreparedLink { place, account, method, result, reply };
            let _ = myself.send_message(ChannelsMsg::LinkPrepared(Box::new(prepared)));
        });
    }

    /// The channel, and the request with the account's true owner and a number in its normal form.
    fn check_link(&self, mut request: LinkRequest) -> Result<(Arc<ChannelCard>, LinkRequest), LinkRefused> {
        let context = &self.context;
        let Some(channel) = context.channels.get(&request.channel) else {
            let known = context.channels.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(LinkRefused::UnknownChannel { channel: request.channel, known });
        };
        if channel.channel.linking().is_none() {
            return Err(LinkRefused::CannotLink { channel: request.channel, adapter: channel.adapter.clone() });
        }
        request.method = rules::method(request.method)?;
        if let Some(account) = &request.account {
            let row = self.find(account)?.row();
            if row.channel != request.channel {
                return Err(LinkRefused::UnknownAccount { account: account.clone() });
            }
            rules::linkable(&row, &request)?;
            request.owner = row.owner;
        }
        if !context.admission.load().admits_somebody(&request.channel, request.account.as_ref()) {
            return Err(LinkRefused::NobodyAdmitted { channel: request.channel });
        }
        let cards = context.accounts.read();
        let rows: Vec<AccountRow> = cards.values().map(|card| card.row()).filter(rules::counts).collect();
        let taken = rows.iter().map(|row| &row.owner).chain(&self.places);
        rules::room(taken, &request.owner, context.session_limits)?;
        Ok((Arc::clone(channel), request))
    }

    /// An account that runs and of which everything is on disk.
    fn find(&self, account: &AccountId) -> Result<Arc<AccountCard>, LinkRefused> {
        if self.changing.contains(account) || self.state_writer.is_busy(account) {
            return Err(LinkRefused::Busy { account: account.clone() });
        }
        self.context.account(account).ok_or_else(|| {
            let account = account.clone();
            if self.context.resting.contains(&account) {
                LinkRefused::Elsewhere { account }
            } else {
                LinkRefused::UnknownAccount { account }
            }
        })
    }

    /// The store was asked: the run begins, or the refusal is told.
    pub(super) async fn link_prepared(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        prepared: PreparedLink,
    ) -> Result<(), ActorProcessingErr> {
        let PreparedLink { place, account, method, result, reply } = prepared;
        if let Some(held) = self.places.iter().position(|of| *of == place) {
            self.places.swap_remove(held);
        }
        if let Some(account) = &account {
            self.changing.remove(account);
        }
        let now = self.context.now();
        let known = account.clone();
        let account = match (result, account) {
            (Err(refused), _) => {
                let _ = reply.send(Err(refused));
                return Ok(());
            }
            (Ok(Some(row)), _) => {
                let Some(channel) = self.context.channels.get(&row.channel) else { return Ok(()) };
                let id = row.id.clone();
                let card = AccountCard::new(row, Arc::clone(channel), now);
                self.context.accounts.write().insert(id.clone(), Arc::new(card));
                id
            }
            (Ok(None), Some(id)) => {
                if let Some(card) = self.context.account(&id) {
                    card.enter(AccountState::Pending, None, now);
                }
                id
            }
            (Ok(None), None) => return Ok(()),
        };
        let keys = if known.is_some() { EarlierKeys::Possible } else { EarlierKeys::Absent };
        if !self.sessions.contains(&account) {
            self.spawn(myself, &account).await?;
        }
        tracing::info!(%account, "linking begins");
        if let Some(card) = self.context.account(&account) {
            // Whoever asks from now on does not see the end of an earlier run.
            card.show_login(None, true);
        }
        self.tell(&account, SessionMsg::Login { method, keys });
        let _ = reply.send(Ok(account));
        Ok(())
    }

    /// A linking run ended.
    pub(super) fn login_ended(&mut self, myself: &ActorRef<ChannelsMsg>, account: AccountId, end: &LoginEnd) {
        let waiting = self.cancelling.remove(&account).unwrap_or_default();
        let Some(card) = self.context.account(&account) else { return };
        let now = self.context.now();
        tracing::info!(%account, ?end, "linking ended");
        let change = match end {
            LoginEnd::Done { label } => {
                let refused = || LinkRefused::AlreadyLinked { account: account.clone(), label: Some(label.clone()) };
                for reply in waiting {
                    let _ = reply.send(Err(refused()));
                }
                let then = vec![AfterWrite::Linked { label: label.clone() }];
                StateChange { label: Some(label.clone()), then, ..StateChange::to(AccountState::Linked) }
            }
            end => {
                card.show_login(Some(end.step()), false);
                let then = waiting.into_iter().map(AfterWrite::Report).collect();
                StateChange { then, ..StateChange::to(AccountState::Expired { reason: end.reason() }) }
            }
        };
        card.show(end.status(), now);
        self.set(myself, account, change);
    }

    /// Writes a new state of an account.
    pub(super) fn set(&mut self, myself: &ActorRef<ChannelsMsg>, account: AccountId, change: StateChange) {
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
                    card.show_login(Some(LoginEnd::Done { label }.step()), false);
                    self.tell(account, SessionMsg::Connect);
                }
            }
        }
    }
}

/// Sees to the warning, and makes the account or marks it as pending.
async fn prepare(
    context: &Context,
    channel: &ChannelCard,
    request: &LinkRequest,
) -> Result<Option<AccountRow>, LinkRefused> {
    let (store, owner, now) = (&context.store, &request.owner, context.now());
    let warning = channel.channel.linking().map(|linking| linking.warning.clone()).unwrap_or_default();
    let before = store.accepted_warning(&channel.name, owner).await?;
    if !warning.is_empty() && before.is_none_or(|before| before.text != warning) {
        if !request.accepted {
            return Err(LinkRefused::WarningNotAccepted { channel: channel.name.clone(), warning });
        }
        store.accept_warning(&channel.name, owner, AcceptedWarning { text: warning, at: now }).await?;
    }
    match &request.account {
        None => Ok(Some(store.create_account(&channel.name, &channel.adapter, owner, now).await?)),
        Some(account) => {
            store.set_account_state(account, AccountState::Pending, None, now).await?;
            Ok(None)
        }
    }
}

// --- accounts that are there ----------------------------------------------------------------------

impl ChannelsState {
    /// Carries out a request, or tells why not.
    pub(super) async fn request(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        (account, owner): (AccountId, OwnerId),
        request: AccountRequest,
        reply: OutcomeSender,
    ) -> Result<(), ActorProcessingErr> {
        let found = match request {
            // Also for an account that rests.
            AccountRequest::Forget => {
                self.forget(myself, account, owner, reply);
                return Ok(());
            }
            _ => self.find(&account).and_then(|card| rules::owned(&card.row(), &owner).map(|()| card)),
        };
        let card = match found {
            Ok(card) => card,
            Err(refused) => {
                let _ = reply.send(Err(refused));
                return Ok(());
            }
        };
        let row = card.row();
        let pending = row.configured_key.is_none() && row.state == AccountState::Pending;
        match request {
            AccountRequest::Cancel if pending => {
                self.cancelling.entry(account.clone()).or_default().push(reply);
                self.tell(&account, SessionMsg::CancelLogin);
            }
            AccountRequest::Cancel => drop(reply.send(Err(LinkRefused::NotLinking { account }))),
            AccountRequest::Refresh(method) => self.refresh(myself, &row, method, reply),
            AccountRequest::Disconnect => self.disconnect(&row, reply),
            AccountRequest::Reconnect => return self.reconnect(myself, &row, reply).await,
            AccountRequest::Forget => {}
        }
        Ok(())
    }

    fn refresh(&mut self, myself: &ActorRef<ChannelsMsg>, row: &AccountRow, method: LoginMethod, reply: OutcomeSender) {
        if row.configured_key.is_none() && row.state == AccountState::Pending {
            let begun = rules::method(method)
                .map(|method| self.tell(&row.id, SessionMsg::Login { method, keys: EarlierKeys::Possible }));
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
        self.link(myself, request, linked);
    }

    fn disconnect(&mut self, row: &AccountRow, reply: OutcomeSender) {
        let account = row.id.clone();
        let refused = match row.state {
            _ if row.configured_key.is_some() => LinkRefused::Configured { account },
            AccountState::Pending => LinkRefused::AlreadyLinking { account },
            AccountState::Expired { .. } | AccountState::LoggedOut { .. } => not_linked(row),
            AccountState::Linked | AccountState::Stopped { .. } => match self.sessions.find(&account) {
                Some(session) => return drop(session.send_message(SessionMsg::Logout(reply))),
                None => LinkRefused::Unreachable { reason: "its session crashed; reconnect it first".to_owned() },
            },
        };
        let _ = reply.send(Err(refused));
    }

    async fn reconnect(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        row: &AccountRow,
        reply: OutcomeSender,
    ) -> Result<(), ActorProcessingErr> {
        if !rules::connects(row) {
            let pending = row.state == AccountState::Pending;
            let refused =
                if pending { LinkRefused::AlreadyLinking { account: row.id.clone() } } else { not_linked(row) };
            let _ = reply.send(Err(refused));
            return Ok(());
        }
        if self.sessions.contains(&row.id) {
            self.tell(&row.id, SessionMsg::Restart);
        } else {
            self.sessions.forgive(&row.id);
            self.context.crashes.forget(&super::session_name(&row.id));
            self.spawn(myself, &row.id).await?;
        }
        let _ = reply.send(Ok(()));
        Ok(())
    }

    fn forget(&mut self, myself: &ActorRef<ChannelsMsg>, account: AccountId, owner: OwnerId, reply: OutcomeSender) {
        match self.find(&account) {
            Ok(_) | Err(LinkRefused::Elsewhere { .. }) => {}
            Err(refused) => return drop(reply.send(Err(refused))),
        }
        self.changing.insert(account.clone());
        let (context, myself) = (Arc::clone(&self.context), myself.clone());
        tokio::spawn(async move {
            let result = delete(&context, &account, &owner).await;
            let _ = myself.send_message(ChannelsMsg::Forgotten { account, result, reply });
        });
    }

    /// The row is gone: so is its session.
    pub(super) fn forgotten(&mut self, account: &AccountId, result: Result<(), LinkRefused>, reply: OutcomeSender) {
        self.changing.remove(account);
        if result.is_ok() {
            self.context.accounts.write().remove(account);
            self.sessions.forgive(account);
            self.context.crashes.forget(&super::session_name(account));
            if let Some(session) = self.sessions.remove(account) {
                session.stop(None);
            }
        }
        let _ = reply.send(result);
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
    let interrupted = row.state == AccountState::Pending && context.resting.contains(account);
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
    Ok(context.refresh_admission().await?)
}
