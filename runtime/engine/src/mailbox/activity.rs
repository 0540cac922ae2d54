//! Knowing when nothing is left to do.
//!
//! Whoever has work that is under way holds a [`Busy`]; when the last one is dropped the engine is
//! settled. A doorbell carries one, so that there is no gap between ringing and being heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts what is under way.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    busy: AtomicUsize,
    changed: Notify,
}

/// Something is under way as long as this lives.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Activity>);

impl Activity {
    /// Declares that something is under way.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// How much is under way.
    pub(crate) fn count(&self) -> usize {
        self.busy.load(Ordering::SeqCst)
    }

    /// Waits until nothing is under way.
    pub(crate) async fn settled(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count() == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settled_waits_for_the_last_one() {
        let activity = Arc::new(Activity::default());
        let (first, second) = (activity.begin(), activity.begin());
        let waiter = tokio::spawn({
            let activity = Arc::clone(&activity);
            async move { activity.settled().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        drop(second);
        waiter.await.unwrap();
    }
}
