//! Telling devices what changed.

use super::outbox::deliver;
use super::{devices, login};
use crate::stanza;
use crate::stream_end::StreamError;
use crate::world::queue::Class;
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};

pub(crate) fn notification(world: &mut World, now: u64, from: Jid, kind: &str) -> NodeBuilder {
    let id = world.stanza_id();
    NodeBuilder::new("notification").attr("from", from).attr("type", kind).attr("id", id).attr("t", now)
}

/// A phone tells one of its companions something.
pub(crate) fn by_phone(world: &mut World, now: u64, from: DeviceId, node: &Node) {
    let to = stanza::jid(node, "to").and_then(|to| world.device_of(&to)).filter(|to| to.account == from.account);
    let Some(to) = to else { return world.violation(from, "a notification for no device of the account") };
    let mut told = node.clone();
    told.attrs.insert("from", world.jid(from, Server::Pn).to_non_ad());
    told.attrs.insert("t", now);
    deliver(world, to, Class::Notification, told);
}

/// A companion was linked: the account's other devices and its peers are told.
pub(crate) fn companion_added(world: &mut World, now: u64, id: DeviceId) {
    let list = devices::key_index_list(world, id.account);
    let element = devices::element(world, id, Server::Pn);
    tell_own(world, now, id);
    tell_peers(world, now, id.account, || NodeBuilder::new("add").children([element.clone(), list.clone()]).build());
}

/// Removes a companion; whether there was one. `told` says whether it was removed by its phone (it is told then) or
/// logged out by itself.
pub(crate) fn remove_companion(world: &mut World, now: u64, id: DeviceId, told: bool) -> bool {
    if id.device == 0 || world.device(id).is_none() {
        return false;
    }
    let element = devices::element(world, id, Server::Pn);
    if told {
        login::stream_error(world, id, StreamError::DeviceRemoved);
    } else if let Some(connection) = world.device(id).and_then(|device| device.connection.as_ref()) {
        let _ = connection.outlet.send(crate::world::Outgoing::Close);
    }
    if let Some(device) = world.accounts[id.account].devices.remove(&id.device)
        && let Some(connection) = device.connection
    {
        world.logged_in.remove(&connection.number);
    }
    devices::changed(world, now, id.account);
    tell_own(world, now, id);
    let listed_at = world.accounts[id.account].listed_at;
    tell_peers(world, now, id.account, || {
        let list = NodeBuilder::new("key-index-list").attr("ts", listed_at).build();
        NodeBuilder::new("remove").children([element.clone(), list]).build()
    });
    true
}

fn tell_own(world: &mut World, now: u64, about: DeviceId) {
    let others: Vec<u16> =
        world.accounts[about.account].devices.keys().copied().filter(|&d| d != about.device).collect();
    for device in others {
        let mut children = devices::listed(world, about.account, Server::Pn);
        children.push(devices::key_index_list(world, about.account));
        let hash = format!("2:{:08x}", world.accounts[about.account].listed_at);
        let list = NodeBuilder::new("devices").attr("dhash", hash).children(children).build();
        let own = Jid::pn(world.accounts[about.account].number.as_str());
        let node = notification(world, now, own, "account_sync").children([list]).build();
        deliver(world, DeviceId { account: about.account, device }, Class::Notification, node);
    }
}

fn tell_peers(world: &mut World, now: u64, account: usize, change: impl Fn() -> Node) {
    let mut peers = world.accounts[account].peers.clone();
    for group in world.groups.values().filter(|group| group.has(account)) {
        peers.extend(group.members.iter().map(|member| member.account));
    }
    peers.remove(&account);
    let lid = Jid::lid(world.accounts[account].lid.as_str());
    for peer in peers {
        for device in world.accounts[peer].devices.keys().copied().collect::<Vec<_>>() {
            let from = Jid::pn(world.accounts[account].number.as_str());
            let node = notification(world, now, from, "devices").attr("lid", lid.clone()).children([change()]).build();
            deliver(world, DeviceId { account: peer, device }, Class::Notification, node);
        }
    }
}

/// Tells a device how few prekeys it has left; always true, so that a fault can answer with it.
pub(crate) fn prekeys_low(world: &mut World, now: u64, id: DeviceId) -> bool {
    let left = world.device(id).map_or(0, |device| device.keys.one_time.len());
    let count = NodeBuilder::new("count").attr("value", left).build();
    let node = notification(world, now, stanza::server(), "encrypt").children([count]).build();
    deliver(world, id, Class::Notification, node);
    true
}
