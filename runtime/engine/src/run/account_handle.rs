//! Accounts, from outside.

use super::handle::EngineHandle;
use crate::accounts::list;
use crate::decide::health::AccountHealth;
use crate::decide::linking_rules::{self, LinkRequest};
use crate::decide::refused::LinkRefused;
use crate::mailbox::accounts::{AccountRequest, AccountsMsg, LinkView};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::{Answers, LinkMethod};
use greenroom_contract::store::StoreError;
use tokio::sync::{oneshot, watch};

impl EngineHandle {
    /// Begins to link an account and returns its id; [`EngineHandle::link_steps`] shows what to do. Refused
    /// before anything is made if a rule forbids it.
    pub async fn begin_link(&self, request: LinkRequest) -> Result<AccountId, LinkRefused> {
        self.begin_link_admitting(request, Vec::new()).await
    }

    /// The same, with entries for the allow-list of the account, which hold before anyone can write to it.
    pub async fn begin_link_admitting(
        &self,
        request: LinkRequest,
        admitted: Vec<AllowEntry>,
    ) -> Result<AccountId, LinkRefused> {
        self.ask(|reply| AccountsMsg::Link { request, admitted, reply }).await
    }

    /// What the person who links has to do now, as it changes. `None` if there is no such account.
    pub fn link_steps(&self, account: &AccountId) -> Option<watch::Receiver<LinkView>> {
        Some(self.context.account(account)?.link_progress.subscribe())
    }

    /// Hands over what was typed for the question that the linking run of this account shows. Its next step comes over
    /// [`EngineHandle::link_steps`]; it is the question once more if the network did not accept the answer.
    pub fn answer_link(&self, account: &AccountId, owner: &OwnerId, answers: Answers) -> Result<(), LinkRefused> {
        let unknown = || LinkRefused::UnknownAccount { account: account.clone() };
        let card = self.context.account(account).ok_or_else(unknown)?;
        linking_rules::owned(&card.row(), owner)?;
        card.answer(answers)
    }

    /// Ends the linking run of this account and begins a new one, for a fresh code or another method.
    /// Works also when the last run is over.
    pub async fn refresh_link(
        &self,
        account: &AccountId,
        owner: &OwnerId,
        method: LinkMethod,
    ) -> Result<(), LinkRefused> {
        self.request(account, owner, AccountRequest::Refresh(method)).await
    }

    /// Ends the linking run of this account; returns when it has ended.
    pub async fn cancel_link(&self, account: &AccountId, owner: &OwnerId) -> Result<(), LinkRefused> {
        self.request(account, owner, AccountRequest::Cancel).await
    }

    /// Unlinks: the device is removed on the network, the keys are deleted. Its history stays. If the
    /// network cannot be told, nothing is changed.
    pub async fn disconnect(&self, account: &AccountId, owner: &OwnerId) -> Result<(), LinkRefused> {
        self.request(account, owner, AccountRequest::Disconnect).await
    }

    /// Connects anew, at once: also an account that waits for a person, or whose session was given up.
    pub async fn reconnect(&self, account: &AccountId, owner: &OwnerId) -> Result<(), LinkRefused> {
        self.request(account, owner, AccountRequest::Reconnect).await
    }

    /// Forgets an account that is not linked. Its history stays.
    pub async fn forget_account(&self, account: &AccountId, owner: &OwnerId) -> Result<(), LinkRefused> {
        self.request(account, owner, AccountRequest::Forget).await
    }

    /// Forgets all accounts that were never linked and that nobody is linking, and returns them.
    pub async fn forget_pending(&self, owner: &OwnerId) -> Result<Vec<AccountId>, LinkRefused> {
        let mut forgotten = Vec::new();
        for row in self.context.store.accounts().await? {
            if !linking_rules::left_behind(&row) || linking_rules::owned(&row, owner).is_err() {
                continue;
            }
            match self.forget_account(&row.id, owner).await {
                Ok(()) => forgotten.push(row.id),
                // Somebody was faster, or is just linking it.
                Err(
                    LinkRefused::UnknownAccount { .. } | LinkRefused::AlreadyLinking { .. } | LinkRefused::Busy { .. },
                ) => {}
                Err(refused) => return Err(refused),
            }
        }
        Ok(forgotten)
    }

    /// All accounts, in the order in which they were made; those of other adapters, and those that no
    /// longer stand in the configuration, included.
    pub async fn account_list(&self) -> Result<Vec<AccountHealth>, StoreError> {
        list::all(&self.context).await
    }

    async fn request(&self, account: &AccountId, owner: &OwnerId, request: AccountRequest) -> Result<(), LinkRefused> {
        self.ask(|reply| AccountsMsg::Request { account: account.clone(), owner: owner.clone(), request, reply }).await
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, LinkRefused>>) -> AccountsMsg,
    ) -> Result<T, LinkRefused> {
        let (reply, answer) = oneshot::channel();
        if self.context.stages.draining.is_cancelled() {
            return Err(LinkRefused::Stopping);
        }
        self.context.tell_accounts(message(reply));
        answer.await.unwrap_or(Err(LinkRefused::Stopping))
    }
}
