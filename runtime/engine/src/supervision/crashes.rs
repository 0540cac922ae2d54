//! What crashed in this engine, for its health.

use crate::decide::restart::{Restart, Restarts};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use greenroom_support::metrics::{Happened, count};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts crashes and keeps what crashed too often.
#[derive(Debug, Default)]
pub(crate) struct Crashes {
    count: AtomicU64,
    /// What crashed too often, with its last crash and when that was, in steady time.
    failed: Mutex<BTreeMap<String, (String, Timestamp)>>,
}

impl Crashes {
    /// Notes a crash of `what` and decides when it comes back.
    pub(crate) fn note(&self, what: &str, restarts: &mut Restarts, reason: &dyn Display, now: Timestamp) -> Restart {
        self.count.fetch_add(1, Ordering::Relaxed);
        count(Happened::Restart);
        let restart = restarts.crashed(now);
        match restart {
            Restart::After(pause) => tracing::error!(what, %reason, ?pause, "it crashed and is restarted"),
            Restart::Rarely(pause) => {
                tracing::error!(what, %reason, ?pause, "it crashed too often and is started rarely from now on");
                self.failed.lock().insert(what.to_owned(), (reason.to_string(), now));
            }
        }
        restart
    }

    /// How many crashes there were.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// What crashed too often and has not stayed up since, in alphabetical order, with its last crash.
    pub(crate) fn failed(&self, now: Timestamp) -> Vec<(String, String)> {
        let proven = limits::RESTART_RARE_PAUSE + limits::RESTART_WINDOW;
        let mut failed = self.failed.lock();
        failed.retain(|_, (_, at)| now.since(*at) <= proven);
        failed.iter().map(|(what, (reason, _))| (what.clone(), reason.clone())).collect()
    }

    /// It was started again by hand, or is gone.
    pub(crate) fn forget(&self, what: &str) {
        self.failed.lock().remove(what);
    }
}
