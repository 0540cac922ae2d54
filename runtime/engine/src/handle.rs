//! The way in from outside.

use crate::health::Health;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::event::EventSink;
use greenroom_contract::ids::AccountId;
use greenroom_contract::ids::Sequence;
use greenroom_contract::store::{AccountRow, ListScope, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// A running engine. Cheap to clone; the engine does not end when handles are dropped.
#[derive(Clone)]
pub struct Handle {}

/// Why the engine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// It was drained.
    Drained(Drained),
    /// Every channel's input came to its end, and everything was answered and sent.
    Finished,
    /// A bug ended the root. The process should end, so that its service manager restarts it.
    Failed {
        /// What happened.
        reason: String,
    },
}

/// What was left when it was drained. All of it is in the store and goes on at the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Turns that did not finish in time.
    pub turns_left: usize,
}

impl Handle {
    /// Stops accepting, lets running turns and sends finish up to `timeout`, stops everything and
    /// closes the store. Later calls return at once.
    pub async fn drain(&self, _timeout: Duration) -> Drained {
        todo!()
    }

    /// Waits until the engine ended, and says why.
    pub async fn ended(&self) -> EndReason {
        todo!()
    }

    /// Waits until nothing waits: no row in the inbox, no turn, no parcel that could be sent now.
    pub async fn settled(&self) {
        todo!()
    }

    /// The state of everything.
    pub async fn health(&self) -> Health {
        todo!()
    }

    /// The store, for reading (`why`, listings).
    pub fn store(&self) -> Arc<dyn Store> {
        todo!()
    }

    /// Every account.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        todo!()
    }

    /// The sink of an account, for events that do not come over its link (webhooks, tests).
    pub fn sink(&self, _account: &AccountId) -> Option<Arc<dyn EventSink>> {
        todo!()
    }

    /// Adds an entry to a stored allow-list; it holds from the next message on.
    pub async fn allow(&self, _scope: ListScope, _entry: AllowEntry, _by: &str) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes an entry from a stored allow-list; it also stops parcels that are not sent yet.
    pub async fn disallow(&self, _scope: ListScope, _entry: &AllowEntry) -> Result<(), StoreError> {
        todo!()
    }

    /// Puts a quarantined row back to work.
    pub async fn release(&self, _sequence: Sequence) -> Result<(), StoreError> {
        todo!()
    }
}
