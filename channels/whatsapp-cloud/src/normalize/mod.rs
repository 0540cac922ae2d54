//! A webhook's body as events. Pure: the same bytes give the same events.
//!
//! The envelope must be Meta's, or the post is refused as malformed. Inside it nothing fails the post: unknown fields
//! and kinds are passed over or become [`Body::Unsupported`](greenroom_contract::message::Body), and what cannot be
//! read (a message without id, for one) is named in [`Decoded::unreadable`].

mod message;
mod status;

pub(crate) use message::NOBODY;

use crate::limits::UNREADABLE_NAMED_MAX;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::text::bounded;
use greenroom_contract::webhook::{Decoded, Note, UnknownIdentity, WebhookError};
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
    /// Accounts that the post put on standby.
    pub standby: Vec<AccountId>,
    /// Errors that Meta reports about an account rather than a message, in one line each.
    pub errors: Vec<(AccountId, String)>,
}

impl Post {
    /// As the gateway takes it. `name` names the request, for the notes.
    pub(crate) fn into_decoded(self, name: impl Fn() -> String) -> Decoded {
        let errors = self.errors.into_iter().map(|(account, reason)| Note::Error { account, reason });
        let standby = self.standby.into_iter().map(|account| Note::TakenOver { account, request: name() });
        Decoded { notes: errors.chain(standby).collect(), ..self.decoded }
    }
}

/// Translates a body. `owner_of` knows the phone number ids.
pub fn normalize(body: &[u8], owner_of: &dyn Fn(&str) -> Owner) -> Result<Post, WebhookError> {
    let body: Value = serde_json::from_slice(body).map_err(|error| malformed(&format!("not JSON: {error}")))?;
    if body["object"] != "whatsapp_business_account" {
        return Err(malformed("the object is not a whatsapp_business_account"));
    }
    let entries = body["entry"].as_array().ok_or_else(|| malformed("entry is not a list"))?;
    let mut post = Post::default();
    for entry in entries {
        let changes = entry["changes"].as_array().ok_or_else(|| malformed("changes is not a list"))?;
        for change in changes {
            read_change(change, owner_of, &mut post)?;
        }
    }
    let nothing_read = post.decoded.events.is_empty() && post.decoded.unknown.is_empty() && post.standby.is_empty();
    if nothing_read && let Some(reason) = post.decoded.unreadable.first() {
        return Err(malformed(reason));
    }
    Ok(post)
}

fn read_change(change: &Value, owner_of: &dyn Fn(&str) -> Owner, post: &mut Post) -> Result<(), WebhookError> {
    let standby = match change["field"].as_str() {
        Some("messages") => false,
        Some("standby") => true,
        // Template reviews, account alerts and the like are not for us.
        Some(_) => return Ok(()),
        None => return Err(malformed("field is not a string")),
    };
    let value = &change["value"];
    let number = value["metadata"]["phone_number_id"].as_str();
    let number = number.ok_or_else(|| malformed("phone_number_id is not a string"))?;
    let account = match owner_of(number) {
        Owner::Account(account) => account,
        Owner::NotReady => return Err(WebhookError::NotReady),
        Owner::Unknown => {
            let events = list(&value["messages"]).len() + list(&value["statuses"]).len();
            note_unknown(&mut post.decoded.unknown, number, events);
            return Ok(());
        }
    };
    if standby {
        if !post.standby.contains(&account) {
            post.standby.push(account.clone());
        }
    } else {
        read_messages(value, &account, post);
    }
    for status in list(&value["statuses"]) {
        match status::read(status) {
            Ok(Some(event)) => post.decoded.events.push((account.clone(), event)),
            Ok(None) => {}
            Err(reason) => note_unreadable(&mut post.decoded.unreadable, reason),
        }
    }
    for error in list(&value["errors"]) {
        post.errors.push((account.clone(), status::error_words(error)));
    }
    Ok(())
}

fn read_messages(value: &Value, account: &AccountId, post: &mut Post) {
    let context = message::Context {
        account,
        contacts: list(&value["contacts"]),
        own_number: value["metadata"]["display_phone_number"].as_str().map(digits),
    };
    if !value["messages"].is_null() && !value["messages"].is_array() {
        note_unreadable(&mut post.decoded.unreadable, "messages is not a list");
    }
    for raw in list(&value["messages"]) {
        match message::read(raw, &context) {
            Ok(Some(event)) => post.decoded.events.push((account.clone(), event)),
            Ok(None) => {}
            Err(reason) => note_unreadable(&mut post.decoded.unreadable, reason),
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

fn note_unreadable(unreadable: &mut Vec<String>, reason: &str) {
    if unreadable.len() < UNREADABLE_NAMED_MAX {
        unreadable.push(reason.to_owned());
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
