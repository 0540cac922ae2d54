//! Linked identities, and who is admitted.

use crate::engines::Range;
use crate::format::envelope::Damage;
use crate::format::keys::{self, kind};
use crate::format::records::{AcceptedRecord, AccountRecord, AllowRecord, QuarantineRecord, WakeRecord};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::accounts::{
    self, Accept, Allow, Configured, Create, Delete, Disallow, ReplaceAllowed, SetState,
};
use crate::write::commands::leftovers::{RemoveKeys, RemoveParcels, RemoveRows};
use crate::write::commands::quarantine;
use async_trait::async_trait;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::store::{
    AcceptedWarning, AccountRow, AccountState, Accounts, Inbox, ListScope, StoreError, StoredEntry, WaitingConversation,
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
        clear(self, account).await?;
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

    async fn replace_allowed(
        &self,
        scope: &ListScope,
        entries: Vec<AllowEntry>,
        by: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(ReplaceAllowed { scope: scope.clone(), entries, by: by.to_owned(), at }).await
    }
}

/// Takes away what waits for an account that is deleted: no one would answer or send it.
async fn clear(store: &GreenroomStore, account: &AccountId) -> Result<(), StoreError> {
    let of_account = |conversation: &WaitingConversation| conversation.account == *account;
    let mut after = None;
    loop {
        let page = store.conversations_waiting(after, limits::PAGE_ROWS_MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.conversation);
        for waiting in page.iter().filter(|waiting| of_account(waiting)) {
            while store.execute(RemoveRows(waiting.conversation)).await? {}
        }
    }
    while store.execute(RemoveParcels(account.clone())).await? {}
    let looked_for = account.clone();
    let keys = store.read_long(move |reader| waiting_elsewhere(reader, &looked_for)).await?;
    for keys in keys.chunks(limits::STORE_STEP_ROWS_MAX) {
        store.execute(RemoveKeys(keys.to_vec())).await?;
    }
    Ok(())
}

/// Wake-ups, and rows in quarantine.
fn waiting_elsewhere(reader: &Reader, account: &AccountId) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut found = Vec::new();
    for (key, value) in reader.rows(&Range::prefix(&[kind::WAKE]), usize::MAX)? {
        let record = reader.decode_as(&key, value, Ok::<WakeRecord, Damage>)?;
        let of = record.and_then(|record| record.route).map(|route| route.account);
        found.extend((of.as_deref() == Some(account.as_str())).then_some(key));
    }
    for (key, value) in reader.rows(&Range::prefix(&[kind::QUARANTINE]), usize::MAX)? {
        let record = reader.decode_as(&key, value, Ok::<QuarantineRecord, Damage>)?;
        let row = record.and_then(|record| record.row);
        found.extend(row.is_some_and(|row| quarantine::account(&row) == account.as_str()).then_some(key));
    }
    Ok(found)
}
