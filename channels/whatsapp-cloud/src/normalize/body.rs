//! What a message says: words, a choice, a medium, a place, people, a sign, a kind that is not understood, or nothing at
//! all.

use super::ids::{message_id, text};
use super::{choice, contact, place};
use crate::limits::KIND_BYTES_MAX;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, MediaRef};
use greenroom_contract::text::bounded;
use serde_json::{Value, json};

/// Kinds in which no one says anything: something happened in the chat, and an answer would be out of place.
const EVENTS: &[&str] = &["request_welcome", "system", "call_permission_reply", "ephemeral_setting", "group_update"];

/// What Meta's own clients did, as `unsupported` names it, where no one said anything either. A person who corrects a
/// word has been answered before.
const UNSUPPORTED_EVENTS: &[&str] = &[
    "call",
    "call_log",
    "call_permission",
    "call_permission_reply",
    "call_permission_request",
    "delete",
    "edit",
    "enc_reaction",
    "ephemeral_setting",
    "event_response",
    "keep_in_chat",
    "message_edit",
    "pin",
    "pin_in_chat",
    "poll_result",
    "poll_update",
    "poll_vote",
    "protocol",
    "reaction",
    "request_welcome",
    "revoke",
    "unpin",
];

/// Reads the part of a message that its type names.
pub(super) fn read(raw: &Value, kind: &str) -> Body {
    let part = &raw[kind];
    let event = |kind: &str| Body::Event { kind: word(kind) };
    match kind {
        "text" => part["body"].as_str().map(words),
        "image" => media(part, "image/jpeg").map(|media| Body::Image { media, caption: caption(part) }),
        // An audio file is heard like a voice note; it is only recorded elsewhere. Partners call it by its old name.
        "audio" | "voice" => media(part, "audio/ogg; codecs=opus").map(|media| Body::Voice { media, duration: None }),
        "reaction" => Some(reaction(part).unwrap_or_else(|| event(kind))),
        "document" => document(part),
        "location" => place::read(part).map(Body::Location),
        "contacts" => contact::read(part).map(Body::Contacts),
        "button" => choice::of_template(part),
        "interactive" if is_event(&part["type"], EVENTS) => part["type"].as_str().map(event),
        "interactive" => choice::of_question(part),
        "unsupported" if is_event(&part["type"], UNSUPPORTED_EVENTS) => part["type"].as_str().map(event),
        _ if EVENTS.contains(&kind) => Some(event(kind)),
        _ => None,
    }
    .unwrap_or_else(|| unsupported(raw, kind))
}

fn is_event(kind: &Value, events: &[&str]) -> bool {
    kind.as_str().is_some_and(|kind| events.contains(&kind))
}

/// A kind that is not understood, with the words that came with it.
fn unsupported(raw: &Value, kind: &str) -> Body {
    let part = &raw[kind];
    let named = part["type"].as_str().filter(|_| kind == "unsupported").unwrap_or(kind);
    // A client that is newer than the API may put the words where a text has them.
    let caption = caption(part).or_else(|| place::words(part)).or_else(|| caption(&raw["text"]));
    Body::Unsupported { kind: word(named), caption }
}

/// The words that a person wrote, wherever the part has them.
pub(super) fn words_of(part: &Value) -> Option<&str> {
    ["caption", "text", "body"].iter().find_map(|key| filled(&part[*key]).or_else(|| filled(&part[*key]["body"])))
}

/// A text that says something.
pub(super) fn filled(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

fn caption(part: &Value) -> Option<String> {
    Some(bounded(words_of(part)?, limits::TEXT_BYTES_MAX))
}

/// Words, cut to what is stored.
pub(super) fn words(text: &str) -> Body {
    Body::Text(bounded(text, limits::TEXT_BYTES_MAX))
}

fn reaction(part: &Value) -> Option<Body> {
    let to = message_id(&part["message_id"])?;
    let emoji = part["emoji"].as_str().filter(|emoji| !emoji.is_empty());
    Some(Body::Reaction { to, emoji: emoji.map(|emoji| bounded(emoji, limits::NAME_BYTES_MAX)) })
}

/// A file, of whatever type: which of them are read is decided elsewhere.
fn document(part: &Value) -> Option<Body> {
    let media = media(part, "application/octet-stream")?;
    let name = filled(&part["filename"]).map(|name| bounded(name.trim(), limits::DOCUMENT_NAME_BYTES_MAX));
    Some(Body::Document { media, name, caption: caption(part) })
}

fn media(part: &Value, default_mime: &str) -> Option<MediaRef> {
    let id = text(&part["id"]).filter(|id| !id.is_empty() && id.len() <= limits::ID_BYTES_MAX)?;
    let mut token = json!({ "id": id });
    if let Some(sha256) = part["sha256"].as_str().filter(|sha256| sha256.len() <= 100) {
        token["sha256"] = json!(sha256);
    }
    let mime = part["mime_type"].as_str().unwrap_or(default_mime);
    Some(MediaRef { mime: bounded(mime, limits::NAME_BYTES_MAX), size_bytes: part["file_size"].as_u64(), token })
}

/// A kind as one plain word.
fn word(kind: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "_-".contains(*c);
    let word: String = kind.chars().filter(plain).take(KIND_BYTES_MAX).collect();
    if word.is_empty() { "unsupported".to_owned() } else { word }
}
