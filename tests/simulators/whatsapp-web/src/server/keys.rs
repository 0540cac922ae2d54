//! Prekeys: uploaded by devices, given to those who write to them, one at a time.

use super::context::Context;
use super::{linking, notify};
use crate::stanza::{self, child_bytes, leaf, refusal, result};
use crate::world::device::{Device, Prekey, SignedPrekey};
use crate::world::{DeviceId, World};
use anyhow::{Context as _, Result, ensure};
use sha1::{Digest as _, Sha1};
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;

pub(crate) fn request(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, kind: &str) -> Node {
    let child = |tag: &str| node.get_optional_child(tag);
    let answer = if kind == "set" {
        match child("rotate") {
            Some(rotate) => rotated(world, from, rotate),
            None => uploaded(world, from, node),
        }
        .map(|()| result(node, Vec::new()))
    } else if child("count").is_some() {
        let left = world.device(from).map_or(0, |device| device.keys.one_time.len());
        return result(node, vec![NodeBuilder::new("count").attr("value", left).build()]);
    } else if child("digest").is_some() {
        return world
            .device(from)
            .and_then(digest)
            .map_or_else(|| refusal(node, 404, "item-not-found"), |digest| result(node, vec![digest]));
    } else if let Some(asked) = child("key") {
        let users: Vec<Node> = stanza::children(asked).iter().map(|user| give(world, context, from, user)).collect();
        return result(node, vec![NodeBuilder::new("list").children(users).build()]);
    } else {
        Err(anyhow::anyhow!("an unknown request for keys"))
    };
    answer.unwrap_or_else(|error| {
        world.violation(from, format!("keys: {error:#}"));
        refusal(node, 400, "bad-request")
    })
}

fn exactly(node: &Node, tag: &str, length: usize) -> Result<Vec<u8>> {
    let content = child_bytes(node, tag).with_context(|| format!("no <{tag}>"))?;
    ensure!(content.len() == length, "<{tag}> has {} bytes instead of {length}", content.len());
    Ok(content)
}

fn signed_prekey(node: &Node, identity: &[u8; 32]) -> Result<SignedPrekey> {
    let key = node.get_optional_child("skey").context("no <skey>")?;
    let signed = SignedPrekey {
        id: exactly(key, "id", 3)?,
        public: exactly(key, "value", 32)?,
        signature: exactly(key, "signature", 64)?,
    };
    linking::verify_prekey(identity, &signed)?;
    Ok(signed)
}

fn rotated(world: &mut World, from: DeviceId, node: &Node) -> Result<()> {
    let device = world.device_mut(from).context("no such device")?;
    device.keys.signed = Some(signed_prekey(node, &device.identity)?);
    Ok(())
}

fn uploaded(world: &mut World, from: DeviceId, node: &Node) -> Result<()> {
    let device = world.device_mut(from).context("no such device")?;
    let registration = exactly(node, "registration", 4)?;
    ensure!(exactly(node, "type", 1)? == [5], "the key type is not 5");
    ensure!(
        exactly(node, "identity", 32)? == device.identity,
        "the identity is not the one the device was linked with"
    );
    let list = node.get_optional_child("list").context("no <list>")?;
    let mut uploaded = Vec::new();
    for key in stanza::children(list).iter().filter(|key| key.tag == "key") {
        uploaded.push(Prekey { id: exactly(key, "id", 3)?, public: exactly(key, "value", 32)? });
    }
    ensure!(!uploaded.is_empty(), "no prekeys");
    let signed = signed_prekey(node, &device.identity)?;
    for key in uploaded {
        match device.keys.one_time.iter().position(|known| known.id == key.id) {
            // The same key again is a repetition; another key under the same id replaces it.
            Some(index) => device.keys.one_time[index] = key,
            None => device.keys.one_time.push_back(key),
        }
    }
    device.keys.registration = registration;
    device.keys.signed = Some(signed);
    Ok(())
}

fn digest(device: &Device) -> Option<Node> {
    let signed = device.keys.signed.as_ref()?;
    let mut hash = Sha1::new();
    hash.update(device.identity);
    hash.update(&signed.public);
    hash.update(&signed.signature);
    for key in &device.keys.one_time {
        hash.update(&key.public);
    }
    let ids = device.keys.one_time.iter().map(|key| leaf("id", key.id.clone()));
    let children = [
        leaf("registration", device.keys.registration.clone()),
        leaf("type", [5]),
        leaf("identity", device.identity),
        signed_node(signed),
        NodeBuilder::new("list").children(ids).build(),
        leaf("hash", hash.finalize().to_vec()),
    ];
    Some(NodeBuilder::new("digest").children(children).build())
}

fn signed_node(signed: &SignedPrekey) -> Node {
    let children = [
        leaf("id", signed.id.clone()),
        leaf("value", signed.public.clone()),
        leaf("signature", signed.signature.clone()),
    ];
    NodeBuilder::new("skey").children(children).build()
}

fn give(world: &mut World, context: &Context<'_>, from: DeviceId, asked: &Node) -> Node {
    let Some(jid) = stanza::jid(asked, "jid") else {
        world.violation(from, "asks for keys of nobody");
        return NodeBuilder::new("user").build();
    };
    let builder = NodeBuilder::new("user").attr("jid", jid.clone());
    let id = world.device_of(&jid);
    let low = context.hub.options.prekeys_low;
    let Some((children, is_low)) = id.and_then(|id| world.device_mut(id)).and_then(|device| bundle(device, low)) else {
        let error = NodeBuilder::new("error").attr("code", 404).attr("text", "item-not-found").build();
        return builder.children([error]).build();
    };
    if let Some(id) = id.filter(|_| is_low) {
        notify::prekeys_low(world, context.now, id);
    }
    builder.attr("t", context.now).children(children).build()
}

/// What others need to write to this device, and whether it now has few one-time prekeys left.
fn bundle(device: &mut Device, low: usize) -> Option<(Vec<Node>, bool)> {
    let signed = device.keys.signed.clone()?;
    let mut children = vec![
        leaf("registration", device.keys.registration.clone()),
        leaf("type", [5]),
        leaf("identity", device.identity),
        signed_node(&signed),
    ];
    let mut is_low = false;
    if let Some(key) = device.keys.one_time.pop_front() {
        device.keys.given += 1;
        is_low = device.keys.one_time.len() == low || device.keys.one_time.is_empty();
        children.push(NodeBuilder::new("key").children([leaf("id", key.id), leaf("value", key.public)]).build());
    }
    if device.number != 0 {
        children.push(leaf("device-identity", device.signed.clone()));
    }
    Some((children, is_low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_time_prekey_is_given_once() {
        let signed = SignedPrekey { id: vec![0; 3], public: vec![1; 32], signature: vec![2; 64] };
        let mut device = Device::default();
        device.keys.signed = Some(signed);
        device.keys.one_time.push_back(Prekey { id: vec![0, 0, 1], public: vec![3; 32] });
        device.keys.one_time.push_back(Prekey { id: vec![0, 0, 2], public: vec![4; 32] });
        let keys = |device: &mut Device| {
            let (nodes, is_low) = bundle(device, 1).unwrap();
            (nodes.iter().find(|node| node.tag == "key").map(|key| stanza::bytes(&stanza::children(key)[0])), is_low)
        };
        assert_eq!(keys(&mut device), (Some(vec![0, 0, 1]), true));
        assert_eq!(keys(&mut device), (Some(vec![0, 0, 2]), true));
        assert_eq!(keys(&mut device), (None, false), "without one, the signed prekey must do");
    }
}
