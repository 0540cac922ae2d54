//! What a picture really is. Pure.
//!
//! The declared type of a medium is a word of a stranger or of an assistant; the first bytes are what a network looks at.

use greenroom_contract::message::Media;

/// Why a medium is not taken for a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPicture {
    /// It has no bytes.
    #[error("it has 0 bytes")]
    Empty,
    /// It is something else, such as a page that says why the picture is not there.
    #[error("it is not a picture, it is declared as {declared:?}")]
    Other {
        /// The declared type.
        declared: String,
    },
}

/// A picture under its real type, as far as the bytes show it; else under the declared one.
pub(crate) fn opened(media: Media) -> Result<Media, NoPicture> {
    if media.bytes.is_empty() {
        return Err(NoPicture::Empty);
    }
    if let Some(format) = format(&media.bytes) {
        return Ok(Media { mime: format.to_owned(), ..media });
    }
    let declared = media.mime.trim().to_ascii_lowercase();
    if !declared.starts_with("image/") || is_markup(&media.bytes) {
        return Err(NoPicture::Other { declared: media.mime });
    }
    Ok(media)
}

/// The type that the first bytes show.
fn format(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(4..12).and_then(|part| part.strip_prefix(b"ftyp"));
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'I', b'I', 0x2A, 0, ..] | [b'M', b'M', 0, 0x2A, ..] => Some("image/tiff"),
        _ => match brand? {
            b"avif" | b"avis" => Some("image/avif"),
            b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" => Some("image/heic"),
            _ => None,
        },
    }
}

/// Whether it begins as a page or as JSON does: what a server sends instead of a picture.
fn is_markup(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let is_svg = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"<svg"));
    matches!(text.first(), Some(b'<' | b'{')) && !is_svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn open(mime: &str, bytes: &'static [u8]) -> Result<String, NoPicture> {
        opened(Media { mime: mime.to_owned(), bytes: Bytes::from_static(bytes) }).map(|media| media.mime)
    }

    #[test]
    fn the_bytes_say_what_it_is() {
        let png = b"\x89PNG\r\n\x1a\n...";
        for declared in ["image/jpg", "image/webp", "application/octet-stream", "text/html", ""] {
            assert_eq!(open(declared, png).as_deref(), Ok("image/png"), "{declared}");
        }
        assert_eq!(open("image/png", b"\xFF\xD8\xFF\xE0").as_deref(), Ok("image/jpeg"));
        assert_eq!(open("image/png", b"RIFF\0\0\0\0WEBPVP8 ").as_deref(), Ok("image/webp"));
        assert_eq!(open("image/png", b"GIF89a").as_deref(), Ok("image/gif"));
        assert_eq!(open("image/png", b"\0\0\0\x18ftypheic").as_deref(), Ok("image/heic"));
        assert_eq!(open("image/bmp", b"BM not known here").as_deref(), Ok("image/bmp"));
    }

    #[test]
    fn what_is_no_picture_is_not_opened() {
        assert_eq!(open("image/png", b""), Err(NoPicture::Empty));
        for (declared, bytes) in [
            ("text/html", &b"<html>"[..]),
            ("image/jpeg", b" \n<!DOCTYPE html><html>login"),
            ("image/jpeg", b"{\"error\":{}}"),
            ("application/pdf", b"%PDF-1.4"),
            ("audio/ogg", b"OggS"),
        ] {
            assert!(matches!(open(declared, bytes), Err(NoPicture::Other { .. })), "{declared}");
        }
    }
}
