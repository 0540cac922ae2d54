//! Reading traces, and keeping the store small.

use super::{Fence, Snapshot, StoreError};
use crate::ids::{AccountId, MessageId};
use crate::time::Timestamp;
use crate::trace::Trace;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why messages were, or were not, answered. Written by the other traits' methods.
#[async_trait]
pub trait Traces: Send + Sync {
    /// Everything known about messages with this id, in any account, or in one; newest last, at most
    /// [`crate::limits::PAGE_ROWS_MAX`]. Also takes one of our own ids and finds what caused it.
    async fn why(&self, message: &MessageId, account: Option<&AccountId>) -> Result<Vec<Trace>, StoreError>;

    /// The newest messages, newest first, for "what happened last?".
    async fn latest(&self, traces_max: usize) -> Result<Vec<Trace>, StoreError>;
}

/// What the janitor does.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Removes what is older than its retention. Works in small steps; safe at any time.
    async fn sweep(&self, now: Timestamp) -> Result<SweepReport, StoreError>;

    /// The same by a clock that may be wrong: `lived` is how long this run has lasted by one that never jumps. What is
    /// removed is no more than became old while the store was in use; a clock that is ahead of that is believed once it was
    /// so for [`crate::limits::CLOCK_BELIEVED_AFTER`]. The default believes the clock.
    async fn sweep_after(&self, now: Timestamp, lived: Duration) -> Result<SweepReport, StoreError> {
        let _ = lived;
        self.sweep(now).await
    }

    /// Whether the store works, in a sentence for people.
    fn store_health(&self) -> Result<(), String>;

    /// Whether the store can be written now, in a sentence for people. Unlike [`Maintenance::store_health`] it is silent
    /// about damage that was set aside and that a restart would not repair. The default knows no difference.
    fn writable(&self) -> Result<(), String> {
        self.store_health()
    }

    /// Resolves once this process can never use the store again, such as because its folder was moved or deleted, with
    /// a sentence that says what to do. Stays pending while the store works, fails for a moment, or was closed.
    async fn gone(&self) -> String {
        std::future::pending().await
    }

    /// What tells this copy of the store from others. The default is a store that was never restored.
    async fn fence(&self) -> Result<Fence, StoreError> {
        Ok(Fence::default())
    }

    /// Marks the store as moved to another place, or takes that back; durable on return. The default refuses.
    async fn set_moved(&self, moved_at: Option<Timestamp>) -> Result<(), StoreError> {
        let _ = moved_at;
        Err(StoreError::Invalid { reason: "this store cannot be moved".into() })
    }

    /// The store as it is now, to be read while it is written on; one at a time. The default refuses.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Err(StoreError::Invalid { reason: "no backup can be made of this store".into() })
    }

    /// Waits until everything submitted so far is on disk, then closes. Later calls fail.
    async fn close(&self) -> Result<(), StoreError>;
}

/// What a sweep removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepReport {
    /// Deduplication keys.
    pub dedup_keys: u64,
    /// Sent parcels and traces.
    pub traces: u64,
    /// Turns of history.
    pub turns: u64,
    /// Rows of the quarantine.
    pub quarantined: u64,
    /// Sums of what answers cost.
    #[serde(default)]
    pub usage: u64,
}
