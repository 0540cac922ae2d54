//! The journals of accounts, kept beside the queues: one row for each account, written when it changed and never waited for.

use super::Context;
use super::account::AccountCard;
use crate::decide::journal::Journal;
use bytes::Bytes;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::{Store, StoreError, VaultWrite};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Under which name all of them are kept: apart from the keys of an account, which are deleted when it is unlinked.
const OWNER: &str = "engine.journal";

/// The journal of an account that runs.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) journal: Journal,
    /// Whether what an earlier run wrote is in it.
    resumed: bool,
    changed: bool,
}

impl Kept {
    /// Notes something.
    pub(crate) fn note(&mut self, what: impl FnOnce(&mut Journal)) {
        what(&mut self.journal);
        self.changed = true;
    }
}

fn owner() -> AccountId {
    OWNER.parse().expect("a short word is an id")
}

/// All that is written, by account.
pub(crate) async fn written(store: &dyn Store) -> Result<BTreeMap<AccountId, Journal>, StoreError> {
    let mut all = BTreeMap::new();
    let mut after: Option<Bytes> = None;
    loop {
        let page = store.vault_scan(&owner(), b"", after.as_deref(), limits::PAGE_ROWS_MAX).await?;
        after = page.last().map(|(key, _)| key.clone());
        let is_last = page.len() < limits::PAGE_ROWS_MAX;
        for (key, value) in page {
            let account = std::str::from_utf8(&key).ok().and_then(|id| id.parse().ok());
            // What cannot be read is of a newer version, and is left to it.
            let journal = serde_json::from_slice(&value).ok();
            if let (Some(account), Some(journal)) = (account, journal) {
                all.insert(account, journal);
            }
        }
        if is_last {
            return Ok(all);
        }
    }
}

impl Context {
    /// Reads what earlier runs wrote, once for each account, and forgets accounts that are gone.
    pub(crate) async fn resume_journals(&self) -> Result<(), StoreError> {
        let cards = self.cards();
        if cards.iter().all(|card| card.journal.lock().resumed) {
            return Ok(());
        }
        let mut before = match written(self.store.as_ref()).await {
            // They are counts and times, and no key among them: what is damaged is not worth to be asked for.
            Err(StoreError::Damaged { what }) => {
                tracing::warn!(%what, "the journals of the accounts are damaged and begin again");
                self.store.vault_clear(&owner()).await?;
                BTreeMap::new()
            }
            read => read?,
        };
        for card in &cards {
            let before = before.remove(card.id());
            let mut kept = card.journal.lock();
            if !kept.resumed {
                kept.resumed = true;
                kept.journal.resume(before.unwrap_or_default());
            }
        }
        let stored: HashSet<AccountId> = self.store.accounts().await?.into_iter().map(|row| row.id).collect();
        let gone = before.into_keys().filter(|account| !stored.contains(account));
        let writes: Vec<VaultWrite> = gone.map(|account| VaultWrite::Delete { key: key(&account) }).collect();
        if !writes.is_empty() {
            self.store.vault_submit(&owner(), writes);
        }
        Ok(())
    }

    /// Writes down what changed; with `alive`, also that accounts are connected. Nothing is waited for: a crash loses what
    /// was counted since the last time.
    pub(crate) fn write_journals(&self, alive: bool) {
        let now = self.now();
        let mut writes = Vec::new();
        for card in self.cards() {
            let is_connected = alive && card.is_connected();
            let mut kept = card.journal.lock();
            // What an earlier run wrote would be lost.
            if !kept.resumed {
                continue;
            }
            if is_connected {
                kept.note(|journal| journal.alive(now));
            }
            if std::mem::take(&mut kept.changed) {
                let value = serde_json::to_vec(&kept.journal).expect("numbers and texts are JSON");
                writes.push(VaultWrite::Put { key: key(card.id()), value: value.into() });
            }
        }
        if !writes.is_empty() {
            self.store.vault_submit(&owner(), writes);
        }
    }

    fn cards(&self) -> Vec<Arc<AccountCard>> {
        self.accounts.read().values().cloned().collect()
    }
}

fn key(account: &AccountId) -> Bytes {
    Bytes::copy_from_slice(account.as_str().as_bytes())
}
