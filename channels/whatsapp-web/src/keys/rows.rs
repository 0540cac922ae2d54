//! Reading and writing rows so that what is not in the store yet is seen at once.
//!
//! | written | is in the store |
//! |---|---|
//! | awaited | when the call returns |
//! | deferred | when the next awaited write or [`Rows::settle_deferred`] has returned, in one commit with it |
//! | submitted | some time; what is written later is there only if this is |
//!
//! Deferred writes are kept here until their commit has returned, and stay here if it failed. A vault promises that
//! submitted writes are ordered with all others, not that the next read sees them. So they are kept here too until a
//! later commit has returned: by then they are in the store, or were lost with it.

use super::error::{Result, unavailable};
use super::key::Table;
use crate::limits;
use bytes::Bytes;
use greenroom_contract::store::{AccountVault, StoreError, VaultWrite};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Bound;
use tokio::sync::RwLock;

/// The rows of one account.
pub(super) struct Rows {
    vault: AccountVault,
    unstored: Mutex<Unstored>,
    /// One at a time: each takes along all that is deferred.
    commits: tokio::sync::Mutex<Commits>,
}

/// The right to commit.
#[derive(Default)]
struct Commits {
    /// The connection is over, and nothing is written for it any more.
    retired: bool,
}

impl Rows {
    pub(super) fn new(vault: AccountVault) -> Self {
        Self { vault, unstored: Mutex::default(), commits: tokio::sync::Mutex::default() }
    }

    /// Fails if the vault cannot be read.
    pub(super) async fn probe(&self) -> std::result::Result<(), StoreError> {
        self.vault.get(&Table::Device.only()).await.map(|_| ())
    }

    /// The fencing number of the store.
    pub(super) fn fence(&self) -> u64 {
        self.vault.fence()
    }

    /// One row.
    pub(super) async fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        match self.unstored.lock().get(key) {
            Some(Latest::Value(value)) => return Ok(Some(value)),
            Some(Latest::Deleted) => return Ok(None),
            None => {}
        }
        self.vault.get(key).await.map_err(unavailable)
    }

    /// All rows whose key starts with `prefix`, in order.
    pub(super) async fn all(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>> {
        // What is submitted later than this line is as good as not yet asked for. It must be looked at before the
        // store, because a row may move from here to there in between.
        let unstored = self.unstored.lock().starting_with(prefix);
        let mut rows = Vec::new();
        let mut after: Option<Bytes> = None;
        loop {
            let page = self.vault.scan(prefix, after.as_deref(), limits::SCAN_ROWS).await.map_err(unavailable)?;
            let full = page.len() >= limits::SCAN_ROWS;
            after = page.last().map(|(key, _)| key.clone());
            rows.extend(page);
            if !full {
                break;
            }
        }
        if unstored.is_empty() {
            return Ok(rows);
        }
        let mut merged: BTreeMap<Bytes, Bytes> = rows.into_iter().collect();
        for (key, value) in unstored {
            match value {
                Latest::Value(value) => merged.insert(key, value),
                Latest::Deleted => merged.remove(&key),
            };
        }
        Ok(merged.into_iter().collect())
    }

    /// Deletes the rows under `prefix` that `wanted` names, a page at a time, and tells how many. Whoever writes such
    /// rows holds `gate`, so that none is written between being looked at and being deleted.
    pub(super) async fn sweep(
        &self,
        prefix: &[u8],
        gate: &RwLock<()>,
        wanted: impl Fn(&Bytes) -> bool + Send,
    ) -> Result<u32> {
        self.settle().await.map_err(unavailable)?;
        let mut after: Option<Bytes> = None;
        let mut count = 0;
        loop {
            let _gate = gate.write().await;
            let page = self.vault.scan(prefix, after.as_deref(), limits::SCAN_ROWS).await.map_err(unavailable)?;
            let full = page.len() >= limits::SCAN_ROWS;
            after = page.last().map(|(key, _)| key.clone());
            let mut writes = Vec::new();
            for (key, row) in page {
                // A younger row may be on its way to the store.
                let is_wanted = match self.unstored.lock().get(&key) {
                    Some(Latest::Value(younger)) => wanted(&younger),
                    Some(Latest::Deleted) => false,
                    None => wanted(&row),
                };
                if is_wanted {
                    writes.push(VaultWrite::Delete { key });
                }
            }
            count += u32::try_from(writes.len()).unwrap_or(u32::MAX);
            self.write(writes).await?;
            if !full {
                return Ok(count);
            }
        }
    }

    /// The first rows of the store under `prefix`. What is not in the store yet is not among them.
    pub(super) async fn page(&self, prefix: &[u8], rows_max: usize) -> Result<Vec<(Bytes, Bytes)>> {
        self.page_after(prefix, None, rows_max).await
    }

    /// The same behind a row.
    pub(super) async fn page_after(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>> {
        self.vault.scan(prefix, after, rows_max).await.map_err(unavailable)
    }

    /// Deletes rows that nothing was written to lately, and tells how many. What is written while this runs stays.
    pub(super) async fn delete_unless_written(&self, keys: Vec<Bytes>) -> Result<u32> {
        let count = {
            let mut unstored = self.unstored.lock();
            let silent = keys.into_iter().filter(|key| unstored.get(key).is_none());
            let deletes: Vec<_> = silent.map(|key| VaultWrite::Delete { key }).collect();
            unstored.check_in(&deletes)?;
            // Next time, if too much is under way.
            if !unstored.has_room_for(&deletes) {
                return Ok(0);
            }
            unstored.remember(&deletes, true);
            deletes.len()
        };
        self.settle_deferred().await.map_err(unavailable)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Deletes all rows under `prefix`.
    pub(super) async fn clear(&self, prefix: &[u8]) -> Result<()> {
        let rows = self.all(prefix).await?;
        self.write_many(rows.into_iter().map(|(key, _)| VaultWrite::Delete { key }).collect()).await
    }

    /// The first row under `prefix`.
    pub(super) async fn first(&self, prefix: &[u8]) -> Result<Option<(Bytes, Bytes)>> {
        if self.unstored.lock().touches(prefix) {
            return Ok(self.all(prefix).await?.into_iter().next());
        }
        let page = self.vault.scan(prefix, None, 1).await.map_err(unavailable)?;
        Ok(page.into_iter().next())
    }

    /// Writes in one commit, durable on return.
    pub(super) async fn write(&self, writes: Vec<VaultWrite>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        let commits = self.commits.lock().await;
        self.commit(&commits, writes).await.map_err(unavailable)
    }

    /// Writes in as many commits as the number of rows asks for. For what need not change all at once.
    pub(super) async fn write_many(&self, writes: Vec<VaultWrite>) -> Result<()> {
        for part in writes.chunks(limits::COMMIT_ROWS) {
            self.write(part.to_vec()).await?;
        }
        Ok(())
    }

    /// Writes without waiting. May be lost by a crash, together with everything that is written later. Waits only
    /// when too much is under way.
    pub(super) async fn submit(&self, writes: Vec<VaultWrite>) -> Result<()> {
        {
            let mut unstored = self.unstored.lock();
            unstored.check_in(&writes)?;
            if unstored.has_room_for(&writes) {
                unstored.remember(&writes, false);
                // Under the lock, so that the order here is the order there.
                self.vault.submit(writes);
                return Ok(());
            }
        }
        self.write_many(writes).await
    }

    /// Writes with the next commit, whoever asks for it, and all of it in one. Waits only when too much is under way.
    /// Never for a row that may be submitted as well: the order of the two would be lost.
    pub(super) async fn defer(&self, writes: Vec<VaultWrite>) -> Result<()> {
        {
            let mut unstored = self.unstored.lock();
            unstored.check_in(&writes)?;
            if unstored.has_room_for(&writes) {
                unstored.remember(&writes, true);
                return Ok(());
            }
        }
        self.write(writes).await
    }

    /// Returns when everything that was deferred before is in the store.
    pub(super) async fn settle_deferred(&self) -> std::result::Result<(), StoreError> {
        let until = self.unstored.lock().deferred_until;
        if self.unstored.lock().stored_before >= until {
            return Ok(());
        }
        let commits = self.commits.lock().await;
        // The commit that was just waited for may have taken it along.
        if self.unstored.lock().stored_before >= until { Ok(()) } else { self.commit(&commits, Vec::new()).await }
    }

    /// Returns when everything that was submitted or deferred before is in the store.
    pub(super) async fn settle(&self) -> std::result::Result<(), StoreError> {
        let commits = self.commits.lock().await;
        self.settle_with(&commits).await
    }

    /// Settles, and takes no write any more: on return none can follow.
    pub(super) async fn retire(&self) -> std::result::Result<(), StoreError> {
        let mut commits = self.commits.lock().await;
        let settled = self.settle_with(&commits).await;
        commits.retired = true;
        // What was submitted in between lies in the store's queue already, before anything that is written later.
        self.unstored.lock().retired = true;
        settled
    }

    async fn settle_with(&self, commits: &Commits) -> std::result::Result<(), StoreError> {
        if self.unstored.lock().is_empty() { Ok(()) } else { self.commit(commits, Vec::new()).await }
    }

    /// One commit of all that is deferred, and of these writes after it.
    async fn commit(&self, commits: &Commits, writes: Vec<VaultWrite>) -> std::result::Result<(), StoreError> {
        if commits.retired {
            return Err(StoreError::Closed);
        }
        let (before, mut all) = {
            let unstored = self.unstored.lock();
            (unstored.next, unstored.deferred())
        };
        all.extend(writes);
        self.vault.write(all).await?;
        self.unstored.lock().forget_before(before);
        Ok(())
    }

    /// How many bytes are kept in memory.
    pub(super) fn unstored_bytes(&self) -> usize {
        self.unstored.lock().bytes
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.vault.fmt(f)
    }
}

/// What the latest write made of a row.
#[derive(Clone)]
enum Latest {
    Value(Bytes),
    Deleted,
}

impl Latest {
    fn bytes(&self) -> usize {
        match self {
            Self::Value(value) => value.len(),
            Self::Deleted => 0,
        }
    }
}

/// The latest write of a row.
struct Row {
    number: u64,
    latest: Latest,
    deferred: bool,
}

/// Writes that may not be in the store yet, the latest of each key.
#[derive(Default)]
struct Unstored {
    /// Nothing more is taken.
    retired: bool,
    /// The number of the next one.
    next: u64,
    /// The number after the last deferred one.
    deferred_until: u64,
    /// Those with a smaller number are in the store.
    stored_before: u64,
    rows: BTreeMap<Bytes, Row>,
    order: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

impl Unstored {
    fn check_in(&self, writes: &[VaultWrite]) -> Result<()> {
        if self.retired && !writes.is_empty() { Err(unavailable(StoreError::Closed)) } else { Ok(()) }
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn get(&self, key: &[u8]) -> Option<Latest> {
        self.rows.get(key).map(|row| row.latest.clone())
    }

    fn under<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (&'a Bytes, &'a Row)> {
        let from = self.rows.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(move |(key, _)| key.starts_with(prefix))
    }

    fn touches(&self, prefix: &[u8]) -> bool {
        self.under(prefix).next().is_some()
    }

    fn starting_with(&self, prefix: &[u8]) -> Vec<(Bytes, Latest)> {
        self.under(prefix).map(|(key, row)| (key.clone(), row.latest.clone())).collect()
    }

    /// What is deferred, as writes.
    fn deferred(&self) -> Vec<VaultWrite> {
        let write = |(key, row): (&Bytes, &Row)| match &row.latest {
            Latest::Value(value) => VaultWrite::Put { key: key.clone(), value: value.clone() },
            Latest::Deleted => VaultWrite::Delete { key: key.clone() },
        };
        self.rows.iter().filter(|(_, row)| row.deferred).map(write).collect()
    }

    fn has_room_for(&self, writes: &[VaultWrite]) -> bool {
        let bytes: usize = writes.iter().map(size).sum();
        self.order.len() + writes.len() <= limits::UNSTORED_ROWS_MAX && self.bytes + bytes <= limits::UNSTORED_BYTES_MAX
    }

    fn remember(&mut self, writes: &[VaultWrite], deferred: bool) {
        for write in writes {
            let (key, latest) = match write {
                VaultWrite::Put { key, value } => (key, Latest::Value(value.clone())),
                VaultWrite::Delete { key } => (key, Latest::Deleted),
            };
            self.bytes += size(write);
            self.order.push_back((self.next, key.clone()));
            let row = Row { number: self.next, latest, deferred };
            if let Some(before) = self.rows.insert(key.clone(), row) {
                self.bytes -= before.latest.bytes();
            }
            self.next += 1;
            if deferred {
                self.deferred_until = self.next;
            }
        }
    }

    fn forget_before(&mut self, number: u64) {
        self.stored_before = self.stored_before.max(number);
        while let Some((of, key)) = self.order.pop_front_if(|(of, _)| *of < number) {
            self.bytes -= key.len();
            if self.rows.get(&key).is_some_and(|row| row.number == of)
                && let Some(row) = self.rows.remove(&key)
            {
                self.bytes -= row.latest.bytes();
            }
        }
    }
}

fn size(write: &VaultWrite) -> usize {
    match write {
        VaultWrite::Put { key, value } => key.len() + value.len(),
        VaultWrite::Delete { key } => key.len(),
    }
}
