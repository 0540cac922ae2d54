//! What readers and the writer share.

use crate::engines::{Engine, EngineError, Range, Rows};
use crate::format::envelope::{self, Damage, read_record};
use crate::format::keys;
use crate::format::names::Names;
use crate::format::seal::Sealer;
use crate::memory::index::Index;
use crate::memory::pinned::Pinned;
use crate::memory::postponed::Postponed;
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use parking_lot::{Mutex, RwLock};
use prost::Message;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::watch;

/// Committed state, and the way to the engine.
pub(crate) struct Shared {
    /// `None` while the store is broken or closed.
    pub(crate) engine: RwLock<Option<Arc<dyn Engine>>>,
    /// Held by the writer while a batch goes into the engine, and by readers of values of several parts: an engine may show
    /// a batch half-way.
    pub(crate) applying: RwLock<()>,
    /// Committed things only.
    pub(crate) index: Mutex<Index>,
    /// What nobody waits for. Locked after the index, where both are.
    pub(crate) postponed: Mutex<Postponed>,
    /// The moment that a backup reads, while one is made. Locked after `applying`.
    pub(crate) pinned: Mutex<Option<Pinned>>,
    pub(crate) sealer: Sealer,
    /// Which store it is, as hexadecimal digits.
    pub(crate) instance: String,
    /// How often, and when, it was restored.
    pub(crate) fence: u64,
    pub(crate) names: Names,
    pub(crate) bounds: Bounds,
    /// Whether what is written outlives this process.
    pub(crate) on_disk: bool,
    pub(crate) closed: AtomicBool,
    /// Whether it was opened without asking what is lost.
    pub(crate) accepts_damage: AtomicBool,
    /// Why the store can never be used again by this process.
    pub(crate) gone: watch::Sender<Option<String>>,
    /// Why the engine is not there.
    pub(crate) trouble: Mutex<Option<String>>,
    /// What the engine said of a part of its files that it cannot read.
    pub(crate) unreadable: Mutex<Option<String>>,
    /// Records that a newer program wrote, with what this one does not understand; some of them, if there are many.
    pub(crate) not_understood: Mutex<BTreeMap<Vec<u8>, String>>,
    /// Why the side file, which would show a loss, cannot be written.
    pub(crate) unproved: Mutex<Option<String>>,
    pub(crate) tally: Tally,
}

/// Limits that a test may lower.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "each is a limit")]
pub(crate) struct Bounds {
    pub(crate) inbox_rows_max: u64,
    pub(crate) known_entries_max: usize,
    pub(crate) refused_rows_max: u64,
}

impl Bounds {
    /// Those of a store whose inbox holds so many rows.
    pub(crate) fn new(inbox_rows_max: u64) -> Self {
        Self {
            inbox_rows_max,
            known_entries_max: limits::STORE_KNOWN_ENTRIES_MAX,
            refused_rows_max: limits::STORE_REFUSED_ROWS_MAX,
        }
    }
}

/// What the writer counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) commits: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) awaited: AtomicU64,
    pub(crate) key_writes: AtomicU64,
    pub(crate) reopened: AtomicU64,
    pub(crate) swept_over: AtomicU64,
}

/// Counters of a store since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Groups that were committed.
    pub commits: u64,
    /// Commands that these groups carried.
    pub commands: u64,
    /// Those of them whose callers waited for the disk.
    pub awaited: u64,
    /// Keys that were written or deleted.
    pub key_writes: u64,
    /// How often a broken engine was opened again.
    pub reopened: u64,
    /// Rows that the janitor looked at.
    pub swept_over: u64,
    /// Damaged records that lie set aside.
    pub damaged: u64,
}

impl Shared {
    /// The engine, if it works.
    pub(crate) fn engine(&self) -> Result<Arc<dyn Engine>, StoreError> {
        if let Some(engine) = self.engine.read().as_ref() {
            return Ok(engine.clone());
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let reason = self.trouble.lock().clone().unwrap_or_else(|| "it is being opened again".into());
        Err(StoreError::Unavailable { reason: reason.into() })
    }

    /// An engine's failure in the words of the contract. Damaged files are remembered: reads and
    /// writes elsewhere go on, but health must not look good.
    pub(crate) fn unavailable(&self, error: &EngineError) -> StoreError {
        if let EngineError::Damaged(what) = error {
            tracing::error!(%what, "a part of the store's files cannot be read");
            *self.unreadable.lock() = Some(what.clone());
        }
        unavailable(error)
    }

    /// The store cannot be used any more by this process, which is told to end.
    pub(crate) fn give_up(&self, reason: &str) {
        *self.trouble.lock() = Some(reason.to_owned());
        *self.engine.write() = None;
        // At the end: whoever hears of it finds nothing that still works.
        self.gone.send_replace(Some(reason.to_owned()));
    }

    /// A record that a newer program wrote. It stays where it is, and what needs it waits for that program.
    pub(crate) fn not_understood(&self, key: &[u8], damage: &Damage) -> StoreError {
        let what = format!("{}: {damage}", keys::describe(key));
        let mut known = self.not_understood.lock();
        if !known.contains_key(key) {
            tracing::error!(record = %keys::describe(key), "{damage}; it was written by a newer version of this program");
            if known.len() < limits::STORE_DAMAGED_NAMED_MAX {
                known.insert(key.to_vec(), damage.to_string());
            }
        }
        StoreError::Unavailable { reason: format!("{what}; it was written by a newer version of this program").into() }
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            commits: self.tally.commits.load(Ordering::Relaxed),
            commands: self.tally.commands.load(Ordering::Relaxed),
            awaited: self.tally.awaited.load(Ordering::Relaxed),
            key_writes: self.tally.key_writes.load(Ordering::Relaxed),
            reopened: self.tally.reopened.load(Ordering::Relaxed),
            swept_over: self.tally.swept_over.load(Ordering::Relaxed),
            damaged: self.index.lock().damaged,
        }
    }
}

/// What reading gave.
pub(crate) enum Read<T> {
    Found(T),
    Missing,
    Damaged(Damage),
}

/// Reads the record at a key, its parts included.
pub(crate) fn read<T: Message + Default>(
    engine: &dyn Engine,
    sealer: &Sealer,
    key: &[u8],
) -> Result<Read<T>, EngineError> {
    match engine.get(key)? {
        Some(value) => decode(engine, sealer, key, value),
        None => Ok(Read::Missing),
    }
}

/// Decodes a value that was read, and fetches its parts.
pub(crate) fn decode<T: Message + Default>(
    engine: &dyn Engine,
    sealer: &Sealer,
    key: &[u8],
    value: Vec<u8>,
) -> Result<Read<T>, EngineError> {
    let read = whole(engine, key, value)?.and_then(|whole| envelope::unwrap(key, &whole, sealer, read_record));
    Ok(match read {
        Ok(record) => Read::Found(record),
        Err(damage) => Read::Damaged(damage),
    })
}

/// A value that was read, with its parts.
pub(crate) fn whole(engine: &dyn Engine, key: &[u8], value: Vec<u8>) -> Result<Result<Vec<u8>, Damage>, EngineError> {
    let parts = envelope::part_count(&value);
    let mut whole = value;
    for number in 0..parts {
        match engine.get(&keys::part(key, number))? {
            Some(part) => whole.extend_from_slice(&part),
            None => return Ok(Err(Damage::PartMissing(number))),
        }
    }
    Ok(Ok(whole))
}

/// The rows of a range, at most `rows_max`.
pub(crate) fn collect(engine: &dyn Engine, range: &Range, rows_max: usize) -> Result<Rows, EngineError> {
    let mut rows = Vec::new();
    if rows_max > 0 {
        engine.scan(range, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            if rows.len() >= rows_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    Ok(rows)
}

/// An engine's failure in the words of the contract.
pub(crate) fn unavailable(error: &EngineError) -> StoreError {
    StoreError::Unavailable { reason: error.clone().into() }
}
