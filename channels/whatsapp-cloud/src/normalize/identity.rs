//! Who wrote a message, and which addresses are one person's.

use super::ids::{bsuid, bsuid_instead, phone, text, username};
use super::message::{Context, NOBODY};
use greenroom_contract::address::Address;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::SenderId;
use greenroom_contract::limits;
use greenroom_contract::message::Sender;
use greenroom_contract::text::bounded;
use serde_json::Value;

/// The author, joined with their contact by number or by BSUID. A number stands first: replies go there while it is known.
pub(super) fn sender(raw: &Value, context: &Context<'_>) -> Sender {
    let (from, from_user_id) = (text(&raw["from"]), text(&raw["from_user_id"]));
    let same = |contact: &&Value| {
        (from.is_some() && text(&contact["wa_id"]) == from)
            || (from_user_id.is_some() && text(&contact["user_id"]) == from_user_id)
    };
    // A lone contact of a direct chat is its author, even if the message does not say so.
    let nameless = from.is_none() && from_user_id.is_none() && raw["group_id"].is_null();
    let alone = if let ([contact], true) = (context.contacts, nameless) { Some(contact) } else { None };
    let nothing = Value::Null;
    let contact = context.contacts.iter().find(same).or(alone).unwrap_or(&nothing);
    let candidates = [
        phone(&raw["from"]),
        phone(&contact["wa_id"]),
        bsuid(&raw["from_user_id"]),
        bsuid(&contact["user_id"]),
        bsuid(&contact["parent_user_id"]),
        bsuid_instead(&raw["from"]),
        bsuid_instead(&contact["wa_id"]),
        username(&contact["profile"]["username"]),
    ];
    let addresses = distinct(candidates.into_iter().flatten());
    let id = addresses.iter().find_map(|address| match address.namespace() {
        Address::PHONE | Address::BSUID => SenderId::new(address.value()).ok(),
        _ => None,
    });
    let name = contact["profile"]["name"].as_str().filter(|name| !name.trim().is_empty());
    Sender {
        id: id.unwrap_or_else(|| SenderId::new(NOBODY).expect("the constant is short and not empty")),
        addresses,
        name: name.map(|name| bounded(name, limits::NAME_BYTES_MAX)),
    }
}

/// Whom an echo was written to, joined with their contact.
pub(super) fn receiver(raw: &Value, context: &Context<'_>) -> Option<Sender> {
    let (to, to_user_id) = (text(&raw["to"]), text(&raw["to_user_id"]));
    let same = |contact: &&Value| {
        (to.is_some() && text(&contact["wa_id"]) == to)
            || (to_user_id.is_some() && text(&contact["user_id"]) == to_user_id)
    };
    let nothing = Value::Null;
    let contact = context.contacts.iter().find(same).unwrap_or(&nothing);
    let candidates = [
        phone(&raw["to"]),
        phone(&contact["wa_id"]),
        bsuid(&raw["to_user_id"]),
        bsuid(&contact["user_id"]),
        bsuid_instead(&raw["to"]),
    ];
    let addresses = distinct(candidates.into_iter().flatten());
    let id = addresses.iter().find_map(|address| SenderId::new(address.value()).ok())?;
    Some(Sender { id, addresses, name: None })
}

/// Addresses that a person had before and has now; `None` if the message tells of no such change.
pub(super) fn same_person(raw: &Value) -> Option<ChannelEvent> {
    let system = &raw["system"];
    if !matches!(system["type"].as_str(), Some("user_changed_number" | "user_changed_user_id")) {
        return None;
    }
    let known = [
        phone(&raw["from"]),
        phone(&system["wa_id"]),
        bsuid(&system["previous_user_id"]),
        bsuid(&system["user_id"]),
        bsuid(&raw["from_user_id"]),
    ];
    let addresses = distinct(known.into_iter().flatten());
    (addresses.len() >= 2).then_some(ChannelEvent::SamePerson { addresses })
}

fn distinct(all: impl Iterator<Item = Address>) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    for address in all {
        if !addresses.contains(&address) && addresses.len() < limits::ADDRESSES_MAX {
            addresses.push(address);
        }
    }
    addresses
}
