//! Linked identities, and stored entries of allow-lists.

use crate::engines::Range;
use crate::format::envelope::Damage;
use crate::format::keys;
use crate::format::records::tags::AccountTag;
use crate::format::records::{AcceptedRecord, AccountRecord, AllowRecord, PointerRecord};
use crate::write::commands::vault;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::store::{AcceptedWarning, AccountRow, AccountState, ListScope, StoredEntry};
use greenroom_contract::time::Timestamp;

/// The account that the configuration fixes.
pub(crate) struct Configured {
    pub(crate) channel: ChannelName,
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) at: Timestamp,
}

impl Operation for Configured {
    type Output = AccountRow;

    fn run(&self, txn: &mut Txn<'_>) -> Result<AccountRow, Fail> {
        let pointer = keys::configured(&self.channel, &self.key);
        if let Some(number) = txn.load::<PointerRecord>(&pointer)?.map(|loaded| loaded.record.to) {
            let key = keys::account(&named(number)?);
            if let Some(mut loaded) = txn.load::<AccountRecord>(&key)? {
                if loaded.record.label.as_deref() != Some(self.label.as_str()) {
                    loaded.record.label = Some(self.label.clone());
                    txn.put(key.clone(), &loaded.record)?;
                }
                return row(loaded.record).map_err(|damage| Fail::Damaged { key, damage });
            }
        }
        let mut record = fresh(txn, &self.channel, &OwnerId::local(), self.at)?;
        record.configured_key = Some(self.key.clone());
        record.label = Some(self.label.clone());
        txn.put(pointer, &PointerRecord { to: record.number })?;
        put(txn, record)
    }
}

/// A new account.
pub(crate) struct Create {
    pub(crate) channel: ChannelName,
    pub(crate) adapter: String,
    pub(crate) owner: OwnerId,
    pub(crate) at: Timestamp,
}

impl Operation for Create {
    type Output = AccountRow;

    fn run(&self, txn: &mut Txn<'_>) -> Result<AccountRow, Fail> {
        let mut record = fresh(txn, &self.channel, &self.owner, self.at)?;
        record.adapter = Some(self.adapter.clone());
        put(txn, record)
    }
}

/// How far an account is.
pub(crate) struct SetState {
    pub(crate) account: AccountId,
    pub(crate) state: AccountState,
    pub(crate) label: Option<String>,
    pub(crate) at: Timestamp,
}

impl Operation for SetState {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let key = keys::account(&self.account);
        let loaded = txn.load::<AccountRecord>(&key)?;
        let mut record = loaded.ok_or_else(|| Fail::not_found(format!("account {}", self.account)))?.record;
        let was = AccountTag::read(record.state);
        set_state(&mut record, &self.state);
        let was_linked = matches!(was, Ok(AccountTag::Linked | AccountTag::Stopped));
        if matches!(self.state, AccountState::Linked) && (!was_linked || record.linked_at.is_none()) {
            record.linked_at = Some(self.at.0);
        }
        record.changed_at = self.at.0;
        if let Some(label) = &self.label {
            record.label = Some(label.clone());
        }
        txn.put(key, &record)
    }
}

/// An account goes, with its secrets and its own allow-list.
pub(crate) struct Delete {
    pub(crate) account: AccountId,
}

impl Operation for Delete {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let key = keys::account(&self.account);
        let loaded = txn.load::<AccountRecord>(&key)?;
        let record = loaded.ok_or_else(|| Fail::not_found(format!("account {}", self.account)))?.record;
        if let (Some(configured), Ok(channel)) = (&record.configured_key, ChannelName::read_back(&record.channel)) {
            txn.remove(keys::configured(&channel, configured), 0);
        }
        txn.remove(key, 0);
        let entries = keys::allow(&ListScope::Account(self.account.clone()), "");
        for (key, _) in txn.scan(&Range::prefix(&entries), usize::MAX)? {
            txn.remove(key, 0);
        }
        vault::clear(txn, &self.account)
    }
}

/// Somebody accepts a warning.
pub(crate) struct Accept {
    pub(crate) channel: ChannelName,
    pub(crate) owner: OwnerId,
    pub(crate) accepted: AcceptedWarning,
}

impl Operation for Accept {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let key = keys::accepted(&self.channel, &self.owner);
        // Read first, so that the further parts of a longer text go with it.
        txn.remove_unread(key.clone())?;
        txn.put(key, &AcceptedRecord { text: self.accepted.text.clone(), at: self.accepted.at.0 })
    }
}

/// An entry comes.
pub(crate) struct Allow(pub(crate) StoredEntry);

impl Operation for Allow {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let entry = self.0.entry.to_string();
        let key = keys::allow(&self.0.scope, &entry);
        if txn.holds(&key)? {
            return Ok(());
        }
        txn.put(key, &AllowRecord { entry, by: self.0.by.clone(), at: self.0.at.0 })
    }
}

/// An entry goes.
pub(crate) struct Disallow {
    pub(crate) scope: ListScope,
    pub(crate) entry: AllowEntry,
}

impl Operation for Disallow {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        txn.remove_unread(keys::allow(&self.scope, &self.entry.to_string()))
    }
}

/// A whole list is replaced.
pub(crate) struct ReplaceAllowed {
    pub(crate) scope: ListScope,
    pub(crate) entries: Vec<AllowEntry>,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

impl Operation for ReplaceAllowed {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let kept: Vec<Vec<u8>> =
            self.entries.iter().map(|entry| keys::allow(&self.scope, &entry.to_string())).collect();
        for (key, _) in txn.scan(&Range::prefix(&keys::allow(&self.scope, "")), usize::MAX)? {
            if !kept.contains(&key) {
                txn.remove_unread(key)?;
            }
        }
        for entry in &self.entries {
            let (scope, entry) = (self.scope.clone(), entry.clone());
            Allow(StoredEntry { scope, entry, by: self.by.clone(), at: self.at }).run(txn)?;
        }
        Ok(())
    }
}

/// The id of the account with this number.
fn named(number: u64) -> Result<AccountId, Fail> {
    AccountId::new(format!("acc-{number:x}")).map_err(|error| Fail::invalid(error.to_string()))
}

fn fresh(txn: &mut Txn<'_>, channel: &ChannelName, owner: &OwnerId, at: Timestamp) -> Result<AccountRecord, Fail> {
    let number = txn.number();
    Ok(AccountRecord {
        number,
        id: named(number)?.as_str().to_owned(),
        channel: channel.as_str().to_owned(),
        owner: owner.as_str().to_owned(),
        configured_key: None,
        label: None,
        state: AccountTag::Pending.number(),
        reason: String::new(),
        created_at: at.0,
        changed_at: at.0,
        adapter: None,
        linked_at: None,
    })
}

fn put(txn: &mut Txn<'_>, record: AccountRecord) -> Result<AccountRow, Fail> {
    let key = keys::account(&named(record.number)?);
    txn.put(key.clone(), &record)?;
    row(record).map_err(|damage| Fail::Damaged { key, damage })
}

fn set_state(record: &mut AccountRecord, state: &AccountState) {
    let (tag, reason) = match state {
        AccountState::Pending => (AccountTag::Pending, String::new()),
        AccountState::Expired { reason } => (AccountTag::Expired, reason.clone()),
        AccountState::Linked => (AccountTag::Linked, String::new()),
        AccountState::Stopped { reason } => (AccountTag::Stopped, reason.clone()),
        AccountState::LoggedOut { reason } => (AccountTag::LoggedOut, reason.clone()),
    };
    (record.state, record.reason) = (tag.number(), reason);
}

/// Reads an account.
pub(crate) fn row(record: AccountRecord) -> Result<AccountRow, Damage> {
    Ok(AccountRow {
        id: AccountId::read_back(record.id)?,
        channel: ChannelName::read_back(record.channel)?,
        owner: OwnerId::read_back(record.owner)?,
        adapter: record.adapter,
        configured_key: record.configured_key,
        label: record.label,
        state: match AccountTag::read(record.state)? {
            AccountTag::Pending => AccountState::Pending,
            AccountTag::Expired => AccountState::Expired { reason: record.reason },
            AccountTag::Linked => AccountState::Linked,
            AccountTag::Stopped => AccountState::Stopped { reason: record.reason },
            AccountTag::LoggedOut => AccountState::LoggedOut { reason: record.reason },
        },
        created_at: Timestamp(record.created_at),
        changed_at: Timestamp(record.changed_at),
        linked_at: record.linked_at.map(Timestamp),
    })
}

/// Reads an entry; its scope stands in its key.
pub(crate) fn entry(key: &[u8], record: AllowRecord) -> Result<StoredEntry, Damage> {
    let bad = || crate::format::inbox_codec::bad("an invalid allow-list entry");
    let mut reader = keys::Reader::new(key);
    let scope = match (reader.byte(), reader.text()) {
        (Some(b'c'), Some(name)) => ListScope::Channel(ChannelName::read_back(name)?),
        (Some(b'a'), Some(name)) => ListScope::Account(AccountId::read_back(name)?),
        _ => return Err(bad()),
    };
    let entry = AllowEntry::read_back(&record.entry).map_err(|_| bad())?;
    Ok(StoredEntry { scope, entry, by: record.by, at: Timestamp(record.at) })
}
