//! A webhook's body as events. Pure: the same bytes give the same events.
//!
//! The envelope must be Meta's, or the post is refused as malformed: asking for it again may bring something else.
//! Inside it nothing fails the post, because Meta would repeat the same bytes for days and hold back the good parts:
//! unknown fields are passed over, unknown kinds become
//! [`Body::Unsupported`](greenroom_contract::message::Body), and what cannot be read (a message without id, for one) is
//! named in [`Decoded::unreadable`].

mod body;
mod choice;
mod contact;
mod handover;
mod identity;
mod ids;
mod lenient;
mod message;
mod place;
mod status;

pub use handover::Handover;
pub(crate) use message::NOBODY;

use crate::limits::UNREADABLE_NAMED_MAX;
use greenroom_contract::address::Address;
use greenroom_contract::event::{ChannelEvent, StatusOf};
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::limits;
use greenroom_contract::message::Inbound;
use greenroom_contract::text::bounded;
use greenroom_contract::webhook::{Decoded, Handler, Note, UnknownIdentity, WebhookError};
use serde_json::Value;

/// What a phone number id belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An account whose link was made.
    Account(AccountId),
    /// A configured number whose link was not made yet.
    NotReady,
    /// Nobody.
    Unknown,
}

/// A post, translated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Post {
    /// What it held.
    pub decoded: Decoded,
    /// Chats of accounts that changed hands, or are with another handler.
    pub handovers: Vec<(AccountId, Handover)>,
    /// Accounts that a standby change was for.
    pub standby: Vec<AccountId>,
    /// Errors that Meta reports about an account rather than a message, in one line each.
    pub errors: Vec<(AccountId, String)>,
    /// Accounts that cannot send until a person acts, each with the message that failed for it and the reason.
    pub stopped: Vec<(AccountId, StatusOf, String)>,
}

impl Post {
    /// As the gateway takes it. `name` names the request, for the notes.
    pub(crate) fn into_decoded(self, name: impl Fn() -> String) -> Decoded {
        let errors = self.errors.into_iter().map(|(account, reason)| Note::Error { account, reason });
        let standby = self.standby.into_iter().map(|account| Note::Standby { account, request: name() });
        let stopped = self.stopped.into_iter().map(|(account, of, reason)| Note::Stopped { account, of, reason });
        let note = |(account, Handover { chat, to, since })| Note::HandedOver { account, chat, to, since };
        let handovers = self.handovers.into_iter().map(note);
        // What arrives as an ordinary message is ours.
        let ours = self.decoded.events.iter().filter_map(|(_, event)| match event {
            ChannelEvent::Message(inbound) => Some(inbound),
            _ => None,
        });
        let ours = ours.flat_map(|inbound| chats_of(inbound).map(|chat| ours_since(inbound, chat)));
        let notes = errors.chain(standby).chain(stopped).chain(handovers).chain(ours).collect();
        Decoded { notes, ..self.decoded }
    }
}

fn ours_since(inbound: &Inbound, chat: ChatId) -> Note {
    Note::HandedOver { account: inbound.key.account.clone(), chat, to: Handler::Us, since: inbound.sent_at }
}

/// The chat of a message, by each name that another handler's webhooks may use for it.
fn chats_of(inbound: &Inbound) -> impl Iterator<Item = ChatId> {
    let is_direct = !inbound.chat.is_group();
    let may_name =
        move |address: &&Address| is_direct && matches!(address.namespace(), Address::PHONE | Address::BSUID);
    let others =
        inbound.sender.addresses.iter().filter(may_name).filter_map(|address| ChatId::new(address.value()).ok());
    let key = &inbound.key.chat;
    std::iter::once(key.clone()).chain(others.filter(move |chat| chat != key))
}

/// Translates a body. `owner_of` knows the phone number ids.
pub fn normalize(body: &[u8], owner_of: &dyn Fn(&str) -> Owner) -> Result<Post, WebhookError> {
    let body = lenient::read(body).map_err(|error| malformed(&format!("not JSON: {error}")))?;
    if body["object"] != "whatsapp_business_account" {
        return Err(malformed("the object is not a whatsapp_business_account"));
    }
    let mut post = Post::default();
    if !body["entry"].is_array() {
        note_unreadable(&mut post, "entry is not a list");
    }
    for entry in list(&body["entry"]) {
        if !entry["changes"].is_array() {
            note_unreadable(&mut post, "an entry without changes");
        }
        for change in list(&entry["changes"]) {
            read_change(change, owner_of, &mut post)?;
        }
    }
    Ok(post)
}

/// What a change is about. Each of them concerns single chats; no field speaks for a whole account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Messages,
    Echoes,
    Standby,
    Handovers,
}

fn read_change(change: &Value, owner_of: &dyn Fn(&str) -> Owner, post: &mut Post) -> Result<(), WebhookError> {
    let field = match change["field"].as_str() {
        Some("messages") => Field::Messages,
        // What the owner types in the business app, where a number is used in both.
        Some("smb_message_echoes") => Field::Echoes,
        Some("standby") => Field::Standby,
        Some("messaging_handovers") => Field::Handovers,
        // Template reviews, account alerts and the like are not for us.
        Some(_) => return Ok(()),
        None => {
            note_unreadable(post, "a change without a field");
            return Ok(());
        }
    };
    let value = &change["value"];
    let number = [&value["metadata"], &value["recipient"]].into_iter().find_map(|of| ids::text(&of["phone_number_id"]));
    let Some(number) = number else {
        note_unreadable(post, "a change without a phone number id");
        return Ok(());
    };
    let account = match owner_of(&number) {
        Owner::Account(account) => account,
        Owner::NotReady => return Err(WebhookError::NotReady),
        Owner::Unknown => {
            let events = list(&value["messages"]).len() + list(&value["statuses"]).len();
            note_unknown(&mut post.decoded.unknown, &number, events);
            return Ok(());
        }
    };
    match field {
        Field::Messages => read_messages(value, &account, post),
        Field::Echoes => read_echoes(value, &account, post),
        Field::Standby => {
            post.handovers.extend(handover::standby(value).into_iter().map(|handover| (account.clone(), handover)));
            if !post.standby.contains(&account) {
                post.standby.push(account.clone());
            }
        }
        Field::Handovers => {
            let changed = handover::change(value);
            if changed.is_empty() {
                note_unreadable(post, "a change of hands without chat, time or owner");
            }
            post.handovers.extend(changed.into_iter().map(|handover| (account.clone(), handover)));
        }
    }
    read_statuses(value, &account, post);
    for error in list(&value["errors"]) {
        post.errors.push((account.clone(), status::error_words(error)));
    }
    Ok(())
}

fn context<'a>(value: &'a Value, account: &'a AccountId) -> message::Context<'a> {
    let own_number = value["metadata"]["display_phone_number"].as_str().map(digits);
    message::Context {
        account,
        contacts: list(&value["contacts"]),
        own_number: own_number.filter(|digits| !digits.is_empty()),
    }
}

fn read_echoes(value: &Value, account: &AccountId, post: &mut Post) {
    let context = context(value, account);
    if !value["message_echoes"].is_null() && !value["message_echoes"].is_array() {
        note_unreadable(post, "message_echoes is not a list");
    }
    for raw in list(&value["message_echoes"]) {
        match message::echo(raw, &context) {
            Ok(event) => post.decoded.events.push((account.clone(), event)),
            Err(reason) => note_unreadable(post, reason),
        }
    }
}

fn read_messages(value: &Value, account: &AccountId, post: &mut Post) {
    let context = context(value, account);
    if !value["messages"].is_null() && !value["messages"].is_array() {
        note_unreadable(post, "messages is not a list");
    }
    for raw in list(&value["messages"]) {
        match message::read(raw, &context) {
            Ok(event) => post.decoded.events.push((account.clone(), event)),
            Err(reason) => note_unreadable(post, reason),
        }
    }
}

fn read_statuses(value: &Value, account: &AccountId, post: &mut Post) {
    if !value["statuses"].is_null() && !value["statuses"].is_array() {
        note_unreadable(post, "statuses is not a list");
    }
    for raw in list(&value["statuses"]) {
        match status::read(raw) {
            Ok(Some(status)) => {
                post.decoded.events.push((account.clone(), status.event));
                post.stopped.extend(status.stopped.map(|(of, reason)| (account.clone(), of, reason)));
            }
            Ok(None) => {}
            Err(reason) => note_unreadable(post, reason),
        }
    }
}

fn note_unknown(unknown: &mut Vec<UnknownIdentity>, key: &str, events: usize) {
    if let Some(known) = unknown.iter_mut().find(|identity| identity.key == key) {
        known.events += events;
    } else if unknown.len() < UNREADABLE_NAMED_MAX {
        unknown.push(UnknownIdentity { key: bounded(key, limits::NAME_BYTES_MAX), events });
    }
}

fn note_unreadable(post: &mut Post, reason: &str) {
    if post.decoded.unreadable.len() < UNREADABLE_NAMED_MAX {
        post.decoded.unreadable.push(reason.to_owned());
    }
}

fn malformed(reason: &str) -> WebhookError {
    WebhookError::Malformed { reason: bounded(reason, limits::NAME_BYTES_MAX) }
}

/// The elements of a list; none, if it is none.
fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
