//! What is said that is no text, in the words of the history. Pure.

use greenroom_contract::assistant::{Content, TurnMessage};
use greenroom_contract::choices::Choices;
use greenroom_contract::message::{Contact, Location};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::text::is_blank;

/// What the messages of a turn ask, one per line. Empty if no one said anything: a reaction, a wake-up.
pub(crate) fn asked(messages: &[TurnMessage]) -> String {
    let words: Vec<String> = messages.iter().filter_map(|message| content(&message.content)).collect();
    words.join("\n")
}

/// What a message of ours says.
pub(crate) fn answered(body: &OutboundBody) -> Option<String> {
    match body {
        OutboundBody::Text(text) => Some(text.clone()),
        OutboundBody::Image { caption, .. } => caption.clone(),
        OutboundBody::Voice { .. } => Some("(voice note)".to_owned()),
        OutboundBody::Choices(choices) => Some(question(choices)),
        OutboundBody::Document { name, caption, .. } => Some(document(Some(name), caption.as_deref())),
        OutboundBody::Location(location) => Some(place(location)),
        OutboundBody::Reaction { emoji, .. } => emoji.clone(),
    }
}

fn content(content: &Content) -> Option<String> {
    match content {
        Content::Document { name, caption, .. } => Some(document(name.as_deref(), caption.as_deref())),
        Content::Location(location) => Some(place(location)),
        Content::Contacts(contacts) => Some(people(contacts)),
        other => other.words().map(str::to_owned),
    }
}

/// `(document bill.pdf) look at this`
fn document(name: Option<&str>, caption: Option<&str>) -> String {
    let named = match name {
        Some(name) => format!("(document {name})"),
        None => "(document)".to_owned(),
    };
    match caption.filter(|caption| !is_blank(caption)) {
        Some(caption) => format!("{named} {caption}"),
        None => named,
    }
}

/// `(location 47.37, 8.54: the office, Main Street 1)`
fn place(location: &Location) -> String {
    let place = format!("{}, {}", location.latitude, location.longitude);
    let names: Vec<&str> = [&location.name, &location.address].into_iter().flatten().map(String::as_str).collect();
    if names.is_empty() { format!("(location {place})") } else { format!("(location {place}: {})", names.join(", ")) }
}

/// `(contact Ana: +1 555 123)`
fn people(contacts: &[Contact]) -> String {
    let person = |contact: &Contact| {
        let phones = contact.phones.join(", ");
        match (&contact.name, phones.is_empty()) {
            (Some(name), true) => name.clone(),
            (Some(name), false) => format!("{name}: {phones}"),
            (None, _) => phones,
        }
    };
    let kind = if contacts.len() == 1 { "contact" } else { "contacts" };
    format!("({kind} {})", contacts.iter().map(person).collect::<Vec<_>>().join("; "))
}

/// `Which size? (1. Small, 2. Large)`
fn question(choices: &Choices) -> String {
    let options = choices.options.iter().enumerate().map(|(at, option)| format!("{}. {}", at + 1, option.title));
    let options = options.collect::<Vec<_>>().join(", ");
    format!("{} ({options})", choices.text).trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::choices::Choice;
    use greenroom_contract::ids::MessageId;
    use greenroom_contract::message::Media;
    use greenroom_contract::time::Timestamp;

    fn said(content: Content) -> String {
        let message =
            TurnMessage { message: MessageId::new("m").unwrap(), sent_at: Timestamp(0), quote: None, content };
        asked(&[message])
    }

    fn here() -> Location {
        Location { latitude: 47.37, longitude: 8.54, name: None, address: None }
    }

    #[test]
    fn what_is_no_text_is_told_in_words() {
        let document = |name: Option<&str>, caption: Option<&str>| Content::Document {
            media: None,
            name: name.map(str::to_owned),
            caption: caption.map(str::to_owned),
        };
        assert_eq!(said(document(Some("bill.pdf"), Some("please"))), "(document bill.pdf) please");
        assert_eq!(said(document(None, None)), "(document)");
        assert_eq!(said(Content::Location(here())), "(location 47.37, 8.54)");
        let named = Location { name: Some("Office".into()), address: Some("Main Street 1".into()), ..here() };
        assert_eq!(said(Content::Location(named)), "(location 47.37, 8.54: Office, Main Street 1)");
        let ana = Contact { name: Some("Ana".into()), phones: vec!["+1 555".into(), "+1 556".into()] };
        let ben = Contact { name: Some("Ben".into()), phones: Vec::new() };
        assert_eq!(said(Content::Contacts(vec![ana.clone()])), "(contact Ana: +1 555, +1 556)");
        assert_eq!(said(Content::Contacts(vec![ana, ben])), "(contacts Ana: +1 555, +1 556; Ben)");
        assert_eq!(said(Content::Choice { id: "s".into(), title: "Small".into() }), "Small");
        assert_eq!(said(Content::Wake { token: "tea".into() }), "", "no one asked");
    }

    #[test]
    fn what_is_answered_is_told_in_words() {
        let choices = Choices::new("Which size?", [Choice::new("s", "Small"), Choice::new("l", "Large")]);
        assert_eq!(answered(&OutboundBody::Choices(choices)).unwrap(), "Which size? (1. Small, 2. Large)");
        let media = Media { mime: "application/pdf".into(), bytes: Vec::new().into() };
        let document = OutboundBody::Document { media, name: "bill.pdf".into(), caption: None };
        assert_eq!(answered(&document).unwrap(), "(document bill.pdf)");
        assert_eq!(answered(&OutboundBody::Location(here())).unwrap(), "(location 47.37, 8.54)");
    }
}
