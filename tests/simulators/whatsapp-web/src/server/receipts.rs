//! Receipts: they take messages out of queues, and tell authors what became of what they wrote.

use super::context::Context;
use super::outbox::deliver;
use crate::stanza::{self, ack, children, jid, text};
use crate::world::queue::Class;
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};

pub(crate) fn receipt(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node) {
    let kind = text(node, "type").unwrap_or_default();
    // A receipt for the own devices alone needs no recipient: Baileys names none.
    let is_private =
        matches!(kind.as_str(), "sender" | "peer_msg" | "hist_sync" | "read-self" | "played-self" | "server-error");
    let own = world.jid(from, Server::Pn).to_non_ad();
    let to = jid(node, "to").or_else(|| is_private.then(|| own.clone()));
    let (Some(id), Some(to)) = (text(node, "id").filter(|id| !id.is_empty()), to) else {
        return world.violation(from, "a receipt without id or recipient");
    };
    let more = node.get_optional_child("list").map(children).unwrap_or_default();
    let ids = std::iter::once(id).chain(more.iter().filter_map(|item| text(item, "id")));
    if let Some(device) = world.device_mut(from).filter(|_| kind != "server-error") {
        for id in ids {
            device.queue.acknowledge(Class::Message, &id);
        }
    }
    let mut answer = ack("receipt", node);
    if node.attrs.get("to").is_none() {
        answer = answer.attr("from", own);
    }
    for name in ["type", "participant"] {
        if let Some(value) = node.attrs.get(name) {
            answer = answer.attr(name, value.clone());
        }
    }
    world.write(from, answer.build());
    if kind == "server-error" {
        // The media host has forgotten something: the account's phone still has it.
        let stanza = NodeBuilder::new("receipt").attr("from", world.jid(from, Server::Pn)).attr("t", context.now);
        let stanza = stanza.attr("id", text(node, "id").unwrap_or_default()).attr("type", "server-error").build();
        deliver(world, DeviceId { device: 0, ..from }, Class::Receipt, stanza);
    } else if kind == "retry" {
        forward_retry(world, context, from, node, &to);
    } else if !is_private {
        forward(world, context, from, node, &to);
    }
}

/// Tells all devices of the author.
fn forward(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, to: &Jid) {
    let participant = jid(node, "participant");
    let Some(author) = participant.as_ref().or(Some(to)).and_then(|jid| world.account_of(jid)) else { return };
    if author == from.account {
        return;
    }
    let stanza = compose(world, context, from, node, to, participant.as_ref());
    for device in world.accounts[author].devices.keys().copied().collect::<Vec<_>>() {
        deliver(world, DeviceId { account: author, device }, Class::Receipt, stanza.clone());
    }
}

/// Asks exactly the device that encrypted the message to do it again.
fn forward_retry(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, to: &Jid) {
    if node.get_optional_child("retry").is_none() {
        return world.violation(from, "a retry receipt without <retry>");
    }
    if stanza::child_bytes(node, "registration").is_none_or(|registration| registration.len() != 4) {
        return world.violation(from, "a retry receipt without a registration id of 4 bytes");
    }
    let participant = jid(node, "participant");
    let Some(author) = participant.as_ref().or(Some(to)).and_then(|jid| world.device_of(jid)) else { return };
    let stanza = compose(world, context, from, node, to, participant.as_ref());
    deliver(world, author, Class::Receipt, stanza);
}

fn compose(
    world: &World,
    context: &Context<'_>,
    from: DeviceId,
    node: &Node,
    to: &Jid,
    participant: Option<&Jid>,
) -> Node {
    let mut builder = NodeBuilder::new("receipt").attr("id", text(node, "id").unwrap_or_default());
    builder = match participant {
        Some(participant) if to.server == Server::Group => {
            builder.attr("from", to.clone()).attr("participant", world.jid(from, participant.server))
        }
        _ => builder.attr("from", world.jid(from, to.server)),
    };
    builder = builder.attr("t", context.now);
    for name in ["type", "recipient", "category"] {
        if let Some(value) = node.attrs.get(name) {
            builder = builder.attr(name, value.clone());
        }
    }
    let kept = children(node).to_vec();
    if kept.is_empty() { builder.build() } else { builder.children(kept).build() }
}
