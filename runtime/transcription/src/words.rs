//! From what a model prints to what was said.

/// Leaves out markers such as `[BLANK_AUDIO]` and `(music)`, which models print where nobody speaks,
/// and space that is too much. What has no letter and no digit left in it is nothing said.
pub(crate) fn said(printed: &str) -> String {
    let mut plain = String::with_capacity(printed.len());
    let mut rest = printed;
    while let Some(begin) = rest.find(['[', '(']) {
        let close = if rest[begin..].starts_with('[') { ']' } else { ')' };
        plain.push_str(&rest[..begin]);
        if let Some(length) = rest[begin..].find(close) {
            plain.push(' ');
            rest = &rest[begin + length + 1..];
        } else {
            // A bracket that nobody closes is a part of the text.
            plain.push_str(&rest[begin..=begin]);
            rest = &rest[begin + 1..];
        }
    }
    plain.push_str(rest);
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().any(char::is_alphanumeric) { words } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markers_are_nothing_said() {
        for marker in
            ["[BLANK_AUDIO]", " [BLANK_AUDIO]\n", "(wind blowing)", "[MUSIC] (music)", "...", " - ", "\n", "", "♪ ♪"]
        {
            assert_eq!(said(marker), "", "{marker:?}");
        }
    }

    #[test]
    fn words_stay_and_spaces_are_mended() {
        assert_eq!(said(" hello  there\n"), "hello there");
        assert_eq!(said("[laughs] well, yes (door closes) now"), "well, yes now");
        assert_eq!(said("привет [музыка]"), "привет");
        assert_eq!(said("3"), "3");
        assert_eq!(said("a [ b"), "a [ b");
        assert_eq!(said("a ) b ]"), "a ) b ]");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "[a-z\\[\\]() é♪]{0,40}") {
            let words = said(&text);
            prop_assert_eq!(said(&words), words.clone());
            prop_assert!(!words.contains("  ") && words.trim() == words);
        }
    }
}
