//! What crashed in this engine, for its health.

use crate::decide::restart::{Restart, Restarts};
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts crashes and keeps what was given up.
#[derive(Debug, Default)]
pub(crate) struct Crashes {
    count: AtomicU64,
    /// What was given up, with its last crash.
    given_up: Mutex<BTreeMap<String, String>>,
}

impl Crashes {
    /// Notes a crash of `what` and decides whether it comes back.
    pub(crate) fn note(&self, what: &str, restarts: &mut Restarts, reason: &dyn Display, now: Timestamp) -> Restart {
        self.count.fetch_add(1, Ordering::Relaxed);
        let restart = restarts.crashed(now);
        match restart {
            Restart::After(pause) => tracing::error!(what, %reason, ?pause, "it crashed and is restarted"),
            Restart::GiveUp => {
                tracing::error!(what, %reason, "it crashed too often and is given up");
                self.given_up.lock().insert(what.to_owned(), reason.to_string());
            }
        }
        restart
    }

    /// How many crashes there were.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// What was given up, in alphabetical order, with its last crash.
    pub(crate) fn given_up(&self) -> Vec<(String, String)> {
        self.given_up.lock().iter().map(|(what, reason)| (what.clone(), reason.clone())).collect()
    }

    /// It was started again by hand, or is gone.
    pub(crate) fn forget(&self, what: &str) {
        self.given_up.lock().remove(what);
    }
}
