//! A vault that is as unhelpful as its contract allows, and that can crash.

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{StoreError, Vault, VaultWrite};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a crash leaves of the commands that were not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// None of them.
    Nothing,
    /// The older half of them: commands become durable in the order in which they were given.
    OlderHalf,
    /// All of them, but nobody was told.
    Everything,
}

impl Left {
    pub(crate) const ALL: [Self; 3] = [Self::Nothing, Self::OlderHalf, Self::Everything];
}

/// What happens at an awaited write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Never,
    Crash { at: usize, left: Left },
    Fail { at: usize },
}

/// Submitted writes cannot be read before a later awaited write has returned, and are lost by a crash. What is read
/// is always what is durable.
pub(crate) struct CrashVault {
    state: Mutex<State>,
}

struct State {
    durable: BTreeMap<Bytes, Bytes>,
    waiting: Vec<Vec<VaultWrite>>,
    plan: Plan,
    awaited: usize,
    dead: bool,
    fence: u64,
}

/// The row with the key of all names, as an opened vault has it.
pub(crate) const NAME_KEY: &[u8] = b"wa/nk/";

/// With the same names in every test.
fn opened_before() -> BTreeMap<Bytes, Bytes> {
    let row = [&[2, 0, 0][..], &[7; 32]].concat();
    BTreeMap::from([(Bytes::from_static(NAME_KEY), row.into())])
}

impl CrashVault {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(opened_before(), Plan::Never)
    }

    /// With rows that are there already.
    pub(crate) fn holding(rows: BTreeMap<Bytes, Bytes>) -> Arc<Self> {
        Self::with(rows, Plan::Never)
    }

    /// With rows that are there already; crashes at the awaited write number `at`.
    pub(crate) fn holding_and_crashing(rows: BTreeMap<Bytes, Bytes>, at: usize, left: Left) -> Arc<Self> {
        Self::with(rows, Plan::Crash { at, left })
    }

    /// Crashes at the awaited write number `at`, counted from zero.
    pub(crate) fn crashing(at: usize, left: Left) -> Arc<Self> {
        Self::with(opened_before(), Plan::Crash { at, left })
    }

    fn with(durable: BTreeMap<Bytes, Bytes>, plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { durable, waiting: Vec::new(), plan, awaited: 0, dead: false, fence: 0 }),
        })
    }

    /// What the next process finds.
    pub(crate) fn reopened(&self) -> Arc<Self> {
        let next = Self::with(self.state.lock().durable.clone(), Plan::Never);
        next.state.lock().fence = self.state.lock().fence;
        next
    }

    /// The same vault in a store that was restored under this number.
    pub(crate) fn fenced(self: Arc<Self>, fence: u64) -> Arc<Self> {
        self.state.lock().fence = fence;
        self
    }

    /// Kills it now: what was not acknowledged is lost, except what `left` says.
    pub(crate) fn kill(&self, left: Left) {
        self.state.lock().die(left);
    }

    /// The next awaited write fails, and so does everything submitted before it.
    pub(crate) fn fail_next(&self) {
        let mut state = self.state.lock();
        state.plan = Plan::Fail { at: state.awaited };
    }

    /// How many writes were awaited.
    pub(crate) fn awaited(&self) -> usize {
        self.state.lock().awaited
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.state.lock().dead
    }

    /// Every durable row.
    pub(crate) fn contents(&self) -> BTreeMap<Bytes, Bytes> {
        self.state.lock().durable.clone()
    }

    /// How many rows are durable, beside the key of their names.
    pub(crate) fn rows(&self) -> usize {
        self.state.lock().durable.keys().filter(|key| key.as_ref() != NAME_KEY).count()
    }

    /// Replaces the value of every durable row.
    pub(crate) fn overwrite(&self, value: &'static [u8]) {
        self.state.lock().durable.values_mut().for_each(|row| *row = Bytes::from_static(value));
    }
}

impl State {
    fn alive(&self) -> Result<(), StoreError> {
        if self.dead { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn die(&mut self, left: Left) {
        let kept = match left {
            Left::Nothing => 0,
            Left::OlderHalf => self.waiting.len() / 2,
            Left::Everything => self.waiting.len(),
        };
        self.waiting.truncate(kept);
        self.apply();
        self.dead = true;
    }

    fn apply(&mut self) {
        for write in std::mem::take(&mut self.waiting).into_iter().flatten() {
            match write {
                VaultWrite::Put { key, value } => self.durable.insert(key, value),
                VaultWrite::Delete { key } => self.durable.remove(&key),
            };
        }
    }
}

#[async_trait]
impl Vault for CrashVault {
    async fn vault_get(&self, _account: &AccountId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = {
            let state = self.state.lock();
            state.alive()?;
            state.durable.get(key).cloned()
        };
        others_first().await;
        Ok(value)
    }

    async fn vault_scan(
        &self,
        _account: &AccountId,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let state = self.state.lock();
        state.alive()?;
        let rows = state.durable.iter().filter(|(key, _)| key.starts_with(prefix));
        let rows = rows.filter(|(key, _)| after.is_none_or(|after| key.as_ref() > after));
        Ok(rows.take(rows_max).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    async fn vault_write(&self, _account: &AccountId, writes: Vec<VaultWrite>) -> Result<(), StoreError> {
        {
            let mut state = self.state.lock();
            state.alive()?;
            let number = state.awaited;
            state.awaited += 1;
            state.waiting.push(writes);
            match state.plan {
                Plan::Crash { at, left } if at == number => {
                    state.die(left);
                    return Err(StoreError::Closed);
                }
                Plan::Fail { at } if at == number => {
                    state.waiting.clear();
                    return Err(StoreError::Unavailable { reason: "the disk is full".into() });
                }
                _ => state.apply(),
            }
        }
        // It is durable, and others come in between before the caller learns it, as with a real store.
        others_first().await;
        Ok(())
    }

    fn vault_submit(&self, _account: &AccountId, writes: Vec<VaultWrite>) {
        let mut state = self.state.lock();
        if !state.dead {
            state.waiting.push(writes);
        }
    }

    async fn vault_clear(&self, _account: &AccountId) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        state.waiting.clear();
        state.durable.clear();
        state.alive()
    }

    fn vault_fence(&self) -> u64 {
        self.state.lock().fence
    }
}

/// Lets everybody else who can go on do so.
async fn others_first() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}
