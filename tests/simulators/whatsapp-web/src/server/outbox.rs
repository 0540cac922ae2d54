//! Handing stanzas to devices: at once, or when they come.

use crate::stanza;
use crate::world::device::Stripped;
use crate::world::queue::{Class, Parcel};
use crate::world::ratchet::corrupt;
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Node, NodeContent};

/// Keeps a stanza for a device until it is acknowledged, and writes it if the device is there.
pub(crate) fn deliver(world: &mut World, to: DeviceId, class: Class, mut node: Node) {
    let Some(device) = world.device_mut(to) else { return };
    let (mut copies, mut withheld) = (1, false);
    // Messages about the account are no messages of people.
    let of_people = class == Class::Message && stanza::text(&node, "category").as_deref() != Some("peer");
    if of_people {
        if let Some(stripped) = device.faults.strip.pop_front() {
            strip(&mut node, stripped);
        }
        if take(&mut device.faults.corrupt) {
            corrupt_message(&mut node);
        }
        copies += u32::from(take(&mut device.faults.duplicate));
        withheld = take(&mut device.faults.withhold);
    }
    let active = device.is_active() && !withheld;
    let id = stanza::text(&node, "id").unwrap_or_default();
    for _ in 0..copies {
        if active {
            world.write(to, node.clone());
        }
        let parcel = Parcel {
            class,
            id: id.clone(),
            node: node.clone(),
            written: active,
            withheld,
            writings: u32::from(active),
        };
        if let Some(device) = world.device_mut(to) {
            device.queue.push(parcel);
        }
    }
}

fn take(count: &mut u32) -> bool {
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

/// Takes the content away.
fn strip(node: &mut Node, stripped: Stripped) {
    let unavailable = || NodeBuilder::new("unavailable");
    let children = match stripped {
        Stripped::Unavailable => vec![unavailable().build()],
        Stripped::ViewOnce => vec![unavailable().attr("type", "view_once").build()],
        Stripped::Hosted => vec![unavailable().attr("hosted", "true").build()],
        Stripped::Bot => vec![NodeBuilder::new("bot").build(), unavailable().build()],
        Stripped::Empty => Vec::new(),
        Stripped::Foreign => {
            vec![NodeBuilder::new("enc").attr("v", "9").attr("type", "futuremsg").bytes(vec![7; 32]).build()]
        }
    };
    node.content = (!children.is_empty()).then_some(NodeContent::Nodes(children));
}

fn corrupt_message(node: &mut Node) {
    let Some(NodeContent::Nodes(children)) = &mut node.content else { return };
    for child in children.iter_mut().filter(|child| child.tag == "enc") {
        let kind = stanza::text(child, "type").unwrap_or_default();
        if let Some(NodeContent::Bytes(bytes)) = &mut child.content {
            corrupt(&kind, bytes);
        }
    }
}

/// Writes all that a device has not acknowledged, and then that this was all.
pub(crate) fn flush(world: &mut World, to: DeviceId) {
    let Some(device) = world.device_mut(to) else { return };
    if let Some(connection) = &mut device.connection {
        connection.active = true;
    }
    let counts = [Class::Message, Class::Receipt, Class::Notification].map(|class| device.queue.count(class));
    let total = device.queue.len();
    let mut nodes = Vec::with_capacity(total);
    for parcel in device.queue.iter_mut().filter(|parcel| !parcel.written) {
        let mut node = parcel.node.clone();
        node.attrs.insert("offline", parcel.writings);
        parcel.written = true;
        parcel.writings += 1;
        nodes.push(node);
    }
    if !nodes.is_empty() {
        let preview = NodeBuilder::new("offline_preview")
            .attr("count", total)
            .attr("message", counts[0])
            .attr("receipt", counts[1])
            .attr("notification", counts[2])
            .attr("appdata", 0)
            .attr("call", 0)
            .build();
        world.write(to, information(preview));
    }
    let count = nodes.len();
    for node in nodes {
        world.write(to, node);
    }
    world.write(to, information(NodeBuilder::new("offline").attr("count", count).build()));
}

fn information(child: Node) -> Node {
    NodeBuilder::new("ib").attr("from", stanza::server()).children([child]).build()
}
