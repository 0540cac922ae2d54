//! People from an address book: what their cards say.
//!
//! Cards are vCards (RFC 2426) as phones write them. Only names and numbers are read, leniently and within bounds; the
//! parsers that exist either refuse cards of that version or read whole calendars.

use crate::limits;
use greenroom_contract::message::Contact;
use greenroom_contract::text::{bounded, is_blank};
use whatsapp_rust::waproto::whatsapp as wa;

/// The people of a message, as many as are kept; `None` if none of their cards says anything.
pub(super) fn read(message: &wa::Message) -> Option<Vec<Contact>> {
    let one = message.contact_message.as_option().into_iter();
    let several = message.contacts_array_message.as_option().into_iter().flat_map(|array| &array.contacts);
    let contacts: Vec<Contact> =
        one.chain(several).filter_map(contact).take(limits::CONTACTS_PER_MESSAGE_MAX).collect();
    (!contacts.is_empty()).then_some(contacts)
}

fn contact(card: &wa::message::ContactMessage) -> Option<Contact> {
    let (name, phones) = vcard(card.vcard.as_deref().unwrap_or_default());
    let shown = card.display_name.as_deref().filter(|name| !is_blank(name));
    let name = shown.map(|name| bounded(name.trim(), limits::NAME_BYTES_MAX)).or(name);
    (name.is_some() || !phones.is_empty()).then_some(Contact { name, phones })
}

/// The name and the numbers of a card.
fn vcard(text: &str) -> (Option<String>, Vec<String>) {
    let text = &text[..text.floor_char_boundary(limits::VCARD_BYTES_MAX)];
    let (mut name, mut phones) = (None, Vec::new());
    for line in unfolded(text) {
        let Some((property, value)) = line.split_once(':') else { continue };
        let written = unescaped(value);
        if is_blank(&written) {
            continue;
        }
        match property_name(property) {
            Some(property) if property.eq_ignore_ascii_case("FN") && name.is_none() => {
                name = Some(bounded(written.trim(), limits::NAME_BYTES_MAX));
            }
            Some(property)
                if property.eq_ignore_ascii_case("TEL") && phones.len() < limits::NUMBERS_PER_CONTACT_MAX =>
            {
                // RFC 6350 writes a number as a URI.
                let number = written.trim();
                phones.push(bounded(number.strip_prefix("tel:").unwrap_or(number), limits::NAME_BYTES_MAX));
            }
            _ => {}
        }
    }
    (name, phones)
}

/// `TEL` of `item1.TEL;type=CELL;waid=15550000002`.
fn property_name(property: &str) -> Option<&str> {
    property.split(';').next()?.rsplit('.').next()
}

/// The lines of a card; what begins with a blank goes on with the line before.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split(['\r', '\n']).filter(|line| !line.is_empty()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `\,`, `\;` and `\\` stand for what follows the backslash, `\n` for a new line, which is a blank here.
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut escaped = false;
    for c in value.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n' | 'N') => {
                text.push(' ');
                escaped = false;
            }
            (_, c) => {
                text.push(c);
                escaped = false;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> (Option<String>, Vec<String>) {
        vcard(text)
    }

    #[test]
    fn names_and_numbers_are_read_as_phones_write_them() {
        let of_a_phone = "BEGIN:VCARD\nVERSION:3.0\nN:;Ben;;;\nFN:Ben\nitem1.TEL;waid=15550000002:+1 555-000-0002\n\
            item1.X-ABLabel:Mobile\nTEL;type=HOME;type=VOICE:030 123\nEND:VCARD";
        assert_eq!(card(of_a_phone), (Some("Ben".into()), vec!["+1 555-000-0002".into(), "030 123".into()]));
        let folded = "begin:vcard\r\nfn;charset=utf-8:Ben\\, the\r\n  baker\\nof Rye\r\ntel:tel:+15550000002\r\n";
        assert_eq!(card(folded), (Some("Ben, the baker of Rye".into()), vec!["+15550000002".into()]));
        for nothing in ["", "no card", "FN:", "TEL: ", ":", "FN", " : \n :"] {
            assert_eq!(card(nothing), (None, Vec::new()), "{nothing:?}");
        }
    }

    #[test]
    fn a_card_is_read_within_bounds() {
        let many = (0..1_000).map(|at| format!("TEL:{at}")).collect::<Vec<_>>().join("\n");
        assert_eq!(card(&many).1.len(), limits::NUMBERS_PER_CONTACT_MAX);
        let long = format!("FN:{}\nTEL:1", "ü".repeat(limits::VCARD_BYTES_MAX));
        let (name, phones) = card(&long);
        assert!(name.is_some_and(|name| name.len() <= limits::NAME_BYTES_MAX) && phones.is_empty());
        let other = wa::message::ContactMessage { display_name: Some("Ben".into()), ..Default::default() };
        let array = wa::message::ContactsArrayMessage { contacts: vec![other; 100], ..Default::default() };
        let message = wa::Message {
            contacts_array_message: whatsapp_rust::waproto::buffa::MessageField::some(array),
            ..Default::default()
        };
        assert_eq!(read(&message).map(|contacts| contacts.len()), Some(limits::CONTACTS_PER_MESSAGE_MAX));
    }
}
