//! A tick of a session at a moment.

use crate::mailbox::sessions::SessionMsg;
use ractor::ActorRef;
use std::time::Duration;
use tokio::task::AbortHandle;

/// A tick of the session that is ordered for one moment at a time.
pub(super) struct Alarm<T>(Option<(T, AbortHandle)>);

impl<T> Default for Alarm<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq> Alarm<T> {
    /// Orders it for `at`, which is reached after `pause`.
    pub(super) fn set(&mut self, at: T, pause: Duration, session: &ActorRef<SessionMsg>) {
        if let Some((set, timer)) = &self.0 {
            if *set == at && !timer.is_finished() {
                return;
            }
            timer.abort();
        }
        let timer = session.send_after(pause, || SessionMsg::Tick);
        self.0 = Some((at, timer.abort_handle()));
    }
}

impl<T> Drop for Alarm<T> {
    fn drop(&mut self) {
        if let Some((_, timer)) = &self.0 {
            timer.abort();
        }
    }
}
