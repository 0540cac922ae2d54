//! Typing, and who is looking. Nothing of it is kept for those who are away.

use super::context::Context;
use crate::stanza::{children, jid, text};
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};

pub(crate) fn typing(world: &mut World, from: DeviceId, node: &Node) {
    let Some(to) = jid(node, "to") else { return world.violation(from, "a chatstate without a recipient") };
    if !children(node).iter().any(|child| matches!(child.tag.as_ref(), "composing" | "paused")) {
        return world.violation(from, "a chatstate that says nothing");
    }
    let state = children(node).to_vec();
    if to.server == Server::Group {
        let Some(group) = world.groups.get(to.user.as_str()).filter(|group| group.has(from.account)) else { return };
        let space = super::messages::space(group);
        let members: Vec<usize> = group.members.iter().map(|member| member.account).collect();
        let author = world.jid(from, space).to_non_ad();
        let stanza = NodeBuilder::new("chatstate").attr("from", to).attr("participant", author).children(state).build();
        for account in members.into_iter().filter(|&account| account != from.account) {
            write_all(world, account, &stanza);
        }
    } else if let Some(account) = world.account_of(&to) {
        let author = world.jid(from, to.server).to_non_ad();
        let stanza = NodeBuilder::new("chatstate").attr("from", author).children(state).build();
        write_all(world, account, &stanza);
    }
}

pub(crate) fn presence(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node) {
    match text(node, "type").as_deref() {
        Some("subscribe") => {
            let Some(whom) = jid(node, "to").and_then(|to| world.account_of(&to)) else { return };
            world.watchers.insert((whom, from));
            let stanza = state(world, whom, jid(node, "to").map_or(Server::Pn, |to| to.server));
            world.write(from, stanza);
        }
        kind @ (None | Some("available" | "unavailable")) => {
            let available = kind != Some("unavailable");
            if let Some(name) = text(node, "name").filter(|name| !name.is_empty()) {
                world.accounts[from.account].name = name;
            }
            if let Some(device) = world.device_mut(from) {
                device.available = available;
                device.last_seen_ms = Some(context.now_ms);
            }
            tell_watchers(world, from.account);
        }
        Some("unsubscribe") => {
            let whom = jid(node, "to").and_then(|to| world.account_of(&to));
            world.watchers.retain(|&(watched, watcher)| Some(watched) != whom || watcher != from);
        }
        Some(other) => world.violation(from, format!("presence of type {other:?}")),
    }
}

/// A device disconnected.
pub(crate) fn gone(world: &mut World, id: DeviceId) {
    world.watchers.retain(|&(_, watcher)| watcher != id);
    tell_watchers(world, id.account);
}

fn tell_watchers(world: &mut World, account: usize) {
    let watchers: Vec<DeviceId> =
        world.watchers.iter().filter(|(watched, _)| *watched == account).map(|&(_, watcher)| watcher).collect();
    for watcher in watchers {
        let stanza = state(world, account, Server::Pn);
        world.write(watcher, stanza);
    }
}

fn state(world: &World, account: usize, space: Server) -> Node {
    let owner = &world.accounts[account];
    let from = if space == Server::Lid { Jid::lid(owner.lid.as_str()) } else { Jid::pn(owner.number.as_str()) };
    let builder = NodeBuilder::new("presence").attr("from", from);
    if owner.devices.values().any(|device| device.available) {
        return builder.build();
    }
    let last = owner.devices.values().filter_map(|device| device.last_seen_ms).max();
    let builder = builder.attr("type", "unavailable");
    match last {
        Some(last) => builder.attr("last", last / 1000).build(),
        None => builder.attr("last", "deny").build(),
    }
}

fn write_all(world: &mut World, account: usize, stanza: &Node) {
    for device in world.accounts[account].devices.keys().copied().collect::<Vec<_>>() {
        let id = DeviceId { account, device };
        if world.device(id).is_some_and(crate::world::device::Device::is_active) {
            world.write(id, stanza.clone());
        }
    }
}
