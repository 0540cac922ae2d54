//! A store that fails when it is told to.

use greenroom_contract::address::{Address, AllowEntry};
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{AccountId, AssistantName, ChannelName, ConversationId, MessageId, OwnerId, PersonId, Sequence};
use greenroom_contract::store::{
    Accepted, AcceptedWarning, AccountRow, AccountState, Accounts, Arrival, Begin, Entry, History, HistoryKey, Inbox,
    ListScope, Maintenance, Outbox, Parcel, ParcelDraft, ParcelKey, ParcelVerdict, PendingParcel, People, Person,
    QuarantinedRow, Scope, Settled, Settlement, Store, StoreError, StoredEntry, SweepReport, Traces, Vault, VaultWrite,
    WaitingConversation,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Step, Trace};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Passes everything on to another store, except what it was told to fail.
///
/// What fails here was not passed on: the store behind does not know of it.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    fail_accepts: AtomicUsize,
    fail_settles: AtomicUsize,
    fail_sents: AtomicUsize,
    fail_account_states: AtomicUsize,
    full: AtomicBool,
    lasts: AtomicBool,
    accepts: AtomicUsize,
}

impl FaultyStore {
    /// A store that behaves as `inner` does, until it is told otherwise.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        let zero = || AtomicUsize::new(0);
        Arc::new(Self {
            inner,
            fail_accepts: zero(),
            fail_settles: zero(),
            fail_sents: zero(),
            fail_account_states: zero(),
            full: AtomicBool::new(false),
            lasts: AtomicBool::new(false),
            accepts: zero(),
        })
    }

    /// A store that goes on when it is closed, as a disk does when a process ends.
    pub fn lasting(inner: Arc<dyn Store>) -> Arc<Self> {
        let store = Self::new(inner);
        store.lasts.store(true, Ordering::SeqCst);
        store
    }

    /// The next `accept` calls fail with [`StoreError::Unavailable`].
    pub fn fail_accepts(&self, calls: usize) {
        self.fail_accepts.store(calls, Ordering::SeqCst);
    }

    /// The next `settle` calls fail with [`StoreError::Unavailable`].
    pub fn fail_settles(&self, calls: usize) {
        self.fail_settles.store(calls, Ordering::SeqCst);
    }

    /// The next `sent` calls fail with [`StoreError::Unavailable`].
    pub fn fail_sents(&self, calls: usize) {
        self.fail_sents.store(calls, Ordering::SeqCst);
    }

    /// The next `set_account_state` calls fail with [`StoreError::Unavailable`].
    pub fn fail_account_states(&self, calls: usize) {
        self.fail_account_states.store(calls, Ordering::SeqCst);
    }

    /// Whether `accept` finds the inbox full.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// How often `accept` was called.
    pub fn accepts(&self) -> usize {
        self.accepts.load(Ordering::SeqCst)
    }
}

fn fail(calls: &AtomicUsize) -> Result<(), StoreError> {
    let left = calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    left.map_or(Ok(()), |_| Err(StoreError::Unavailable { reason: "told to fail".to_owned() }))
}

#[async_trait]
impl Inbox for FaultyStore {
    async fn accept(&self, batch: Vec<Arrival>) -> Result<Vec<Accepted>, StoreError> {
        self.accepts.fetch_add(1, Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full { rows: greenroom_contract::limits::INBOX_ROWS_MAX });
        }
        fail(&self.fail_accepts)?;
        self.inner.accept(batch).await
    }

    async fn waiting(&self, conversation: ConversationId, rows_max: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner.waiting(conversation, rows_max).await
    }

    async fn conversations_waiting(
        &self,
        after: Option<ConversationId>,
        conversations_max: usize,
    ) -> Result<Vec<WaitingConversation>, StoreError> {
        self.inner.conversations_waiting(after, conversations_max).await
    }

    async fn rows_waiting(&self) -> Result<u64, StoreError> {
        self.inner.rows_waiting().await
    }

    async fn begin(&self, begin: Begin) -> Result<(), StoreError> {
        self.inner.begin(begin).await
    }

    fn begin_submitted(&self, begin: Begin) {
        self.inner.begin_submitted(begin);
    }

    async fn withdraw(&self, begin: Begin) -> Result<(), StoreError> {
        self.inner.withdraw(begin).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        fail(&self.fail_settles)?;
        self.inner.settle(settlement).await
    }

    async fn wake_due(&self, now: Timestamp, wakes_max: usize) -> Result<Vec<WaitingConversation>, StoreError> {
        self.inner.wake_due(now, wakes_max).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_wake().await
    }

    async fn quarantined(&self, rows_max: usize) -> Result<Vec<QuarantinedRow>, StoreError> {
        self.inner.quarantined(rows_max).await
    }

    async fn release(&self, sequence: Sequence) -> Result<WaitingConversation, StoreError> {
        self.inner.release(sequence).await
    }
}

#[async_trait]
impl Outbox for FaultyStore {
    async fn pending(
        &self,
        account: &AccountId,
        after: Option<&ParcelKey>,
        parcels_max: usize,
    ) -> Result<Vec<PendingParcel>, StoreError> {
        self.inner.pending(account, after, parcels_max).await
    }

    async fn parcel(&self, key: &ParcelKey) -> Result<Option<Parcel>, StoreError> {
        self.inner.parcel(key).await
    }

    async fn post(
        &self,
        conversation: ConversationId,
        draft: ParcelDraft,
        at: Timestamp,
    ) -> Result<ParcelKey, StoreError> {
        self.inner.post(conversation, draft, at).await
    }

    async fn sent(&self, key: &ParcelKey, receipt: &Receipt, at: Timestamp) -> Result<(), StoreError> {
        fail(&self.fail_sents)?;
        self.inner.sent(key, receipt, at).await
    }

    async fn verdict(&self, key: &ParcelKey, verdict: ParcelVerdict, step: Step) -> Result<(), StoreError> {
        self.inner.verdict(key, verdict, step).await
    }

    async fn release_held(&self, conversation: ConversationId) -> Result<Vec<ParcelKey>, StoreError> {
        self.inner.release_held(conversation).await
    }

    async fn find_own(&self, account: &AccountId, message: &MessageId) -> Result<Option<ParcelKey>, StoreError> {
        self.inner.find_own(account, message).await
    }
}

#[async_trait]
impl History for FaultyStore {
    async fn recent(&self, history: HistoryKey, turns_max: usize) -> Result<Vec<PastTurn>, StoreError> {
        self.inner.recent(history, turns_max).await
    }

    async fn state(
        &self,
        conversation: ConversationId,
        assistant: &AssistantName,
    ) -> Result<Option<Bytes>, StoreError> {
        self.inner.state(conversation, assistant).await
    }

    async fn forget(&self, history: HistoryKey) -> Result<(), StoreError> {
        self.inner.forget(history).await
    }
}

#[async_trait]
impl Accounts for FaultyStore {
    async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.inner.accounts().await
    }

    async fn configured_account(
        &self,
        channel: &ChannelName,
        key: &str,
        label: &str,
        at: Timestamp,
    ) -> Result<AccountRow, StoreError> {
        self.inner.configured_account(channel, key, label, at).await
    }

    async fn create_account(
        &self,
        channel: &ChannelName,
        adapter: &str,
        owner: &OwnerId,
        at: Timestamp,
    ) -> Result<AccountRow, StoreError> {
        self.inner.create_account(channel, adapter, owner, at).await
    }

    async fn accept_warning(
        &self,
        channel: &ChannelName,
        owner: &OwnerId,
        accepted: AcceptedWarning,
    ) -> Result<(), StoreError> {
        self.inner.accept_warning(channel, owner, accepted).await
    }

    async fn accepted_warning(
        &self,
        channel: &ChannelName,
        owner: &OwnerId,
    ) -> Result<Option<AcceptedWarning>, StoreError> {
        self.inner.accepted_warning(channel, owner).await
    }

    async fn set_account_state(
        &self,
        account: &AccountId,
        state: AccountState,
        label: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        fail(&self.fail_account_states)?;
        self.inner.set_account_state(account, state, label, at).await
    }

    async fn delete_account(&self, account: &AccountId) -> Result<(), StoreError> {
        self.inner.delete_account(account).await
    }

    async fn allow_entries(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.allow_entries().await
    }

    async fn allow(&self, entry: StoredEntry) -> Result<(), StoreError> {
        self.inner.allow(entry).await
    }

    async fn disallow(&self, scope: &ListScope, entry: &AllowEntry) -> Result<(), StoreError> {
        self.inner.disallow(scope, entry).await
    }
}

#[async_trait]
impl People for FaultyStore {
    async fn person_by_address(&self, scope: &Scope, address: &Address) -> Result<Option<PersonId>, StoreError> {
        self.inner.person_by_address(scope, address).await
    }

    async fn person(&self, person: PersonId) -> Result<Option<Person>, StoreError> {
        self.inner.person(person).await
    }

    async fn set_person_email(&self, person: PersonId, email: Option<&str>) -> Result<(), StoreError> {
        self.inner.set_person_email(person, email).await
    }

    async fn forget_person(&self, person: PersonId) -> Result<(), StoreError> {
        self.inner.forget_person(person).await
    }
}

#[async_trait]
impl Vault for FaultyStore {
    async fn vault_get(&self, account: &AccountId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.inner.vault_get(account, key).await
    }

    async fn vault_scan(
        &self,
        account: &AccountId,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.inner.vault_scan(account, prefix, after, rows_max).await
    }

    async fn vault_write(&self, account: &AccountId, writes: Vec<VaultWrite>) -> Result<(), StoreError> {
        self.inner.vault_write(account, writes).await
    }

    fn vault_submit(&self, account: &AccountId, writes: Vec<VaultWrite>) {
        self.inner.vault_submit(account, writes);
    }

    async fn vault_clear(&self, account: &AccountId) -> Result<(), StoreError> {
        self.inner.vault_clear(account).await
    }
}

#[async_trait]
impl Traces for FaultyStore {
    async fn why(&self, message: &MessageId, account: Option<&AccountId>) -> Result<Vec<Trace>, StoreError> {
        self.inner.why(message, account).await
    }

    async fn latest(&self, traces_max: usize) -> Result<Vec<Trace>, StoreError> {
        self.inner.latest(traces_max).await
    }
}

#[async_trait]
impl Maintenance for FaultyStore {
    async fn sweep(&self, now: Timestamp) -> Result<SweepReport, StoreError> {
        self.inner.sweep(now).await
    }

    fn store_health(&self) -> Result<(), String> {
        self.inner.store_health()
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.lasts.load(Ordering::SeqCst) { Ok(()) } else { self.inner.close().await }
    }
}
