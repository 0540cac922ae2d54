//! What goes wrong in the field, on demand.

use crate::Simulator;
use crate::address::DeviceAddress;
use crate::server::{deliver, devices, login, notify};
use crate::stream_end::{LoginRefusal, StreamError};
use crate::world::device::Stripped;
use crate::world::queue::Class;
use crate::world::{DeviceId, Outgoing, World};
use std::time::Duration;
use whatsapp_rust::buffa::Message as _;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Server};
use whatsapp_rust::waproto::whatsapp as wa;

/// A fault names a device as `("15551234567", 1)`, or by [`DeviceAddress`]. A device that does not exist is a mistake
/// in the test: the answer is `false`.
impl Simulator {
    /// Ends the stream of a connected device with this error.
    pub fn stream_error(&self, device: impl Into<DeviceAddress>, error: StreamError) -> bool {
        self.with(device, |world, id| login::stream_error(world, id, error))
    }

    /// Delivers a post of a newsletter to a device.
    pub fn newsletter_says(&self, device: impl Into<DeviceAddress>, newsletter: &str, words: &str) -> bool {
        let (now, post) =
            (self.hub.clock.now(), wa::Message { conversation: Some(words.to_owned()), ..Default::default() });
        self.with(device, |world, id| {
            let plaintext = NodeBuilder::new("plaintext").bytes(post.encode_to_vec()).build();
            let stanza = NodeBuilder::new("message")
                .attr("from", Jid::new(newsletter, Server::Newsletter))
                .attr("id", format!("POST{now}"))
                .attr("server_id", "1")
                .attr("type", "text")
                .attr("t", now);
            deliver(world, id, Class::Message, stanza.children([plaintext]).build());
            true
        })
    }

    /// Removes a companion as its phone would: it is told, disconnected, and vanishes from device lists.
    pub fn unlink(&self, device: impl Into<DeviceAddress>) -> bool {
        let hub = &self.hub;
        self.with(device, |world, id| notify::remove_companion(world, hub.clock.now(), id, true))
    }

    /// Refuses the next `times` logins of this device, or the next connections of anybody, also of clients that are
    /// not linked yet.
    pub fn refuse_logins(&self, device: Option<DeviceAddress>, times: usize, refusal: LoginRefusal) {
        self.hub.change(|world| world.refusals.extend(std::iter::repeat_n((device, refusal), times)));
    }

    /// Takes back what [`Simulator::refuse_logins`] planned.
    pub fn accept_logins(&self) {
        self.hub.change(|world| world.refusals.clear());
    }

    /// Cuts the connection of a device at once, without a word.
    pub fn cut(&self, device: impl Into<DeviceAddress>) -> bool {
        self.with(device, |world, id| tell(world, id, || Outgoing::Cut))
    }

    /// Cuts the connection of a device again and again until the guard is dropped.
    pub fn flap(&self, device: impl Into<DeviceAddress>, every: Duration) -> Flapping {
        let (hub, device) = (self.hub.clone(), device.into());
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                hub.change(|world| world.find(&device).is_some_and(|id| tell(world, id, || Outgoing::Cut)));
            }
        });
        Flapping { task }
    }

    /// Neither reads from a device nor writes to it, while its connection stays open: a dead socket. Or goes on.
    pub fn freeze(&self, device: impl Into<DeviceAddress>, frozen: bool) -> bool {
        self.with(device, |world, id| tell(world, id, || Outgoing::Freeze(frozen)))
    }

    /// Turns new connections away, or takes them again. Connections that stand are left alone.
    pub fn close_door(&self, closed: bool) {
        self.hub.change(|world| world.closed = closed);
    }

    /// Holds back the acks of what a device sends (the messages are delivered), or lets them go.
    pub fn hold_acks(&self, device: impl Into<DeviceAddress>, hold: bool) -> bool {
        self.with(device, |world, id| {
            let Some(device) = world.device_mut(id) else { return false };
            device.faults.hold_acks = hold;
            if !hold {
                for node in std::mem::take(&mut device.faults.held) {
                    world.write(id, node);
                }
            }
            true
        })
    }

    /// Breaks the ciphertext of the next `messages` to a device: it must ask for a retry.
    pub fn corrupt_next(&self, device: impl Into<DeviceAddress>, messages: u32) -> bool {
        self.with_faults(device, |faults| faults.corrupt = messages)
    }

    /// Gives the next `messages` of people to a device without their content.
    pub fn strip_next(&self, device: impl Into<DeviceAddress>, messages: usize, how: Stripped) -> bool {
        self.with_faults(device, |faults| faults.strip.extend(std::iter::repeat_n(how, messages)))
    }

    /// Keeps the next `messages` to a device until it connects again.
    pub fn withhold_next(&self, device: impl Into<DeviceAddress>, messages: u32) -> bool {
        self.with_faults(device, |faults| faults.withhold = messages)
    }

    /// Delivers the next `messages` to a device twice.
    pub fn duplicate_next(&self, device: impl Into<DeviceAddress>, messages: u32) -> bool {
        self.with_faults(device, |faults| faults.duplicate = messages)
    }

    /// Refuses the next `messages` a device sends with this code in the ack.
    pub fn refuse_next(&self, device: impl Into<DeviceAddress>, messages: usize, code: u16) -> bool {
        self.with_faults(device, |faults| faults.refuse.extend(std::iter::repeat_n(code, messages)))
    }

    /// Answers the next `messages` a device sends as if its list of the other side's devices were an old one. They
    /// are delivered all the same. Messages without a hash of that list (`phash`) do not count.
    pub fn stale_devices_next(&self, device: impl Into<DeviceAddress>, messages: u32) -> bool {
        self.with_faults(device, |faults| faults.stale = messages)
    }

    /// Loses the next `messages` a device sends: neither acknowledged nor delivered.
    pub fn swallow_next(&self, device: impl Into<DeviceAddress>, messages: u32) -> bool {
        self.with_faults(device, |faults| faults.swallow = messages)
    }

    /// Asks a device to upload prekeys, as when few are left.
    pub fn ask_for_prekeys(&self, device: impl Into<DeviceAddress>) -> bool {
        let now = self.hub.clock.now();
        self.with(device, |world, id| notify::prekeys_low(world, now, id))
    }

    /// Gives a device routing information, which it must show when it connects again.
    pub fn route(&self, device: impl Into<DeviceAddress>, routing: &[u8]) -> bool {
        let info = NodeBuilder::new("routing_info").bytes(routing.to_vec()).build();
        let routing = NodeBuilder::new("edge_routing").children([info]).build();
        let node = NodeBuilder::new("ib").attr("from", crate::stanza::server()).children([routing]).build();
        self.with(device, |world, id| {
            world.write(id, node);
            true
        })
    }

    /// Makes all QR codes and pairing codes that are being shown invalid.
    pub fn expire_references(&self) {
        self.hub.change(|world| {
            for reference in world.registrations.values_mut().flat_map(|registration| &mut registration.references) {
                reference.used = true;
            }
        });
    }

    /// Asks whoever shows a pairing code for this number to make a new one; whether anybody does.
    pub fn refresh_code(&self, number: &str) -> bool {
        let (number, now) = (crate::address::digits(number), self.hub.clock.now());
        self.hub.change(|world| devices::refresh_code(world, now, &number))
    }

    /// Pushes the server's clock forward: certificates, QR codes, timestamps.
    pub fn advance(&self, by: Duration) {
        self.hub.clock.advance(by);
        self.hub.change(|_| ());
    }

    fn with(&self, device: impl Into<DeviceAddress>, fault: impl FnOnce(&mut World, DeviceId) -> bool) -> bool {
        let device = device.into();
        self.hub.change(|world| world.find(&device).is_some_and(|id| fault(world, id)))
    }

    fn with_faults(
        &self,
        device: impl Into<DeviceAddress>,
        fault: impl FnOnce(&mut crate::world::device::DeviceFaults),
    ) -> bool {
        self.with(device, |world, id| world.device_mut(id).map(|device| fault(&mut device.faults)).is_some())
    }
}

fn tell(world: &World, id: DeviceId, what: impl FnOnce() -> Outgoing) -> bool {
    let connection = world.device(id).and_then(|device| device.connection.as_ref());
    connection.is_some_and(|connection| connection.outlet.send(what()).is_ok())
}

/// A device's connection is cut again and again while this lives.
#[must_use = "the connection is cut only while this lives"]
#[derive(Debug)]
pub struct Flapping {
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Flapping {
    fn drop(&mut self) {
        self.task.abort();
    }
}
