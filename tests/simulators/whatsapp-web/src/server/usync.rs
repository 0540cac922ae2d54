//! Who has which devices, and who is who.

use super::devices;
use crate::address::{digits, other_spelling};
use crate::stanza;
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};

pub(crate) fn request(world: &mut World, from: DeviceId, node: &Node) -> Node {
    let Some(usync) = node.get_optional_child("usync") else { return stanza::refusal(node, 400, "bad-request") };
    let (Some(query), Some(list)) = (usync.get_optional_child("query"), usync.get_optional_child("list")) else {
        world.violation(from, "a usync without query or list");
        return stanza::refusal(node, 400, "bad-request");
    };
    let asked: Vec<&str> = stanza::children(query).iter().map(|child| child.tag.as_ref()).collect();
    let users: Vec<Node> = stanza::children(list).iter().filter_map(|user| answer(world, &asked, user)).collect();
    let results = asked.iter().map(|&tag| NodeBuilder::new_dynamic(tag.to_owned()).build());
    let mut builder = NodeBuilder::new("usync");
    for name in ["sid", "index", "last", "mode", "context"] {
        if let Some(value) = stanza::text(usync, name) {
            builder = builder.attr(name, value);
        }
    }
    let children =
        [NodeBuilder::new("result").children(results).build(), NodeBuilder::new("list").children(users).build()];
    stanza::result(node, vec![builder.children(children).build()])
}

fn answer(world: &World, asked: &[&str], user: &Node) -> Option<Node> {
    let contact = user.get_optional_child("contact").and_then(Node::content_as_string).map(|text| digits(&text));
    let jid = stanza::jid(user, "jid").or_else(|| contact.as_deref().map(Jid::pn))?;
    // A number in the other spelling of its country is found, and answered with the one that its owner registered.
    let respelled = || contact.as_deref().and_then(other_spelling).map(|digits| Jid::pn(digits.as_str()));
    let jid = match world.account_of(&jid) {
        Some(_) => jid,
        None => respelled().filter(|other| world.account_of(other).is_some()).unwrap_or(jid),
    };
    let account = world.account_of(&jid);
    let mut builder = NodeBuilder::new("user").attr("jid", jid.to_non_ad());
    let mut children = Vec::new();
    if asked.contains(&"contact") {
        let kind = if account.is_some() { "in" } else { "out" };
        let text = contact.map(|number| format!("+{number}")).unwrap_or_default();
        children.push(NodeBuilder::new("contact").attr("type", kind).bytes(text.into_bytes()).build());
    }
    let Some(account) = account else {
        if asked.contains(&"devices") {
            let list = NodeBuilder::new("device-list").build();
            children.push(NodeBuilder::new("devices").children([list]).build());
        }
        return Some(builder.children(children).build());
    };
    let owner = &world.accounts[account];
    if jid.server == Server::Lid {
        builder = builder.attr("pn_jid", Jid::pn(owner.number.as_str()));
    }
    if asked.contains(&"devices") {
        children.push(device_list(world, account));
    }
    if asked.contains(&"lid") {
        children.push(NodeBuilder::new("lid").attr("val", Jid::lid(owner.lid.as_str())).build());
    }
    if asked.contains(&"status") {
        children.push(NodeBuilder::new("status").attr("t", owner.listed_at).bytes(Vec::new()).build());
    }
    Some(builder.children(children).build())
}

fn device_list(world: &World, account: usize) -> Node {
    let devices = world.accounts[account].devices.values().map(|device| {
        let builder = NodeBuilder::new("device").attr("id", device.number);
        if device.number == 0 { builder.build() } else { builder.attr("key-index", device.key_index).build() }
    });
    let list = NodeBuilder::new("device-list").children(devices.collect::<Vec<_>>()).build();
    NodeBuilder::new("devices").children([list, devices::key_index_list(world, account)]).build()
}
