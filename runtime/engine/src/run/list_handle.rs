//! Stored allow-lists, from outside.

use super::handle::EngineHandle;
use crate::context::{Context, Wiring};
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
    /// Adds an entry to a stored allow-list; it holds from the next message on.
    pub async fn allow(&self, scope: ListScope, entry: AllowEntry, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.change_lists(async move |context| {
            context.store.allow(StoredEntry { scope, entry, by, at: context.now() }).await
        })
        .await
    }

    /// Removes an entry from a stored allow-list; it also stops parcels that are not sent yet.
    pub async fn disallow(&self, scope: ListScope, entry: &AllowEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.change_lists(async move |context| context.store.disallow(&scope, &entry).await).await
    }

    /// Puts these entries in the place of all that are stored for a channel or an account, in one commit; those that stay
    /// keep who added them. Refused if that leaves a linked account without anyone who may write to it. Holds from the
    /// next message on, and stops what is not sent yet.
    pub async fn replace_allowed(
        &self,
        scope: ListScope,
        entries: Vec<AllowEntry>,
        by: &str,
    ) -> Result<(), ListRefused> {
        let by = by.to_owned();
        self.change_lists(async move |context| {
            let mut stored = context.store.allow_entries().await?;
            let at = context.now();
            stored.retain(|one| one.scope != scope);
            let added =
                |entry: &AllowEntry| StoredEntry { scope: scope.clone(), entry: entry.clone(), by: by.clone(), at };
            stored.extend(entries.iter().map(added));
            check_list(&context, &stored)?;
            Ok(context.store.replace_allowed(&scope, entries, &by, at).await?)
        })
        .await
    }

    /// Takes one stored entry away, under the same rule.
    pub async fn take_allowed(&self, scope: ListScope, entry: &AllowEntry) -> Result<(), ListRefused> {
        let entry = entry.clone();
        self.change_lists(async move |context| {
            let mut stored = context.store.allow_entries().await?;
            let before = stored.len();
            stored.retain(|one| one.scope != scope || one.entry != entry);
            if stored.len() == before {
                return Err(ListRefused::NotThere { entry });
            }
            check_list(&context, &stored)?;
            Ok(context.store.disallow(&scope, &entry).await?)
        })
        .await
    }

    /// Carries a change of the stored lists to its end, also when the caller goes away in the middle: what is committed
    /// holds. Lists are read anew after a refusal too, because a commit whose outcome is unknown may have been one.
    async fn change_lists<Refused, Changed>(
        &self,
        change: impl FnOnce(Arc<Context>) -> Changed + Send + 'static,
    ) -> Result<(), Refused>
    where
        Refused: From<StoreError> + Send + 'static,
        Changed: Future<Output = Result<(), Refused>> + Send,
    {
        let context = Arc::clone(&self.context);
        let task = tokio::spawn(async move {
            let _one = context.lists.lock().await;
            let changed = change(Arc::clone(&context)).await;
            let refreshed = context.refresh_admission().await;
            if refreshed.is_err() {
                context.recover_soon();
            }
            changed?;
            Ok(refreshed?)
        });
        task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }.into()))
    }
}

/// Whether the stored lists may become these.
fn check_list(context: &Context, stored: &[StoredEntry]) -> Result<(), ListRefused> {
    let before = context.wiring.load();
    let after = Wiring::new(Arc::clone(&before.blueprint), stored);
    let rows: Vec<AccountRow> = context.accounts.read().values().map(|card| card.row()).collect();
    match lists::deserted(&rows, &before.admission, &after.admission) {
        Some(row) => Err(ListRefused::Last { account: row.id.clone() }),
        None => Ok(()),
    }
}
