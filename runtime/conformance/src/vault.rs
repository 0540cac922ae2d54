//! A vault in memory, for tests of an adapter.

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{StoreError, Vault, VaultWrite};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

type Rows = BTreeMap<(AccountId, Vec<u8>), Bytes>;

/// Keeps everything in memory and unsealed.
#[derive(Default)]
pub struct MemoryVault {
    rows: Mutex<Rows>,
    fence: AtomicU64,
}

/// What a vault held at one moment.
#[derive(Clone)]
pub struct VaultCopy(Rows);

impl MemoryVault {
    /// An empty vault.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What it holds now, as a backup would.
    pub fn copy(&self) -> VaultCopy {
        VaultCopy(self.rows().clone())
    }

    /// Puts a copy back, as a restore under this fencing number would.
    pub fn restore(&self, copy: &VaultCopy, fence: u64) {
        self.rows().clone_from(&copy.0);
        self.fence.store(fence, Ordering::Relaxed);
    }

    /// How many values an account has.
    pub fn values_of(&self, account: &AccountId) -> usize {
        self.rows().keys().filter(|(of, _)| of == account).count()
    }

    /// How many values there are, of all accounts.
    pub fn values(&self) -> usize {
        self.rows().len()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().expect("nothing panics while it holds this lock")
    }

    fn write(&self, account: &AccountId, writes: Vec<VaultWrite>) {
        let mut rows = self.rows();
        for write in writes {
            match write {
                VaultWrite::Put { key, value } => rows.insert((account.clone(), key.to_vec()), value),
                VaultWrite::Delete { key } => rows.remove(&(account.clone(), key.to_vec())),
            };
        }
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn vault_get(&self, account: &AccountId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.rows().get(&(account.clone(), key.to_vec())).cloned())
    }

    async fn vault_scan(
        &self,
        account: &AccountId,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded((account.clone(), after.to_vec())),
            _ => Bound::Included((account.clone(), prefix.to_vec())),
        };
        let rows = self.rows();
        let found = rows.range((start, Bound::Unbounded));
        let ours = found.take_while(|((of, key), _)| of == account && key.starts_with(prefix)).take(rows_max);
        Ok(ours.map(|((_, key), value)| (Bytes::from(key.clone()), value.clone())).collect())
    }

    async fn vault_write(&self, account: &AccountId, writes: Vec<VaultWrite>) -> Result<(), StoreError> {
        self.write(account, writes);
        Ok(())
    }

    fn vault_submit(&self, account: &AccountId, writes: Vec<VaultWrite>) {
        self.write(account, writes);
    }

    async fn vault_clear(&self, account: &AccountId) -> Result<(), StoreError> {
        self.rows().retain(|(of, _), _| of != account);
        Ok(())
    }

    fn vault_fence(&self) -> u64 {
        self.fence.load(Ordering::Relaxed)
    }
}
