//! The server as a simulated phone sees it.

use crate::address::digits;
use crate::hub::Hub;
use crate::seam::{Exchange, Line as PhoneLine, Offer, SignsDevices};
use crate::server::{self, Context, devices, linking, login};
use crate::world::account::Account;
use crate::world::device::Device;
use crate::world::{DeviceId, Outgoing};
use anyhow::{Context as _, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use whatsapp_rust::wacore_binary::Node;

/// A companion that takes longer to confirm is given up.
const CONFIRM_MAX: Duration = Duration::from_secs(20);

/// The way from phones to the server.
pub(crate) struct Line {
    hub: Arc<Hub>,
}

impl Line {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }
}

impl Exchange for Line {
    fn register(&self, number: &str, lid: &str, name: &str, identity: [u8; 32], sign: Arc<dyn SignsDevices>) {
        let number = digits(number);
        let now = self.hub.clock.now();
        self.hub.change(|world| {
            if world.by_number.contains_key(&number) {
                return;
            }
            let account = world.accounts.len();
            let phone = Device { identity, platform: "android".to_owned(), ..Device::default() };
            world.accounts.push(Account {
                number: number.clone(),
                lid: lid.to_owned(),
                name: name.to_owned(),
                identity,
                signer: sign,
                raw_id: rand::random::<u32>() >> 1,
                listed_at: 0,
                listed: Vec::new(),
                key_index_last: 0,
                device_last: 0,
                devices: [(0, phone)].into(),
                peers: std::collections::BTreeSet::new(),
            });
            world.by_number.insert(number, account);
            world.by_lid.insert(lid.to_owned(), account);
            devices::changed(world, now, account);
        });
    }

    fn attach(&self, number: &str) -> PhoneLine {
        let (out, sent) = mpsc::unbounded_channel();
        let (ours, incoming) = mpsc::unbounded_channel();
        let (outlet, outgoing) = mpsc::unbounded_channel();
        let context = Context::new(&self.hub);
        let number = digits(number);
        let connection = self.hub.change(|world| {
            let connection = world.next();
            let id = DeviceId { account: *world.by_number.get(&number)?, device: 0 };
            login::enter(world, &context, id, connection, outlet);
            Some(connection)
        });
        if let Some(connection) = connection {
            tokio::spawn(carry(self.hub.clone(), connection, sent, outgoing, ours));
        }
        PhoneLine { out, incoming }
    }

    fn offered(&self, reference: &[u8]) -> Option<Offer> {
        let now_ms = self.hub.clock.now_ms();
        let world = self.hub.world.lock();
        let number = linking::offered(&world, now_ms, reference)?;
        world.registrations.get(&number).map(|registration| Offer { noise_public: registration.noise_public })
    }

    fn pair<'a>(
        &'a self,
        number: &'a str,
        reference: &'a [u8],
        blob: Vec<u8>,
        key_index: u32,
    ) -> BoxFuture<'a, Result<u16>> {
        async move {
            let (done, confirmed) = oneshot::channel();
            let context = Context::new(&self.hub);
            self.hub.change(|world| {
                let account = *world.by_number.get(&digits(number)).context("no such phone number")?;
                linking::pair(world, &context, account, reference, blob, key_index, done)
            })?;
            let confirmed = tokio::time::timeout(CONFIRM_MAX, confirmed).await;
            confirmed.context("the companion did not confirm in time")?.context("the companion is gone")?
        }
        .boxed()
    }

    fn next_key_index(&self, number: &str) -> u32 {
        self.hub.change(|world| {
            let Some(&account) = world.by_number.get(&digits(number)) else { return 1 };
            let account = &mut world.accounts[account];
            account.key_index_last += 1;
            account.key_index_last
        })
    }

    fn unlink(&self, number: &str, device: u16) -> Result<()> {
        let now = self.hub.clock.now();
        let removed = self.hub.change(|world| {
            let id = DeviceId { account: *world.by_number.get(&digits(number))?, device };
            server::notify::remove_companion(world, now, id, true).then_some(())
        });
        removed.with_context(|| format!("{number} has no companion {device}"))
    }
}

/// Carries stanzas between a phone and the server until either ends.
async fn carry(
    hub: Arc<Hub>,
    connection: u64,
    mut sent: mpsc::UnboundedReceiver<Node>,
    mut outgoing: mpsc::UnboundedReceiver<Outgoing>,
    ours: mpsc::UnboundedSender<Node>,
) {
    loop {
        tokio::select! {
            biased;
            () = hub.closing.cancelled() => break,
            told = outgoing.recv() => match told {
                Some(Outgoing::Node(node)) => if ours.send(node).is_err() { break },
                Some(Outgoing::Freeze(_)) => {}
                Some(Outgoing::Close | Outgoing::Cut) | None => break,
            },
            node = sent.recv() => match node {
                Some(node) => server::handle(&hub, connection, &node),
                None => break,
            },
        }
    }
    hub.change(|world| login::leave(world, connection));
}
