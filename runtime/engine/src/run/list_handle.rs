//! Stored allow-lists, from outside.

use super::handle::EngineHandle;
use crate::context::Wiring;
use crate::decide::lists;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{AccountRow, ListScope, StoreError, StoredEntry};
use std::sync::Arc;

/// Why a stored allow-list was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListRefused {
    /// A linked account would be left to which no one can write: add someone else first, or disconnect it.
    #[error(
        "this is the last entry by which anyone can write to the linked account {account}; add another one first, or disconnect it"
    )]
    Last {
        /// The account.
        account: AccountId,
    },
    /// The entry is not stored in this list.
    #[error("{entry} was not added to this list, so nothing was taken away")]
    NotThere {
        /// The entry.
        entry: AllowEntry,
    },
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EngineHandle {
    /// Puts these entries in the place of all that are stored for a channel or an account, in one commit; those that stay
    /// keep who added them. Refused if that leaves a linked account without anyone who may write to it. Holds from the
    /// next message on, and stops what is not sent yet.
    pub async fn replace_allowed(
        &self,
        scope: ListScope,
        entries: Vec<AllowEntry>,
        by: &str,
    ) -> Result<(), ListRefused> {
        let _one = self.context.lists.lock().await;
        let mut stored = self.context.store.allow_entries().await?;
        let at = self.context.now();
        stored.retain(|one| one.scope != scope);
        let added =
            |entry: &AllowEntry| StoredEntry { scope: scope.clone(), entry: entry.clone(), by: by.to_owned(), at };
        stored.extend(entries.iter().map(added));
        self.check_list(&stored)?;
        self.context.store.replace_allowed(&scope, entries, by, at).await?;
        Ok(self.context.refresh_admission().await?)
    }

    /// Takes one stored entry away, under the same rule.
    pub async fn take_allowed(&self, scope: ListScope, entry: &AllowEntry) -> Result<(), ListRefused> {
        let _one = self.context.lists.lock().await;
        let mut stored = self.context.store.allow_entries().await?;
        let before = stored.len();
        stored.retain(|one| one.scope != scope || one.entry != *entry);
        if stored.len() == before {
            return Err(ListRefused::NotThere { entry: entry.clone() });
        }
        self.check_list(&stored)?;
        self.context.store.disallow(&scope, entry).await?;
        Ok(self.context.refresh_admission().await?)
    }

    /// Whether the stored lists may become these.
    fn check_list(&self, stored: &[StoredEntry]) -> Result<(), ListRefused> {
        let before = self.context.wiring.load();
        let after = Wiring::new(Arc::clone(&before.blueprint), stored);
        let rows: Vec<AccountRow> = self.context.accounts.read().values().map(|card| card.row()).collect();
        match lists::deserted(&rows, &before.admission, &after.admission) {
            Some(row) => Err(ListRefused::Last { account: row.id.clone() }),
            None => Ok(()),
        }
    }
}
