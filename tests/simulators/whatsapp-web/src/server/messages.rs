//! Messages: checked, acknowledged to their sender, and given to each device they were encrypted for.

use super::context::Context;
use super::outbox::deliver;
use crate::stanza::{self, ack, children, jid, text};
use crate::world::group::Group;
use crate::world::queue::Class;
use crate::world::ratchet::Suspicion;
use crate::world::{DeviceId, World};
use std::collections::HashSet;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};
use whatsapp_rust::waproto::buffa::Message as _;
use whatsapp_rust::waproto::whatsapp::ADVSignedDeviceIdentity;

/// Something in a message has a wrong form.
const MALFORMED: u16 = 479;
const NOT_A_MEMBER: u16 = 403;
const NOT_FOUND: u16 = 404;

/// What a device is given of a message.
struct Share<'a> {
    to: DeviceId,
    /// The space in which the sender addressed it.
    server: Server,
    /// Its own ciphertext first, then that for the group.
    ciphertexts: Vec<&'a Node>,
}

pub(crate) fn message(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node) {
    let refused = match world.device_mut(from) {
        Some(device) if device.faults.swallow > 0 => {
            device.faults.swallow -= 1;
            return;
        }
        Some(device) => device.faults.refuse.pop_front(),
        None => return,
    };
    let outcome = match refused {
        Some(code) => Err(code),
        None => check(world, from, node).and_then(|()| shares(world, from, node)),
    };
    acknowledge(world, context, from, node, outcome.as_ref().err().copied());
    for share in outcome.unwrap_or_default() {
        let stanza = compose(world, context, from, node, &share);
        if share.to.account != from.account {
            world.accounts[from.account].peers.insert(share.to.account);
            world.accounts[share.to.account].peers.insert(from.account);
        }
        deliver(world, share.to, Class::Message, stanza);
    }
}

fn acknowledge(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, error: Option<u16>) {
    let mut builder = ack("message", node).attr("t", context.now);
    let faults = world.device_mut(from).map(|device| &mut device.faults);
    let stale = faults.is_some_and(|faults| {
        let stale = faults.stale > 0 && node.attrs.get("phash").is_some();
        faults.stale -= u32::from(stale);
        stale
    });
    for name in ["phash", "participant"] {
        if let Some(value) = node.attrs.get(name).filter(|_| !stale || name != "phash") {
            builder = builder.attr(name, value.clone());
        }
    }
    if stale {
        builder = builder.attr("phash", "2:AAAAAAAA");
    }
    if let Some(code) = error {
        builder = builder.attr("error", code);
    }
    let ack = builder.build();
    match world.device_mut(from) {
        Some(device) if device.faults.hold_acks => device.faults.held.push(ack),
        _ => world.write(from, ack),
    }
}

/// All ciphertexts of a message with the device they name.
fn ciphertexts(node: &Node) -> impl Iterator<Item = (Option<Jid>, &Node)> {
    let direct = node.get_children_by_tag("enc").map(|enc| (None, enc));
    let listed = node.get_optional_child("participants").map(children).unwrap_or_default();
    let listed = listed.iter().flat_map(|to| to.get_children_by_tag("enc").map(move |enc| (jid(to, "jid"), enc)));
    direct.chain(listed)
}

/// Refuses what has a wrong form, and notes key reuse.
fn check(world: &mut World, from: DeviceId, node: &Node) -> Result<(), u16> {
    let wrong = |world: &mut World, what: &str| {
        world.violation(from, format!("message {}: {what}", text(node, "id").unwrap_or_default()));
        Err(MALFORMED)
    };
    if text(node, "id").is_none_or(|id| id.is_empty()) {
        return wrong(world, "no id");
    }
    if jid(node, "to").is_none_or(|to| to.user.is_empty()) {
        return wrong(world, "no recipient");
    }
    if text(node, "type").is_none_or(|kind| kind.is_empty()) {
        return wrong(world, "no type");
    }
    let mut named = HashSet::new();
    let (mut any, mut first) = (false, false);
    for (to, enc) in ciphertexts(node) {
        any = true;
        if text(enc, "v").as_deref() != Some("2") {
            return wrong(world, "a ciphertext whose version is not 2");
        }
        if to.as_ref().is_some_and(|to| !named.insert(to.to_string())) {
            return wrong(world, "a device is named twice");
        }
        let kind = text(enc, "type").unwrap_or_default();
        first |= kind == "pkmsg";
        match world.ratchets.look(from, &kind, &stanza::bytes(enc)) {
            Ok(()) => {}
            Err(Suspicion::KeyUsedTwice(what)) => world.violation(from, what),
            Err(Suspicion::Unreadable(what)) => return wrong(world, &what),
        }
    }
    if !any {
        return wrong(world, "no ciphertext");
    }
    if first && from.device != 0 {
        check_identity(world, from, node)?;
    }
    Ok(())
}

/// A companion's first message to somebody carries its identity, so that they can verify it.
fn check_identity(world: &mut World, from: DeviceId, node: &Node) -> Result<(), u16> {
    // A message to the own devices alone needs none: they know it.
    let others = ciphertexts(node).any(|(to, enc)| {
        let to = to.or_else(|| jid(node, "to"));
        text(enc, "type").as_deref() == Some("pkmsg") && to.and_then(|to| world.account_of(&to)) != Some(from.account)
    });
    let shown = stanza::child_bytes(node, "device-identity");
    let known = world.device(from).map(|device| ADVSignedDeviceIdentity::decode_from_slice(&device.signed));
    let what = match (shown.map(|shown| ADVSignedDeviceIdentity::decode_from_slice(&shown)), known) {
        (None, _) if !others => return Ok(()),
        (Some(Ok(shown)), Some(Ok(known)))
            if (&shown.details, &shown.device_signature) == (&known.details, &known.device_signature) =>
        {
            return Ok(());
        }
        (None, _) => "a companion's first message without device-identity",
        _ => "a companion's first message with another device-identity than it was linked with",
    };
    world.violation(from, what);
    Err(MALFORMED)
}

fn shares<'a>(world: &mut World, from: DeviceId, node: &'a Node) -> Result<Vec<Share<'a>>, u16> {
    let to = jid(node, "to").ok_or(MALFORMED)?;
    match to.server {
        Server::Group => group_shares(world, from, node, &to),
        Server::Pn | Server::Lid => direct_shares(world, from, node, &to),
        Server::Broadcast => Ok(status_shares(world, from, node)),
        // Newsletters are taken and go nowhere.
        _ => Ok(Vec::new()),
    }
}

fn direct_shares<'a>(world: &mut World, from: DeviceId, node: &'a Node, to: &Jid) -> Result<Vec<Share<'a>>, u16> {
    let peer = world.account_of(to).ok_or(NOT_FOUND)?;
    let direct: Vec<&Node> = node.get_children_by_tag("enc").collect();
    if !direct.is_empty() {
        // A repetition after a retry receipt, or a message among the account's own devices: for one device.
        let target = world.device_of(to).ok_or(NOT_FOUND)?;
        return Ok(vec![Share { to: target, server: to.server, ciphertexts: direct }]);
    }
    let mut shares = Vec::new();
    for (target, enc) in ciphertexts(node) {
        let Some(target) = target else { continue };
        match world.account_of(&target) {
            Some(account) if account == peer || account == from.account => {}
            _ => {
                world.violation(from, format!("a message to {to} names {target}"));
                return Err(MALFORMED);
            }
        }
        let server = target.server;
        // Devices that were unlinked meanwhile get nothing.
        let target = world.device_of(&target).filter(|&target| target != from);
        shares.extend(target.map(|to| Share { to, server, ciphertexts: vec![enc] }));
    }
    Ok(shares)
}

/// A status goes to the devices that it names.
fn status_shares<'a>(world: &World, from: DeviceId, node: &'a Node) -> Vec<Share<'a>> {
    let share = |(target, enc): (Option<Jid>, &'a Node)| {
        let target = target?;
        let to = world.device_of(&target).filter(|&to| to != from)?;
        Some(Share { to, server: target.server, ciphertexts: vec![enc] })
    };
    ciphertexts(node).filter_map(share).collect()
}

fn group_shares<'a>(world: &mut World, from: DeviceId, node: &'a Node, to: &Jid) -> Result<Vec<Share<'a>>, u16> {
    let group = world.groups.get(to.user.as_str()).ok_or(NOT_FOUND)?;
    if !group.has(from.account) {
        return Err(NOT_A_MEMBER);
    }
    let server = space(group);
    let direct: Vec<&Node> = node.get_children_by_tag("enc").collect();
    if let Some(participant) = jid(node, "participant") {
        let target = world.device_of(&participant).ok_or(NOT_FOUND)?;
        return Ok(vec![Share { to: target, server, ciphertexts: direct }]);
    }
    let members: Vec<usize> = group.members.iter().map(|member| member.account).collect();
    let mut shares = Vec::new();
    for account in members {
        for device in world.accounts[account].devices.keys().copied().collect::<Vec<_>>() {
            let id = DeviceId { account, device };
            if id == from {
                continue;
            }
            let own = ciphertexts(node)
                .filter(|(to, _)| to.as_ref().is_some_and(|to| world.device_of(to) == Some(id)))
                .map(|(_, enc)| enc);
            shares.push(Share { to: id, server, ciphertexts: own.chain(direct.iter().copied()).collect() });
        }
    }
    Ok(shares)
}

/// In which space a group writes its members.
pub(crate) fn space(group: &Group) -> Server {
    if group.by_lid { Server::Lid } else { Server::Pn }
}

fn other(server: Server) -> Server {
    if server == Server::Lid { Server::Pn } else { Server::Lid }
}

/// The message as one device receives it.
fn compose(world: &World, context: &Context<'_>, from: DeviceId, node: &Node, share: &Share<'_>) -> Node {
    let to = jid(node, "to").unwrap_or_default();
    let sender = &world.accounts[from.account];
    let author = world.jid(from, share.server);
    let alias = world.jid(from, other(share.server)).to_non_ad();
    let mut builder = NodeBuilder::new("message").attr("id", text(node, "id").unwrap_or_default());
    if to.server == Server::Broadcast {
        builder = builder.attr("from", to).attr("participant", author);
    } else if to.server == Server::Group {
        builder = builder.attr("from", to.clone()).attr("participant", author).attr(
            "addressing_mode",
            match share.server {
                Server::Lid => "lid",
                _ => "pn",
            },
        );
        let name = if share.server == Server::Lid { "participant_pn" } else { "participant_lid" };
        builder = builder.attr(name, alias);
    } else if share.to.account == from.account {
        builder = builder.attr("from", author);
        if text(node, "category").as_deref() != Some("peer") {
            let chat = jid(node, "recipient").unwrap_or(to).to_non_ad();
            if let Some(peer) = world.account_of(&chat) {
                let id = DeviceId { account: peer, device: 0 };
                let name = if chat.server == Server::Lid { "peer_recipient_pn" } else { "peer_recipient_lid" };
                builder = builder.attr(name, world.jid(id, other(chat.server)));
            }
            builder = builder.attr("recipient", chat);
        }
    } else {
        let name = if share.server == Server::Lid { "sender_pn" } else { "sender_lid" };
        builder = builder.attr("from", author).attr(name, alias);
    }
    builder = builder.attr("type", text(node, "type").unwrap_or_default()).attr("t", context.now);
    if !sender.name.is_empty() {
        builder = builder.attr("notify", sender.name.as_str());
    }
    for name in ["edit", "category", "push_priority", "verified_name"] {
        if let Some(value) = node.attrs.get(name) {
            builder = builder.attr(name, value.clone());
        }
    }
    let mut parts: Vec<Node> = share.ciphertexts.iter().map(|&enc| enc.clone()).collect();
    let kept = children(node).iter().filter(|child| !matches!(child.tag.as_ref(), "enc" | "participants" | "tctoken"));
    parts.extend(kept.cloned());
    builder.children(parts).build()
}
