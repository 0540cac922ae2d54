//! What networks and strangers made too large, or what cannot be, before it is stored.

use crate::decide::file_name;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Contact};
use greenroom_contract::text::{is_blank, truncate};

/// Cuts what is too large. What says nothing that can be is a kind that is not understood, with its words.
pub(super) fn bound(body: &mut Body) {
    match body {
        Body::Text(text) => truncate(text, limits::TEXT_BYTES_MAX),
        Body::Image { caption, .. } => shorten(caption, limits::TEXT_BYTES_MAX),
        Body::Choice { id, title } => {
            truncate(id, limits::ID_BYTES_MAX);
            truncate(title, limits::NAME_BYTES_MAX);
        }
        Body::Document { name, caption, .. } => {
            *name = name.as_deref().and_then(file_name::cleaned);
            shorten(caption, limits::TEXT_BYTES_MAX);
        }
        Body::Location(location) => {
            shorten(&mut location.name, limits::PLACE_BYTES_MAX);
            shorten(&mut location.address, limits::PLACE_BYTES_MAX);
            if !location.is_on_earth() {
                let caption = location.name.take().or(location.address.take());
                *body = Body::Unsupported { kind: "location".to_owned(), caption };
            }
        }
        Body::Contacts(contacts) => {
            bound_contacts(contacts);
            if contacts.is_empty() {
                *body = Body::Unsupported { kind: "contacts".to_owned(), caption: None };
            }
        }
        Body::Reaction { emoji, .. } => shorten(emoji, limits::NAME_BYTES_MAX),
        Body::Unsupported { kind, caption } => {
            truncate(kind, limits::NAME_BYTES_MAX);
            shorten(caption, limits::TEXT_BYTES_MAX);
        }
        Body::Voice { .. } | Body::Unreadable(_) | Body::Event { .. } => {}
    }
}

fn bound_contacts(contacts: &mut Vec<Contact>) {
    contacts.truncate(limits::CONTACTS_PER_MESSAGE_MAX);
    for contact in contacts.iter_mut() {
        shorten(&mut contact.name, limits::NAME_BYTES_MAX);
        contact.name = contact.name.take().filter(|name| !is_blank(name));
        contact.phones.truncate(limits::NUMBERS_PER_CONTACT_MAX);
        contact.phones.iter_mut().for_each(|phone| truncate(phone, limits::NAME_BYTES_MAX));
    }
    contacts.retain(|contact| contact.name.is_some() || !contact.phones.is_empty());
}

fn shorten(text: &mut Option<String>, bytes_max: usize) {
    if let Some(text) = text {
        truncate(text, bytes_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::message::{Location, MediaRef};

    fn bounded(mut body: Body) -> Body {
        bound(&mut body);
        body
    }

    #[test]
    fn a_place_that_is_nowhere_is_told_by_its_name() {
        let place = |latitude: f64, name: Option<&str>| {
            Body::Location(Location { latitude, longitude: 0.0, name: name.map(str::to_owned), address: None })
        };
        assert_eq!(bounded(place(1.0, Some("x"))), place(1.0, Some("x")));
        for latitude in [f64::NAN, f64::INFINITY, 91.0] {
            let expected = Body::Unsupported { kind: "location".to_owned(), caption: Some("x".to_owned()) };
            assert_eq!(bounded(place(latitude, Some("x"))), expected, "{latitude}");
        }
    }

    #[test]
    fn lists_and_texts_are_cut_and_empty_contacts_are_none() {
        let contact = Contact { name: Some("a".repeat(1_000)), phones: vec!["1".repeat(1_000); 100] };
        let Body::Contacts(contacts) = bounded(Body::Contacts(vec![contact; 100])) else { panic!() };
        assert_eq!(contacts.len(), limits::CONTACTS_PER_MESSAGE_MAX);
        assert_eq!(contacts[0].phones.len(), limits::NUMBERS_PER_CONTACT_MAX);
        assert!(contacts[0].name.as_ref().is_some_and(|name| name.len() == limits::NAME_BYTES_MAX));
        let nobody = Contact { name: Some(" ".to_owned()), phones: Vec::new() };
        assert!(matches!(bounded(Body::Contacts(vec![nobody])), Body::Unsupported { .. }));
    }

    #[test]
    fn the_name_of_a_document_is_no_path() {
        let media = MediaRef { mime: "a/b".into(), size_bytes: None, token: serde_json::Value::Null };
        let named = |name: &str| Body::Document { media: media.clone(), name: Some(name.to_owned()), caption: None };
        assert_eq!(bounded(named("../../etc/passwd")), named("passwd"));
        assert!(matches!(bounded(named("..")), Body::Document { name: None, .. }));
    }
}
