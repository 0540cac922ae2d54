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

#[cfg(test)]
mod tests {
    use super::*;

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
