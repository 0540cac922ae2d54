//! The engine over a simulated disk: one handle, as a process holds it.

use crate::engines::memory::MemoryEngine;
use crate::engines::{Batch, Engine, EngineError, Range, Visit};
use crate::open::manifest::Manifest;
use crate::simulated::layers::Layers;
use crate::simulated::plan::{Dice, DiskFault, DiskPlan, DiskPoint};
use crate::write::core::ManifestKeeper;
use parking_lot::Mutex;
use std::sync::Arc;

/// What outlives every process.
pub(super) struct Disk {
    pub(super) state: Mutex<State>,
    /// What can be read at the moment.
    pub(super) rows: MemoryEngine,
}

/// The disk, and what is to go wrong with it.
pub(super) struct State {
    pub(super) layers: Layers,
    pub(super) side_file: Option<Manifest>,
    /// What the lock file says, which is in the page cache only.
    pub(super) in_doubt: bool,
    pub(super) dice: Dice,
    pub(super) plan: DiskPlan,
    pub(super) next: Vec<(DiskPoint, DiskFault)>,
    pub(super) always: Vec<(DiskPoint, DiskFault)>,
    /// Which process may use it. A dead one may try.
    pub(super) life: u64,
    /// Which handle may write to it.
    pub(super) handle: u64,
    pub(super) faults: u64,
    /// A key whose page the engine cannot read.
    pub(super) unreadable: Option<Vec<u8>>,
}

impl State {
    /// What goes wrong at this moment.
    pub(super) fn fault(&mut self, point: DiskPoint) -> Option<DiskFault> {
        let asked = self.next.iter().position(|(at, _)| *at == point);
        let fault = match (asked, self.always.iter().find(|(at, _)| *at == point)) {
            (Some(place), _) => Some(self.next.remove(place).1),
            (None, Some((_, fault))) => Some(*fault),
            (None, None) => self.by_chance(point),
        };
        self.faults += u64::from(fault.is_some());
        fault
    }

    fn by_chance(&mut self, point: DiskPoint) -> Option<DiskFault> {
        let chance = self.plan.chance(point);
        if chance == 0 || self.dice.below(10_000) >= u64::from(chance) {
            return None;
        }
        Some(match self.dice.below(8) {
            0 => DiskFault::Panics,
            1..4 => DiskFault::FailsDone,
            _ => DiskFault::Fails,
        })
    }

    /// Everything that only the page cache holds is written again, and synced. Fails as a sync does.
    pub(super) fn rewrite(&mut self) -> Result<(), EngineError> {
        let fault = self.fault(DiskPoint::Rewrite);
        self.layers.rewrite();
        let dirty = self.layers.dirty();
        let count = if matches!(fault, None | Some(DiskFault::FailsDone)) { dirty } else { self.a_part_of(dirty) };
        self.layers.sync(count);
        self.layers.believe();
        fault.map_or(Ok(()), |fault| Err(broken(DiskPoint::Rewrite, fault)))
    }

    /// How many of so many batches arrive before something fails.
    fn a_part_of(&mut self, count: usize) -> usize {
        self.dice.below(count as u64 + 1) as usize
    }
}

impl Disk {
    /// Goes on with what can be read now.
    pub(super) fn reread(&self, state: &State) {
        *self.rows.rows.write() = state.layers.readable();
    }
}

/// One engine. An earlier one cannot write once there is another, or after the death of its process.
pub(super) struct SimEngine {
    pub(super) disk: Arc<Disk>,
    pub(super) life: u64,
    pub(super) handle: u64,
}

impl SimEngine {
    fn write(&self, point: DiskPoint, done: impl Fn(&Disk, &mut State, bool)) -> Result<(), EngineError> {
        let mut state = self.disk.state.lock();
        if (state.life, state.handle) != (self.life, self.handle) {
            return Err(EngineError::Broken("this handle of the simulated disk is of an earlier time".into()));
        }
        let fault = state.fault(point);
        match fault {
            None | Some(DiskFault::FailsDone) => done(&self.disk, &mut state, true),
            Some(DiskFault::Fails) => done(&self.disk, &mut state, false),
            Some(DiskFault::Panics) => {
                drop(state);
                std::panic::resume_unwind(Box::new("the engine panics, as asked"));
            }
        }
        fault.map_or(Ok(()), |fault| Err(broken(point, fault)))
    }

    fn read(&self) -> Result<(), EngineError> {
        let mut state = self.disk.state.lock();
        if state.life != self.life {
            return Err(EngineError::Broken("the process that reads the simulated disk is dead".into()));
        }
        state.fault(DiskPoint::Read).map_or(Ok(()), |fault| Err(broken(DiskPoint::Read, fault)))
    }
}

pub(super) fn broken(point: DiskPoint, fault: DiskFault) -> EngineError {
    EngineError::Broken(format!("the simulated disk fails, as asked ({point:?}, {fault:?})"))
}

impl Engine for SimEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.read()?;
        let mut state = self.disk.state.lock();
        if state.unreadable.as_deref() == Some(key) {
            state.faults += 1;
            return Err(EngineError::Damaged("the page of this key cannot be read, as asked".into()));
        }
        drop(state);
        self.disk.rows.get(key)
    }

    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        self.read()?;
        self.disk.rows.scan(range, visit)
    }

    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        self.write(DiskPoint::Apply, |disk, state, whole| {
            if whole {
                state.layers.apply(batch.clone());
                // A map in memory takes everything.
                let _ = disk.rows.apply(batch);
            }
        })
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.write(DiskPoint::Flush, |_, state, whole| {
            let applied = state.layers.applied();
            let count = if whole { applied } else { state.a_part_of(applied) };
            state.layers.flush(count);
        })
    }

    fn sync(&self) -> Result<(), EngineError> {
        self.write(DiskPoint::Sync, |_, state, whole| {
            let dirty = state.layers.dirty();
            let count = if whole { dirty } else { state.a_part_of(dirty) };
            state.layers.sync(count);
            state.layers.believe();
        })
    }
}

/// The side file of a simulated disk. It is replaced as a whole and synced, so it is old or new.
pub(super) struct SimSideFile {
    pub(super) disk: Arc<Disk>,
    pub(super) life: u64,
    pub(super) manifest: Manifest,
}

impl SimSideFile {
    pub(super) fn write(&self) -> Result<(), EngineError> {
        let mut state = self.disk.state.lock();
        if state.life != self.life {
            return Err(EngineError::Broken("the process that writes the side file is dead".into()));
        }
        let fault = state.fault(DiskPoint::SideFile);
        if matches!(fault, None | Some(DiskFault::FailsDone)) {
            state.side_file = Some(self.manifest.clone());
        }
        fault.map_or(Ok(()), |fault| Err(broken(DiskPoint::SideFile, fault)))
    }
}

impl ManifestKeeper for SimSideFile {
    fn is_in_place(&self) -> Result<(), String> {
        Ok(())
    }

    fn write_commit(&mut self, commit: u64) -> Result<(), String> {
        self.manifest.commit = commit;
        self.write().map_err(|error| error.to_string())
    }

    fn set_in_doubt(&mut self, in_doubt: bool) {
        let mut state = self.disk.state.lock();
        if state.life == self.life {
            state.in_doubt = in_doubt;
        }
    }

    fn write_closed(&mut self, commit: u64, rows: u64, parcels: u64) {
        self.manifest.commit = commit;
        self.manifest.closed = Some(crate::open::manifest::Closed { log_bytes: None, rows, parcels });
        let _ = self.write();
    }
}
