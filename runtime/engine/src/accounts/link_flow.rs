//! Linking an account: the rules, the place, the store, then a linking run of its session.

use super::AccountsState;
use crate::context::{AccountCard, Context};
use crate::decide::blueprint::ChannelCard;
use crate::decide::link_end::LinkEnd;
use crate::decide::linking_rules::{self as rules, LinkRequest};
use crate::decide::refused::LinkRefused;
use crate::decide::session_phase::EarlierKeys;
use crate::mailbox::accounts::{AccountsMsg, AfterWrite, PreparedLink, StateChange};
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::limits;
use greenroom_contract::store::{AcceptedWarning, AccountRow, AccountState, ListScope, StoreError};
use ractor::ActorRef;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Whom the trace names as the one who added an entry with the request to link.
const BY: &str = "the one who linked it";

impl AccountsState {
    /// Checks the rules, keeps a place, and asks the store; [`AccountsState::link_prepared`] continues.
    pub(super) fn link(
        &mut self,
        myself: &ActorRef<AccountsMsg>,
        request: LinkRequest,
        admitted: Vec<AllowEntry>,
        reply: oneshot::Sender<Result<AccountId, LinkRefused>>,
    ) {
        let (channel, request) = match self.check_link(request, &admitted) {
            Ok(checked) => checked,
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        self.places.push(request.owner.clone());
        self.changing.extend(request.account.clone());
        let (context, myself) = (Arc::clone(&self.context), myself.clone());
        tokio::spawn(async move {
            let result = prepare(&context, &channel, &request, admitted).await;
            let LinkRequest { owner: place, account, method, .. } = request;
            let prepared = PreparedLink { place, account, method, result, reply };
            let _ = myself.send_message(AccountsMsg::LinkPrepared(Box::new(prepared)));
        });
    }

    /// The channel, and the request with the account's true owner and a number in its normal form.
    fn check_link(
        &self,
        mut request: LinkRequest,
        admitted: &[AllowEntry],
    ) -> Result<(Arc<ChannelCard>, LinkRequest), LinkRefused> {
        let context = &self.context;
        let wiring = context.wiring.load();
        let Some(channel) = wiring.blueprint.plan(&request.channel).map(|plan| &plan.card) else {
            return Err(unknown_channel(context, request.channel));
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
        let brings_somebody = admitted.iter().any(|entry| !matches!(entry, AllowEntry::Group(_)));
        if !brings_somebody && !wiring.admission.admits_somebody(&request.channel, request.account.as_ref()) {
            return Err(LinkRefused::NobodyAdmitted { channel: request.channel });
        }
        let cards = context.accounts.read();
        let rows: Vec<AccountRow> = cards.values().map(|card| card.row()).filter(rules::counts).collect();
        let taken = rows.iter().map(|row| &row.owner).chain(&self.places);
        rules::room(taken, &request.owner, wiring.blueprint.limits().sessions)?;
        Ok((Arc::clone(channel), request))
    }

    /// The store was asked: the run begins, or the refusal is told.
    pub(super) fn link_prepared(&mut self, prepared: PreparedLink) {
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
                return;
            }
            (Ok(Some(row)), _) => {
                // Under this lock, so that a blueprint that takes its channel away finds it.
                let mut accounts = self.context.accounts.write();
                let wiring = self.context.wiring.load();
                let Some(plan) = wiring.blueprint.plan(&row.channel) else {
                    self.context.resting.write().insert(row.id);
                    return drop(reply.send(Err(unknown_channel(&self.context, row.channel))));
                };
                let id = row.id.clone();
                let events = Arc::clone(&self.context.events);
                let card = AccountCard::new(row, Arc::clone(&plan.card), events, now);
                accounts.insert(id.clone(), Arc::new(card));
                id
            }
            (Ok(None), Some(id)) => {
                if let Some(card) = self.context.account(&id) {
                    card.enter(AccountState::Pending, None, now);
                }
                id
            }
            (Ok(None), None) => return,
        };
        let keys = if known.is_some() { EarlierKeys::Possible } else { EarlierKeys::Absent };
        tracing::info!(%account, "linking begins");
        if let Some(card) = self.context.account(&account) {
            // What is asked from now on does not show the end of an earlier run.
            card.show_link_step(None, true);
        }
        self.linkings += 1;
        let linking = self.linkings;
        self.linking.insert(account.clone(), linking);
        self.context.tell_channels(ChannelsMsg::Link { account: account.clone(), linking, method, keys });
        let _ = reply.send(Ok(account));
    }

    /// A linking run ended.
    pub(super) fn linking_ended(&mut self, myself: &ActorRef<AccountsMsg>, account: AccountId, end: &LinkEnd) {
        self.linking.remove(&account);
        let waiting = self.cancelling.remove(&account).unwrap_or_default();
        let Some(card) = self.context.account(&account) else {
            // Its channel was removed. What is linked is written down; of the rest is said later that it was interrupted.
            if let LinkEnd::Done { label } = end {
                let change = StateChange { label: Some(label.clone()), ..StateChange::to(AccountState::Linked) };
                self.set(myself, account, change);
            }
            return;
        };
        let now = self.context.now();
        tracing::info!(%account, ?end, "linking ended");
        let change = match end {
            LinkEnd::Done { label } => {
                let refused = || LinkRefused::AlreadyLinked { account: account.clone(), label: Some(label.clone()) };
                for reply in waiting {
                    let _ = reply.send(Err(refused()));
                }
                let then = vec![AfterWrite::Linked { label: label.clone() }];
                StateChange { label: Some(label.clone()), then, ..StateChange::to(AccountState::Linked) }
            }
            end => {
                card.show_link_step(Some(end.step()), false);
                let then = waiting.into_iter().map(AfterWrite::Report).collect();
                StateChange { then, ..StateChange::to(AccountState::Expired { reason: end.reason() }) }
            }
        };
        card.show(end.status(), now);
        self.set(myself, account, change);
    }
}

fn unknown_channel(context: &Context, channel: ChannelName) -> LinkRefused {
    let wiring = context.wiring.load();
    let known = wiring.blueprint.plans().keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    LinkRefused::UnknownChannel { channel, known }
}

/// Sees to the warning, and makes the account or marks it as pending.
async fn prepare(
    context: &Context,
    channel: &ChannelCard,
    request: &LinkRequest,
    admitted: Vec<AllowEntry>,
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
        None => {
            let row = store.create_account(&channel.name, &channel.adapter, owner, now).await?;
            if let Err(refused) = admit(context, &row.id, admitted).await {
                // Nothing is left of an account that was not begun; if that fails too it is one that was never linked.
                let _ = store.delete_account(&row.id).await;
                return Err(refused);
            }
            Ok(Some(row))
        }
        Some(account) => {
            admit(context, account, admitted).await?;
            store.set_account_state(account, AccountState::Pending, None, now).await?;
            Ok(None)
        }
    }
}

/// Puts entries on the list of an account, before anyone can write to it.
async fn admit(context: &Context, account: &AccountId, admitted: Vec<AllowEntry>) -> Result<(), LinkRefused> {
    if admitted.is_empty() {
        return Ok(());
    }
    let _one = context.lists.lock().await;
    let scope = ListScope::Account(account.clone());
    let stored = context.store.allow_entries().await?;
    let mut entries: Vec<AllowEntry> =
        stored.into_iter().filter(|one| one.scope == scope).map(|one| one.entry).collect();
    for entry in admitted {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    if entries.len() > limits::ALLOW_ENTRIES_MAX {
        let reason = format!("a list holds at most {} entries", limits::ALLOW_ENTRIES_MAX);
        return Err(StoreError::Invalid { reason }.into());
    }
    context.store.replace_allowed(&scope, entries, BY, context.now()).await?;
    Ok(context.refresh_admission().await?)
}
