//! Counting an attempt, exactly when it begins to be risky.
//!
//! A turn that only waits, for a permit of its assistant or for a worker that hears, has not been
//! tried: a process that dies then must not bring an innocent message closer to quarantine. What is
//! under way when the process dies must be counted, or a poisonous message would kill it for ever.

use async_trait::async_trait;
use greenroom_contract::assistant::ActingBook;
use greenroom_contract::cause::Cause;
use greenroom_contract::store::{Begin as AttemptMark, Store, StoreError};
use greenroom_support::fail_point;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What may still become of the count of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// It can be taken back.
    Open,
    /// It stays: something was begun that must not be done twice.
    Kept,
    /// It was taken back. Nothing of that kind may begin any more.
    TakenBack,
}

/// Counts one attempt, once.
pub(crate) struct AttemptCounter {
    store: Arc<dyn Store>,
    mark: AttemptMark,
    /// Whether no row was tried before; then the mark need not be waited for.
    first: bool,
    /// Whether an attempt at the first row is counted on disk, which shows the next one that it is not the first.
    is_tried: bool,
    count: Mutex<Count>,
    /// Whether what keeps it is on disk.
    is_kept: tokio::sync::Mutex<bool>,
    counted: AtomicBool,
    /// What else is to be counted with it.
    besides: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// Whether that was done.
    besides_done: AtomicBool,
}

impl AttemptCounter {
    pub(crate) fn new(store: Arc<dyn Store>, mark: AttemptMark, first: bool, is_tried: bool) -> Self {
        Self {
            store,
            mark,
            first,
            is_tried,
            count: Mutex::new(Count::Open),
            is_kept: tokio::sync::Mutex::new(false),
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

    /// Takes the attempt back, if it was counted. One in which something was begun that must not be done twice stays, unless
    /// an earlier one shows the same: one attempt is enough, and no outage uses up more.
    pub(crate) async fn uncount(&self) {
        {
            let mut count = self.count.lock();
            if *count == Count::Kept && !self.is_tried {
                return;
            }
            *count = Count::TakenBack;
        }
        if !self.counted.load(Ordering::SeqCst) {
            return;
        }
        if let Err(error) = self.store.withdraw(self.mark.clone()).await {
            tracing::warn!(%error, "an attempt cannot be taken back now");
        }
    }

    /// Keeps the attempt, on disk.
    async fn keep(&self) -> Result<(), StoreError> {
        let is_counted = self.counted.load(Ordering::SeqCst);
        if is_counted && !self.first {
            return Ok(());
        }
        if is_counted {
            // The mark of a first attempt may be in memory only; a further one on top of it would count twice.
            self.store.withdraw(self.mark.clone()).await?;
        }
        self.store.begin(self.mark.clone()).await?;
        self.counted.store(true, Ordering::SeqCst);
        Ok(())
    }
}

#[async_trait]
impl ActingBook for AttemptCounter {
    async fn begin(&self) -> Result<(), Cause> {
        {
            let mut count = self.count.lock();
            if *count == Count::TakenBack {
                return Err("the turn was given up".into());
            }
            // Before it is written: what is taken back meanwhile would be missing on disk.
            *count = Count::Kept;
        }
        let mut is_kept = self.is_kept.lock().await;
        if !*is_kept {
            self.keep().await?;
            *is_kept = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::messages::{Refine as _, text_from};
    use greenroom_contract::ids::Sequence;
    use greenroom_contract::store::{Accepted, Entry};

    /// A store in which one message waits.
    async fn waiting() -> (Arc<dyn Store>, Entry) {
        let store: Arc<dyn Store> = greenroom_store::memory();
        let accepted = store.accept(vec![text_from("+15550000001", "add milk").admitted()]).await.unwrap();
        let [Accepted::New { conversation, .. }] = accepted.as_slice() else { panic!("{accepted:?}") };
        let entry = store.waiting(*conversation, 1).await.unwrap().remove(0);
        (store, entry)
    }

    async fn attempts(store: &Arc<dyn Store>, entry: &Entry) -> u32 {
        store.waiting(entry.conversation, 1).await.unwrap()[0].attempts
    }

    fn counter(store: &Arc<dyn Store>, entry: &Entry, attempts: u32) -> AttemptCounter {
        let mark = AttemptMark { conversation: entry.conversation, rows: vec![entry.sequence] };
        AttemptCounter::new(Arc::clone(store), mark, attempts == 0, attempts > 0)
    }

    #[tokio::test]
    async fn what_did_nothing_is_taken_back_and_what_acted_stays_once() {
        let (store, entry) = waiting().await;
        let idle = counter(&store, &entry, 0);
        idle.count().await.unwrap();
        idle.uncount().await;
        assert_eq!(attempts(&store, &entry).await, 0);
        for attempt in 0..4 {
            let acting = counter(&store, &entry, attempts(&store, &entry).await);
            acting.count().await.unwrap();
            for _ in 0..3 {
                acting.begin().await.unwrap();
            }
            acting.uncount().await;
            assert_eq!(attempts(&store, &entry).await, 1, "outage {attempt} uses up nothing more");
        }
    }

    #[tokio::test]
    async fn nothing_begins_once_the_attempt_was_taken_back() {
        let (store, entry) = waiting().await;
        let counter = counter(&store, &entry, 0);
        counter.count().await.unwrap();
        counter.uncount().await;
        assert!(counter.begin().await.is_err());
        assert_eq!(attempts(&store, &entry).await, 0);
    }

    #[tokio::test]
    async fn nothing_begins_that_cannot_be_written() {
        let (store, entry) = waiting().await;
        let mark = AttemptMark { conversation: entry.conversation, rows: vec![Sequence(entry.sequence.0 + 1)] };
        let counter = AttemptCounter::new(Arc::clone(&store), mark, true, false);
        assert!(counter.begin().await.is_err(), "the row is gone");
    }
}
