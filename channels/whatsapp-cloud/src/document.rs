//! Documents: the media types that Meta takes, and the file names by which it tells them apart.

use crate::limits::DOCUMENT_BYTES_MAX;
use greenroom_contract::capabilities::MediaRules;

/// What Meta takes as a document, each with a name whose extension says so
/// (<https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media>, "supported
/// media types").
const TYPES: &[(&str, &str)] = &[
    ("application/pdf", "document.pdf"),
    ("application/msword", "document.doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document.docx"),
    ("application/vnd.ms-excel", "document.xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document.xlsx"),
    ("application/vnd.ms-powerpoint", "document.ppt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "document.pptx"),
];

/// Meta knows one type of text. The person sees the name, so that a table with commas stays one.
const PLAIN_TEXT: (&str, &str) = ("text/plain", "document.txt");

/// The documents that can be sent.
pub(crate) fn rules() -> MediaRules {
    let types: Vec<&str> = TYPES.iter().map(|(kind, _)| *kind).chain(["text/*"]).collect();
    MediaRules::new(&types, DOCUMENT_BYTES_MAX)
}

/// The type and the file name under which a document is uploaded.
pub(crate) fn as_uploaded(mime: &str) -> (&'static str, &'static str) {
    let kind = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    TYPES.iter().copied().find(|(known, _)| *known == kind).unwrap_or(PLAIN_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use greenroom_contract::message::Media;

    #[test]
    fn what_can_be_sent_is_uploaded_as_a_type_that_meta_takes() {
        let carried = |mime: &str| rules().carry(&Media { mime: mime.to_owned(), bytes: Bytes::from_static(b"x") });
        assert_eq!(as_uploaded("Application/PDF; x=y"), ("application/pdf", "document.pdf"));
        for mime in ["text/csv", "text/markdown; charset=utf-8"] {
            assert!(carried(mime).is_ok());
            assert_eq!(as_uploaded(mime), PLAIN_TEXT);
        }
        for mime in ["application/zip", "application/octet-stream", "image/png"] {
            assert!(carried(mime).is_err(), "{mime}");
        }
    }
}
