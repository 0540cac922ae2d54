//! The inside of the writer: groups, commits, and opening again after a failure.

mod postponing;

use crate::engines::{Engine, EngineError};
use crate::format::keys;
use crate::format::records::{LowWaterRecord, SentinelRecord};
use crate::memory::index::{Delta, Index, Mark};
use crate::memory::known::Known;
use crate::memory::loading::{self, Loading};
use crate::memory::shared::{Shared, unavailable};
use crate::write::commands::attempt_marks::{PutOff, WriteMark};
use crate::write::job::{Job, Operation};
use crate::write::txn::{Fail, Numbers, Overlay, Txn, TxnParts};
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use greenroom_support::fail_point;
use greenroom_support::metrics::took;
use greenroom_support::metrics::words::Stage;
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Commits after which the sentinel is written with a group.
const COMMITS_PER_SENTINEL: u64 = 512;

/// Whether what the files of an engine show is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    /// As far as is known.
    Trusted,
    /// After an error of apply, flush or sync they may show what is only in the page cache, and will never be written. They
    /// must be written again before they are believed.
    InDoubt,
}

/// Opens the engine again.
pub(crate) type Opener = Box<dyn Fn(Files) -> Result<Arc<dyn Engine>, EngineError> + Send>;

/// What stands beside the data and says what must be there: the writer keeps it up to date. It also holds the lock on
/// the directory, so it lives as long as the writer.
pub(crate) trait ManifestKeeper: Send {
    /// Whether the directory is still the one that was opened. Asked around each commit, so it is one look at a file.
    /// The error is a sentence that says what to do.
    fn is_in_place(&self) -> Result<(), String>;

    /// At least so many commits are on disk. The error is a sentence.
    fn write_commit(&mut self, commit: u64) -> Result<(), String>;

    /// Whether the files of the engine may show what is on no disk. Remembered for the next process as well: the page
    /// cache outlives this one.
    fn set_in_doubt(&mut self, in_doubt: bool);

    /// The store was closed in order after so many commits, with so many rows waiting and parcels unsent. Called when
    /// the engine is closed.
    fn write_closed(&mut self, commit: u64, rows: u64, parcels: u64);
}

/// A group that is not known to be stored.
pub(super) struct CommitFailed {
    pub(super) error: StoreError,
    /// Whether the engine's files may show it nevertheless, although it is on no disk.
    pub(super) in_doubt: bool,
}

impl CommitFailed {
    /// Before anything was written.
    pub(super) fn before(error: EngineError) -> Self {
        Self { error: StoreError::Unavailable { reason: error.into() }, in_doubt: false }
    }

    /// While the engine handed it to the system, which refuses at once what it has no room for.
    fn writing(error: EngineError) -> Self {
        Self { in_doubt: !matches!(error, EngineError::Full(_)), ..Self::before(error) }
    }

    /// While the system brought it to the disk, or at an unknown moment.
    fn syncing(error: EngineError) -> Self {
        Self { in_doubt: true, ..Self::before(error) }
    }
}

/// Everything that the writer owns.
pub(crate) struct Core {
    pub(super) shared: Arc<Shared>,
    pub(super) opener: Opener,
    pub(super) engine: Option<Arc<dyn Engine>>,
    pub(super) index: Index,
    pub(super) overlay: Overlay,
    pub(super) deltas: Vec<Delta>,
    pub(super) numbers: Numbers,
    /// What the engine is known to hold.
    pub(super) known: Mutex<Known>,
    /// Jobs that were not carried out and are tried again.
    pub(super) kept: Vec<Box<dyn Job>>,
    pub(super) sentinel: SentinelRecord,
    commits_since_sentinel: u64,
    pub(super) manifest: Option<Box<dyn ManifestKeeper>>,
    /// The last commit that the side file knows.
    pub(super) proved: u64,
    proved_at: Option<Instant>,
    pub(super) tried_at: Instant,
    /// Whether the files of the engine may show what is on no disk.
    pub(super) in_doubt: bool,
    pub(super) closed: bool,
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
            proved: loading.sentinel.commit,
            proved_at: None,
            tried_at: Instant::now(),
            in_doubt: false,
            closed: false,
        };
        core.take_over(engine, loading);
        core
    }

    /// What it shares with readers.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// How long the writer may sleep when nobody comes.
    pub(crate) fn wait_max(&self) -> Option<Duration> {
        // Also while nothing is written it is noticed that the folder is gone.
        let look = self.manifest.as_ref().map(|_| limits::STORE_LOOK_PAUSE);
        [look, self.due_in()].into_iter().flatten().min()
    }

    /// In how long something is to be done although nobody comes.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        if self.closed || self.shared.gone.borrow().is_some() {
            return None;
        }
        if self.engine.is_none() {
            return Some(limits::STORE_REOPEN_PAUSE.saturating_sub(self.tried_at.elapsed()));
        }
        let first = self.index.marks.values().map(|mark| mark.due).min();
        let mark = first.filter(|_| self.shared.on_disk).map(|due| due.saturating_duration_since(Instant::now()));
        let status = self.shared.postponed.lock().wait(limits::STORE_STATUS_PAUSE).filter(|_| self.shared.on_disk);
        [mark, status, self.proof_due_in()].into_iter().flatten().min()
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
            Some(error) => Err(CommitFailed { error, in_doubt: false }),
            None => self.commit_caught(),
        };
        if let Err(failed) = &committed {
            self.break_down(failed);
        }
        let committed = committed.map_err(|failed| failed.error);
        for (job, verdict) in finished {
            self.finish(job, &committed, verdict);
        }
        if committed.is_ok() {
            self.prove();
        }
    }

    /// Runs one command. The outer error breaks the group.
    pub(super) fn run_one<T>(
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
                Fail::Damaged { key, damage } if damage.is_not_understood() => {
                    return Ok(Err(self.shared.not_understood(&key, &damage)));
                }
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

    pub(super) fn commit_caught(&mut self) -> Result<(), CommitFailed> {
        if self.shared.on_disk && !self.index.marks.is_empty() {
            let now = Instant::now();
            self.write_marks(|mark| mark.due <= now)?;
        }
        let (statuses, written) = self.write_statuses();
        let committed = written.map_err(CommitFailed::before).and_then(|()| {
            let committed = catch_unwind(AssertUnwindSafe(|| self.commit()));
            let panicked = || Err(CommitFailed::syncing(EngineError::Broken("the engine panicked".into())));
            committed.unwrap_or_else(|_| panicked())
        });
        if committed.is_err() {
            self.shared.postponed.lock().put_back(statuses);
        }
        committed
    }

    /// Counts attempts on disk, each on its own: one that cannot be written waits for a while, and the others do not.
    pub(super) fn write_marks(&mut self, is_due: impl Fn(&Mark) -> bool) -> Result<(), CommitFailed> {
        let due: Vec<_> = self.index.marks.iter().filter(|(_, mark)| is_due(mark)).map(|(row, _)| *row).collect();
        for row in due {
            let write = WriteMark(row);
            if let Err(error) = self.run_one(|txn| write.run(txn)).map_err(CommitFailed::before)? {
                tracing::warn!(%error, conversation = %row.0, row = %row.1, "an attempt could not be counted");
                let put_off = PutOff(row);
                // Nothing is read for it, so nothing can fail.
                let _ = self.run_one(|txn| put_off.run(txn)).map_err(CommitFailed::before)?;
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitFailed> {
        let no_engine = || CommitFailed::before(EngineError::Broken("no engine".into()));
        let engine = self.engine.clone().ok_or_else(no_engine)?;
        let proof_is_due = self.proof_due_in() == Some(Duration::ZERO);
        let proves = proof_is_due && self.commits_since_sentinel > 0;
        if self.overlay.batch.is_empty() && !self.numbers.grew && !proves {
            self.publish();
            return Ok(());
        }
        self.sentinel.commit += 1;
        self.commits_since_sentinel += 1;
        let with_sentinel = self.numbers.grew || proof_is_due || self.commits_since_sentinel >= COMMITS_PER_SENTINEL;
        if with_sentinel {
            self.lay_sentinel();
        }
        let writes = self.overlay.batch.len() as u64;
        let begun = Instant::now();
        fail_point!(WriterBeforeApply);
        let applied = {
            let _alone = self.shared.applying.write();
            if let Some(pinned) = self.shared.pinned.lock().as_mut() {
                pinned.keep(&*engine, &self.overlay.batch);
            }
            engine.apply(&self.overlay.batch)
        };
        applied.map_err(CommitFailed::writing)?;
        fail_point!(WriterAfterApply);
        engine.flush().map_err(CommitFailed::writing)?;
        fail_point!(WriterAfterFlush);
        engine.sync().map_err(CommitFailed::syncing)?;
        fail_point!(WriterAfterSync);
        took(Stage::Flush, begun.elapsed());
        // Before anything is acknowledged: a disk that took it may be in no folder any more.
        self.stay_in_place().map_err(CommitFailed::before)?;
        self.shared.tally.commits.fetch_add(1, Ordering::Relaxed);
        self.shared.tally.key_writes.fetch_add(writes, Ordering::Relaxed);
        self.known.lock().committed(&self.overlay.batch, &self.shared.sealer);
        self.overlay = Overlay::default();
        self.publish();
        if with_sentinel {
            self.commits_since_sentinel = 0;
            self.numbers.grew = false;
        }
        Ok(())
    }

    /// In how long the side file is to be written; `None` while it knows the last commit.
    fn proof_due_in(&self) -> Option<Duration> {
        if self.manifest.is_none() || self.proved >= self.sentinel.commit {
            return None;
        }
        let since = self.proved_at.map_or(limits::STORE_PROOF_PAUSE, |at| at.elapsed());
        Some(limits::STORE_PROOF_PAUSE.saturating_sub(since))
    }

    /// Writes the number of the last commit beside the data, if it is time and the data holds a sentinel of that number.
    fn prove(&mut self) {
        if self.proof_due_in() != Some(Duration::ZERO) || self.commits_since_sentinel > 0 {
            return;
        }
        let Some(manifest) = &mut self.manifest else { return };
        let written = manifest.write_commit(self.sentinel.commit);
        if written.is_ok() {
            self.proved = self.sentinel.commit;
        }
        *self.shared.unproved.lock() = written.err();
        self.proved_at = Some(Instant::now());
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
}
