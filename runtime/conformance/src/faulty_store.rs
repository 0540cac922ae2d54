//! A store that fails when it is told to.

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::address::{Address, AllowEntry};
use greenroom_contract::assistant::{BilledRow, PastTurn, UsageRow};
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{
    AccountId, AssistantName, ChannelName, ConversationId, MessageId, OwnerId, PersonId, Sequence,
};
use greenroom_contract::store::{
    Accepted, AcceptedWarning, AccountRow, AccountState, Accounts, Arrival, Begin, Conversation, ConversationSettings,
    ConversationsAsked, Entry, History, HistoryKey, Inbox, ListScope, ListedConversation, Maintenance, Outbox, Parcel,
    ParcelKey, ParcelVerdict, PendingParcel, PendingWake, People, Person, Post, Posted, QuarantinedRow, Said, Scope,
    Settled, Settlement, Store, StoreError, StoredEntry, SweepReport, Traces, UnsentCount, Vault, VaultWrite,
    WaitingConversation,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Step, Trace};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallPlan {
    /// It is carried out.
    Pass,
    /// It fails with [`StoreError::Unavailable`], and the store behind does not know of it.
    Fail,
    /// It is carried out, and returns after a while.
    PassLate(Duration),
    /// It is carried out, and fails with [`StoreError::Unavailable`] nevertheless.
    PassAndFail,
    /// It never returns, and the store behind does not know of it.
    Hang,
    /// It is carried out, and never returns.
    PassAndHang,
}

/// Decides what becomes of each call, by the name of its method. Called under a lock: decide and return.
pub type OnCall = Box<dyn FnMut(&'static str) -> CallPlan + Send>;

/// Passes everything on to another store, except what it was told to fail.
///
/// What was told to fail by its number was not passed on: the store behind does not know of it. What is lost was passed on,
/// and only its reply is missing. [`FaultyStore::on_call`] decides about each call.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    fail_accepts: AtomicUsize,
    fail_settles: AtomicUsize,
    fail_sents: AtomicUsize,
    fail_posts: AtomicUsize,
    fail_account_states: AtomicUsize,
    fail_waitings: AtomicUsize,
    lose_wakes: AtomicUsize,
    lose_releases: AtomicUsize,
    waitings: AtomicUsize,
    full: AtomicBool,
    lasts: AtomicBool,
    accepts: AtomicUsize,
    decide: Mutex<Option<OnCall>>,
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
            fail_posts: zero(),
            fail_account_states: zero(),
            fail_waitings: zero(),
            lose_wakes: zero(),
            lose_releases: zero(),
            waitings: zero(),
            full: AtomicBool::new(false),
            lasts: AtomicBool::new(false),
            accepts: zero(),
            decide: Mutex::new(None),
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

    /// The next `post` calls fail with [`StoreError::Unavailable`].
    pub fn fail_posts(&self, calls: usize) {
        self.fail_posts.store(calls, Ordering::SeqCst);
    }

    /// The next `set_account_state` calls fail with [`StoreError::Unavailable`].
    pub fn fail_account_states(&self, calls: usize) {
        self.fail_account_states.store(calls, Ordering::SeqCst);
    }

    /// The next `waiting` calls fail with [`StoreError::Unavailable`].
    pub fn fail_waitings(&self, calls: usize) {
        self.fail_waitings.store(calls, Ordering::SeqCst);
    }

    /// The next `wake_due` calls are carried out and reported as [`StoreError::Unavailable`].
    pub fn lose_replies_of_wakes(&self, calls: usize) {
        self.lose_wakes.store(calls, Ordering::SeqCst);
    }

    /// The next `release` calls are carried out and reported as [`StoreError::Unavailable`].
    pub fn lose_replies_of_releases(&self, calls: usize) {
        self.lose_releases.store(calls, Ordering::SeqCst);
    }

    /// How often `waiting` was called.
    pub fn waitings(&self) -> usize {
        self.waitings.load(Ordering::SeqCst)
    }

    /// Whether `accept` finds the inbox full.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// Lets somebody decide what becomes of each call. What was submitted, and not waited for, is passed on, or not.
    pub fn on_call(&self, decide: OnCall) {
        *self.decide.lock().unwrap_or_else(PoisonError::into_inner) = Some(decide);
    }

    fn plan(&self, method: &'static str) -> CallPlan {
        let mut decide = self.decide.lock().unwrap_or_else(PoisonError::into_inner);
        decide.as_mut().map_or(CallPlan::Pass, |decide| decide(method))
    }

    /// How often `accept` was called.
    pub fn accepts(&self) -> usize {
        self.accepts.load(Ordering::SeqCst)
    }
}

fn told_to_fail() -> StoreError {
    StoreError::Unavailable { reason: "told to fail".into() }
}

fn fail(calls: &AtomicUsize) -> Result<(), StoreError> {
    let left = calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    left.map_or(Ok(()), |_| Err(told_to_fail()))
}

impl CallPlan {
    /// Carries out a call as it was planned.
    async fn carry_out<T>(self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match self {
            Self::Pass => call.await,
            Self::PassLate(pause) => {
                let outcome = call.await;
                tokio::time::sleep(pause).await;
                outcome
            }
            Self::Fail => Err(told_to_fail()),
            Self::PassAndFail => call.await.and(Err(told_to_fail())),
            Self::Hang => std::future::pending().await,
            Self::PassAndHang => {
                let _ = call.await;
                std::future::pending().await
            }
        }
    }

    /// Whether the store behind learns of it.
    fn is_passed(self) -> bool {
        !matches!(self, Self::Fail | Self::Hang)
    }
}

/// Implements one trait of the store: every listed method passes its arguments on, after it failed as often as it was
/// told to where a counter is named behind `unless`. What does more than that, or returns something else than a result,
/// is written out in a block behind the list.
macro_rules! pass_on {
    ($of:ident {
        $($method:ident($($argument:ident: $kind:ty),*) -> $output:ty $(, unless $told:ident)?;)*
    } $({ $($written_out:tt)* })?) => {
        #[async_trait]
        impl $of for FaultyStore {
            $(async fn $method(&self, $($argument: $kind),*) -> Result<$output, StoreError> {
                $(fail(&self.$told)?;)?
                self.plan(stringify!($method)).carry_out(self.inner.$method($($argument),*)).await
            })*

            $($($written_out)*)?
        }
    };
}

pass_on!(Inbox {
    conversations_waiting(after: Option<ConversationId>, conversations_max: usize) -> Vec<WaitingConversation>;
    rows_waiting() -> u64;
    begin(begin: Begin) -> ();
    withdraw(begin: Begin) -> ();
    settle(settlement: Settlement) -> Settled, unless fail_settles;
    wakes(conversation: Option<ConversationId>, wakes_max: usize) -> Vec<PendingWake>;
    cancel_wake(wake: Sequence) -> ();
    next_wake() -> Option<Timestamp>;
    quarantined(rows_max: usize) -> Vec<QuarantinedRow>;
    quarantined_count() -> u64;
    settings(scope: &Scope, conversation: ConversationId) -> ConversationSettings;
    set_settings(scope: &Scope, conversation: ConversationId, settings: ConversationSettings) -> ();
    set_pause(scope: &Scope, conversation: ConversationId, until: Option<Timestamp>) -> ();
} {
    async fn accept(&self, batch: Vec<Arrival>) -> Result<Vec<Accepted>, StoreError> {
        self.accepts.fetch_add(1, Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full { rows: greenroom_contract::limits::INBOX_ROWS_MAX });
        }
        fail(&self.fail_accepts)?;
        self.plan("accept").carry_out(self.inner.accept(batch)).await
    }

    async fn waiting(&self, conversation: ConversationId, rows_max: usize) -> Result<Vec<Entry>, StoreError> {
        self.waitings.fetch_add(1, Ordering::SeqCst);
        fail(&self.fail_waitings)?;
        self.plan("waiting").carry_out(self.inner.waiting(conversation, rows_max)).await
    }

    async fn wake_due(&self, now: Timestamp, wakes_max: usize) -> Result<Vec<WaitingConversation>, StoreError> {
        let due = self.plan("wake_due").carry_out(self.inner.wake_due(now, wakes_max)).await?;
        if !due.is_empty() {
            fail(&self.lose_wakes)?;
        }
        Ok(due)
    }

    async fn release(&self, sequence: Sequence) -> Result<WaitingConversation, StoreError> {
        let released = self.plan("release").carry_out(self.inner.release(sequence)).await?;
        fail(&self.lose_releases)?;
        Ok(released)
    }

    fn begin_submitted(&self, begin: Begin) {
        if self.plan("begin_submitted").is_passed() {
            self.inner.begin_submitted(begin);
        }
    }
});

pass_on!(Outbox {
    pending(account: &AccountId, after: Option<&ParcelKey>, parcels_max: usize) -> Vec<PendingParcel>;
    pending_of(account: &AccountId, conversation: ConversationId, parcels_max: usize) -> Vec<PendingParcel>;
    unsent(after: Option<&ParcelKey>, parcels_max: usize) -> Vec<Parcel>;
    unsent_count() -> UnsentCount;
    release_parcel(key: &ParcelKey, step: Step) -> PendingParcel;
    parcel(key: &ParcelKey) -> Option<Parcel>;
    post(post: Post) -> Posted, unless fail_posts;
    sent(key: &ParcelKey, receipt: &Receipt, at: Timestamp) -> (), unless fail_sents;
    verdict(key: &ParcelKey, verdict: ParcelVerdict, step: Step) -> ();
    release_held(conversation: ConversationId) -> Vec<ParcelKey>;
    find_own(account: &AccountId, message: &MessageId) -> Option<ParcelKey>;
} {
    fn sent_submitted(&self, key: &ParcelKey, receipt: &Receipt, at: Timestamp) {
        // A store keeps trying by itself, so nobody sees that it failed.
        let _ = fail(&self.fail_sents);
        self.inner.sent_submitted(key, receipt, at);
    }
});

pass_on!(History {
    recent(history: HistoryKey, turns_max: usize) -> Vec<PastTurn>;
    state(conversation: ConversationId, assistant: &AssistantName) -> Option<Bytes>;
    usage(days: RangeInclusive<u32>, rows_max: usize) -> Vec<UsageRow>;
    billed(days: RangeInclusive<u32>, rows_max: usize) -> Vec<BilledRow>;
    said(conversation: ConversationId, history: HistoryKey, message: &MessageId) -> Option<Said>;
    forget(history: HistoryKey) -> ();
});

pass_on!(Accounts {
    accounts() -> Vec<AccountRow>;
    configured_account(channel: &ChannelName, key: &str, label: &str, at: Timestamp) -> AccountRow;
    create_account(channel: &ChannelName, adapter: &str, owner: &OwnerId, at: Timestamp) -> AccountRow;
    accept_warning(channel: &ChannelName, owner: &OwnerId, accepted: AcceptedWarning) -> ();
    accepted_warning(channel: &ChannelName, owner: &OwnerId) -> Option<AcceptedWarning>;
    set_account_state(account: &AccountId, state: AccountState, label: Option<&str>, at: Timestamp) -> (),
        unless fail_account_states;
    delete_account(account: &AccountId) -> ();
    allow_entries() -> Vec<StoredEntry>;
    allow(entry: StoredEntry) -> ();
    disallow(scope: &ListScope, entry: &AllowEntry) -> ();
    replace_allowed(scope: &ListScope, entries: Vec<AllowEntry>, by: &str, at: Timestamp) -> ();
});

pass_on!(People {
    person_by_address(scope: &Scope, address: &Address) -> Option<PersonId>;
    person(person: PersonId) -> Option<Person>;
    conversation(conversation: ConversationId) -> Option<Conversation>;
    direct_conversation(account: &AccountId, person: PersonId) -> Option<Conversation>;
    conversations(asked: &ConversationsAsked, conversations_max: usize) -> Vec<ListedConversation>;
    set_person_email(person: PersonId, email: Option<&str>) -> ();
    unlink(person: PersonId, number: u32) -> ();
    linked_people(after: Option<PersonId>, people_max: usize) -> Vec<Person>;
    forget_person(person: PersonId) -> ();
});

pass_on!(Vault {
    vault_get(account: &AccountId, key: &[u8]) -> Option<Bytes>;
    vault_scan(account: &AccountId, prefix: &[u8], after: Option<&[u8]>, rows_max: usize) -> Vec<(Bytes, Bytes)>;
    vault_write(account: &AccountId, writes: Vec<VaultWrite>) -> ();
    vault_clear(account: &AccountId) -> ();
} {
    fn vault_submit(&self, account: &AccountId, writes: Vec<VaultWrite>) {
        if self.plan("vault_submit").is_passed() {
            self.inner.vault_submit(account, writes);
        }
    }
});

pass_on!(Traces {
    why(message: &MessageId, account: Option<&AccountId>) -> Vec<Trace>;
    latest(traces_max: usize) -> Vec<Trace>;
});

pass_on!(Maintenance {
    sweep(now: Timestamp) -> SweepReport;
    sweep_after(now: Timestamp, lived: Duration) -> SweepReport;
} {
    fn store_health(&self) -> Result<(), String> {
        self.inner.store_health()
    }

    fn writable(&self) -> Result<(), String> {
        self.inner.writable()
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.lasts.load(Ordering::SeqCst) { Ok(()) } else { self.inner.close().await }
    }
});
