//! Secrets of accounts, always sealed.

use crate::engines::Range;
use crate::format::envelope::{self, Sealing};
use crate::format::keys;
use crate::format::records::BytesRecord;
use crate::memory::index::Delta;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::VaultWrite;

/// Longest name of a secret in bytes; it is a part of a key.
pub(crate) const NAME_BYTES_MAX: usize = limits::VAULT_NAME_BYTES_MAX;

/// Writes and deletes, together.
pub(crate) struct WriteVault {
    pub(crate) account: AccountId,
    pub(crate) writes: Vec<VaultWrite>,
}

impl Operation for WriteVault {
    type Output = ();

    fn bytes(&self) -> usize {
        let bytes = |write: &VaultWrite| if let VaultWrite::Put { value, .. } = write { value.len() } else { 0 };
        self.writes.iter().map(bytes).sum()
    }

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for write in &self.writes {
            let (VaultWrite::Put { key: name, .. } | VaultWrite::Delete { key: name }) = write;
            if name.len() > NAME_BYTES_MAX {
                return Err(Fail::invalid(format!("{} bytes are too many for the name of a secret", name.len())));
            }
            let key = keys::vault(&self.account, name);
            forget_set_aside(txn, &Range::only(&key))?;
            match write {
                VaultWrite::Put { value, .. } => {
                    let parts_before = txn.raw(&key)?.map_or(0, |before| envelope::part_count(&before));
                    let record = BytesRecord { bytes: value.clone() };
                    txn.put_over(key, &record, Sealing::Sealed, parts_before)?;
                }
                VaultWrite::Delete { .. } => txn.remove_unread(key)?,
            }
        }
        Ok(())
    }
}

/// Deletes all secrets of an account.
pub(crate) struct ClearVault {
    pub(crate) account: AccountId,
}

impl Operation for ClearVault {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        clear(txn, &self.account)
    }
}

pub(crate) fn clear(txn: &mut Txn<'_>, account: &AccountId) -> Result<(), Fail> {
    forget_set_aside(txn, &Range::prefix(&keys::vault(account, b"")))?;
    for (key, value) in txn.scan(&Range::prefix(&keys::vault(account, b"")), usize::MAX)? {
        txn.remove(key, envelope::part_count(&value));
    }
    Ok(())
}

/// Removes what lies set aside of secrets that are written or removed now: it is replaced.
fn forget_set_aside(txn: &mut Txn<'_>, range: &Range) -> Result<(), Fail> {
    if txn.index.damaged == 0 {
        return Ok(());
    }
    for (key, value) in txn.scan(&range.clone().within(&keys::damaged(b"")), usize::MAX)? {
        for number in 0..envelope::part_count(&value) {
            txn.remove(keys::damaged(&keys::part(&key[1..], number)), 0);
        }
        txn.remove(key, 0);
        txn.note(Delta::Replaced);
    }
    Ok(())
}
