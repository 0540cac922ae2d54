//! Engines that fail, as disks do.

use super::{message, run};
use crate::engines::memory::MemoryEngine;
use crate::engines::{Batch, Engine, EngineError, Range, Visit};
use crate::format::seal::{SealKey, Sealer};
use crate::memory::shared::{Bounds, Shared};
use crate::open::{create, shared};
use crate::store::GreenroomStore;
use crate::write::core::{Core, ManifestKeeper};
use crate::write::job::{Job, Operation};
use crate::write::txn::{Fail, Txn};
use crate::write::writer::Writer;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{Accepted, Inbox, Maintenance, StoreError, Traces};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where an engine fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Apply,
    Flush,
    Sync,
    Panic,
}

/// An engine over a map that outlives it, which fails where it is told to.
struct Faulty {
    rows: Arc<MemoryEngine>,
    fault: Arc<Mutex<Fault>>,
    /// What was applied but not synced is lost with this handle, as in a power loss.
    unsynced: Mutex<Vec<Batch>>,
    /// A handle that failed once is never right again.
    broken: AtomicBool,
}

impl Faulty {
    fn check(&self, at: Fault) -> Result<(), EngineError> {
        let fault = *self.fault.lock();
        assert!(!(fault == Fault::Panic && at == Fault::Apply), "the engine panics, as asked");
        if fault == at {
            self.broken.store(true, Ordering::SeqCst);
        }
        if self.broken.load(Ordering::SeqCst) {
            return Err(EngineError::Broken(format!("no space left on device ({at:?})")));
        }
        Ok(())
    }
}

impl Engine for Faulty {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.rows.get(key)
    }
    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        self.rows.scan(range, visit)
    }
    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        self.check(Fault::Apply)?;
        self.unsynced.lock().push(batch.clone());
        Ok(())
    }
    fn flush(&self) -> Result<(), EngineError> {
        self.check(Fault::Flush)
    }
    fn sync(&self) -> Result<(), EngineError> {
        self.check(Fault::Sync)?;
        self.unsynced.lock().drain(..).try_for_each(|batch| self.rows.apply(&batch))
    }
}

/// A store with a writer of its own over a faulty engine.
fn faulty() -> (GreenroomStore, Arc<Mutex<Fault>>) {
    let rows = Arc::new(MemoryEngine::default());
    let fault = Arc::new(Mutex::new(Fault::None));
    let sealer = Sealer::new(&SealKey::random().unwrap(), &[]);
    let loading = create(&*rows, &sealer).unwrap();
    let shared = Arc::new(shared(sealer, &loading.sentinel, Bounds::new(1_000), true));
    let faults = fault.clone();
    let make = move || {
        let (rows, fault) = (rows.clone(), faults.clone());
        let unsynced = Mutex::default();
        Arc::new(Faulty { rows, fault, unsynced, broken: AtomicBool::new(false) }) as Arc<dyn Engine>
    };
    let engine = make();
    let core = Core::new(shared.clone(), Box::new(move |_| Ok(make())), engine, loading, None);
    (GreenroomStore::new(shared, Writer::spawn(core).unwrap()), fault)
}

/// Asks until the store works again, and counts how often it did not.
async fn insist(store: &GreenroomStore, number: u64) -> u32 {
    let mut refusals = 0;
    loop {
        match store.accept(vec![message(number, "again")]).await {
            Ok(_) => return refusals,
            Err(StoreError::Unavailable { .. }) => refusals += 1,
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn a_failed_group_is_told_to_all_and_nothing_acknowledged_is_lost() {
    for at in [Fault::Apply, Fault::Flush, Fault::Sync, Fault::Panic] {
        let (store, fault) = faulty();
        run(async {
            let accepted = store.accept((0..10).map(|number| message(number, "before")).collect()).await.unwrap();
            let Accepted::New { conversation, .. } = accepted[0] else { panic!("{accepted:?}") };
            *fault.lock() = at;
            let failed = store.accept(vec![message(100, "lost")]).await;
            assert!(matches!(failed, Err(StoreError::Unavailable { .. })), "{at:?}: {failed:?}");
            assert!(store.store_health().is_err());
            assert!(matches!(store.rows_waiting().await, Err(StoreError::Unavailable { .. })), "not healthy and empty");
            *fault.lock() = Fault::None;
            let refusals = insist(&store, 200).await;
            assert!(refusals > 0, "{at:?}: a broken engine was tried again at once");
            assert_eq!(store.counters().reopened, 1);
            assert_eq!(store.store_health(), Ok(()));
            let waiting = store.waiting(conversation, 50).await.unwrap();
            assert_eq!(waiting.len(), 11, "{at:?}: ten before, one after");
            assert!(matches!(store.accept(vec![message(100, "lost")]).await.unwrap()[0], Accepted::New { .. }));
        });
    }
}

struct Panics;

impl Operation for Panics {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        txn.remove(vec![b'i'], 0);
        panic!("a bug in a command");
    }
}

struct Refuses;

impl Operation for Refuses {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        txn.remove(vec![b'i'], 0);
        let number = txn.number();
        txn.note(crate::memory::index::Delta::Row {
            conversation: ConversationId(1),
            sequence: Sequence(number),
            change: crate::memory::index::Change::Came,
        });
        Err(Fail::not_found("anything"))
    }
}

#[test]
fn a_command_that_fails_or_panics_leaves_nothing_and_hangs_nobody() {
    let (store, _) = faulty();
    run(async {
        let before = store.counters().key_writes;
        assert!(matches!(store.execute(Panics).await, Err(StoreError::Unavailable { .. })));
        assert!(matches!(store.execute(Refuses).await, Err(StoreError::NotFound { .. })));
        assert_eq!(store.rows_waiting().await, Ok(0));
        // Only the reservation of numbers, which the refused command asked for.
        assert_eq!(store.counters().key_writes - before, 1);
        store.accept(vec![message(1, "on it goes")]).await.unwrap();
        assert_eq!(store.rows_waiting().await, Ok(1));
    });
}

/// An engine that looks at what readers are shown while a group is on its way to the disk.
struct Watching {
    rows: MemoryEngine,
    shared: OnceLock<Arc<Shared>>,
    seen: Mutex<Vec<(&'static str, usize)>>,
}

impl Watching {
    fn look(&self, at: &'static str) {
        if let Some(shared) = self.shared.get() {
            self.seen.lock().push((at, shared.index.lock().all_rows.len()));
        }
    }
}

impl Engine for Watching {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.rows.get(key)
    }
    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        self.rows.scan(range, visit)
    }
    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        self.look("apply");
        self.rows.apply(batch)
    }
    fn flush(&self) -> Result<(), EngineError> {
        self.look("flush");
        Ok(())
    }
    fn sync(&self) -> Result<(), EngineError> {
        self.look("sync");
        Ok(())
    }
}

#[test]
fn nothing_is_shown_as_waiting_before_it_is_synced() {
    let engine = Arc::new(Watching { rows: MemoryEngine::default(), shared: OnceLock::new(), seen: Mutex::default() });
    let sealer = Sealer::new(&SealKey::random().unwrap(), &[]);
    let loading = create(&*engine, &sealer).unwrap();
    let shared = Arc::new(shared(sealer, &loading.sentinel, Bounds::new(1_000), true));
    let again = engine.clone() as Arc<dyn Engine>;
    let core = Core::new(shared.clone(), Box::new(move |_| Ok(again.clone())), engine.clone(), loading, None);
    let store = GreenroomStore::new(shared.clone(), Writer::spawn(core).unwrap());
    assert!(engine.shared.set(shared).is_ok());
    run(async {
        store.accept(vec![message(1, "hello")]).await.unwrap();
        assert_eq!(store.rows_waiting().await, Ok(1));
        store.accept(vec![message(2, "hello"), message(3, "hello")]).await.unwrap();
        assert_eq!(store.rows_waiting().await, Ok(3));
    });
    let expected = [("apply", 0), ("flush", 0), ("sync", 0), ("apply", 1), ("flush", 1), ("sync", 1)];
    assert_eq!(engine.seen.lock()[..6], expected);
}

/// A writer that ends by a bug must not look like one that has nothing to do.
#[test]
fn a_writer_that_panics_gives_the_store_up_with_a_sentence() {
    struct Bug;

    impl Job for Bug {
        fn run(&mut self, _: &mut Txn<'_>) -> Result<(), Fail> {
            Ok(())
        }
        fn bytes(&self) -> usize {
            0
        }
        fn finish(self: Box<Self>, _: Result<(), StoreError>) {
            std::panic::resume_unwind(Box::new("a bug outside of every command"));
        }
        fn is_awaited(&self) -> bool {
            false
        }
    }

    let (store, _) = faulty();
    run(async {
        store.accept(vec![message(1, "before")]).await.unwrap();
        store.writer.hand_over(Box::new(Bug));
        let reason = tokio::time::timeout(Duration::from_secs(10), store.gone()).await.expect("it is told");
        assert!(reason.contains("start again"), "{reason}");
        assert!(store.store_health().is_err() && store.writable().is_err());
        assert!(store.rows_waiting().await.is_err(), "reads do not work on as if nothing were");
        assert!(store.accept(vec![message(2, "after")]).await.is_err());
        assert_eq!(store.close().await, Ok(()));
    });
}

#[test]
fn the_latest_messages_are_known_again_after_the_engine_was_opened_again() {
    let (store, fault) = faulty();
    run(async {
        store.accept((0..5).map(|number| message(number, "before")).collect()).await.unwrap();
        assert_eq!(store.latest(10).await.unwrap().len(), 5);
        *fault.lock() = Fault::Sync;
        store.accept(vec![message(100, "lost")]).await.unwrap_err();
        *fault.lock() = Fault::None;
        insist(&store, 200).await;
        assert_eq!(store.latest(10).await.unwrap().len(), 6, "five before, one after");
    });
}

/// The side of a folder that was moved away.
struct Gone;

impl ManifestKeeper for Gone {
    fn is_in_place(&self) -> Result<(), String> {
        Err("the folder is gone".into())
    }
    fn write_commit(&mut self, _: u64) -> Result<(), String> {
        Ok(())
    }
    fn set_in_doubt(&mut self, _: bool) {}
    fn write_closed(&mut self, _: u64, _: u64, _: u64) {}
}

#[test]
fn a_writer_without_its_folder_has_nothing_to_do() {
    let rows = Arc::new(MemoryEngine::default());
    let sealer = Sealer::new(&SealKey::random().unwrap(), &[]);
    let loading = create(&*rows, &sealer).unwrap();
    let shared = Arc::new(shared(sealer, &loading.sentinel, Bounds::new(1_000), true));
    let mut core = Core::new(
        shared.clone(),
        Box::new(|_| Err(EngineError::Broken("there is nothing to open".into()))),
        rows,
        loading,
        Some(Box::new(Gone)),
    );
    core.run_group(Vec::new());
    assert_eq!(shared.gone.borrow().as_deref(), Some("the folder is gone"));
    assert_eq!(core.due_in(), None);
    assert_eq!(core.wait_max(), Some(limits::STORE_LOOK_PAUSE), "it does not ask without a pause");
}
