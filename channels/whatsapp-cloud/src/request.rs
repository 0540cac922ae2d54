//! A message of ours as Graph wants it. Pure.

use crate::config::Template;
use crate::document;
use crate::interactive;
use crate::limits::PARAMETER_CHARS_MAX;
use crate::normalize::NOBODY;
use greenroom_contract::ids::{MessageId, OutboundId};
use greenroom_contract::message::Location;
use greenroom_contract::outbound::{OutboundBody, Route};
use serde_json::{Value, json};

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A phone number, its digits.
    Phone(String),
    /// A business-scoped user id, exactly as Meta wrote it.
    Bsuid(String),
    /// A group.
    Group(String),
}

impl Recipient {
    /// Reads a chat id as `normalize` writes it; `None` if nobody can be reached there.
    pub fn of(route: &Route) -> Option<Self> {
        let chat = route.chat.as_str();
        if route.kind.is_group() {
            Some(Self::Group(chat.to_owned()))
        } else if chat == NOBODY {
            None
        } else if chat.bytes().all(|b| b.is_ascii_digit()) {
            Some(Self::Phone(chat.to_owned()))
        } else {
            Some(Self::Bsuid(chat.to_owned()))
        }
    }

    /// Writes it into a request. A BSUID must not stand in `to`: Meta takes such a message and drops it.
    fn write(&self, request: &mut Value) {
        match self {
            Self::Phone(digits) => {
                request["recipient_type"] = json!("individual");
                request["to"] = json!(digits);
            }
            Self::Bsuid(id) => {
                request["recipient_type"] = json!("individual");
                request["recipient"] = json!(id);
            }
            Self::Group(id) => {
                request["recipient_type"] = json!("group");
                request["to"] = json!(id);
            }
        }
    }
}

/// The request for a message whose medium, if it has one, was uploaded as `media_id`.
pub fn message(
    id: &OutboundId,
    to: &Recipient,
    reply_to: Option<&MessageId>,
    body: &OutboundBody,
    media_id: Option<&str>,
) -> Value {
    let mut request = envelope(id, to);
    match body {
        OutboundBody::Text(text) => {
            request["type"] = json!("text");
            request["text"] = json!({"body": text, "preview_url": false});
        }
        OutboundBody::Image { caption, .. } => {
            request["type"] = json!("image");
            request["image"] = json!({ "id": media_id });
            if let Some(caption) = caption {
                request["image"]["caption"] = json!(caption);
            }
        }
        OutboundBody::Voice { .. } => {
            request["type"] = json!("audio");
            request["audio"] = json!({"id": media_id, "voice": true});
        }
        OutboundBody::Choices(choices) => {
            request["type"] = json!("interactive");
            request["interactive"] = interactive::part(choices);
        }
        OutboundBody::Document { media, name, caption } => {
            request["type"] = json!("document");
            // Without a name the person would see the id of the upload.
            let name = if name.trim().is_empty() { document::as_uploaded(&media.mime).1 } else { name.as_str() };
            request["document"] = json!({"id": media_id, "filename": name});
            if let Some(caption) = caption {
                request["document"]["caption"] = json!(caption);
            }
        }
        OutboundBody::Location(place) => {
            request["type"] = json!("location");
            request["location"] = location(place);
        }
        OutboundBody::Reaction { to, emoji } => {
            request["type"] = json!("reaction");
            request["reaction"] = json!({"message_id": to.as_str(), "emoji": emoji.as_deref().unwrap_or_default()});
        }
    }
    // A reaction names its message itself.
    if let Some(message) = reply_to.filter(|_| !matches!(body, OutboundBody::Reaction { .. })) {
        request["context"] = json!({"message_id": message.as_str()});
    }
    request
}

/// A place. Meta shows an address below a name only.
fn location(place: &Location) -> Value {
    let mut part = json!({"latitude": place.latitude, "longitude": place.longitude});
    if let Some(name) = place.name.as_deref().or(place.address.as_deref()) {
        part["name"] = json!(name);
    }
    if let (Some(_), Some(address)) = (&place.name, &place.address) {
        part["address"] = json!(address);
    }
    part
}

/// The request for a late answer: the template with the answer as the one parameter of its body.
pub fn template(id: &OutboundId, to: &Recipient, template: &Template, answer: &str) -> Value {
    let mut request = envelope(id, to);
    request["type"] = json!("template");
    request["template"] = json!({
        "name": template.name, "language": {"code": template.language},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": parameter(answer)}]}],
    });
    request
}

/// Whether all of an answer fits into a template. What does not is better held than cut.
pub fn fits_template(body: &OutboundBody) -> Option<&str> {
    match body {
        OutboundBody::Text(text) if parameter(text).chars().count() <= PARAMETER_CHARS_MAX => Some(text),
        _ => None,
    }
}

/// Meta refuses line breaks, tabs and long gaps in a parameter.
fn parameter(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn envelope(id: &OutboundId, to: &Recipient) -> Value {
    let mut request = json!({"messaging_product": "whatsapp", "biz_opaque_callback_data": id.as_str()});
    to.write(&mut request);
    request
}

/// The request that marks a message as read and shows "typing …".
pub fn typing(message: &MessageId) -> Value {
    json!({"messaging_product": "whatsapp", "status": "read", "message_id": message.as_str(),
           "typing_indicator": {"type": "text"}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use greenroom_contract::ids::{AccountId, ChatId};
    use greenroom_contract::message::{Chat, Media};

    fn route(chat: &str, kind: Chat) -> Route {
        Route { account: AccountId::new("a").unwrap(), chat: ChatId::new(chat).unwrap(), kind }
    }

    #[test]
    fn a_chat_id_says_which_field_takes_it() {
        let of = |chat, kind| Recipient::of(&route(chat, kind));
        assert_eq!(of("15551234567", Chat::Direct), Some(Recipient::Phone("15551234567".into())));
        assert_eq!(of("US.ENT.1349", Chat::Direct), Some(Recipient::Bsuid("US.ENT.1349".into())));
        assert_eq!(of("120363", Chat::Group { title: None }), Some(Recipient::Group("120363".into())));
        assert_eq!(of(NOBODY, Chat::Direct), None);
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn every_body_as_graph_wants_it() {
        let id = OutboundId::new("3EB0AA").unwrap();
        let wamid = MessageId::new("wamid.A").unwrap();
        let phone = Recipient::Phone("15551234567".into());
        let media = Media { mime: "image/png".into(), bytes: Bytes::from_static(b"x") };
        let base = json!({"messaging_product": "whatsapp", "biz_opaque_callback_data": "3EB0AA",
            "recipient_type": "individual", "to": "15551234567"});
        let check = |body: OutboundBody, reply_to, media_id, rest: Value| {
            let mut expected = base.clone();
            expected.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            assert_eq!(message(&id, &phone, reply_to, &body, media_id), expected);
        };
        check(
            OutboundBody::Text("hi".into()),
            Some(&wamid),
            None,
            json!({"type": "text",
            "text": {"body": "hi", "preview_url": false}, "context": {"message_id": "wamid.A"}}),
        );
        check(
            OutboundBody::Image { media: media.clone(), caption: Some("c".into()) },
            None,
            Some("9"),
            json!({"type": "image", "image": {"id": "9", "caption": "c"}}),
        );
        check(
            OutboundBody::Voice { media: media.clone(), sound: None },
            None,
            Some("9"),
            json!({"type": "audio", "audio": {"id": "9", "voice": true}}),
        );
        let file = |name: &str, caption: Option<&str>| OutboundBody::Document {
            media: Media { mime: "application/pdf".into(), ..media.clone() },
            name: name.into(),
            caption: caption.map(str::to_owned),
        };
        check(
            file("menu.pdf", Some("for today")),
            None,
            Some("9"),
            json!({"type": "document", "document": {"id": "9", "filename": "menu.pdf", "caption": "for today"}}),
        );
        check(
            file(" ", None),
            None,
            Some("9"),
            json!({"type": "document", "document": {"id": "9", "filename": "document.pdf"}}),
        );
        let place = |name: Option<&str>, address: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            OutboundBody::Location(Location {
                latitude: 52.5,
                longitude: 13.25,
                name: owned(name),
                address: owned(address),
            })
        };
        let located = |rest: Value| {
            let mut part = json!({"latitude": 52.5, "longitude": 13.25});
            part.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            json!({"type": "location", "location": part})
        };
        check(place(None, None), Some(&wamid), None, {
            let mut answer = located(json!({}));
            answer["context"] = json!({"message_id": "wamid.A"});
            answer
        });
        check(place(Some("Zoo"), Some("Gate 1")), None, None, located(json!({"name": "Zoo", "address": "Gate 1"})));
        check(place(None, Some("Gate 1")), None, None, located(json!({"name": "Gate 1"})));
        check(
            OutboundBody::Reaction { to: wamid.clone(), emoji: None },
            Some(&wamid),
            None,
            json!({"type": "reaction", "reaction": {"message_id": "wamid.A", "emoji": ""}}),
        );
        let to_bsuid = message(&id, &Recipient::Bsuid("US.1".into()), None, &OutboundBody::Text("hi".into()), None);
        assert!(to_bsuid["to"].is_null() && to_bsuid["recipient"] == "US.1");
        let to_group = message(&id, &Recipient::Group("G".into()), None, &OutboundBody::Text("hi".into()), None);
        assert!(to_group["to"] == "G" && to_group["recipient_type"] == "group");
    }

    #[test]
    fn a_template_takes_a_short_text_without_line_breaks() {
        assert_eq!(parameter("a\n\n b\t   c"), "a b c");
        assert!(fits_template(&OutboundBody::Text("x".repeat(1_024))).is_some());
        assert!(fits_template(&OutboundBody::Text("x".repeat(1_025))).is_none());
        let media = Media { mime: "audio/ogg".into(), bytes: Bytes::new() };
        assert!(fits_template(&OutboundBody::Voice { media, sound: None }).is_none());
    }
}
