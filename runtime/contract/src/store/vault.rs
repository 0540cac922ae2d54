//! Secrets of accounts: session keys, tokens, sync positions. Sealed at rest.

use super::StoreError;
use crate::ids::AccountId;
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// Bytes by key, private to one account. The key of a record is bound into its seal, so a record
/// moved to another account or key cannot be opened.
#[async_trait]
pub trait Vault: Send + Sync {
    /// One value. [`StoreError::Damaged`] if it cannot be read, each time, until it is written or the vault is cleared.
    async fn vault_get(&self, account: &AccountId, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// Keys and values whose key starts with `prefix`, in order, after `after`, at most `rows_max`. All of them or
    /// [`StoreError::Damaged`]: whoever goes on without one of its keys may use another one twice.
    async fn vault_scan(
        &self,
        account: &AccountId,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError>;

    /// Writes in one commit, durable on return.
    async fn vault_write(&self, account: &AccountId, writes: Vec<VaultWrite>) -> Result<(), StoreError>;

    /// The same, submitted in order with all other commands and not waited for. For what may be lost
    /// by a crash.
    fn vault_submit(&self, account: &AccountId, writes: Vec<VaultWrite>);

    /// Deletes everything of an account.
    async fn vault_clear(&self, account: &AccountId) -> Result<(), StoreError>;

    /// The number of [`super::Fence`]. Secrets that move with each use and were kept under another number may have been used
    /// since by another copy of the store. The default is a store that was never restored.
    fn vault_fence(&self) -> u64 {
        0
    }
}

/// One change in a vault.
#[derive(Clone, PartialEq, Eq)]
pub enum VaultWrite {
    /// Writes a value.
    Put {
        /// Its key.
        key: Bytes,
        /// The value.
        value: Bytes,
    },
    /// Removes a value.
    Delete {
        /// Its key.
        key: Bytes,
    },
}

impl fmt::Debug for VaultWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value } => write!(f, "Put({} key bytes, {} value bytes)", key.len(), value.len()),
            Self::Delete { key } => write!(f, "Delete({} key bytes)", key.len()),
        }
    }
}

/// The vault of one account, as its adapter gets it: there is no way from here to another account's.
#[derive(Clone)]
pub struct AccountVault {
    account: AccountId,
    vault: Arc<dyn Vault>,
}

impl AccountVault {
    /// The part of `vault` that belongs to `account`.
    pub fn new(account: AccountId, vault: Arc<dyn Vault>) -> Self {
        Self { account, vault }
    }

    /// One value.
    pub async fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.vault.vault_get(&self.account, key).await
    }

    /// A page of values by the prefix of their keys.
    pub async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.vault.vault_scan(&self.account, prefix, after, rows_max).await
    }

    /// Writes in one commit, durable on return.
    pub async fn write(&self, writes: Vec<VaultWrite>) -> Result<(), StoreError> {
        self.vault.vault_write(&self.account, writes).await
    }

    /// Writes without waiting, for what may be lost by a crash.
    pub fn submit(&self, writes: Vec<VaultWrite>) {
        self.vault.vault_submit(&self.account, writes);
    }

    /// The fencing number of the store: see [`Vault::vault_fence`].
    pub fn fence(&self) -> u64 {
        self.vault.vault_fence()
    }

    /// Deletes everything.
    pub async fn clear(&self) -> Result<(), StoreError> {
        self.vault.vault_clear(&self.account).await
    }
}

impl fmt::Debug for AccountVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountVault({})", self.account)
    }
}
