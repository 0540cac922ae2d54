//! Arriving and leaving: who connects, and how a stream ends.

use super::context::Context;
use super::linking;
use crate::address::DeviceAddress;
use crate::hub::Hub;
use crate::stanza::server;
use crate::stream_end::{LoginRefusal, StreamError};
use crate::world::device::Connection;
use crate::world::{DeviceId, Outgoing, Outlet, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Node, Server};
use whatsapp_rust::waproto::whatsapp::ClientPayload;

/// Takes somebody who finished the handshake. Returns the connection's number, or `None` if it was refused: why is in
/// the outlet then.
pub(crate) fn arrive(
    hub: &Hub,
    noise_public: [u8; 32],
    payload: &ClientPayload,
    routing: Option<Vec<u8>>,
    outlet: &Outlet,
) -> Option<u64> {
    let context = Context::new(hub);
    hub.change(move |world| {
        let number = world.next();
        let address = payload
            .username
            .map(|username| DeviceAddress::new(username.to_string(), payload.device.unwrap_or(0) as u16));
        if let Some(refusal) = planned(world, address.as_ref()) {
            return refuse(world, number, outlet, failure(refusal));
        }
        let Some(address) = address else {
            return match linking::register(world, &context, number, noise_public, payload, outlet) {
                Ok(()) => Some(number),
                Err(error) => {
                    world.record.violation(None, format!("registration: {error:#}"));
                    refuse(world, number, outlet, failure(LoginRefusal::Code(400)))
                }
            };
        };
        let known = world.find(&address).filter(|_| address.device != 0);
        let Some(id) = known.filter(|&id| world.device(id).is_some_and(|device| device.noise_public == noise_public))
        else {
            if known.is_some() {
                world.record.violation(Some(address), "a login with the Noise key of another device");
            }
            return refuse(world, number, outlet, failure(LoginRefusal::LoggedOut));
        };
        enter(world, &context, id, number, outlet.clone());
        if let Some(device) = world.device_mut(id) {
            device.routing = routing;
        }
        world.write(id, success(world, &context, id));
        Some(number)
    })
}

/// Makes this the device's connection; one that was there is told that it was replaced.
pub(crate) fn enter(world: &mut World, context: &Context<'_>, id: DeviceId, number: u64, outlet: Outlet) {
    stream_error(world, id, StreamError::Replaced);
    leave_device(world, id);
    if let Some(device) = world.device_mut(id) {
        device.connection = Some(Connection { number, outlet, active: false });
        device.queue.rewind();
        device.logins += 1;
        device.last_seen_ms = Some(context.now_ms);
        world.logged_in.insert(number, id);
    }
}

/// A connection is gone.
pub(crate) fn leave(world: &mut World, number: u64) {
    if let Some(registration) = world.registrations.remove(&number)
        && let Some(pairing) = registration.pairing
    {
        let _ = pairing.done.send(Err(anyhow::anyhow!("the companion disconnected before it confirmed")));
    }
    let Some(id) = world.logged_in.remove(&number) else { return };
    let is_current =
        world.device(id).and_then(|device| device.connection.as_ref()).is_some_and(|current| current.number == number);
    if is_current {
        leave_device(world, id);
        super::presence::gone(world, id);
    }
}

fn leave_device(world: &mut World, id: DeviceId) {
    let Some(device) = world.device_mut(id) else { return };
    device.available = false;
    device.faults.held.clear();
    if let Some(connection) = device.connection.take() {
        world.logged_in.remove(&connection.number);
    }
}

/// A frame that is no stanza.
pub(crate) fn malformed(world: &mut World, number: u64, why: &str) {
    let address = world.logged_in.get(&number).map(|&id| world.address(id));
    world.record.violation(address, why);
}

fn planned(world: &mut World, address: Option<&DeviceAddress>) -> Option<LoginRefusal> {
    let found = world.refusals.iter().position(|(whom, _)| whom.as_ref().is_none_or(|whom| Some(whom) == address))?;
    world.refusals.remove(found).map(|(_, refusal)| refusal)
}

fn refuse(world: &mut World, number: u64, outlet: &Outlet, failure: Node) -> Option<u64> {
    world.record.traffic(number, None, false, &failure);
    let _ = outlet.send(Outgoing::Node(failure));
    None
}

fn failure(refusal: LoginRefusal) -> Node {
    let builder = NodeBuilder::new("failure").attr("location", "sim");
    let reason = match refusal {
        LoginRefusal::LoggedOut => 401,
        LoginRefusal::Banned { reason, seconds } => {
            return builder.attr("reason", 402).attr("code", reason).attr("expire", seconds).build();
        }
        LoginRefusal::Forbidden => 403,
        LoginRefusal::Outdated => 405,
        LoginRefusal::Unavailable => 503,
        LoginRefusal::Code(code) => code,
    };
    builder.attr("reason", reason).build()
}

fn success(world: &World, context: &Context<'_>, id: DeviceId) -> Node {
    NodeBuilder::new("success")
        .attr("t", context.now)
        .attr("creation", context.now)
        .attr("lid", world.jid(id, Server::Lid))
        .attr("display_name", world.accounts[id.account].name.as_str())
        .attr("location", "sim")
        .attr("props", 27)
        .build()
}

/// Ends a device's stream with an error; whether it had one.
pub(crate) fn stream_error(world: &mut World, id: DeviceId, error: StreamError) -> bool {
    let Some(connection) = world.device(id).and_then(|device| device.connection.as_ref()) else { return false };
    let outlet = connection.outlet.clone();
    world.write(id, stream_error_node(error));
    outlet.send(Outgoing::Close).is_ok()
}

pub(crate) fn stream_error_node(error: StreamError) -> Node {
    let builder = NodeBuilder::new("stream:error");
    let conflict = |kind: &str| [NodeBuilder::new("conflict").attr("type", kind).build()];
    match error {
        StreamError::Restart => builder.attr("code", 515).build(),
        StreamError::Unavailable => builder.attr("code", 503).build(),
        StreamError::TooMany => builder.attr("code", 429).build(),
        StreamError::Unlinked => builder.attr("code", 516).build(),
        StreamError::Replaced => builder.children(conflict("replaced")).build(),
        StreamError::DeviceRemoved => builder.attr("code", 401).children(conflict("device_removed")).build(),
        StreamError::Code(code) => builder.attr("code", code).build(),
    }
}

/// An `iq` of the server's own.
pub(crate) fn request(id: String, namespace: &str) -> NodeBuilder {
    NodeBuilder::new("iq").attr("from", server()).attr("type", "set").attr("id", id).attr("xmlns", namespace)
}
