//! Device lists, signed by the account, and pairing codes on their way between phone and companion.

use super::context::Context;
use super::linking;
use crate::stanza::{self, leaf};
use crate::world::queue::Class;
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Node, Server};
use whatsapp_rust::waproto::buffa::Message as _;
use whatsapp_rust::waproto::whatsapp::{ADVKeyIndexList, ADVSignedKeyIndexList};

/// Notes that an account's device list is another one now, and has the phone sign which companions count.
pub(crate) fn changed(world: &mut World, now: u64, account: usize) {
    let account = &mut world.accounts[account];
    account.listed_at = now.max(account.listed_at + 1);
    let list = ADVKeyIndexList {
        raw_id: Some(account.raw_id),
        timestamp: Some(account.listed_at),
        current_index: Some(account.key_index_last),
        valid_indexes: std::iter::once(0).chain(account.companions().map(|device| device.key_index)).collect(),
        ..Default::default()
    };
    let details = list.encode_to_vec();
    let signature = account.signer.sign(&[&[6, 2][..], &details].concat());
    let signed = ADVSignedKeyIndexList {
        details: Some(details),
        account_signature: Some(signature.to_vec()),
        account_signature_key: Some(account.identity.to_vec()),
    };
    account.listed = signed.encode_to_vec();
}

/// The account's signed `key-index-list`.
pub(crate) fn key_index_list(world: &World, account: usize) -> Node {
    let account = &world.accounts[account];
    NodeBuilder::new("key-index-list").attr("ts", account.listed_at).bytes(account.listed.clone()).build()
}

/// The devices of an account as notifications list them.
pub(crate) fn listed(world: &World, account: usize, server: Server) -> Vec<Node> {
    let numbers: Vec<u16> = world.accounts[account].devices.keys().copied().collect();
    numbers.into_iter().map(|device| element(world, DeviceId { account, device }, server)).collect()
}

/// One device as notifications list it.
pub(crate) fn element(world: &World, id: DeviceId, server: Server) -> Node {
    let builder = NodeBuilder::new("device").attr("jid", world.jid(id, server));
    match world.device(id).map_or(0, |device| device.key_index) {
        0 => builder.build(),
        index => builder.attr("key-index", index).build(),
    }
}

/// A companion asks for a pairing code, or finishes with one.
pub(crate) fn companion_code(world: &mut World, context: &Context<'_>, number: u64, node: &Node) {
    let Some(request) = node.get_optional_child("link_code_companion_reg") else { return };
    let answer = match stanza::text(request, "stage").as_deref() {
        Some("companion_hello") => hello(world, context, number, node, request),
        Some("companion_finish") => finish(world, context, number, node, request),
        _ => stanza::refusal(node, 400, "bad-request"),
    };
    world.write_unlinked(number, answer);
}

fn hello(world: &mut World, context: &Context<'_>, number: u64, node: &Node, request: &Node) -> Node {
    let wrapped = stanza::child_bytes(request, "link_code_pairing_wrapped_companion_ephemeral_pub");
    let noise = stanza::child_bytes(request, "companion_server_auth_key_pub");
    let is_complete = request.get_optional_child("companion_platform_id").is_some()
        && request.get_optional_child("companion_platform_display").is_some()
        && request.get_optional_child("link_code_pairing_nonce").is_some();
    let Some(registration) = world.registrations.get(&number) else { return stanza::refusal(node, 400, "bad-request") };
    let is_genuine = noise.as_deref() == Some(&registration.noise_public[..]);
    if wrapped.is_none_or(|wrapped| wrapped.len() != 80) || !is_genuine || !is_complete {
        world.record.violation(None, "a malformed companion_hello");
        return stanza::refusal(node, 400, "bad-request");
    }
    let Some(account) = stanza::jid(request, "jid").and_then(|jid| world.account_of(&jid)) else {
        return stanza::refusal(node, 404, "item-not-found");
    };
    let reference = linking::code_reference(context);
    let shown = leaf("link_code_pairing_ref", reference.bytes.clone());
    if let Some(registration) = world.registrations.get_mut(&number) {
        // Only one code at a time: the one before is dead.
        if registration.code_for.is_some() {
            registration.references.pop();
        }
        registration.code_for = Some(account);
        registration.references.push(reference);
    }
    let mut children: Vec<Node> = stanza::children(request).to_vec();
    children.push(shown.clone());
    let forwarded = NodeBuilder::new("link_code_companion_reg").attr("stage", "companion_hello").children(children);
    notify_phone(world, context, account, forwarded.build());
    let answer = NodeBuilder::new("link_code_companion_reg").attr("stage", "companion_hello").children([shown]);
    stanza::result(node, vec![answer.build()])
}

fn finish(world: &mut World, context: &Context<'_>, number: u64, node: &Node, request: &Node) -> Node {
    let reference = stanza::child_bytes(request, "link_code_pairing_ref").unwrap_or_default();
    let account = world.registrations.get(&number).and_then(|registration| registration.code_for);
    let is_valid = linking::offered(world, context.now_ms, &reference) == Some(number);
    let Some(account) = account.filter(|_| is_valid) else { return stanza::refusal(node, 404, "item-not-found") };
    let identity = stanza::child_bytes(request, "companion_identity_public");
    let is_genuine = world.registrations.get(&number).is_some_and(|r| identity.as_deref() == Some(&r.identity[..]));
    if !is_genuine {
        world.record.violation(None, "companion_finish names another identity than the first frame");
        return stanza::refusal(node, 400, "bad-request");
    }
    let children = stanza::children(request).to_vec();
    let forwarded = NodeBuilder::new("link_code_companion_reg").attr("stage", "companion_finish").children(children);
    notify_phone(world, context, account, forwarded.build());
    stanza::result(node, Vec::new())
}

/// The phone's person entered a code: tells the companion.
pub(crate) fn primary_hello(world: &mut World, context: &Context<'_>, node: &Node, request: &Node) -> Node {
    let reference = stanza::child_bytes(request, "link_code_pairing_ref").unwrap_or_default();
    let Some(number) = linking::offered(world, context.now_ms, &reference) else {
        return stanza::refusal(node, 404, "item-not-found");
    };
    let children = stanza::children(request).to_vec();
    let forwarded = NodeBuilder::new("link_code_companion_reg").attr("stage", "primary_hello").children(children);
    let notification = code_notification(world, context.now, forwarded.build());
    world.write_unlinked(number, notification);
    stanza::result(node, Vec::new())
}

/// Asks companions that show a pairing code for this number to make a new one; whether there was one.
pub(crate) fn refresh_code(world: &mut World, now: u64, number: &str) -> bool {
    let Some(&account) = world.by_number.get(number) else { return false };
    let shows = |registration: &&crate::world::Registration| registration.code_for == Some(account);
    let Some((&connection, registration)) = world.registrations.iter().find(|(_, r)| shows(r)) else { return false };
    let reference = registration.references.last().map(|reference| reference.bytes.clone()).unwrap_or_default();
    let child = NodeBuilder::new("link_code_companion_reg")
        .attr("stage", "refresh_code")
        .attr("force_manual_refresh", "true")
        .children([leaf("link_code_pairing_ref", reference)]);
    let notification = code_notification(world, now, child.build());
    world.write_unlinked(connection, notification);
    true
}

fn notify_phone(world: &mut World, context: &Context<'_>, account: usize, child: Node) {
    let notification = code_notification(world, context.now, child);
    super::outbox::deliver(world, DeviceId { account, device: 0 }, Class::Notification, notification);
}

fn code_notification(world: &mut World, now: u64, child: Node) -> Node {
    NodeBuilder::new("notification")
        .attr("from", stanza::server())
        .attr("type", "link_code_companion_reg")
        .attr("id", world.stanza_id())
        .attr("t", now)
        .children([child])
        .build()
}
