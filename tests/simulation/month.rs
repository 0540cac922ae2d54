//! A world that lives for weeks: what the store keeps of a message goes after its time.

use super::world::{Alive, World};
use greenroom_contract::limits;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is kept of messages, by the names that the store has for its rows, and goes when they are old.
const PASSING: &[&str] = &["messages seen", "parcels", "network ids of own messages", "rows waiting", "wake-ups"];
/// Until the janitor has been there after everything became old.
const OLD: Duration = Duration::from_secs(2 * 3_600);

impl World {
    /// Lets everything become old, and says what is left of it. What waits for a person who never writes stays.
    pub(crate) async fn grow_old(&self, alive: &Alive) -> BTreeMap<&'static str, u64> {
        tokio::time::sleep(limits::DEDUP_AGE_MAX + limits::TRACE_AGE_MAX + OLD).await;
        let mut waiting = 0;
        for account in alive.accounts.values() {
            waiting += alive.store.pending(account, None, 1_000).await.map_or(0, |pending| pending.len() as u64);
        }
        let mut left = self.disk.rows();
        left.retain(|kind, rows| PASSING.contains(kind) && (*kind != "parcels" || *rows > waiting));
        left
    }
}
