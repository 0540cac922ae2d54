//! What becomes of accounts, written down: in order for each account, again until it is on disk.

use crate::context::Context;
use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use crate::mailbox::accounts::{AccountsMsg, AfterWrite, StateChange};
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::{AccountState, StoreError};
use ractor::ActorRef;
use std::collections::HashMap;
use std::sync::Arc;

/// Writes that are under way or wait. At most two for each account.
#[derive(Default)]
pub(crate) struct StateWriter {
    waiting: HashMap<AccountId, StateChange>,
    writing: HashMap<AccountId, StateChange>,
}

impl StateWriter {
    /// Whether something about this account is not on disk.
    pub(crate) fn is_busy(&self, account: &AccountId) -> bool {
        self.waiting.contains_key(account) || self.writing.contains_key(account)
    }

    pub(crate) fn write(
        &mut self,
        context: &Arc<Context>,
        accounts: &ActorRef<AccountsMsg>,
        account: AccountId,
        change: StateChange,
    ) {
        let change = match self.waiting.remove(&account) {
            Some(older) => change.after(older),
            None => change,
        };
        self.waiting.insert(account.clone(), change);
        self.go_on(context, accounts, account);
    }

    /// Begins the next write of an account, unless one is under way.
    pub(crate) fn go_on(&mut self, context: &Arc<Context>, accounts: &ActorRef<AccountsMsg>, account: AccountId) {
        if self.writing.contains_key(&account) {
            return;
        }
        let Some(change) = self.waiting.remove(&account) else { return };
        let (state, label, keys) = (change.state.clone(), change.label.clone(), change.keys);
        self.writing.insert(account.clone(), change);
        let (context, accounts) = (Arc::clone(context), accounts.clone());
        // The engine does not close the store before it was tried.
        let writing = context.links.begin();
        tokio::spawn(async move {
            let result = put(&context, &account, state, label.as_deref(), keys).await;
            drop(writing);
            let _ = accounts.send_message(AccountsMsg::Written { account, result });
        });
    }

    /// A write ended. Returns what follows; a failed one is tried again.
    pub(crate) fn written(
        &mut self,
        context: &Arc<Context>,
        accounts: &ActorRef<AccountsMsg>,
        account: &AccountId,
        result: Result<(), StoreError>,
    ) -> Vec<AfterWrite> {
        let Some(mut change) = self.writing.remove(account) else { return Vec::new() };
        match result {
            // An account that is gone needs no state.
            Ok(()) | Err(StoreError::NotFound { .. }) => {
                self.go_on(context, accounts, account.clone());
                change.then
            }
            Err(error) => {
                tracing::warn!(%account, %error, "the account's state cannot be stored now and is tried again");
                for then in std::mem::take(&mut change.then) {
                    match then {
                        AfterWrite::Report(reply) => drop(reply.send(Err(LinkRefused::Store(error.clone())))),
                        linked @ AfterWrite::Linked { .. } => change.then.push(linked),
                    }
                }
                let again = match self.waiting.remove(account) {
                    Some(newer) => newer.after(change),
                    None => change,
                };
                self.waiting.insert(account.clone(), again);
                let account = account.clone();
                accounts.send_after(limits::STORE_RETRY_PAUSE, move || AccountsMsg::WriteAgain(account));
                Vec::new()
            }
        }
    }
}

/// The state first: keys of an account that is not known as logged out are never deleted.
async fn put(
    context: &Context,
    account: &AccountId,
    state: AccountState,
    label: Option<&str>,
    keys: Keys,
) -> Result<(), StoreError> {
    context.store.set_account_state(account, state, label, context.now()).await?;
    match keys {
        Keys::Delete => context.store.vault_clear(account).await,
        Keys::Keep => Ok(()),
    }
}
