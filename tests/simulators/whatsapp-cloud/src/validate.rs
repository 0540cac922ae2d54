//! The strict reading of `POST /{phone_number_id}/messages`: what is missing, too long or of the wrong kind is refused.

use crate::error::GraphError;
use crate::interactive;
use serde_json::Value;

const TEXT_CHARS_MAX: usize = 4096;
const CAPTION_CHARS_MAX: usize = 1024;
const CALLBACK_DATA_CHARS_MAX: usize = 512;

/// A call that is in order by itself; whether its ids exist is checked against the world.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Call {
    Read { message: String, typing: bool },
    Send(Box<Request>),
}

/// A message to send.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) to: Target,
    pub(crate) content: Content,
    pub(crate) context: Option<String>,
    pub(crate) callback_data: Option<String>,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Phone(String),
    Bsuid(String),
    /// A BSUID where a number belongs: Meta takes it and nobody gets it.
    Nowhere(String),
    Group(String),
}

/// What a sent message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Words.
    Text(String),
    /// A picture.
    Image {
        /// Its id.
        media: String,
        /// The words below it.
        caption: Option<String>,
    },
    /// Audio.
    Audio {
        /// Its id.
        media: String,
        /// Whether it is a voice note.
        voice: bool,
    },
    /// An emoji; empty takes it back.
    Reaction {
        /// The message.
        message: String,
        /// The emoji.
        emoji: String,
    },
    /// A file.
    Document {
        /// Its id.
        media: String,
        /// The name under which the person sees it.
        filename: Option<String>,
        /// The words below it.
        caption: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What it is called.
        name: Option<String>,
        /// Its address; phones show it below a name only.
        address: Option<String>,
    },
    /// Buttons or a list.
    Interactive(Value),
    /// A template.
    Template {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
        /// The parameters of its body.
        parameters: Vec<String>,
    },
}

pub(crate) fn read(body: &Value) -> Result<Call, GraphError> {
    if !body.is_object() {
        return Err(GraphError::new(100, "the body is not a JSON object"));
    }
    if body["messaging_product"] != "whatsapp" {
        return Err(GraphError::new(100, "messaging_product must be \"whatsapp\""));
    }
    if let Some(status) = body.get("status") {
        return read_mark(body, status);
    }
    let to = target(body)?;
    let says = content(body)?;
    if matches!(to, Target::Group(_)) && matches!(says, Content::Interactive(_)) {
        return Err(GraphError::invalid("interactive messages are not available in groups"));
    }
    let context = match body.get("context") {
        None => None,
        Some(context) => Some(text_at(context, "message_id", "context.message_id")?),
    };
    let callback_data = match body.get("biz_opaque_callback_data") {
        None => None,
        Some(Value::String(data)) if data.chars().count() <= CALLBACK_DATA_CHARS_MAX => Some(data.clone()),
        Some(_) => {
            return Err(GraphError::invalid("biz_opaque_callback_data must be a text of at most 512 characters"));
        }
    };
    Ok(Call::Send(Box::new(Request { to, content: says, context, callback_data })))
}

fn read_mark(body: &Value, status: &Value) -> Result<Call, GraphError> {
    if status != "read" {
        return Err(GraphError::invalid("status must be \"read\""));
    }
    let typing = match body.get("typing_indicator") {
        None => false,
        Some(indicator) if indicator["type"] == "text" => true,
        Some(_) => return Err(GraphError::invalid("typing_indicator.type must be \"text\"")),
    };
    Ok(Call::Read { message: text_at(body, "message_id", "message_id")?, typing })
}

fn target(body: &Value) -> Result<Target, GraphError> {
    let kind = body.get("recipient_type").map_or(Ok("individual"), |kind| {
        kind.as_str().ok_or_else(|| GraphError::invalid("recipient_type must be a text"))
    })?;
    let to = body.get("to").map(|_| text_at(body, "to", "to")).transpose()?;
    match (kind, to) {
        ("group", Some(group)) => Ok(Target::Group(group)),
        // `to` wins if both are given.
        ("individual", Some(to)) => {
            let digits: String = to.chars().filter(|c| !"+ -()".contains(*c)).collect();
            if digits.len() >= 7 && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()) {
                Ok(Target::Phone(digits))
            } else if is_bsuid(&to) {
                Ok(Target::Nowhere(to))
            } else {
                Err(GraphError::invalid(format!("{to:?} is not a phone number")))
            }
        }
        ("individual", None) if body.get("recipient").is_some() => {
            let recipient = text_at(body, "recipient", "recipient")?;
            if is_bsuid(&recipient) {
                Ok(Target::Bsuid(recipient))
            } else {
                Err(GraphError::invalid(format!("{recipient:?} is not a business-scoped user id")))
            }
        }
        ("group" | "individual", None) => Err(GraphError::missing("to")),
        (other, _) => Err(GraphError::invalid(format!("recipient_type {other:?} is unknown"))),
    }
}

/// Two letters, a dot, and up to 128 letters, digits and dots.
pub(crate) fn is_bsuid(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else { return false };
    country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && !rest.is_empty()
        && rest.len() <= 128
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

fn content(body: &Value) -> Result<Content, GraphError> {
    let kind = body.get("type").map_or(Some("text"), Value::as_str).unwrap_or_default();
    let part = body.get(kind).ok_or_else(|| GraphError::missing(kind));
    match kind {
        "text" => text(part?),
        "image" => image(part?),
        "audio" => audio(part?),
        "reaction" => reaction(part?),
        "document" => document(part?),
        "location" => location(part?),
        "interactive" => interactive::read(part?),
        "template" => template(part?),
        other => Err(GraphError::new(131_051, format!("this simulator does not take the type {other:?}"))),
    }
}

fn text(part: &Value) -> Result<Content, GraphError> {
    let body = text_at(part, "body", "text.body")?;
    at_most(&body, TEXT_CHARS_MAX, "text.body")?;
    if part.get("preview_url").is_some_and(|preview| !preview.is_boolean()) {
        return Err(GraphError::invalid("text.preview_url must be a boolean"));
    }
    Ok(Content::Text(body))
}

fn image(part: &Value) -> Result<Content, GraphError> {
    let caption = part.get("caption").map(|_| text_at(part, "caption", "image.caption")).transpose()?;
    if let Some(caption) = &caption {
        at_most(caption, CAPTION_CHARS_MAX, "image.caption")?;
    }
    Ok(Content::Image { media: text_at(part, "id", "image.id")?, caption })
}

fn audio(part: &Value) -> Result<Content, GraphError> {
    let voice = match part.get("voice") {
        None => false,
        Some(Value::Bool(voice)) => *voice,
        Some(_) => return Err(GraphError::invalid("audio.voice must be a boolean")),
    };
    if part.get("caption").is_some() {
        return Err(GraphError::new(100, "audio takes no caption"));
    }
    Ok(Content::Audio { media: text_at(part, "id", "audio.id")?, voice })
}

fn reaction(part: &Value) -> Result<Content, GraphError> {
    let emoji = part.get("emoji").and_then(Value::as_str).ok_or_else(|| GraphError::missing("reaction.emoji"))?;
    if emoji.chars().count() > 16 || emoji.bytes().any(|b| b.is_ascii_alphabetic()) {
        return Err(GraphError::invalid("reaction.emoji must be one emoji"));
    }
    Ok(Content::Reaction { message: text_at(part, "message_id", "reaction.message_id")?, emoji: emoji.to_owned() })
}

fn document(part: &Value) -> Result<Content, GraphError> {
    let text = |key: &str| part.get(key).map(|_| text_at(part, key, &format!("document.{key}"))).transpose();
    let (filename, caption) = (text("filename")?, text("caption")?);
    if let Some(caption) = &caption {
        at_most(caption, CAPTION_CHARS_MAX, "document.caption")?;
    }
    Ok(Content::Document { media: text_at(part, "id", "document.id")?, filename, caption })
}

fn location(part: &Value) -> Result<Content, GraphError> {
    let degrees = |key: &str, most: f64| {
        let value = part.get(key).ok_or_else(|| GraphError::missing(&format!("location.{key}")))?;
        let degrees = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        let degrees = degrees.filter(|degrees| degrees.abs() <= most);
        degrees.ok_or_else(|| GraphError::invalid(format!("location.{key} is no such place: {value}")))
    };
    let text = |key: &str| part.get(key).map(|_| text_at(part, key, &format!("location.{key}"))).transpose();
    Ok(Content::Location {
        latitude: degrees("latitude", 90.0)?,
        longitude: degrees("longitude", 180.0)?,
        name: text("name")?,
        address: text("address")?,
    })
}

fn template(part: &Value) -> Result<Content, GraphError> {
    let name = text_at(part, "name", "template.name")?;
    let language = text_at(&part["language"], "code", "template.language.code")?;
    let mut parameters = Vec::new();
    for component in part["components"].as_array().into_iter().flatten().filter(|c| c["type"] == "body") {
        for parameter in component["parameters"].as_array().into_iter().flatten() {
            let text = text_at(parameter, "text", "template parameter")?;
            at_most(&text, 1024, "template parameter")?;
            if text.contains(['\n', '\t']) || text.contains("     ") {
                return Err(GraphError::new(100, "a template parameter holds no line break, no tab and no long gap"));
            }
            parameters.push(text);
        }
    }
    Ok(Content::Template { name, language, parameters })
}

pub(crate) fn text_at(value: &Value, key: &str, path: &str) -> Result<String, GraphError> {
    match value.get(key) {
        None | Some(Value::Null) => Err(GraphError::missing(path)),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(_) => Err(GraphError::invalid(format!("{path} must be a text that is not empty"))),
    }
}

fn at_most(text: &str, chars_max: usize, path: &str) -> Result<(), GraphError> {
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(GraphError::new(100, format!("{path} has {chars} characters, {chars_max} are allowed")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(patch: &Value, expected: Result<(), u32>) {
        let mut body = json!({"messaging_product": "whatsapp", "to": "15551234567", "type": "text",
                              "text": {"body": "hi"}});
        for (key, value) in patch.as_object().unwrap() {
            if value.is_null() {
                body.as_object_mut().unwrap().remove(key)
            } else {
                body.as_object_mut().unwrap().insert(key.clone(), value.clone())
            };
        }
        assert_eq!(read(&body).map(|_| ()).map_err(|e| e.code), expected, "{body}");
    }

    #[test]
    fn what_meta_would_refuse_is_refused() {
        check(&json!({}), Ok(()));
        check(&json!({"messaging_product": null}), Err(100));
        check(&json!({"to": null}), Err(131_008));
        check(&json!({"to": "not a number"}), Err(131_009));
        check(&json!({"to": null, "recipient": "US.1349"}), Ok(()));
        check(&json!({"to": null, "recipient": "15551234567"}), Err(131_009));
        check(&json!({"recipient_type": "crowd"}), Err(131_009));
        check(&json!({"text": null}), Err(131_008));
        check(&json!({"text": {"body": ""}}), Err(131_009));
        check(&json!({"text": {"body": "x".repeat(4096)}}), Ok(()));
        check(&json!({"text": {"body": "x".repeat(4097)}}), Err(100));
        check(&json!({"context": {}}), Err(131_008));
        check(&json!({"biz_opaque_callback_data": "x".repeat(513)}), Err(131_009));
        check(&json!({"type": "image", "image": {"id": "1", "caption": "x".repeat(1025)}}), Err(100));
        check(&json!({"type": "audio", "audio": {"id": "1", "voice": "yes"}}), Err(131_009));
        check(&json!({"type": "reaction", "reaction": {"message_id": "wamid.1"}}), Err(131_008));
        check(&json!({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": ""}}), Ok(()));
        check(&json!({"type": "document", "document": {"id": "1"}}), Ok(()));
        check(&json!({"type": "document", "document": {"id": "1", "caption": "x".repeat(1025)}}), Err(100));
        check(&json!({"type": "document", "document": {"filename": "a.pdf"}}), Err(131_008));
        check(&json!({"type": "location", "location": {"latitude": "52.5", "longitude": 13.4}}), Ok(()));
        check(&json!({"type": "location", "location": {"latitude": 91, "longitude": 13.4}}), Err(131_009));
        check(&json!({"type": "location", "location": {"latitude": 9}}), Err(131_008));
        check(&json!({"type": "video", "video": {"id": "1"}}), Err(131_051));
        check(&json!({"status": "read"}), Err(131_008));
        check(&json!({"status": "read", "message_id": "wamid.1", "typing_indicator": {"type": "audio"}}), Err(131_009));
    }

    #[test]
    fn a_group_takes_no_buttons_and_to_wins() {
        let buttons = json!({"type": "button", "body": {"text": "?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "A"}}]}});
        check(&json!({"type": "interactive", "interactive": buttons}), Ok(()));
        check(
            &json!({"recipient_type": "group", "to": "G", "type": "interactive", "interactive": buttons}),
            Err(131_009),
        );
        let both =
            json!({"messaging_product": "whatsapp", "to": "15551234567", "recipient": "US.1", "text": {"body": "x"}});
        let Ok(Call::Send(request)) = read(&both) else { panic!("refused") };
        assert_eq!(request.to, Target::Phone("15551234567".into()));
    }
}
