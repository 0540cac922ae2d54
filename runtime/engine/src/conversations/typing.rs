//! "Typing …" while a turn runs: a doorbell with a lease, never stored.

use crate::context::Context;
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::Sender;
use greenroom_contract::outbound::Route;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs `work` and shows typing while it lasts, if it lasts. Only for admitted messages.
pub(crate) async fn shown<T>(
    context: &Context,
    (route, person): (&Route, &Sender),
    message: Option<&MessageId>,
    work: impl Future<Output = T>,
) -> T {
    let lease = Lease { context, route, person, shown: AtomicBool::new(false) };
    tokio::select! {
        biased;
        done = work => done,
        never = lease.renew(message) => match never {},
    }
}

/// However the turn ends, typing does too; a lease runs out where even this does not run.
struct Lease<'a> {
    context: &'a Context,
    route: &'a Route,
    person: &'a Sender,
    shown: AtomicBool,
}

impl Lease<'_> {
    async fn renew(&self, message: Option<&MessageId>) -> Infallible {
        tokio::time::sleep(limits::TYPING_DELAY).await;
        self.shown.store(true, Ordering::Relaxed);
        loop {
            let (route, person) = (self.route.clone(), self.person.clone());
            self.context.tell_channels(ChannelsMsg::Typing { route, message: message.cloned(), person });
            tokio::time::sleep(limits::TYPING_RENEWAL).await;
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.shown.load(Ordering::Relaxed) {
            self.context.tell_channels(ChannelsMsg::Paused { route: self.route.clone() });
        }
    }
}
