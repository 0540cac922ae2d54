//! What every rule begins with: a link that runs against a world, with a sink that a test watches.

use super::{ChannelWorld, PATIENCE, Saying, Seen};
use crate::messages::id;
use crate::sink::FakeSink;
use greenroom_contract::channel::{Ended, Link, Receipt, SendError};
use greenroom_contract::event::{ChannelEvent, Sign};
use greenroom_contract::ids::{MessageId, OutboundId};
use greenroom_contract::message::{Body, Inbound};
use greenroom_contract::outbound::{Outbound, OutboundBody, Route, Window};
use greenroom_contract::store::AccountVault;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

static NEXT_OUTBOUND: AtomicU64 = AtomicU64::new(1);

/// A link that runs against a world.
pub struct Stage {
    /// The other side.
    pub world: Arc<dyn ChannelWorld>,
    /// The link under test.
    pub link: Arc<dyn Link>,
    /// What it reports to.
    pub sink: Arc<FakeSink>,
    stop: CancellationToken,
    run: Option<JoinHandle<Ended>>,
}

/// Waits for something that must happen.
pub(super) async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens).await.unwrap_or_else(|_| panic!("it did not happen: {what}"))
}

/// Says that a rule does not apply.
pub(super) fn skipped(why: &str) {
    println!("skipped: {why}");
}

impl Stage {
    /// A link that is made, and not connected.
    pub async fn unconnected(world: Arc<dyn ChannelWorld>) -> Self {
        let account = world.account();
        let vault = AccountVault::new(account.id.clone(), world.vault());
        let link = soon("the link is made", world.channel().connect(&account, vault)).await;
        let link = link.expect("the link can be made");
        let sink = FakeSink::new();
        world.events_go_to(sink.clone());
        Self { world, link, sink, stop: CancellationToken::new(), run: None }
    }

    /// A link that is connected.
    pub async fn connected(world: Arc<dyn ChannelWorld>) -> Self {
        let mut stage = Self::unconnected(world).await;
        stage.connect().await;
        stage
    }

    /// Starts a connection and waits for its sign of life.
    pub async fn connect(&mut self) {
        let before = self.connections();
        let (link, sink, stop) = (self.link.clone(), self.sink.clone(), self.stop.clone());
        self.run = Some(tokio::spawn(async move { link.run(sink, stop).await }));
        soon("the connection gives a sign of life", self.until(|stage| stage.connections() > before)).await;
    }

    fn connections(&self) -> usize {
        self.sink.signs().iter().filter(|sign| **sign == Sign::Connected).count()
    }

    /// Asks again and again. Only for what gives no signal to a test.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Tells the connection to stop and returns how it ended.
    pub async fn stopped(&mut self) -> Ended {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until the connection ended and says how.
    pub async fn ended(&mut self) -> Ended {
        let run = self.run.take().expect("the rule started a connection");
        soon("the connection ends", run).await.expect("the adapter does not panic")
    }

    /// Somebody says something; returns it as it arrived.
    pub async fn hears(&self, saying: Saying) -> Inbound {
        let message = soon("the network takes it", self.world.says(saying)).await;
        self.heard(&message).await
    }

    /// Waits until a message arrived.
    pub async fn heard(&self, message: &MessageId) -> Inbound {
        let arrived = |events: &[ChannelEvent]| find(events, message).is_some();
        soon("the message arrives", self.sink.until(arrived)).await;
        find(&self.sink.events(), message).expect("it was just seen")
    }

    /// A message of ours into the chat from which `to` came.
    pub fn outbound(&self, to: &Inbound, body: OutboundBody) -> Outbound {
        let number = NEXT_OUTBOUND.fetch_add(1, Ordering::Relaxed);
        let route = Route { account: self.world.account().id, chat: to.key.chat.clone(), kind: to.chat.clone() };
        // The form that the store mints.
        let name: OutboundId = id(format_args!("3EB0{number:018X}"));
        Outbound { id: name, route, reply_to: None, recipient: Some(to.sender.id.clone()), window: Window::Open, body }
    }

    /// Sends, without waiting for ever.
    pub async fn sends(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        soon("the send ends", self.link.send(outbound)).await
    }

    /// Waits until people saw so many messages of ours, and returns all.
    pub async fn seen(&self, messages: usize) -> Vec<Seen> {
        soon("people see our message", self.until(|stage| stage.world.seen().len() >= messages)).await;
        self.world.seen()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn find(events: &[ChannelEvent], message: &MessageId) -> Option<Inbound> {
    events.iter().find_map(|event| match event {
        // What came without content may be followed by the message itself.
        ChannelEvent::Message(inbound)
            if inbound.key.message == *message && !matches!(inbound.body, Body::Unreadable(_)) =>
        {
            Some(inbound.as_ref().clone())
        }
        _ => None,
    })
}
