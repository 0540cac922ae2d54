//! One element of `messages`.

use super::digits;
use crate::limits::KIND_BYTES_MAX;
use greenroom_contract::address::Address;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{AccountId, ChatId, MessageId, SenderId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Chat, Inbound, MediaRef, MessageKey, Origin, Quote, Sender};
use greenroom_contract::text::bounded;
use greenroom_contract::time::Timestamp;
use serde_json::{Value, json};

/// What stands around the messages of one change.
pub(super) struct Context<'a> {
    pub(super) account: &'a AccountId,
    pub(super) contacts: &'a [Value],
    /// The digits of the business number, to recognise our own messages when they are quoted.
    pub(super) own_number: Option<String>,
}

/// The chat and the author of a message that names no author. It is kept and shown, and cannot be answered.
pub(crate) const NOBODY: &str = "unknown";

/// Reads a message; `None` for those that say nothing to us. The error names what is missing.
pub(super) fn read(raw: &Value, context: &Context<'_>) -> Result<Option<ChannelEvent>, &'static str> {
    let id = raw["id"].as_str().and_then(|id| MessageId::new(id).ok()).ok_or("a message without a usable id")?;
    let kind = raw["type"].as_str().ok_or("a message without a type")?;
    let sent_at = timestamp(&raw["timestamp"]).ok_or("a message without a timestamp")?;
    if kind == "system" {
        return Ok(same_person(raw));
    }
    let sender = sender(raw, context);
    // A group that cannot be named must not be taken for a direct chat: its talk is not addressed to us.
    let group = match &raw["group_id"] {
        Value::Null => None,
        group => Some(group.as_str().and_then(|id| ChatId::new(id).ok()).ok_or("a message of an unusable group")?),
    };
    let (chat, kind_of_chat) = match group {
        Some(group) => (group, Chat::Group { title: None }),
        None => (ChatId::new(sender.id.as_str()).expect("a sender's id is as long as a chat's"), Chat::Direct),
    };
    match kind {
        "revoke" => {
            let message = original(&raw["revoke"]).ok_or("a revocation that names no message")?;
            return Ok(Some(ChannelEvent::Revoked { chat, sender: sender.id, message }));
        }
        "edit" => return edit(&raw["edit"], chat, sender.id).map(Some),
        _ => {}
    }
    let quote = quote(&raw["context"]);
    let addressing = addressing(&kind_of_chat, kind, &raw["context"], context);
    let inbound = Inbound {
        key: MessageKey { account: context.account.clone(), chat, message: id },
        chat: kind_of_chat,
        sender,
        origin: Origin::Person,
        sent_at,
        addressing,
        quote,
        body: body(raw, kind),
    };
    Ok(Some(ChannelEvent::Message(Box::new(inbound))))
}

/// Seconds since 1970, as a text or, leniently, as a number.
pub(super) fn timestamp(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok())?;
    Some(Timestamp(seconds.checked_mul(1000)?))
}

fn original(part: &Value) -> Option<MessageId> {
    part["original_message_id"].as_str().and_then(|id| MessageId::new(id).ok())
}

fn edit(part: &Value, chat: ChatId, sender: SenderId) -> Result<ChannelEvent, &'static str> {
    let message = original(part).ok_or("an edit that names no message")?;
    let new = &part["message"];
    let text = ["text", "image", "video", "document"].iter().find_map(|kind| {
        let key = if *kind == "text" { "body" } else { "caption" };
        new[*kind][key].as_str()
    });
    let text = text.ok_or("an edit without text")?;
    Ok(ChannelEvent::Edited { chat, sender, message, text: bounded(text, limits::TEXT_BYTES_MAX) })
}

/// Addresses that a person had before and has now.
fn same_person(raw: &Value) -> Option<ChannelEvent> {
    let system = &raw["system"];
    if !matches!(system["type"].as_str(), Some("user_changed_number" | "user_changed_user_id")) {
        return None;
    }
    let mut addresses = Vec::new();
    let known = [
        phone(&raw["from"]),
        phone(&system["wa_id"]),
        bsuid(&system["previous_user_id"]),
        bsuid(&system["user_id"]),
        bsuid(&raw["from_user_id"]),
    ];
    for address in known.into_iter().flatten() {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    (addresses.len() >= 2).then_some(ChannelEvent::SamePerson { addresses })
}

fn phone(value: &Value) -> Option<Address> {
    let text = value.as_str()?;
    let all_digits = text.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| Address::phone(&format!("+{text}")).ok()).flatten()
}

fn bsuid(value: &Value) -> Option<Address> {
    Address::bsuid(value.as_str()?).ok()
}

/// The author, joined with their contact by number or by BSUID. A number stands first: replies go there while it is known.
fn sender(raw: &Value, context: &Context<'_>) -> Sender {
    let from = raw["from"].as_str();
    let from_user_id = raw["from_user_id"].as_str();
    let same = |contact: &&Value| {
        let by = |key: &str, value: Option<&str>| value.is_some() && contact[key].as_str() == value;
        by("wa_id", from) || by("user_id", from_user_id)
    };
    // A lone contact of a direct chat is its author, even if the message does not say so.
    let nameless = from.is_none() && from_user_id.is_none() && raw["group_id"].is_null();
    let alone = if let ([contact], true) = (context.contacts, nameless) { Some(contact) } else { None };
    let nobody = Value::Null;
    let contact = context.contacts.iter().find(same).or(alone).unwrap_or(&nobody);
    let username = contact["profile"]["username"].as_str().and_then(|name| Address::username(name).ok());
    let candidates = [
        phone(&raw["from"]),
        phone(&contact["wa_id"]),
        bsuid(&raw["from_user_id"]),
        bsuid(&contact["user_id"]),
        bsuid(&contact["parent_user_id"]),
        username,
    ];
    let mut addresses: Vec<Address> = Vec::new();
    for address in candidates.into_iter().flatten() {
        if !addresses.contains(&address) && addresses.len() < limits::ADDRESSES_MAX {
            addresses.push(address);
        }
    }
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

fn quote(context: &Value) -> Option<Quote> {
    let message = context["id"].as_str().and_then(|id| MessageId::new(id).ok())?;
    let sender = context["from"].as_str().and_then(|from| SenderId::new(from).ok());
    Some(Quote { message, sender, text: None })
}

/// Meta shows no mentions in groups. What is left: an answer to our number, and a tap on our buttons. The engine adds
/// name patterns and answers to messages that it knows to be ours.
fn addressing(chat: &Chat, kind: &str, quoted: &Value, context: &Context<'_>) -> Addressing {
    if !chat.is_group() {
        return Addressing::Direct;
    }
    let author = quoted["from"].as_str().map(digits);
    let to_us = author.is_some() && author == context.own_number;
    if to_us || matches!(kind, "interactive" | "button") { Addressing::Replied } else { Addressing::Overheard }
}

fn body(raw: &Value, kind: &str) -> Body {
    let part = &raw[kind];
    let read = match kind {
        "text" => part["body"].as_str().map(text),
        "image" => media(part, "image/jpeg").map(|media| Body::Image { media, caption: caption(part) }),
        // An audio file is heard like a voice note; it is only recorded elsewhere.
        "audio" => media(part, "audio/ogg; codecs=opus").map(|media| Body::Voice { media, duration: None }),
        "reaction" => reaction(part),
        "button" => part["text"].as_str().map(text),
        "interactive" => choice(part).map(text),
        _ => None,
    };
    read.unwrap_or_else(|| {
        let kind = part["type"].as_str().filter(|_| kind == "unsupported").unwrap_or(kind);
        Body::Unsupported { kind: word(kind), caption: caption(part) }
    })
}

fn text(text: &str) -> Body {
    Body::Text(bounded(text, limits::TEXT_BYTES_MAX))
}

/// The title of the button or row that was chosen.
fn choice(part: &Value) -> Option<&str> {
    match part["type"].as_str()? {
        kind @ ("button_reply" | "list_reply") => part[kind]["title"].as_str(),
        _ => None,
    }
}

fn reaction(part: &Value) -> Option<Body> {
    let to = part["message_id"].as_str().and_then(|id| MessageId::new(id).ok())?;
    let emoji = part["emoji"].as_str().filter(|emoji| !emoji.is_empty());
    Some(Body::Reaction { to, emoji: emoji.map(|emoji| bounded(emoji, limits::NAME_BYTES_MAX)) })
}

fn media(part: &Value, default_mime: &str) -> Option<MediaRef> {
    let id = part["id"].as_str().filter(|id| !id.is_empty() && id.len() <= limits::ID_BYTES_MAX)?;
    let mut token = json!({ "id": id });
    if let Some(sha256) = part["sha256"].as_str().filter(|sha256| sha256.len() <= 100) {
        token["sha256"] = json!(sha256);
    }
    let mime = part["mime_type"].as_str().unwrap_or(default_mime);
    Some(MediaRef { mime: bounded(mime, limits::NAME_BYTES_MAX), size_bytes: part["file_size"].as_u64(), token })
}

fn caption(part: &Value) -> Option<String> {
    let caption = part["caption"].as_str().filter(|caption| !caption.trim().is_empty())?;
    Some(bounded(caption, limits::TEXT_BYTES_MAX))
}

/// A kind as one plain word.
fn word(kind: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "_-".contains(*c);
    let word: String = kind.chars().filter(plain).take(KIND_BYTES_MAX).collect();
    if word.is_empty() { "unsupported".to_owned() } else { word }
}
