//! Linked identities, and who is admitted.

use crate::engines::Range;
use crate::format::keys::{self, kind};
use crate::format::records::{AcceptedRecord, AccountRecord, AllowRecord};
use crate::store::GreenroomStore;
use crate::write::commands::accounts::{self, Accept, Allow, Configured, Create, Delete, Disallow, SetState};
use async_trait::async_trait;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::store::{
    AcceptedWarning, AccountRow, AccountState, Accounts, ListScope, StoreError, StoredEntry,
};
use greenroom_contract::time::Timestamp;

#[async_trait]
impl Accounts for GreenroomStore {
    async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.read_long(|reader| {
            let mut found = Vec::new();
            for (key, value) in reader.rows(&Range::prefix(&[kind::ACCOUNT]), usize::MAX)? {
                let numbered = |record: AccountRecord| Ok((record.number, accounts::row(record)?));
                found.extend(reader.decode_as(&key, value, numbered)?);
            }
            found.sort_by_key(|(number, _)| *number);
            Ok(found.into_iter().map(|(_, row)| row).collect())
        })
        .await
    }

    async fn configured_account(
        &self,
        channel: &ChannelName,
        key: &str,
        label: &str,
        at: Timestamp,
    ) -> Result<AccountRow, StoreError> {
        let (key, label) = (key.to_owned(), label.to_owned());
        self.execute(Configured { channel: channel.clone(), key, label, at }).await
    }

    async fn create_account(
        &self,
        channel: &ChannelName,
        adapter: &str,
        owner: &OwnerId,
        at: Timestamp,
    ) -> Result<AccountRow, StoreError> {
        let (adapter, owner) = (adapter.to_owned(), owner.clone());
        self.execute(Create { channel: channel.clone(), adapter, owner, at }).await
    }

    async fn set_account_state(
        &self,
        account: &AccountId,
        state: AccountState,
        label: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(SetState { account: account.clone(), state, label: label.map(str::to_owned), at }).await
    }

    async fn delete_account(&self, account: &AccountId) -> Result<(), StoreError> {
        self.execute(Delete { account: account.clone() }).await
    }

    async fn accept_warning(
        &self,
        channel: &ChannelName,
        owner: &OwnerId,
        accepted: AcceptedWarning,
    ) -> Result<(), StoreError> {
        self.execute(Accept { channel: channel.clone(), owner: owner.clone(), accepted }).await
    }

    async fn accepted_warning(
        &self,
        channel: &ChannelName,
        owner: &OwnerId,
    ) -> Result<Option<AcceptedWarning>, StoreError> {
        self.read(|reader| {
            let record = reader.load::<AcceptedRecord>(&keys::accepted(channel, owner))?;
            Ok(record.map(|record| AcceptedWarning { text: record.text, at: Timestamp(record.at) }))
        })
    }

    async fn allow_entries(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.read_long(|reader| {
            let mut found = Vec::new();
            for (key, value) in reader.rows(&Range::prefix(&[kind::ALLOW]), usize::MAX)? {
                let entry = |record: AllowRecord| accounts::entry(&key, record);
                found.extend(reader.decode_as(&key, value, entry)?);
            }
            Ok(found)
        })
        .await
    }

    async fn allow(&self, entry: StoredEntry) -> Result<(), StoreError> {
        self.execute(Allow(entry)).await
    }

    async fn disallow(&self, scope: &ListScope, entry: &AllowEntry) -> Result<(), StoreError> {
        self.execute(Disallow { scope: scope.clone(), entry: entry.clone() }).await
    }
}
