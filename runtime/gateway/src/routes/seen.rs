//! What is there for a caller: what belongs to other owners is not, and looks exactly like what does not exist.

use super::State;
use crate::errors::Refusal;
use crate::principal::Principal;
use greenroom_contract::ids::{AccountId, ConversationId, OwnerId};
use greenroom_contract::store::{AccountRow, ListScope};
use greenroom_engine::LinkRefused;
use std::collections::BTreeSet;

/// The accounts that a caller sees.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    /// All, those that are gone too.
    All,
    /// These.
    These(BTreeSet<AccountId>),
}

impl Seen {
    pub(super) fn has(&self, account: &AccountId) -> bool {
        match self {
            Self::All => true,
            Self::These(accounts) => accounts.contains(account),
        }
    }

    /// Whether it is the whole of what there is.
    pub(super) fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

/// Whether this caller sees the lists and settings of channels, which belong to whoever wrote the configuration.
pub(super) fn sees_channels(caller: &Principal) -> bool {
    caller.sees(&OwnerId::local())
}

impl State {
    /// The accounts that this caller sees.
    pub(super) async fn seen(&self, caller: &Principal) -> Result<Seen, Refusal> {
        if caller.sees_everything() {
            return Ok(Seen::All);
        }
        let rows = self.handle.accounts().await?;
        Ok(Seen::These(rows.into_iter().filter(|row| caller.sees(&row.owner)).map(|row| row.id).collect()))
    }

    /// The account of this id, if the caller sees it.
    pub(super) async fn account(&self, caller: &Principal, id: &str) -> Result<AccountRow, Refusal> {
        let account: AccountId = id.parse().map_err(|_| Refusal::not_found("such session"))?;
        let rows = self.handle.accounts().await?;
        let found = rows.into_iter().find(|row| row.id == account && caller.sees(&row.owner));
        found.ok_or_else(|| LinkRefused::UnknownAccount { account }.into())
    }

    /// Refuses a conversation that the caller does not see.
    pub(super) async fn check_conversation(
        &self,
        caller: &Principal,
        conversation: ConversationId,
    ) -> Result<(), Refusal> {
        let seen = self.seen(caller).await?;
        let found = self.handle.store().conversation(conversation).await?;
        match found {
            Some(found) if seen.has(&found.account) => Ok(()),
            _ => Err(Refusal::not_found(&format!("conversation {conversation}"))),
        }
    }

    /// Whether entries of this list are there for the caller.
    pub(super) fn sees_list(caller: &Principal, seen: &Seen, scope: &ListScope) -> bool {
        match scope {
            ListScope::Channel(_) => sees_channels(caller),
            ListScope::Account(account) => seen.has(account),
        }
    }
}
