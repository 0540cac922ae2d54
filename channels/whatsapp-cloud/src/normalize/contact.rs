//! People from an address book.

use super::body::filled;
use super::{ids, list};
use greenroom_contract::limits;
use greenroom_contract::message::Contact;
use greenroom_contract::text::bounded;
use serde_json::Value;

/// Reads the cards of a message, as many as are kept; `None` if none of them says anything.
pub(super) fn read(cards: &Value) -> Option<Vec<Contact>> {
    let contacts = list(cards).iter().filter_map(contact).take(limits::CONTACTS_PER_MESSAGE_MAX);
    let contacts: Vec<Contact> = contacts.collect();
    (!contacts.is_empty()).then_some(contacts)
}

fn contact(card: &Value) -> Option<Contact> {
    let phones = list(&card["phones"]).iter().filter_map(number).take(limits::NUMBERS_PER_CONTACT_MAX).collect();
    let contact = Contact { name: name(card), phones };
    (contact.name.is_some() || !contact.phones.is_empty()).then_some(contact)
}

/// The whole name; else its parts, else the company.
fn name(card: &Value) -> Option<String> {
    let parts = ["first_name", "middle_name", "last_name"].iter().filter_map(|part| filled(&card["name"][*part]));
    let name = match filled(&card["name"]["formatted_name"]) {
        Some(whole) => whole.to_owned(),
        None => parts.collect::<Vec<_>>().join(" "),
    };
    let company = filled(&card["org"]["company"]);
    let name = if name.is_empty() { company? } else { name.as_str() };
    Some(bounded(name, limits::NAME_BYTES_MAX))
}

/// A number as it is written on the card; else that of the account behind it.
fn number(phone: &Value) -> Option<String> {
    let written = filled(&phone["phone"]).map(str::to_owned);
    let number = written.or_else(|| ids::phone(&phone["wa_id"]).map(|address| address.to_string()))?;
    Some(bounded(number.trim(), limits::NAME_BYTES_MAX))
}
