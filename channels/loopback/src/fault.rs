//! What goes wrong on purpose.

use greenroom_contract::channel::{Ended, SendError};
use greenroom_contract::outbound::Outbound;
use std::collections::VecDeque;
use std::time::Duration;

/// What becomes of one send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendPlan {
    /// It works.
    Deliver,
    /// It works after a while.
    DeliverAfter(Duration),
    /// It fails, and the person sees nothing.
    Fail(SendError),
    /// It fails after a while, and the person sees nothing.
    FailAfter(Duration, SendError),
    /// The person sees it, and the send ends as [`SendError::Uncertain`].
    DeliverUncertain,
    /// Nobody sees it, and the send ends as [`SendError::Uncertain`].
    LoseUncertain,
    /// Nobody sees it, and the send never returns.
    Hang,
    /// The person sees it, and the send never returns.
    DeliverAndHang,
    /// The adapter has a bug.
    Panic,
}

/// Decides what becomes of each send. Called under a lock: decide and return.
pub type OnSend = Box<dyn FnMut(&Outbound) -> SendPlan + Send>;

/// Decides whether each connection ends at once, and with what. Called under a lock: decide and return.
pub type OnRun = Box<dyn FnMut() -> Option<Ended> + Send>;

/// The plans of one account: those queued first, then whoever decides, then success.
#[derive(Default)]
pub(crate) struct Plans {
    pub(crate) next: VecDeque<SendPlan>,
    pub(crate) decide: Option<OnSend>,
}

impl Plans {
    pub(crate) fn take(&mut self, outbound: &Outbound) -> SendPlan {
        if let Some(plan) = self.next.pop_front() {
            return plan;
        }
        self.decide.as_mut().map_or(SendPlan::Deliver, |decide| decide(outbound))
    }
}
