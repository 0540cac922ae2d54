//! One element of `messages`.

use super::body::{self, words_of};
use super::digits;
use super::identity::{receiver, same_person, sender};
use super::ids::{message_id, text};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{AccountId, ChatId, MessageId, SenderId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Chat, Inbound, MessageKey, Origin, Quote, Sender};
use greenroom_contract::text::bounded;
use greenroom_contract::time::Timestamp;
use serde_json::Value;
use std::borrow::Cow;

/// What stands around the messages of one change.
pub(super) struct Context<'a> {
    pub(super) account: &'a AccountId,
    pub(super) contacts: &'a [Value],
    /// The digits of the business number, to recognise our own messages when they are quoted.
    pub(super) own_number: Option<String>,
}

/// The chat and the author of a message that names no author. It is kept and shown, and cannot be answered.
pub(crate) const NOBODY: &str = "unknown";

/// Seconds since 1970 do not get so large before the year 5138, milliseconds passed it in 1973.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// Reads a message. The error names what is missing.
pub(super) fn read(raw: &Value, context: &Context<'_>) -> Result<ChannelEvent, &'static str> {
    let id = message_id(&raw["id"]).ok_or("a message without a usable id")?;
    let kind = raw["type"].as_str().ok_or("a message without a type")?;
    let sent_at = timestamp(&raw["timestamp"]).ok_or("a message without a timestamp")?;
    if kind == "system"
        && let Some(changed) = same_person(raw)
    {
        return Ok(changed);
    }
    let sender = sender(raw, context);
    // A group that cannot be named must not be taken for a direct chat: its talk is not addressed to us.
    let group = match &raw["group_id"] {
        Value::Null => None,
        group => Some(text(group).and_then(|id| ChatId::new(id).ok()).ok_or("a message of an unusable group")?),
    };
    let (chat, kind_of_chat) = match group {
        Some(group) => (group, Chat::Group { title: None }),
        None => (ChatId::new(sender.id.as_str()).expect("a sender's id is as long as a chat's"), Chat::Direct),
    };
    match kind {
        "revoke" => {
            let message = original(&raw["revoke"]).ok_or("a revocation that names no message")?;
            return Ok(ChannelEvent::Revoked { chat, sender: sender.id, message });
        }
        "edit" => return edit(&raw["edit"], chat, sender.id),
        _ => {}
    }
    let quote = quote(&raw["context"]);
    let addressing = addressing(&kind_of_chat, kind, &raw["context"], context);
    let inbound = Inbound {
        key: MessageKey { account: context.account.clone(), chat, message: id },
        origin: origin(&sender, context),
        written_to: None,
        chat: kind_of_chat,
        sender,
        sent_at,
        addressing,
        quote,
        body: body::read(raw, kind),
    };
    Ok(ChannelEvent::Message(Box::new(inbound)))
}

/// Reads what the owner typed in the business app of a number that is shared with it: an echo, which names whom it was written
/// to. The error names what is missing.
pub(super) fn echo(raw: &Value, context: &Context<'_>) -> Result<ChannelEvent, &'static str> {
    let id = message_id(&raw["id"]).ok_or("an echo without a usable id")?;
    let kind = raw["type"].as_str().ok_or("an echo without a type")?;
    let sent_at = timestamp(&raw["timestamp"]).ok_or("an echo without a timestamp")?;
    let other = receiver(raw, context).ok_or("an echo that names no receiver")?;
    let from = || text(&raw["from"]).map(Cow::into_owned);
    let own = context.own_number.clone().or_else(from).ok_or("an echo of no number")?;
    let own = SenderId::new(own).map_err(|_| "an echo of an unusable number")?;
    let chat = ChatId::new(other.id.as_str()).map_err(|_| "an echo to an unusable number")?;
    Ok(ChannelEvent::Message(Box::new(Inbound {
        key: MessageKey { account: context.account.clone(), chat, message: id },
        origin: Origin::OwnDevice { to_self: false },
        written_to: Some(other),
        chat: Chat::Direct,
        sender: Sender { id: own, addresses: Vec::new(), name: None },
        sent_at,
        addressing: Addressing::Direct,
        quote: None,
        body: body::read(raw, kind),
    })))
}

/// Seconds since 1970, as a text or, leniently, as a number; milliseconds are recognised by their size.
pub(super) fn timestamp(value: &Value) -> Option<Timestamp> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        // What is not negative and not too large fits.
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64))?,
        _ => return None,
    };
    let milliseconds = if number >= MILLISECONDS_FROM { number } else { number * 1000 };
    Some(Timestamp(milliseconds))
}

fn original(part: &Value) -> Option<MessageId> {
    message_id(&part["original_message_id"])
}

/// An edit. One that leaves no words, such as a caption that was taken away, leaves none.
fn edit(part: &Value, chat: ChatId, sender: SenderId) -> Result<ChannelEvent, &'static str> {
    let message = original(part).ok_or("an edit that names no message")?;
    let new = &part["message"];
    let kinds = ["text", "image", "video", "document"];
    let part = kinds.iter().map(|kind| &new[*kind]).find(|part| part.is_object());
    let part = part.ok_or("an edit of a kind that has no words")?;
    let text = bounded(words_of(part).unwrap_or_default(), limits::TEXT_BYTES_MAX);
    Ok(ChannelEvent::Edited { chat, sender, message, text })
}

/// The business number itself does not talk to itself.
fn origin(sender: &Sender, context: &Context<'_>) -> Origin {
    let is_own = context.own_number.as_deref() == Some(sender.id.as_str());
    if is_own { Origin::OwnDevice { to_self: false } } else { Origin::Person }
}

fn quote(context: &Value) -> Option<Quote> {
    let message = message_id(&context["id"])?;
    let sender = text(&context["from"]).and_then(|from| SenderId::new(from).ok());
    Some(Quote { message, sender, text: None })
}

/// Meta shows no mentions in groups. What is left: an answer to our number, and a tap on our buttons. The engine adds
/// name patterns and answers to messages that it knows to be ours.
fn addressing(chat: &Chat, kind: &str, quoted: &Value, context: &Context<'_>) -> Addressing {
    if !chat.is_group() {
        return Addressing::Direct;
    }
    // A word without digits is not a number, and names no one.
    let author = text(&quoted["from"]).map(|from| digits(&from)).filter(|digits| !digits.is_empty());
    let to_us = author.is_some() && author == context.own_number;
    if to_us || matches!(kind, "interactive" | "button") { Addressing::Replied } else { Addressing::Overheard }
}
