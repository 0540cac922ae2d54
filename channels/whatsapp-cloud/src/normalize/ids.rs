//! Ids and addresses as Meta writes them.

use super::message::NOBODY;
use greenroom_contract::address::Address;
use greenroom_contract::ids::{ChatId, MessageId};
use serde_json::Value;
use std::borrow::Cow;

/// A text; a whole number counts as the text that it would be.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) if number.is_u64() => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The id of a message.
pub(super) fn message_id(value: &Value) -> Option<MessageId> {
    MessageId::of_network(&text(value)?)
}

/// A phone number, with or without its plus sign.
pub(super) fn phone(value: &Value) -> Option<Address> {
    let text = text(value)?;
    let digits = text.strip_prefix('+').unwrap_or(&text);
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| Address::phone(&format!("+{digits}")).ok()).flatten()
}

/// A business-scoped user id.
pub(super) fn bsuid(value: &Value) -> Option<Address> {
    Address::bsuid(value.as_str()?).ok()
}

/// A business-scoped user id that stands where a number is usual: two letters of a country, a dot, the rest.
pub(super) fn bsuid_instead(value: &Value) -> Option<Address> {
    let text = value.as_str()?;
    let (country, rest) = text.split_once('.')?;
    let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    (is_country && !rest.is_empty()).then(|| bsuid(value)).flatten()
}

/// A user name; Meta's partners write the `@` too.
pub(super) fn username(value: &Value) -> Option<Address> {
    let name = value.as_str()?.trim();
    Address::username(name.strip_prefix('@').unwrap_or(name)).ok()
}

/// The direct chats that these values name: a person's chat may be known by a number and by an id.
pub(super) fn chats(values: &[&Value]) -> Vec<ChatId> {
    let ids = values.iter().filter_map(|value| phone(value).or_else(|| bsuid(value)));
    let chats = ids.filter(|id| id.value() != NOBODY).filter_map(|id| ChatId::new(id.value()).ok());
    chats.collect()
}
