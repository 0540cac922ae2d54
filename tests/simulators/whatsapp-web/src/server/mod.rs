//! What the server does with each stanza.

mod context;
pub(crate) mod devices;
mod groups;
mod iq;
mod keys;
pub(crate) mod linking;
pub(crate) mod login;
mod messages;
pub(crate) mod notify;
mod outbox;
mod presence;
mod receipts;
mod usync;

pub(crate) use groups::{Change, change as change_group, create as create_group};
pub(crate) use outbox::deliver;

use crate::hub::Hub;
use crate::stanza;
use crate::world::queue::Class;
use crate::world::{DeviceId, World};
pub(crate) use context::Context;
use std::sync::Arc;
use whatsapp_rust::wacore_binary::Node;

/// Takes a stanza that arrived on a connection.
pub(crate) fn handle(hub: &Arc<Hub>, connection: u64, node: &Node) {
    let context = Context::new(hub);
    hub.change(|world| {
        if let Some(&from) = world.logged_in.get(&connection) {
            let address = world.address(from);
            world.record.traffic(connection, Some(address), true, node);
            if let Some(device) = world.device_mut(from) {
                device.last_seen_ms = Some(context.now_ms);
            }
            stanza_of_device(world, &context, from, node);
        } else {
            world.record.traffic(connection, None, true, node);
            linking::stanza(world, &context, connection, node);
        }
    });
}

fn stanza_of_device(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node) {
    match node.tag.as_ref() {
        "iq" => iq::request(world, context, from, node),
        "message" => messages::message(world, context, from, node),
        "receipt" => receipts::receipt(world, context, from, node),
        "ack" => acknowledged(world, from, node),
        "chatstate" => presence::typing(world, from, node),
        "presence" => presence::presence(world, context, from, node),
        "notification" if from.device == 0 => notify::by_phone(world, context.now, from, node),
        // The session's id, the size of the offline batch and other wishes that need no answer.
        "ib" => {}
        other => {
            let what = format!("stanza <{other}>");
            world.record.unknown(what);
        }
    }
}

fn acknowledged(world: &mut World, from: DeviceId, node: &Node) {
    let class = stanza::text(node, "class").and_then(|class| Class::of(&class));
    let Some((class, id)) = class.zip(stanza::text(node, "id")) else {
        return world.violation(from, "an ack without class or id");
    };
    if let Some(device) = world.device_mut(from) {
        device.queue.acknowledge(class, &id);
    }
}
