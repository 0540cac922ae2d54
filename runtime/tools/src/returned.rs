//! What a call returned, within limits. Pure.

use crate::limits::{LINK_BYTES_MAX, MEDIA_MAX, MEDIUM_BYTES_MAX, MEDIUM_NAME_BYTES_MAX};
use crate::masks::Masks;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_contract::message::Media;
use greenroom_contract::text;
use greenroom_contract::tools::{ToolMedium, ToolReturn};
use serde_json::Value;

/// What a server's result says. `None` if it is not the result of a call.
pub(crate) fn returned(result: &Value, text_bytes_max: usize, masks: &Masks) -> Option<ToolReturn> {
    let result = result.as_object()?;
    let structured = result.get("structuredContent").filter(|value| !value.is_null());
    let content = result.get("content").and_then(Value::as_array);
    if content.is_none() && structured.is_none() && !result.keys().all(|key| key == "_meta" || key == "resultType") {
        return None;
    }
    let mut gathered = Gathered { words: Vec::new(), media: Vec::new() };
    for block in content.into_iter().flatten() {
        gathered.take(block);
    }
    // Servers that follow the protocol say the same twice: as words, and in a structure.
    if gathered.words.is_empty()
        && let Some(structured) = structured
    {
        gathered.words.push(structured.to_string());
    }
    let words = gathered.words.join("\n");
    let failed = result.get("isError").and_then(Value::as_bool).unwrap_or(false);
    let mut media = gathered.media;
    for name in media.iter_mut().filter_map(|medium| medium.name.as_mut()) {
        *name = masks.hide(name).into_owned();
    }
    Some(ToolReturn { text: cut(&masks.hide(&words), text_bytes_max), media, failed })
}

/// The words, with their length where they are cut: a model must not take a part for the whole.
fn cut(words: &str, bytes_max: usize) -> String {
    if words.len() <= bytes_max {
        return words.to_owned();
    }
    let mark = format!("\n[cut: {} bytes in all]", words.len());
    let mut cut = words.to_owned();
    text::truncate(&mut cut, bytes_max.saturating_sub(mark.len()));
    cut + &mark
}

struct Gathered {
    words: Vec<String>,
    media: Vec<ToolMedium>,
}

impl Gathered {
    fn take(&mut self, block: &Value) {
        let said = |name: &str| block.get(name).and_then(Value::as_str);
        match said("type") {
            Some("text") => self.words.push(said("text").unwrap_or_default().to_owned()),
            Some("image") => self.medium("picture", said("data"), said("mimeType"), None),
            Some("audio") => self.medium("sound", said("data"), said("mimeType"), None),
            Some("resource") => self.resource(block.get("resource").unwrap_or(&Value::Null)),
            Some("resource_link") => {
                let address = shown(said("uri").unwrap_or_default(), LINK_BYTES_MAX);
                let name = said("title").or(said("name")).map(|name| shown(name, MEDIUM_NAME_BYTES_MAX));
                self.words
                    .push(format!("[a link: {}{address}]", name.map(|name| format!("{name}, ")).unwrap_or_default()));
            }
            Some(other) => {
                let kind = shown(other, MEDIUM_NAME_BYTES_MAX);
                self.words.push(format!("[something of the kind {kind}, which is not passed on]"));
            }
            None => self.words.push("[something that says not what it is, which is not passed on]".to_owned()),
        }
    }

    fn resource(&mut self, resource: &Value) {
        let said = |name: &str| resource.get(name).and_then(Value::as_str);
        match (said("text"), said("blob")) {
            (Some(text), _) => self.words.push(text.to_owned()),
            (None, blob) => self.medium("file", blob, said("mimeType"), said("uri").and_then(name_in)),
        }
    }

    fn medium(&mut self, what: &str, data: Option<&str>, mime: Option<&str>, name: Option<String>) {
        let outcome = unpacked(data.unwrap_or_default())
            .and_then(|bytes| if self.media.len() < MEDIA_MAX { Ok(bytes) } else { Err("it is one of too many") });
        match outcome {
            Ok(bytes) => {
                self.words.push(format!("[a {what}, passed on]"));
                let media = Media { mime: checked_mime(mime), bytes: bytes.into() };
                self.media.push(ToolMedium { media, name });
            }
            Err(why) => self.words.push(format!("[a {what}, which is not passed on: {why}]")),
        }
    }
}

fn unpacked(data: &str) -> Result<Vec<u8>, &'static str> {
    // Base64 takes four characters for three bytes.
    if data.len() / 4 > MEDIUM_BYTES_MAX / 3 {
        return Err("it is too large");
    }
    match STANDARD.decode(data) {
        Ok(bytes) if bytes.is_empty() => Err("it is empty"),
        Ok(bytes) => Ok(bytes),
        Err(_) => Err("its bytes are not understood"),
    }
}

/// The type, if it has the form of one.
fn checked_mime(mime: Option<&str>) -> String {
    let is_part = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.bytes().all(fits)
    };
    // Parameters say nothing that is needed.
    let mime = mime.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match mime.split_once('/') {
        Some((kind, sort)) if is_part(kind) && is_part(sort) && mime.len() <= MEDIUM_NAME_BYTES_MAX => {
            mime.to_ascii_lowercase()
        }
        _ => "application/octet-stream".to_owned(),
    }
}

/// The last part of an address that can be the name of a file.
fn name_in(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next()?;
    let name = path.rsplit(['/', '\\', ':']).next()?;
    let name = text::bounded(name, MEDIUM_NAME_BYTES_MAX);
    let is_name = !text::is_blank(&name) && !name.starts_with('.') && text::one_line(&name) == name;
    is_name.then_some(name)
}

/// A text of the server's that stands within a line of ours.
fn shown(text: &str, bytes_max: usize) -> String {
    text::one_line(&text::bounded(text, bytes_max)).replace(['[', ']'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::secret::Secret;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(result: &Value) -> ToolReturn {
        returned(result, 1_000, &Masks::new([Secret::new("hunter2-hunter2")])).unwrap()
    }

    #[test]
    fn words_are_joined_and_a_failure_is_one() {
        let content = json!([{ "type": "text", "text": "one" }, { "type": "text", "text": "two hunter2-hunter2" }]);
        let expected = ToolReturn { text: "one\ntwo ***".to_owned(), media: Vec::new(), failed: true };
        assert_eq!(read(&json!({ "content": content, "isError": true })), expected);
        assert_eq!(read(&json!({ "content": [], "structuredContent": { "a": 1 } })).text, r#"{"a":1}"#);
        let both = json!({ "content": [{ "type": "text", "text": "a is 1" }], "structuredContent": { "a": 1 } });
        assert_eq!(read(&both).text, "a is 1");
        assert_eq!(read(&json!({})), ToolReturn::default(), "nothing was said");
    }

    #[test]
    fn pictures_and_files_come_with_a_type_and_a_name() {
        let result = json!({ "content": [
            { "type": "image", "data": "AQID", "mimeType": "Image/PNG; x=y" },
            { "type": "audio", "data": "AQID", "mimeType": "not a type" },
            { "type": "resource", "resource": { "uri": "file:///tmp/../bill.pdf?x", "blob": "AQID", "mimeType": "application/pdf" } },
            { "type": "resource", "resource": { "uri": "note://1", "text": "a note" } },
            { "type": "resource_link", "uri": "https://example.com/[a]", "name": "A\npage" },
            { "type": "hologram" }, 7,
        ] });
        let read = read(&result);
        let media: Vec<(&str, Option<&str>)> =
            read.media.iter().map(|one| (one.media.mime.as_str(), one.name.as_deref())).collect();
        assert_eq!(
            media,
            [("image/png", None), ("application/octet-stream", None), ("application/pdf", Some("bill.pdf"))]
        );
        let named = json!({ "uri": "file:///hunter2-hunter2.pdf", "blob": "AQID" });
        let secret = self::read(&json!({ "content": [{ "type": "resource", "resource": named }] }));
        assert_eq!(secret.media[0].name.as_deref(), Some("***.pdf"));
        let lines: Vec<&str> = read.text.lines().collect();
        assert_eq!(lines[0], "[a picture, passed on]");
        assert_eq!(lines[3..5], ["a note", "[a link: A\\u{a}page, https://example.com/a]"]);
        assert!(lines[5].contains("hologram") && lines[6].contains("says not what it is"));
    }

    #[test]
    fn what_is_too_much_or_broken_is_said_in_words() {
        let image = |data: &str| json!({ "type": "image", "data": data, "mimeType": "image/png" });
        for (data, why) in [
            ("not base64!", "not understood"),
            ("", "is empty"),
            (&"A".repeat(MEDIUM_BYTES_MAX * 4 / 3 + 8), "too large"),
        ] {
            let read = read(&json!({ "content": [image(data)] }));
            assert!(read.media.is_empty() && read.text.contains(why), "{}", read.text);
        }
        let many = json!({ "content": vec![image("AQID"); MEDIA_MAX + 1] });
        assert!(read(&many).media.len() == MEDIA_MAX && read(&many).text.contains("one of too many"));
        let long = read(&json!({ "content": [{ "type": "text", "text": "é".repeat(1_000) }] }));
        assert!(long.text.len() <= 1_000 && long.text.ends_with("\n[cut: 2000 bytes in all]"), "{}", long.text);
    }

    #[test]
    fn what_is_not_a_result_is_none() {
        for wrong in [json!(7), json!([]), json!({ "tools": [] }), json!({ "content": "text" })] {
            assert_eq!(returned(&wrong, 1_000, &Masks::default()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_never_a_path(address in "\\PC{0,40}") {
            let name = name_in(&address).unwrap_or_default();
            prop_assert!(!name.contains(['/', '\\']) && !name.starts_with('.'));
        }

        #[test]
        fn no_text_is_longer_than_allowed(words in ".{0,400}", bytes_max in 64..200_usize) {
            let result = json!({ "content": [{ "type": "text", "text": words }] });
            prop_assert!(returned(&result, bytes_max, &Masks::default()).unwrap().text.len() <= bytes_max);
        }
    }
}
