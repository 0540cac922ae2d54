//! Requests: each gets an answer, refused if malformed, empty if nobody here knows it.

use super::context::Context;
use super::{devices, groups, keys, notify, outbox, usync};
use crate::stanza::{self, refusal, result};
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;

pub(crate) fn request(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node) {
    let kind = stanza::text(node, "type").unwrap_or_default();
    if kind == "result" || kind == "error" {
        return;
    }
    if stanza::text(node, "id").is_none_or(|id| id.is_empty()) {
        return world.violation(from, "an iq without an id");
    }
    let namespace = stanza::text(node, "xmlns").unwrap_or_default();
    let child = stanza::children(node).first();
    let tag = child.map(|child| child.tag.to_string()).unwrap_or_default();
    let answer = match (namespace.as_str(), kind.as_str(), tag.as_str()) {
        ("encrypt", _, _) => keys::request(world, context, from, node, &kind),
        ("usync", "get", "usync") => usync::request(world, from, node),
        ("passive", "set", "active") => {
            world.write(from, result(node, Vec::new()));
            let is_new = world.device(from).is_some_and(|device| !device.is_active());
            if is_new {
                outbox::flush(world, from);
            }
            return;
        }
        ("w:g2", _, _) => groups::request(world, context, from, node, &kind),
        ("w:m", "set", "media_conn") => media_connection(context, node),
        ("w:sync:app:state", "set", "sync") => collections(node),
        ("abt", "get", "props") => properties(node),
        ("blocklist", "get", _) => {
            result(node, vec![NodeBuilder::new("list").attr("dhash", "1").attr("matched", "false").build()])
        }
        ("privacy", "get", _) => privacy(node),
        ("privacy", "set", "tokens") | ("w:p", "get", _) | ("passive" | "urn:xmpp:whatsapp:dirty", "set", _) => {
            result(node, Vec::new())
        }
        ("md", "set", "remove-companion-device") => return remove(world, context, from, node, child),
        ("md", "set", "link_code_companion_reg") => match child {
            Some(request) if stanza::text(request, "stage").as_deref() == Some("primary_hello") && from.device == 0 => {
                devices::primary_hello(world, context, node, request)
            }
            _ => refusal(node, 400, "bad-request"),
        },
        _ => {
            world.record.unknown(format!("iq {namespace} {kind} <{tag}>"));
            result(node, Vec::new())
        }
    };
    world.write(from, answer);
}

fn remove(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, child: Option<&Node>) {
    let target = child.and_then(|child| stanza::jid(child, "jid")).and_then(|jid| world.device_of(&jid));
    match target {
        Some(target) if target.account == from.account && (target == from || from.device == 0) => {
            world.write(from, result(node, Vec::new()));
            notify::remove_companion(world, context.now, target, target != from);
        }
        _ => {
            world.violation(from, "removes a device that is not its own");
            world.write(from, refusal(node, 403, "forbidden"));
        }
    }
}

fn media_connection(context: &Context<'_>, node: &Node) -> Node {
    let media = &context.hub.media;
    let host = NodeBuilder::new("host").attr("hostname", media.host()).attr("type", "primary").build();
    let connection = NodeBuilder::new("media_conn")
        .attr("id", 1)
        .attr("auth", media.auth())
        .attr("ttl", 300)
        .attr("auth_ttl", 21_600)
        .attr("max_buckets", 12)
        .children([host]);
    result(node, vec![connection.build()])
}

fn collections(node: &Node) -> Node {
    let asked = node.get_optional_child("sync").map(stanza::children).unwrap_or_default();
    let answers = asked.iter().filter(|child| child.tag == "collection").map(|collection| {
        let name = stanza::text(collection, "name").unwrap_or_default();
        NodeBuilder::new("collection").attr("name", name).attr("version", 0).attr("type", "result").build()
    });
    result(node, vec![NodeBuilder::new("sync").children(answers).build()])
}

fn properties(node: &Node) -> Node {
    let props = NodeBuilder::new("props")
        .attr("protocol", 1)
        .attr("hash", "simulated")
        .attr("refresh", 86_400)
        .attr("refresh_id", 1)
        .attr("ab_key", "simulated")
        .children([NodeBuilder::new("prop").attr("config_code", 1).attr("config_value", 1).build()]);
    result(node, vec![props.build()])
}

fn privacy(node: &Node) -> Node {
    let names = ["last", "online", "profile", "status", "readreceipts", "groupadd", "calladd"];
    let category = |name| {
        let value = if name == "online" { "all" } else { "contacts" };
        let value = if name == "readreceipts" { "all" } else { value };
        NodeBuilder::new("category").attr("name", name).attr("value", value).build()
    };
    result(node, vec![NodeBuilder::new("privacy").children(names.map(category)).build()])
}
