//! Text that came from outside and must not be longer than a limit.

const ELLIPSIS: char = '…';

/// At most `bytes_max` bytes of a text, ending with an ellipsis where it was cut. Called for whatever people or networks
/// wrote, before it is stored or shown. Cuts between characters; where not even the ellipsis has room, nothing is left.
#[must_use]
pub fn bounded(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    match bytes_max.checked_sub(ELLIPSIS.len_utf8()) {
        Some(room) => format!("{}{ELLIPSIS}", &text[..text.floor_char_boundary(room)]),
        None => String::new(),
    }
}

/// Cuts a text to at most `bytes_max` bytes, between characters and without a mark: for what an adapter should have cut
/// already.
pub fn truncate(text: &mut String, bytes_max: usize) {
    text.truncate(text.floor_char_boundary(bytes_max));
}

/// Whether a text shows nothing: it is empty, or made of spaces and of characters without a picture of their own
/// (zero-width characters, marks of direction, the empty Braille pattern, fillers, tags, selectors of variants).
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for text in [
            "",
            " \n",
            "\u{200b}\u{200d}\u{2060}\u{feff}",
            "\u{202a}\u{202c}\u{200f}",
            "\u{2800}",
            "\u{3164}",
            "\u{e0020}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", ".", "\u{200b}a", "❤\u{fe0f}", "👩\u{200d}👩", "ـ", "\u{2801}", "é"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_and_marked() {
        assert_eq!(bounded("short", 5), "short");
        assert_eq!(bounded("longer", 5), "lo…");
        assert_eq!(bounded("äöü", 5), "ä…");
        assert_eq!(bounded("longer", 3), "…");
        assert_eq!(bounded("longer", 2), "");
        for bytes_max in 0..12 {
            assert!(bounded("ä🙂…abc", bytes_max).len() <= bytes_max);
            let mut text = "ä🙂…abc".to_owned();
            truncate(&mut text, bytes_max);
            assert!(text.len() <= bytes_max && "ä🙂…abc".starts_with(&text));
        }
    }
}
