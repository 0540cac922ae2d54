//! Names of documents: not a path, and nothing that a terminal or a file system takes for more than a name. Pure.

use greenroom_contract::limits;
use greenroom_contract::text::{is_blank, truncate};

/// What a document without a name is called.
const UNNAMED: &str = "document";

/// A name without folders, control characters and marks of direction, at most [`limits::DOCUMENT_NAME_BYTES_MAX`] long;
/// `None` if nothing is left.
pub(crate) fn cleaned(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).find(|part| !is_blank(part))?;
    let is_shown = |c: &char| !c.is_control() && !is_blank(c.encode_utf8(&mut [0; 4])) || *c == ' ';
    let shown: String = last.chars().filter(is_shown).collect();
    // A name of points is a folder, and a name that begins with one is hidden.
    let name = shown.trim_matches(|c: char| c == '.' || c.is_whitespace());
    (!name.is_empty()).then(|| cut(name))
}

/// A name for a document of this media type that has none.
pub(crate) fn of_type(mime: &str) -> String {
    let format = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let ending = match format.as_str() {
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "application/zip" => ".zip",
        "text/plain" => ".txt",
        "text/csv" => ".csv",
        "text/html" => ".html",
        "text/markdown" => ".md",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        _ => "",
    };
    format!("{UNNAMED}{ending}")
}

/// A long name loses its middle: people know a document by how it begins and how it ends.
fn cut(name: &str) -> String {
    if name.len() <= limits::DOCUMENT_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let ending =
        name.rfind('.').map(|point| &name[point..]).filter(|ending| ending.len() <= limits::DOCUMENT_ENDING_BYTES_MAX);
    let ending = ending.unwrap_or_default();
    let mut begin = name.to_owned();
    truncate(&mut begin, limits::DOCUMENT_NAME_BYTES_MAX - ending.len());
    begin + ending
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_no_path_and_commands_nothing() {
        for (name, expected) in [
            ("bill.pdf", Some("bill.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\ana\\bill 2.pdf", Some("bill 2.pdf")),
            ("folder/", Some("folder")),
            ("..", None),
            ("/", None),
            ("", None),
            (".bashrc", Some("bashrc")),
            ("bill\u{202e}fdp.exe", Some("billfdp.exe")),
            ("a\0b\nc.txt", Some("abc.txt")),
            ("  Rechnung März.pdf. ", Some("Rechnung März.pdf")),
            (". .x", Some("x")),
            ("\u{200b}", None),
        ] {
            assert_eq!(cleaned(name).as_deref(), expected, "{name:?}");
        }
        let long = cleaned(&format!("{}.pdf", "ä".repeat(200))).unwrap();
        assert!(long.len() <= limits::DOCUMENT_NAME_BYTES_MAX && long.ends_with("ä.pdf"), "{long}");
        assert_eq!([of_type("application/PDF; a=b"), of_type("x/y")], ["document.pdf", "document"]);
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_name_or_none(name in any::<String>()) {
            if let Some(name) = cleaned(&name) {
                prop_assert!(!name.is_empty() && name.len() <= limits::DOCUMENT_NAME_BYTES_MAX);
                prop_assert!(!name.contains(['/', '\\']) && !name.starts_with('.') && !name.chars().any(char::is_control));
            }
        }
    }
}
