//! The inside of the writer: groups, commits, and opening again after a failure.

mod postponing;

use crate::engines::{Engine, EngineError};
use crate::format::keys;
use crate::format::records::{LowWaterRecord, SentinelRecord};
use crate::memory::index::{Delta, Index};
use crate::memory::known::Known;
use crate::memory::loading::{self, Loading};
use crate::memory::shared::{Shared, unavailable};
use crate::write::commands::attempt_marks::WriteMarks;
use crate::write::job::{Job, Operation};
use crate::write::txn::{Fail, Numbers, Overlay, Txn, TxnParts};
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use greenroom_support::fail_point;
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// How long a first attempt's mark may wait for a group that is committed anyway. Most turns are
/// settled earlier, and then it is never written.
pub(crate) const MARK_PAUSE: Duration = limits::STORE_MARK_PAUSE;
/// Commits after which the sentinel is written with a group.
const COMMITS_PER_SENTINEL: u64 = 512;

/// Opens the engine again.
pub(crate) type Opener = Box<dyn Fn() -> Result<Arc<dyn Engine>, EngineError> + Send>;

/// What stands beside the data and says what must be there: the writer keeps it up to date. It also holds the lock on
/// the directory, so it lives as long as the writer.
pub(crate) trait ManifestKeeper: Send {
    /// Whether the directory is still the one that was opened. Asked around each commit, so it is one look at a file.
    /// The error is a sentence that says what to do.
    fn is_in_place(&self) -> Result<(), String>;

    /// At least so many commits are on disk.
    fn write_commit(&mut self, commit: u64);

    /// The store was closed in order after so many commits, with so many rows waiting and parcels unsent. Called when
    /// the engine is closed.
    fn write_closed(&mut self, commit: u64, rows: u64, parcels: u64);
}

/// Everything that the writer owns.
pub(crate) struct Core {
    shared: Arc<Shared>,
    opener: Opener,
    engine: Option<Arc<dyn Engine>>,
    index: Index,
    overlay: Overlay,
    deltas: Vec<Delta>,
    numbers: Numbers,
    /// What the engine is known to hold.
    known: Mutex<Known>,
    /// Jobs that were not carried out and are tried again.
    kept: Vec<Box<dyn Job>>,
    sentinel: SentinelRecord,
    commits_since_sentinel: u64,
    manifest: Option<Box<dyn ManifestKeeper>>,
    manifest_at: Instant,
    tried_at: Instant,
    closed: bool,
}

impl Core {
    /// The writer of a store that was just opened.
    pub(crate) fn new(
        shared: Arc<Shared>,
        opener: Opener,
        engine: Arc<dyn Engine>,
        loading: Loading,
        manifest: Option<Box<dyn ManifestKeeper>>,
    ) -> Self {
        let now = Instant::now();
        let known = Mutex::new(Known::new(shared.bounds.known_entries_max));
        let mut core = Self {
            shared,
            opener,
            engine: None,
            index: Index::default(),
            overlay: Overlay::default(),
            deltas: Vec::new(),
            numbers: Numbers::default(),
            known,
            kept: Vec::new(),
            sentinel: SentinelRecord::default(),
            commits_since_sentinel: 0,
            manifest,
            manifest_at: now,
            tried_at: now,
            closed: false,
        };
        core.take_over(engine, loading);
        core
    }

    /// How long the writer may sleep when nobody comes.
    pub(crate) fn wait_max(&self) -> Option<Duration> {
        // Also while nothing is written it is noticed that the folder is gone.
        let look = self.manifest.as_ref().map(|_| limits::STORE_LOOK_PAUSE);
        [look, self.due_in()].into_iter().flatten().min()
    }

    /// In how long something is to be done although nobody comes.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        if self.closed {
            return None;
        }
        if self.engine.is_none() {
            return Some(limits::STORE_REOPEN_PAUSE.saturating_sub(self.tried_at.elapsed()));
        }
        let oldest = self.index.marks.values().map(|mark| mark.since).min();
        let mark = oldest.filter(|_| self.shared.on_disk).map(|oldest| MARK_PAUSE.saturating_sub(oldest.elapsed()));
        let status = self.shared.postponed.lock().wait(limits::STORE_STATUS_PAUSE);
        [mark, status].into_iter().flatten().min()
    }

    /// Whether it was closed.
    #[cfg(any(test, feature = "simulated-disk"))]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Runs commands, commits them together and tells their callers.
    pub(crate) fn run_group(&mut self, jobs: Vec<Box<dyn Job>>) {
        if let Err(error) = self.ensure_open() {
            for job in jobs {
                self.finish(job, &Err(error.clone()), Ok(()));
            }
            return;
        }
        let jobs: Vec<_> = self.kept.drain(..).chain(jobs).collect();
        self.shared.tally.commands.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        let awaited = jobs.iter().filter(|job| job.is_awaited()).count() as u64;
        self.shared.tally.awaited.fetch_add(awaited, Ordering::Relaxed);
        let mut finished = Vec::with_capacity(jobs.len());
        let mut broken = None;
        for mut job in jobs {
            let verdict = match &broken {
                Some(reason) => Err(StoreError::clone(reason)),
                None => self.run_one(|txn| job.run(txn)).unwrap_or_else(|error| {
                    let error = unavailable(&error);
                    broken = Some(error.clone());
                    Err(error)
                }),
            };
            finished.push((job, verdict));
        }
        let committed = match broken {
            Some(error) => Err(error),
            None => self.commit_caught(),
        };
        if let Err(error) = &committed {
            self.break_down(error);
        }
        for (job, verdict) in finished {
            self.finish(job, &committed, verdict);
        }
    }

    /// Brings everything to the disk and lets go of the engine. Later commands fail.
    pub(crate) fn close(&mut self) {
        if self.closed {
            return;
        }
        if !self.kept.is_empty() {
            self.run_group(Vec::new());
        }
        self.closed = true;
        for job in std::mem::take(&mut self.kept) {
            job.finish(Err(StoreError::Closed));
        }
        self.shared.closed.store(true, Ordering::Release);
        let mut in_order = false;
        if self.engine.is_some() {
            let marks = WriteMarks { older_than: Duration::ZERO };
            let written = self.run_one(|txn| marks.run(txn)).map_err(|error| unavailable(&error));
            self.write_all_statuses();
            self.numbers.grew = true;
            let committed = written.and_then(|_| self.commit_caught());
            in_order = committed.is_ok();
            if let Err(error) = committed {
                tracing::error!(%error, "the store could not be closed in order");
            }
        }
        *self.shared.engine.write() = None;
        if let Some(engine) = self.engine.take() {
            // A reader that is still at work may keep the engine alive, and its files in motion.
            in_order &= Arc::strong_count(&engine) == 1;
            in_order &= catch_unwind(AssertUnwindSafe(|| drop(engine))).is_ok();
        }
        if let Some(manifest) = self.manifest.as_mut().filter(|_| in_order) {
            let parcels = self.index.pending.values().map(|parcels| parcels.len() as u64).sum();
            manifest.write_closed(self.sentinel.commit, self.index.all_rows.len() as u64, parcels);
        }
        // The lock on the directory goes with the manifest.
        self.manifest = None;
        self.opener = Box::new(|| Err(EngineError::Broken("the store is closed".into())));
    }

    fn ensure_open(&mut self) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Closed);
        }
        if let Some(reason) = self.shared.gone.borrow().clone() {
            return Err(StoreError::Unavailable { reason: reason.into() });
        }
        if self.engine.is_some() {
            return self.stay_in_place().map_err(|error| unavailable(&error));
        }
        if self.tried_at.elapsed() < limits::STORE_REOPEN_PAUSE {
            let reason = self.shared.trouble.lock().clone().unwrap_or_default();
            return Err(StoreError::Unavailable { reason: reason.into() });
        }
        self.tried_at = Instant::now();
        let opened = catch_unwind(AssertUnwindSafe(|| self.reopen()));
        opened.unwrap_or_else(|_| Err("the engine panicked while it was opened".into())).map_err(|reason| {
            tracing::warn!(%reason, "the store cannot be opened again yet");
            *self.shared.trouble.lock() = Some(reason.clone());
            StoreError::Unavailable { reason: reason.into() }
        })
    }

    /// Gives the store up for good once its folder is not the one that was opened: what is written from then on is in no
    /// folder that will be opened again.
    fn stay_in_place(&mut self) -> Result<(), EngineError> {
        let Some(Err(reason)) = self.manifest.as_ref().map(|manifest| manifest.is_in_place()) else { return Ok(()) };
        if self.shared.gone.borrow().is_none() {
            tracing::error!("{reason}");
            *self.shared.trouble.lock() = Some(reason.clone());
            self.shared.gone.send_replace(Some(reason.clone()));
            *self.shared.engine.write() = None;
            // Its end would write files by their names, and another store may have these names now.
            if let Some(engine) = self.engine.take() {
                std::mem::forget(engine);
            }
        }
        Err(EngineError::Broken(reason))
    }

    fn reopen(&mut self) -> Result<(), String> {
        let engine = (self.opener)().map_err(|error| error.to_string())?;
        let loading = loading::load(&*engine, &self.shared.sealer).map_err(|error| error.to_string())?;
        let loading = loading.ok_or("the sentinel record is missing")?;
        if loading.sentinel.instance != self.sentinel.instance {
            return Err("another store lies in the directory now".into());
        }
        self.take_over(engine, loading);
        self.shared.tally.reopened.fetch_add(1, Ordering::Relaxed);
        tracing::info!("the store was opened again");
        Ok(())
    }

    fn take_over(&mut self, engine: Arc<dyn Engine>, loading: Loading) {
        let Loading { index, sentinel, damaged } = loading;
        self.numbers = Numbers { next: sentinel.numbers_reserved, reserved: sentinel.numbers_reserved, grew: false };
        self.sentinel = sentinel;
        *self.shared.index.lock() = index.clone();
        self.index = index;
        self.overlay = Overlay::default();
        self.known.lock().clear();
        self.deltas.clear();
        *self.shared.engine.write() = Some(engine.clone());
        *self.shared.trouble.lock() = None;
        self.engine = Some(engine);
        for (key, damage) in damaged {
            if let Err(error) = self.run_one(|txn| txn.set_aside(&key, &damage)) {
                tracing::error!(%error, "a damaged record could not be set aside");
            }
        }
    }

    /// Runs one command. The outer error breaks the group.
    fn run_one<T>(
        &mut self,
        mut run: impl FnMut(&mut Txn<'_>) -> Result<T, Fail>,
    ) -> Result<Result<T, StoreError>, EngineError> {
        let Some(engine) = self.engine.clone() else { return Err(EngineError::Broken("no engine".into())) };
        for _ in 0..limits::STORE_DAMAGED_PER_COMMAND_MAX {
            let mut txn = Txn::begin(TxnParts {
                engine: &*engine,
                sealer: &self.shared.sealer,
                names: &self.shared.names,
                bounds: self.shared.bounds,
                overlay: &mut self.overlay,
                index: &mut self.index,
                deltas: &mut self.deltas,
                numbers: &mut self.numbers,
                known: &self.known,
                postponed: &self.shared.postponed,
            });
            let outcome = catch_unwind(AssertUnwindSafe(|| run(&mut txn)));
            let Ok(outcome) = outcome else {
                txn.take_back();
                tracing::error!("a command of the store panicked; what it wrote was taken back");
                return Ok(Err(StoreError::Unavailable { reason: "the command failed inside the store".into() }));
            };
            let fail = match outcome {
                Ok(output) => return Ok(Ok(output)),
                Err(fail) => fail,
            };
            txn.take_back();
            match fail {
                Fail::Refused(error) => return Ok(Err(error)),
                Fail::Engine(error @ EngineError::Damaged(_)) => return Ok(Err(self.shared.unavailable(&error))),
                Fail::Engine(error) => return Err(error),
                Fail::Damaged { key, damage: crate::format::envelope::Damage::Seal } => {
                    // The record is whole; it is the key that is missing.
                    return Ok(Err(StoreError::Damaged { what: keys::describe(&key) }));
                }
                Fail::Damaged { key, damage } => match self.run_one_more(&engine, &key, &damage) {
                    Ok(()) => {}
                    Err(Fail::Engine(error)) => return Err(error),
                    Err(_) => return Ok(Err(StoreError::Damaged { what: keys::describe(&key) })),
                },
            }
        }
        Ok(Err(StoreError::Damaged { what: "too many damaged records in one command".into() }))
    }

    fn run_one_more(
        &mut self,
        engine: &Arc<dyn Engine>,
        key: &[u8],
        damage: &crate::format::envelope::Damage,
    ) -> Result<(), Fail> {
        let mut txn = Txn::begin(TxnParts {
            engine: &**engine,
            sealer: &self.shared.sealer,
            names: &self.shared.names,
            bounds: self.shared.bounds,
            overlay: &mut self.overlay,
            index: &mut self.index,
            deltas: &mut self.deltas,
            numbers: &mut self.numbers,
            known: &self.known,
            postponed: &self.shared.postponed,
        });
        txn.set_aside(key, damage)
    }

    fn commit_caught(&mut self) -> Result<(), StoreError> {
        if self.shared.on_disk && !self.index.marks.is_empty() {
            let marks = WriteMarks { older_than: MARK_PAUSE };
            let written = self.run_one(|txn| marks.run(txn));
            written.map_err(|error| unavailable(&error))?.unwrap_or_else(|error| {
                tracing::warn!(%error, "an attempt could not be counted");
            });
        }
        let (statuses, written) = self.write_statuses();
        let committed = written.and_then(|()| {
            let committed = catch_unwind(AssertUnwindSafe(|| self.commit()));
            committed.unwrap_or_else(|_| Err(EngineError::Broken("the engine panicked".into())))
        });
        if committed.is_err() {
            self.shared.postponed.lock().put_back(statuses);
        }
        committed.map_err(|error| unavailable(&error))
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        let Some(engine) = self.engine.clone() else { return Err(EngineError::Broken("no engine".into())) };
        if self.overlay.batch.is_empty() && !self.numbers.grew {
            self.publish();
            return Ok(());
        }
        self.sentinel.commit += 1;
        self.commits_since_sentinel += 1;
        let with_sentinel = self.numbers.grew || self.commits_since_sentinel >= COMMITS_PER_SENTINEL;
        if with_sentinel {
            self.lay_sentinel();
        }
        let writes = self.overlay.batch.len() as u64;
        fail_point!(WriterBeforeApply);
        engine.apply(&self.overlay.batch)?;
        fail_point!(WriterAfterApply);
        engine.flush()?;
        fail_point!(WriterAfterFlush);
        engine.sync()?;
        fail_point!(WriterAfterSync);
        // Before anything is acknowledged: a disk that took it may be in no folder any more.
        self.stay_in_place()?;
        self.shared.tally.commits.fetch_add(1, Ordering::Relaxed);
        self.shared.tally.key_writes.fetch_add(writes, Ordering::Relaxed);
        self.known.lock().committed(&self.overlay.batch, &self.shared.sealer);
        self.overlay = Overlay::default();
        self.publish();
        if with_sentinel {
            self.commits_since_sentinel = 0;
            self.numbers.grew = false;
            if self.manifest_at.elapsed() >= limits::STORE_PROOF_PAUSE
                && let Some(manifest) = &mut self.manifest
            {
                manifest.write_commit(self.sentinel.commit);
                self.manifest_at = Instant::now();
            }
        }
        Ok(())
    }

    /// Shows the readers what was committed.
    fn publish(&mut self) {
        if self.deltas.is_empty() {
            return;
        }
        let mut index = self.shared.index.lock();
        self.deltas.drain(..).for_each(|delta| index.apply(&delta));
    }

    /// Writes the sentinel into the group: the commit's number, the numbers in use, and below which
    /// rows no parcel is unsent.
    fn lay_sentinel(&mut self) {
        self.sentinel.numbers_reserved = self.numbers.reserved;
        self.sentinel.refused = self.index.refused;
        let oldest_row = self.index.all_rows.first().map_or(u64::MAX, |oldest| oldest.0);
        let default = oldest_row.min(self.numbers.next);
        let pending = self.index.pending.iter();
        let oldest_parcels = pending.filter_map(|(account, parcels)| {
            let sequence = parcels.first_key_value().map(|((sequence, _), _)| sequence.0)?;
            (sequence < default).then(|| LowWaterRecord { account: account.as_str().to_owned(), sequence })
        });
        let low_water_of: Vec<_> = oldest_parcels.collect();
        if low_water_of.len() > limits::STORE_LOW_WATER_ACCOUNTS_MAX {
            let lowest = low_water_of.iter().map(|low| low.sequence).min().unwrap_or(default);
            self.sentinel.low_water = lowest.min(default);
            self.sentinel.low_water_of = Vec::new();
        } else {
            self.sentinel.low_water = default;
            self.sentinel.low_water_of = low_water_of;
        }
        let value = loading::sentinel_value(&self.sentinel, &self.shared.sealer);
        self.overlay.batch.insert(keys::SENTINEL.to_vec(), Some(value));
    }

    /// Lets go of an engine that failed. Nothing of the group is known to be stored.
    fn break_down(&mut self, error: &StoreError) {
        tracing::error!(%error, "the store failed; it is opened again as soon as that works");
        *self.shared.engine.write() = None;
        *self.shared.trouble.lock() = Some(reason_of(error));
        self.overlay = Overlay::default();
        self.deltas.clear();
        self.tried_at = Instant::now();
        if let Some(engine) = self.engine.take() {
            // An engine that failed may well panic on its way out.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(engine)));
        }
    }
}

/// Why the store does not work, without the words that its error begins with: they are put before it again.
fn reason_of(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable { reason } => reason.to_string(),
        other => other.to_string(),
    }
}
