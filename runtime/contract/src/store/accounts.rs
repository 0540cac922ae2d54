//! Linked identities, and who is admitted.

use super::StoreError;
use crate::address::AllowEntry;
use crate::ids::{AccountId, ChannelName, OwnerId};
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Accounts are rows, written by the engine's Accounts actor only.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// All accounts, in the order in which they were made.
    async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError>;

    /// The account that the configuration fixes with this key in this channel; made if it is new,
    /// with the owner `local`, and its label brought up to date.
    async fn configured_account(
        &self,
        channel: &ChannelName,
        key: &str,
        label: &str,
        at: Timestamp,
    ) -> Result<AccountRow, StoreError>;

    /// A new account, made at run time for an adapter of this kind.
    async fn create_account(
        &self,
        channel: &ChannelName,
        adapter: &str,
        owner: &OwnerId,
        at: Timestamp,
    ) -> Result<AccountRow, StoreError>;

    /// Writes the state of an account. One that becomes linked was linked at that moment.
    async fn set_account_state(
        &self,
        account: &AccountId,
        state: AccountState,
        label: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes an account with its vault, its waiting rows, wake-ups and unsent parcels. Its conversations and what was sent
    /// stay until retention takes them.
    async fn delete_account(&self, account: &AccountId) -> Result<(), StoreError>;

    /// Keeps that an owner accepted what a channel's adapter warns of; replaces an earlier acceptance.
    async fn accept_warning(
        &self,
        channel: &ChannelName,
        owner: &OwnerId,
        accepted: AcceptedWarning,
    ) -> Result<(), StoreError>;

    /// What an owner accepted last in a channel.
    async fn accepted_warning(
        &self,
        channel: &ChannelName,
        owner: &OwnerId,
    ) -> Result<Option<AcceptedWarning>, StoreError>;

    /// Entries of the allow-list that are stored, in all scopes.
    async fn allow_entries(&self) -> Result<Vec<StoredEntry>, StoreError>;

    /// Adds an entry; adding it twice is the same as once.
    async fn allow(&self, entry: StoredEntry) -> Result<(), StoreError>;

    /// Removes an entry; removing what is not there is fine.
    async fn disallow(&self, scope: &ListScope, entry: &AllowEntry) -> Result<(), StoreError>;

    /// Puts these entries in the place of all that are stored for the scope, in one commit. One that was there before
    /// keeps who added it.
    async fn replace_allowed(
        &self,
        scope: &ListScope,
        entries: Vec<AllowEntry>,
        by: &str,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Its id, which survives re-linking.
    pub id: AccountId,
    /// The channel it belongs to.
    pub channel: ChannelName,
    /// The kind of adapter that it was made for, where it was made at run time. Its keys are of no use to
    /// another one.
    pub adapter: Option<String>,
    /// Who it belongs to.
    pub owner: OwnerId,
    /// The key under which the configuration fixes it, if it does.
    pub configured_key: Option<String>,
    /// What people call it, such as the linked number.
    pub label: Option<String>,
    /// How far it is.
    pub state: AccountState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// When it was last linked, if it ever was.
    pub linked_at: Option<Timestamp>,
}

/// A warning that somebody accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedWarning {
    /// What was read and accepted. Other words must be accepted anew.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// The stored state of an account; what the live session adds is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AccountState {
    /// Linking was never completed.
    Pending,
    /// Linking was not completed. It may be asked for again.
    Expired {
        /// Why.
        reason: String,
    },
    /// It is linked, and meant to be connected.
    Linked,
    /// A person must act before it connects again.
    Stopped {
        /// Why, and what to do.
        reason: String,
    },
    /// It was unlinked.
    LoggedOut {
        /// Why.
        reason: String,
    },
}

/// A stored entry of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// Where it holds.
    pub scope: ListScope,
    /// What it admits.
    pub entry: AllowEntry,
    /// Who added it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Where an entry holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListScope {
    /// In all accounts of a channel.
    Channel(ChannelName),
    /// In one account.
    Account(AccountId),
}
