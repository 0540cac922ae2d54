//! The engine's end of the network.

use crate::account::Account;
use crate::fault::SendPlan;
use crate::network::LoopbackNetwork;
use crate::pairing::Device;
use crate::{Options, network};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::channel::{Channel, ConnectError, Ended, Identity, Link, MediaError, Receipt, SendError};
use greenroom_contract::event::{EventSink, Sign};
use greenroom_contract::ids::{AccountId, ChatId, MessageId};
use greenroom_contract::linking::{Linking, Pairing, PhoneSeen};
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::outbound::{Outbound, Route};
use greenroom_contract::presence::Presence;
use greenroom_contract::store::{AccountRow, AccountVault};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(crate) struct LoopbackChannel {
    options: Options,
    network: LoopbackNetwork,
}

impl LoopbackChannel {
    pub(crate) fn new(options: Options, network: LoopbackNetwork) -> Self {
        Self { options, network }
    }
}

#[async_trait]
impl Channel for LoopbackChannel {
    fn capabilities(&self) -> &Capabilities {
        &self.options.capabilities
    }

    fn identities(&self) -> Vec<Identity> {
        let identity = |key: &String| Identity { key: key.clone(), label: format!("loopback {key}") };
        self.options.accounts.iter().map(identity).collect()
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let side = match &account.configured_key {
            Some(key) => self.network.find(key).ok_or_else(|| {
                let reason = format!("there is no account {key:?} on this network");
                ConnectError::Setup { reason }
            })?,
            None => self.network.find_or_make(account.id.as_str()),
        };
        if let Some(error) = side.orders.lock().refuse_connects.pop_front() {
            return Err(error);
        }
        Ok(Arc::new(LoopbackLink {
            id: account.id.clone(),
            side,
            network: self.network.clone(),
            capabilities: self.options.capabilities.clone(),
            sink: Mutex::new(None),
            device: account.configured_key.is_none().then(|| Device::new(vault)),
        }))
    }

    fn chat_with(&self, address: &Address) -> Option<ChatId> {
        ChatId::new(address.to_string()).ok()
    }

    fn linking(&self) -> Option<&Linking> {
        self.options.linking.as_ref()
    }
}

pub(crate) struct LoopbackLink {
    pub(crate) id: AccountId,
    pub(crate) side: Arc<Account>,
    pub(crate) network: LoopbackNetwork,
    /// What was linked at run time.
    pub(crate) device: Option<Device>,
    capabilities: Capabilities,
    /// The sink of the running connection, for signs of life.
    sink: Mutex<Option<Arc<dyn EventSink>>>,
}

/// Says that the account is connected, until it is dropped: also when `run` is dropped midway.
struct Connected<'a>(&'a LoopbackLink);

impl<'a> Connected<'a> {
    fn new(link: &'a LoopbackLink, sink: &Arc<dyn EventSink>) -> Self {
        if link.side.connected.send_replace(true) {
            link.network.promise_broken(format!("{} was run twice at the same time", link.side.key));
        }
        *link.sink.lock() = Some(sink.clone());
        sink.alive(Sign::Connected);
        Self(link)
    }
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.sink.lock().take();
        self.0.side.connected.send_replace(false);
    }
}

/// Says that a send into this chat is under way.
struct Sending<'a> {
    side: &'a Account,
    chat: &'a ChatId,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.side.sending.lock().remove(self.chat);
    }
}

#[async_trait]
impl Link for LoopbackLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        {
            let mut orders = self.side.orders.lock();
            if orders.panic_runs > 0 {
                orders.panic_runs -= 1;
                panic!("this connection was told to panic");
            }
            let refused = orders.refuse_runs.pop_front();
            if let Some(ended) = refused.or_else(|| orders.decide_run.as_mut()?()) {
                return ended;
            }
            orders.cut = None;
            orders.finished = false;
        }
        if let Some(device) = &self.device {
            match device.is_linked().await {
                Ok(true) if self.network.phones().has(self.id.as_str()) => {}
                Ok(true) => return Ended::LoggedOut { reason: "the phone removed this device".to_owned() },
                Ok(false) => return Ended::NotLinked,
                Err(error) => return Ended::Dropped { reason: error.to_string() },
            }
        }
        let _connected = Connected::new(self, &sink);
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => Ended::Stopped,
            ended = self.cut() => ended,
            ended = self.serve_all(sink.as_ref()) => ended,
        };
        self.side.orders.lock().finished = ended == Ended::Finished;
        ended
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        if !self.can_send() {
            return Err(SendError::NotConnected);
        }
        self.check_promises(outbound);
        let chat = &outbound.route.chat;
        if !self.side.sending.lock().insert(chat.clone()) {
            self.network.promise_broken(format!("two sends at the same time into {chat}"));
        }
        let _sending = Sending { side: &self.side, chat };
        let plan = self.side.orders.lock().plans.take(outbound);
        self.side.unpaused().await;
        self.carry_out(plan, outbound).await
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        self.network.fetch(media, bytes_max)
    }

    fn pairing(&self) -> Option<&dyn Pairing> {
        self.device.as_ref().map(|_| self as &dyn Pairing)
    }

    fn phone(&self) -> Option<PhoneSeen> {
        self.network.phones().seen(&self.side.key)
    }

    fn presence(&self) -> Option<&dyn Presence> {
        self.capabilities.typing.is_there().then_some(self)
    }
}

impl LoopbackLink {
    /// While it is connected, and after the input came to its end: then people still listen.
    fn can_send(&self) -> bool {
        *self.side.connected.borrow() || self.side.orders.lock().finished
    }

    async fn cut(&self) -> Ended {
        loop {
            if let Some(ended) = self.side.orders.lock().cut.take() {
                return ended;
            }
            self.side.cut_rung.notified().await;
        }
    }

    async fn serve_all(&self, sink: &dyn EventSink) -> Ended {
        let mut lanes: FuturesUnordered<_> =
            (0..self.side.lanes()).map(|lane| self.side.serve(lane, &self.id, sink)).collect();
        while let Some(ended) = lanes.next().await {
            if ended != Ended::Finished {
                return ended;
            }
        }
        Ended::Finished
    }

    async fn carry_out(&self, plan: SendPlan, outbound: &Outbound) -> Result<Receipt, SendError> {
        let uncertain = || SendError::Uncertain { reason: "the connection was lost after the write".into() };
        match plan {
            SendPlan::Deliver => {}
            SendPlan::DeliverAfter(pause) => tokio::time::sleep(pause).await,
            SendPlan::Fail(error) => return Err(error),
            SendPlan::FailAfter(pause, error) => {
                tokio::time::sleep(pause).await;
                return Err(error);
            }
            SendPlan::LoseUncertain => return Err(uncertain()),
            SendPlan::DeliverUncertain => {
                self.network.show(&self.side.key, outbound);
                return Err(uncertain());
            }
            SendPlan::Hang => return std::future::pending().await,
            SendPlan::DeliverAndHang => {
                self.network.show(&self.side.key, outbound);
                return std::future::pending().await;
            }
            SendPlan::Panic => panic!("this send was told to panic"),
        }
        self.network.show(&self.side.key, outbound);
        if let Some(sink) = self.sink.lock().as_ref() {
            sink.alive(Sign::Acknowledged);
        }
        let message = MessageId::new(outbound.id.as_str()).expect("an outbound id is a message id");
        Ok(Receipt { message })
    }

    /// What the contract promises about every message that reaches a link.
    fn check_promises(&self, outbound: &Outbound) {
        let able = &self.capabilities;
        if let Err(reason) = able.carries(&outbound.body) {
            self.network.promise_broken(format!("{} does not fit this network: {reason}", outbound.body.kind()));
        }
        if outbound.reply_to.is_some() && !able.replies.is_there() {
            self.network.promise_broken("a visible reply on a network without them".to_owned());
        }
        if outbound.route.account != self.id {
            self.network.promise_broken(format!("a message of {} was given to {}", outbound.route.account, self.id));
        }
    }
}

#[async_trait]
impl Presence for LoopbackLink {
    async fn typing(&self, route: &Route, message: Option<&MessageId>) {
        self.network.typed(network::sign(&self.side.key, route, message, true));
    }

    async fn paused(&self, route: &Route) {
        self.network.typed(network::sign(&self.side.key, route, None, false));
    }
}
