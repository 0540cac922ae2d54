//! What the writer does for those who do not wait: jobs that are kept through a failure, and statuses that are written with
//! whatever is committed next.

use super::Core;
use crate::engines::EngineError;
use crate::memory::postponed::Told;
use crate::memory::shared::unavailable;
use crate::write::commands::revise::WriteStatuses;
use crate::write::job::{Job, Operation};
use greenroom_contract::limits;
use greenroom_contract::store::{ParcelKey, StoreError};
use std::time::Duration;

/// What became of parcels that are sent.
type Statuses = Vec<(ParcelKey, Vec<Told>)>;

impl Core {
    /// Tells the caller of a job, or keeps the job for when the store works: a group that failed says nothing about it.
    pub(super) fn finish(
        &mut self,
        job: Box<dyn Job>,
        group: &Result<(), StoreError>,
        verdict: Result<(), StoreError>,
    ) {
        if job.is_kept() && !self.closed && matches!(group, Err(StoreError::Unavailable { .. })) {
            self.kept.push(job);
        } else {
            job.finish(group.clone().and(verdict));
        }
    }

    /// Writes what became of parcels that are sent, as far as it is time, into the group; returns it, so that it can be put
    /// back when the group fails.
    pub(super) fn write_statuses(&mut self) -> (Statuses, Result<(), EngineError>) {
        // In memory nothing is gained by writing it, and time may be paused.
        let due = if self.shared.on_disk { self.due_statuses(limits::STORE_STATUS_PAUSE) } else { Vec::new() };
        if due.is_empty() {
            return (due, Ok(()));
        }
        let statuses = WriteStatuses(due);
        let written = self.run_one(|txn| statuses.run(txn));
        let written = written.map(|written| {
            if let Err(error) = written {
                tracing::warn!(%error, "what became of some messages could not be written");
            }
        });
        (statuses.0, written)
    }

    /// Writes all of it into the group.
    pub(in crate::write) fn write_all_statuses(&mut self) {
        loop {
            let statuses = WriteStatuses(self.due_statuses(Duration::ZERO));
            if statuses.0.is_empty() {
                return;
            }
            let written = self.run_one(|txn| statuses.run(txn)).map_err(|error| unavailable(&error));
            if let Err(error) | Ok(Err(error)) = written {
                tracing::warn!(%error, "what became of some messages could not be written");
            }
        }
    }

    fn due_statuses(&self, pause: Duration) -> Statuses {
        self.shared.postponed.lock().take_due(pause)
    }
}
