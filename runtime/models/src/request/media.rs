//! Pictures and documents, or a sentence in their place.

use crate::limits::DOCUMENT_NAME_BYTES_MAX;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use genai::chat::{Binary, ContentPart};
use greenroom_contract::message::Media;
use greenroom_contract::model::ModelTraits;
use greenroom_contract::text::bounded;

/// The kinds of pictures that every provider takes.
const PICTURES: &[&str] = &["image/jpeg", "image/png", "image/webp", "image/gif"];

/// The type without its parameters.
fn essence(mime: &str) -> String {
    let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "image/jpg" { "image/jpeg".to_owned() } else { essence }
}

/// A picture in memory, never an address that a provider would fetch.
pub(crate) fn picture(media: &Media, traits: ModelTraits) -> ContentPart {
    let mime = essence(&media.mime);
    if !traits.images {
        return instead("a picture, which you cannot look at");
    }
    if !PICTURES.contains(&mime.as_str()) {
        return instead("a picture of a kind that you cannot look at");
    }
    ContentPart::Binary(Binary::from_base64(mime, STANDARD.encode(&media.bytes), None))
}

/// A document in memory: PDF as it is, text as text.
pub(crate) fn document(media: &Media, name: Option<&str>, traits: ModelTraits) -> ContentPart {
    let mime = essence(&media.mime);
    let name = bounded(name.unwrap_or("document"), DOCUMENT_NAME_BYTES_MAX);
    if !traits.documents {
        return instead(&format!("the document {name:?}, which you cannot read"));
    }
    if mime == "application/pdf" {
        return ContentPart::Binary(Binary::from_base64(mime, STANDARD.encode(&media.bytes), Some(name)));
    }
    match std::str::from_utf8(&media.bytes) {
        Ok(text) if mime.starts_with("text/") || mime == "application/json" => {
            ContentPart::from_text(format!("[the document {name:?}]\n{text}"))
        }
        _ => instead(&format!("the document {name:?} of a kind that you cannot read")),
    }
}

fn instead(what: &str) -> ContentPart {
    ContentPart::from_text(format!("[{what}]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const SEES: ModelTraits =
        ModelTraits { images: true, documents: true, tools: true, context_tokens: 1000, answer_tokens: 100 };
    const BLIND: ModelTraits = ModelTraits { images: false, documents: false, ..SEES };

    fn media(mime: &str, bytes: &'static [u8]) -> Media {
        Media { mime: mime.to_owned(), bytes: Bytes::from_static(bytes) }
    }

    fn shown(part: &ContentPart) -> String {
        match part {
            ContentPart::Text(text) => text.clone(),
            ContentPart::Binary(binary) => {
                format!("{} {:?} {}", binary.content_type, binary.name, binary.clone().into_url())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_picture_is_sent_from_memory_or_told_of() {
        let picture = |mime, traits| shown(&picture(&media(mime, b"abc"), traits));
        assert_eq!(picture("image/PNG; x=y", SEES), "image/png None data:image/png;base64,YWJj");
        assert_eq!(picture("image/jpg", SEES), "image/jpeg None data:image/jpeg;base64,YWJj");
        assert_eq!(picture("image/png", BLIND), "[a picture, which you cannot look at]");
        assert_eq!(picture("image/svg+xml", SEES), "[a picture of a kind that you cannot look at]");
        assert_eq!(picture("video/mp4", SEES), "[a picture of a kind that you cannot look at]");
    }

    #[test]
    fn a_document_is_sent_from_memory_or_told_of() {
        let document = |mime, bytes, traits| shown(&document(&media(mime, bytes), Some("a \"b\".pdf"), traits));
        assert!(document("application/pdf", b"abc", SEES).ends_with("data:application/pdf;base64,YWJj"));
        assert_eq!(
            document("application/pdf", b"abc", BLIND),
            "[the document \"a \\\"b\\\".pdf\", which you cannot read]"
        );
        assert_eq!(document("text/plain", b"abc", SEES), "[the document \"a \\\"b\\\".pdf\"]\nabc");
        assert!(document("text/plain", b"\xff", SEES).contains("of a kind"));
        assert!(document("application/zip", b"abc", SEES).contains("of a kind"));
    }
}
