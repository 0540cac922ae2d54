//! The engine of the writer: opened again after a failure, let go of when it fails, closed in order.

use crate::engines::{Engine, EngineError};
use crate::memory::loading::{self, Loading};
use crate::memory::shared::unavailable;
use crate::write::core::{CommitFailed, Core, Files};
use crate::write::txn::{Numbers, Overlay};
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

impl Core {
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
            let written = self.write_marks(|_| true);
            self.write_all_statuses();
            self.numbers.grew = true;
            let committed = written.and_then(|()| self.commit_caught());
            in_order = committed.is_ok();
            if let Err(failed) = committed {
                tracing::error!(error = %failed.error, "the store could not be closed in order");
                self.doubt(&failed);
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
        self.opener = Box::new(|_| Err(EngineError::Broken("the store is closed".into())));
    }

    /// Opens the engine again after a failure, if it is time.
    pub(super) fn ensure_open(&mut self) -> Result<(), StoreError> {
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
        let opened = catch_unwind(AssertUnwindSafe(|| self.reopen()));
        self.tried_at = Instant::now();
        opened.unwrap_or_else(|_| Err("the engine panicked while it was opened".into())).map_err(|reason| {
            tracing::warn!(%reason, "the store cannot be opened again yet");
            *self.shared.trouble.lock() = Some(reason.clone());
            StoreError::Unavailable { reason: reason.into() }
        })
    }

    /// Gives the store up for good once its folder is not the one that was opened: what is written from then on is in no
    /// folder that will be opened again.
    pub(super) fn stay_in_place(&mut self) -> Result<(), EngineError> {
        let Some(Err(reason)) = self.manifest.as_ref().map(|manifest| manifest.is_in_place()) else { return Ok(()) };
        if self.shared.gone.borrow().is_none() {
            tracing::error!("{reason}");
            self.shared.give_up(&reason);
            // Its end would write files by their names, and another store may have these names now.
            if let Some(engine) = self.engine.take() {
                std::mem::forget(engine);
            }
        }
        Err(EngineError::Broken(reason))
    }

    fn reopen(&mut self) -> Result<(), String> {
        let files = if self.in_doubt { Files::InDoubt } else { Files::Trusted };
        let engine = (self.opener)(files).map_err(|error| error.to_string())?;
        let loading = loading::load(&*engine, &self.shared.sealer).map_err(|error| error.to_string())?;
        let loading = loading.ok_or("the sentinel record is missing")?;
        if loading.sentinel.instance != self.sentinel.instance {
            return Err("another store lies in the directory now".into());
        }
        if loading.sentinel.commit < self.proved {
            return Err(format!(
                "its log was cut: it ends at commit {}, but commit {} was made",
                loading.sentinel.commit, self.proved
            ));
        }
        if let Some(manifest) = self.manifest.as_mut().filter(|_| self.in_doubt) {
            manifest.set_in_doubt(false);
        }
        self.in_doubt = false;
        self.take_over(engine, loading);
        self.shared.tally.reopened.fetch_add(1, Ordering::Relaxed);
        tracing::info!("the store was opened again");
        Ok(())
    }

    pub(super) fn take_over(&mut self, engine: Arc<dyn Engine>, loading: Loading) {
        let Loading { mut index, mut sentinel, damaged, not_understood } = loading;
        // Attempts that were noted in memory are not lost with the engine.
        let noted = std::mem::take(&mut self.index.marks).into_iter();
        index.marks = noted.filter(|((conversation, row), _)| index.waits(*conversation, *row)).collect();
        self.numbers = Numbers { next: sentinel.numbers_reserved, reserved: sentinel.numbers_reserved, grew: false };
        // What was counted since the sentinel was written must not be counted once more.
        sentinel.commit = sentinel.commit.max(self.sentinel.commit);
        self.sentinel = sentinel;
        *self.shared.index.lock() = index.clone();
        self.index = index;
        self.overlay = Overlay::default();
        self.known.lock().clear();
        self.deltas.clear();
        *self.shared.engine.write() = Some(engine.clone());
        *self.shared.trouble.lock() = None;
        self.engine = Some(engine);
        for (key, damage) in not_understood {
            let _ = self.shared.not_understood(&key, &damage);
        }
        for (key, damage) in damaged {
            if let Err(error) = self.run_one(|txn| txn.set_aside(&key, &damage)) {
                tracing::error!(%error, "a damaged record could not be set aside");
            }
        }
    }

    /// Lets go of an engine that failed. Nothing of the group is known to be stored.
    pub(super) fn break_down(&mut self, failed: &CommitFailed) {
        tracing::error!(error = %failed.error, "the store failed; it is opened again as soon as that works");
        *self.shared.engine.write() = None;
        if let Some(pinned) = self.shared.pinned.lock().as_mut() {
            pinned.lose("the store failed in the meantime".to_owned());
        }
        *self.shared.trouble.lock() = Some(reason_of(&failed.error));
        self.doubt(failed);
        self.overlay = Overlay::default();
        self.deltas.clear();
        self.tried_at = Instant::now();
        if let Some(engine) = self.engine.take() {
            // An engine that failed may well panic on its way out.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(engine)));
        }
    }

    /// Remembers, also for the next process, that what can be read may be on no disk.
    fn doubt(&mut self, failed: &CommitFailed) {
        if !failed.in_doubt || self.in_doubt {
            return;
        }
        self.in_doubt = true;
        if let Some(manifest) = &mut self.manifest {
            manifest.set_in_doubt(true);
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
