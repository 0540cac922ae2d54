//! A store over a simulated disk, for the simulations of this crate and of the whole program (feature `simulated-disk`).
//!
//! ```text
//! let disk = SimDisk::new(seed);
//! let store = disk.open()?;                                  // a life; within a tokio runtime
//! disk.plan(DiskPlan::stormy(20));                           // by chance, 20 in 10,000 times at each point
//! disk.fail_next(DiskPoint::Sync, DiskFault::FailsDone);     // one commit happens and is reported as failed
//! disk.fail_always(DiskPoint::Flush, DiskFault::Fails);      // an outage, until `heal`
//! disk.kill(); drop(store); let store = disk.open()?;        // kill -9, and the next life
//! disk.power_cut(); drop(store); let store = disk.open()?;   // a random part of what was not synced survives
//! ```
//!
//! The store is the real one: writer, commands, sentinel, marks, side file and the checks at opening. Only the thread is
//! missing: commands run in their callers and a task does what is due, so that paused time stands still. `kill` or
//! `power_cut` come before the store of the old life is dropped; otherwise dropping it is an orderly closing.
//!
//! | module | holds |
//! |---|---|
//! | `plan` | where and how it fails, and how often |
//! | `layers` | what is in the process, in the page cache and on the platter |
//! | `engine` | the engine over it, and the side file |

mod engine;
mod layers;
mod plan;

#[cfg(test)]
mod tests;

use crate::engines::memory::MemoryEngine;
use crate::engines::{Engine, EngineError};
use crate::format::keys;
use crate::format::seal::{SealKey, Sealer};
use crate::memory::shared::Bounds;
use crate::open::manifest::Manifest;
use crate::open::options::{EngineKind, OpenError};
use crate::open::{Check, load_checked, shared};
use crate::simulated::engine::{Disk, SimEngine, SimSideFile, State, broken};
use crate::simulated::layers::Layers;
use crate::simulated::plan::Dice;
use crate::store::GreenroomStore;
use crate::write::core::{Core, Files, ManifestKeeper};
use crate::write::writer::Writer;
use greenroom_contract::limits;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Weak};

pub use plan::{DiskFault, DiskPlan, DiskPoint};

/// The key that seals the secrets on every simulated disk.
const SEAL_KEY: &str = "5151515151515151515151515151515151515151515151515151515151515151";

/// A disk that outlives the stores on it. Clones are the same disk.
#[derive(Clone)]
pub struct SimDisk {
    disk: Arc<Disk>,
}

impl SimDisk {
    /// An empty disk. What it does by chance depends on the seed alone.
    pub fn new(seed: u64) -> Self {
        let state = State {
            layers: Layers::default(),
            side_file: None,
            in_doubt: false,
            dice: Dice(seed),
            plan: DiskPlan::calm(),
            next: Vec::new(),
            always: Vec::new(),
            life: 0,
            handle: 0,
            faults: 0,
            unreadable: None,
        };
        Self { disk: Arc::new(Disk { state: Mutex::new(state), rows: MemoryEngine::default() }) }
    }

    /// Opens the store on it, or makes it: the next life. A store that is open on it is dead from then on.
    pub fn open(&self) -> Result<Arc<GreenroomStore>, OpenError> {
        self.open_with(limits::INBOX_ROWS_MAX)
    }

    /// The same, although something is lost or not understood.
    pub fn open_accepting_damage(&self) -> Result<Arc<GreenroomStore>, OpenError> {
        self.open_as(limits::INBOX_ROWS_MAX, true)
    }

    /// The same, with room for so many rows in the inbox.
    pub fn open_with(&self, inbox_rows_max: u64) -> Result<Arc<GreenroomStore>, OpenError> {
        self.open_as(inbox_rows_max, false)
    }

    fn open_as(&self, inbox_rows_max: u64, accept_damage: bool) -> Result<Arc<GreenroomStore>, OpenError> {
        self.kill();
        let (life, side_file, files) = {
            let state = self.disk.state.lock();
            let files = if state.in_doubt { Files::InDoubt } else { Files::Trusted };
            (state.life, state.side_file.clone(), files)
        };
        let place = Path::new("simulated disk");
        let damaged = |error: EngineError| OpenError::engine(place, error);
        let sealer = sealer();
        let engine = self.handle(life, files).map_err(damaged)?;
        let check = Check { directory: place, engine: EngineKind::Sled, accept_damage };
        let loading = load_checked(&check, side_file.as_ref(), &*engine, &sealer)?;
        let manifest = Manifest::of(EngineKind::Sled, &loading.sentinel);
        let mut keeper = SimSideFile { disk: self.disk.clone(), life, manifest };
        keeper.write().map_err(damaged)?;
        keeper.set_in_doubt(false);
        let shared = Arc::new(shared(sealer, &loading.sentinel, Bounds::new(inbox_rows_max), true));
        let disk = self.clone();
        let opener = Box::new(move |files| disk.handle(life, files));
        let core = Core::new(shared.clone(), opener, engine, loading, Some(Box::new(keeper)));
        let store = Arc::new(GreenroomStore::new(shared, Writer::inline(core)));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(do_what_is_due(Arc::downgrade(&store)));
        }
        Ok(store)
    }

    /// From now on it fails by chance. Replaces the plan before.
    pub fn plan(&self, plan: DiskPlan) {
        self.disk.state.lock().plan = plan;
    }

    /// The next time that it comes to this point, it fails. Asked several times, it fails several times.
    pub fn fail_next(&self, point: DiskPoint, fault: DiskFault) {
        self.disk.state.lock().next.push((point, fault));
    }

    /// At this point it fails until [`SimDisk::heal`].
    pub fn fail_always(&self, point: DiskPoint, fault: DiskFault) {
        self.disk.state.lock().always.push((point, fault));
    }

    /// Nothing fails any more: no plan, nothing that was asked for. What was lost stays lost.
    pub fn heal(&self) {
        let mut state = self.disk.state.lock();
        state.plan = DiskPlan::calm();
        state.next.clear();
        state.always.clear();
    }

    /// The process dies. What it had handed to the operating system is there for the next one.
    pub fn kill(&self) {
        let mut state = self.disk.state.lock();
        state.life += 1;
        let applied = state.layers.applied() as u64;
        let written = state.dice.below(applied + 1) as usize;
        state.layers.flush(written);
        state.layers.lose_process();
        self.disk.reread(&state);
    }

    /// The machine dies. Of what was not synced a random part survives, in order; what was in the page cache only, and
    /// counted as written there, does not.
    pub fn power_cut(&self) {
        let mut state = self.disk.state.lock();
        state.life += 1;
        let State { layers, dice, .. } = &mut *state;
        layers.lose_power(dice);
        state.in_doubt = false;
        self.disk.reread(&state);
    }

    /// From now on the engine says of this key that its page is damaged.
    #[cfg(test)]
    pub(crate) fn make_unreadable(&self, key: Option<Vec<u8>>) {
        self.disk.state.lock().unreadable = key;
    }

    /// How often it failed.
    pub fn faults(&self) -> u64 {
        self.disk.state.lock().faults
    }

    /// How many rows of each kind can be read, by the names that people know them by.
    pub fn rows(&self) -> BTreeMap<&'static str, u64> {
        let mut rows = BTreeMap::new();
        let named =
            |kind: u8| keys::kind::ALL.iter().find(|(known, _)| *known == kind).map_or("others", |(_, name)| *name);
        for kind in self.disk.rows.rows.read().keys().filter_map(|key| key.first()) {
            *rows.entry(named(*kind)).or_default() += 1;
        }
        rows
    }

    /// Whether rows can be read that are on no platter, and that no sync will bring there.
    pub fn lies(&self) -> bool {
        self.disk.state.lock().layers.clean() > 0
    }

    /// A handle for a life. An engine that was let go loses what it held alone.
    fn handle(&self, life: u64, files: Files) -> Result<Arc<dyn Engine>, EngineError> {
        let mut state = self.disk.state.lock();
        if state.life != life {
            return Err(EngineError::Broken("the process that opens the simulated disk is dead".into()));
        }
        if let Some(fault) = state.fault(DiskPoint::Open) {
            return Err(broken(DiskPoint::Open, fault));
        }
        let applied = state.layers.applied() as u64;
        let written = state.dice.below(applied + 1) as usize;
        state.layers.flush(written);
        state.layers.lose_process();
        self.disk.reread(&state);
        if files == Files::InDoubt {
            state.rewrite()?;
        }
        state.handle += 1;
        Ok(Arc::new(SimEngine { disk: self.disk.clone(), life, handle: state.handle }))
    }
}

fn sealer() -> Sealer {
    Sealer::new(&SealKey::from_hex(SEAL_KEY).expect("the key has 64 digits"), &[])
}

/// What the thread of a store on a real disk does while no command comes.
async fn do_what_is_due(store: Weak<GreenroomStore>) {
    loop {
        let Some(writer) = store.upgrade() else { return };
        let Some((due_in, ran)) = writer.writer.due_in() else { return };
        drop(writer);
        match due_in {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                let Some(store) = store.upgrade() else { return };
                store.writer.do_what_is_due();
            }
            None => ran.notified().await,
        }
    }
}
