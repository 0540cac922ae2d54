//! Secrets of accounts.

use crate::engines::Range;
use crate::format::keys;
use crate::format::records::BytesRecord;
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::vault::{ClearVault, WriteVault};
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{StoreError, Vault, VaultWrite};

#[async_trait]
impl Vault for GreenroomStore {
    async fn vault_get(&self, account: &AccountId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let key = keys::vault(account, key);
        self.read(|reader| {
            let record = reader.load::<BytesRecord>(&key)?;
            if record.is_none() {
                nothing_damaged(reader, &Range::only(&key))?;
            }
            Ok(record.map(|record| record.bytes))
        })
    }

    async fn vault_scan(
        &self,
        account: &AccountId,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let name_at = keys::vault(account, b"").len();
        let mut range = Range::prefix(&keys::vault(account, prefix));
        if let Some(after) = after {
            range = range.after(&keys::vault(account, after));
        }
        self.read_long(move |reader| {
            let mut found = Vec::new();
            for (key, value) in reader.rows(&range, rows_max)? {
                let name = Bytes::copy_from_slice(&key[name_at..]);
                found.extend(reader.decode_as(&key, value, |record: BytesRecord| Ok((name, record.bytes)))?);
            }
            nothing_damaged(reader, &range)?;
            Ok(found)
        })
        .await
    }

    async fn vault_write(&self, account: &AccountId, writes: Vec<VaultWrite>) -> Result<(), StoreError> {
        self.execute(WriteVault { account: account.clone(), writes }).await
    }

    fn vault_submit(&self, account: &AccountId, writes: Vec<VaultWrite>) {
        self.writer.submit(WriteVault { account: account.clone(), writes });
    }

    async fn vault_clear(&self, account: &AccountId) -> Result<(), StoreError> {
        self.execute(ClearVault { account: account.clone() }).await
    }

    fn vault_fence(&self) -> u64 {
        self.shared.fence
    }
}

/// Refuses if a secret of the range is damaged: met just now, or set aside earlier and not replaced since. An adapter that
/// is not told goes on without it, and may use a key twice.
fn nothing_damaged(reader: &Reader, range: &Range) -> Result<(), StoreError> {
    if reader.damaged_count() == 0 && reader.shared.index.lock().damaged == 0 {
        return Ok(());
    }
    let met = reader.damaged_keys().into_iter().next();
    let set_aside = || reader.rows(&range.clone().within(&keys::damaged(b"")), 1);
    let what = match met {
        Some(key) => key,
        None => match set_aside()?.into_iter().next() {
            Some((key, _)) => key[1..].to_vec(),
            None => return Ok(()),
        },
    };
    Err(StoreError::Damaged { what: keys::describe(&what) })
}
