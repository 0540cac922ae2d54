//! What a test can see, and wait for.

use crate::Simulator;
use crate::address::DeviceAddress;
use crate::world::device::Device;
use crate::world::record::{Traffic, Violation};
use crate::world::{DeviceId, World};
use serde::Serialize;
use std::time::Duration;

/// A device as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceStatus {
    /// The digits of the phone number.
    pub number: String,
    /// 0 for the phone.
    pub device: u16,
    /// Whether it has a connection and asked for its messages.
    pub connected: bool,
    /// Whether its person is said to be looking.
    pub available: bool,
    /// How often it logged in.
    pub logins: u64,
    /// How many stanzas it has not acknowledged.
    pub unacknowledged: usize,
    /// How many one-time prekeys are left.
    pub prekeys: usize,
    /// The routing information it showed when it connected, see [`Simulator::route`].
    pub routing: Option<Vec<u8>>,
    /// What it said it is.
    pub platform: String,
    /// When it last showed up, in milliseconds since 1970.
    pub last_seen_ms: Option<u64>,
}

/// Nothing of the kind happened in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} did not happen within {timeout:?}")]
pub struct TimedOut {
    what: String,
    timeout: Duration,
}

impl Simulator {
    /// All devices of all phones.
    pub fn devices(&self) -> Vec<DeviceStatus> {
        let world = self.hub.world.lock();
        let mut devices = Vec::new();
        for (account, owner) in world.accounts.iter().enumerate() {
            let ids = owner.devices.keys().map(|&device| DeviceId { account, device });
            devices.extend(ids.filter_map(|id| status(&world, id)));
        }
        devices
    }

    /// One device, if it is linked.
    pub fn device(&self, device: impl Into<DeviceAddress>) -> Option<DeviceStatus> {
        let world = self.hub.world.lock();
        world.find(&device.into()).and_then(|id| status(&world, id))
    }

    /// What no well-behaved client does. A good test asserts that there is nothing.
    pub fn violations(&self) -> Vec<Violation> {
        self.hub.world.lock().record.violations.clone()
    }

    /// Requests the simulator does not know; they were answered with an empty result.
    pub fn unknown_requests(&self) -> Vec<String> {
        self.hub.world.lock().record.unknown.clone()
    }

    /// The kept stanzas after this serial (0: all that are kept).
    pub fn traffic_after(&self, serial: u64) -> Vec<Traffic> {
        self.hub.world.lock().record.after(serial).cloned().collect()
    }

    /// The serial of the newest stanza: what comes later is found by [`Simulator::until_traffic`].
    pub fn traffic_serial(&self) -> u64 {
        self.hub.world.lock().record.last_serial()
    }

    /// The first stanza after `serial` that `wanted` accepts.
    pub async fn until_traffic(
        &self,
        mut serial: u64,
        timeout: Duration,
        mut wanted: impl FnMut(&Traffic) -> bool,
    ) -> Result<Traffic, TimedOut> {
        let look = |world: &World| {
            let found = world.record.after(serial).find(|traffic| wanted(traffic)).cloned();
            serial = world.record.last_serial();
            found
        };
        self.wait("the stanza", timeout, look).await
    }

    /// The device once `wanted` accepts it.
    pub async fn until_device(
        &self,
        device: impl Into<DeviceAddress>,
        timeout: Duration,
        mut wanted: impl FnMut(&DeviceStatus) -> bool,
    ) -> Result<DeviceStatus, TimedOut> {
        let device = device.into();
        let what = format!("the awaited state of {device}");
        let look = |world: &World| status(world, world.find(&device)?).filter(|status| wanted(status));
        self.wait(&what, timeout, look).await
    }

    /// The device once it is connected and asked for its messages.
    pub async fn until_connected(
        &self,
        device: impl Into<DeviceAddress>,
        timeout: Duration,
    ) -> Result<DeviceStatus, TimedOut> {
        self.until_device(device, timeout, |status| status.connected).await
    }

    /// The device once it acknowledged everything.
    pub async fn until_acknowledged(
        &self,
        device: impl Into<DeviceAddress>,
        timeout: Duration,
    ) -> Result<DeviceStatus, TimedOut> {
        self.until_device(device, timeout, |status| status.unacknowledged == 0).await
    }

    /// Returns when the device is not linked any more.
    pub async fn until_unlinked(&self, device: impl Into<DeviceAddress>, timeout: Duration) -> Result<(), TimedOut> {
        let device = device.into();
        self.wait(&format!("the end of {device}"), timeout, |world| world.find(&device).is_none().then_some(())).await
    }

    async fn wait<T>(
        &self,
        what: &str,
        timeout: Duration,
        look: impl FnMut(&World) -> Option<T>,
    ) -> Result<T, TimedOut> {
        let found = self.hub.until(timeout, look).await;
        found.ok_or_else(|| TimedOut { what: what.to_owned(), timeout })
    }
}

fn status(world: &World, id: DeviceId) -> Option<DeviceStatus> {
    let device: &Device = world.device(id)?;
    Some(DeviceStatus {
        number: world.accounts[id.account].number.clone(),
        device: id.device,
        connected: device.is_active(),
        available: device.available,
        logins: device.logins,
        unacknowledged: device.queue.len(),
        prekeys: device.keys.one_time.len(),
        routing: device.routing.clone(),
        platform: device.platform.clone(),
        last_seen_ms: device.last_seen_ms,
    })
}
