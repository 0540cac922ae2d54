//! Text that came from outside: cut to a limit, and made safe to show.

use std::borrow::Cow;

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

/// A text of one line that can be shown on a terminal. Called for every text of people and networks that stands within a
/// line of ours: it can neither command the terminal, nor turn the direction of writing, nor begin a line that looks like
/// ours. What is not shown as it is stands there as `\u{1b}`.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_command(c) || c == '\n')
}

/// A text that can be shown on a terminal, with its lines.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_command)
}

/// Whether a terminal may do something else with it than to show it. Line separators count, because some begin a line.
fn is_command(c: char) -> bool {
    let is_direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n') || is_direction || matches!(c, '\u{2028}' | '\u{2029}')
}

fn escaped(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
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
    use proptest::prelude::*;

    #[test]
    fn what_commands_a_terminal_is_shown_and_not_obeyed() {
        assert_eq!(one_line("EVIL\x1b]0;title\x07\r\n\u{9b}31m"), "EVIL\\u{1b}]0;title\\u{7}\\u{d}\\u{a}\\u{9b}31m");
        assert_eq!(printable("a\n\u{202e}b\tc"), "a\n\\u{202e}b\\u{9}c");
        assert!(matches!(one_line("grüße 👩‍👧 +1555"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn nothing_that_is_printed_commands_a_terminal(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(|c| c.is_control() || is_command(c)));
            prop_assert!(!printable(&text).chars().any(|c| (c.is_control() && c != '\n') || is_command(c)));
            prop_assert_eq!(printable(&text).matches('\n').count(), text.matches('\n').count());
        }
    }

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
