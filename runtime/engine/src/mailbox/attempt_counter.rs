//! Counting an attempt, exactly when it begins to be risky.
//!
//! A turn that only waits, for a permit of its assistant or for a worker that hears, has not been
//! tried: a process that dies then must not bring an innocent message closer to quarantine. What is
//! under way when the process dies must be counted, or a poisonous message would kill it for ever.

use greenroom_contract::store::{Begin as AttemptMark, Store, StoreError};
use greenroom_support::fail_point;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Counts one attempt, once.
pub(crate) struct AttemptCounter {
    store: Arc<dyn Store>,
    mark: AttemptMark,
    /// Whether no row was tried before; then the mark need not be waited for.
    first: bool,
    counted: AtomicBool,
    /// What else is to be counted with it.
    besides: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// Whether that was done.
    besides_done: AtomicBool,
}

impl AttemptCounter {
    pub(crate) fn new(store: Arc<dyn Store>, mark: AttemptMark, first: bool) -> Self {
        Self {
            store,
            mark,
            first,
            counted: AtomicBool::new(false),
            besides: Mutex::default(),
            besides_done: AtomicBool::new(false),
        }
    }

    /// Called just before something that could crash. A first attempt's mark is on its way on
    /// return; a further one is on disk.
    pub(crate) async fn count(&self) -> Result<(), StoreError> {
        if self.counted.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        if self.first {
            self.store.begin_submitted(self.mark.clone());
        } else {
            let counted = self.store.begin(self.mark.clone()).await;
            if counted.is_err() {
                self.counted.store(false, Ordering::SeqCst);
            }
            counted?;
        }
        fail_point!(TurnBegun);
        self.count_besides();
        Ok(())
    }

    /// Counts something else in the moment in which the attempt is counted; now, if it was already.
    pub(crate) fn when_counted(&self, count: impl FnOnce() + Send + 'static) {
        // One attempt is counted once, however many of its messages ask for it.
        if self.besides_done.load(Ordering::SeqCst) {
            return;
        }
        let mut besides = self.besides.lock();
        if besides.is_empty() {
            besides.push(Box::new(count));
        }
        drop(besides);
        if self.counted.load(Ordering::SeqCst) {
            self.count_besides();
        }
    }

    /// Whether something else was counted with the attempt.
    pub(crate) fn counted_besides(&self) -> bool {
        self.besides_done.load(Ordering::SeqCst)
    }

    fn count_besides(&self) {
        let Some(count) = self.besides.lock().pop() else { return };
        if !self.besides_done.swap(true, Ordering::SeqCst) {
            count();
        }
    }

    /// Takes the attempt back, if it was counted.
    pub(crate) async fn uncount(&self) {
        if !self.counted.load(Ordering::SeqCst) {
            return;
        }
        if let Err(error) = self.store.withdraw(self.mark.clone()).await {
            tracing::warn!(%error, "an attempt cannot be taken back now");
        }
    }
}
