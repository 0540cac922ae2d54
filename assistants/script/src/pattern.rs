//! What people say, compared with a pattern.

use crate::limits;
use greenroom_contract::text;
use serde::de::{Deserialize, Deserializer, Error};

/// Words that a message must consist of, whatever their case and the punctuation around them. A `*` that stands alone is any
/// number of words, also none; within a word it is any number of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<String>);

impl Pattern {
    fn new(written: &str) -> Option<Self> {
        let words = words(written);
        (!words.is_empty()).then_some(Self(words))
    }

    /// The patterns of these texts.
    pub(crate) fn list(written: &[&str]) -> Vec<Self> {
        written.iter().filter_map(|one| Self::new(one)).collect()
    }

    /// Whether a message matches, as [`words`] gives it.
    pub(crate) fn matches(&self, said: &[String]) -> bool {
        glob(
            &self.0,
            said,
            |word| word == "*",
            |pattern, word| {
                let (pattern, word): (Vec<char>, Vec<char>) = (pattern.chars().collect(), word.chars().collect());
                glob(&pattern, &word, |c| *c == '*', |a, b| a == b)
            },
        )
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        Self::new(&written).ok_or_else(|| D::Error::custom("a pattern needs a word, such as \"hello\" or \"order *\""))
    }
}

/// The words of a text in lower case, without the punctuation around them.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    text::truncate(&mut text, limits::COMPARED_BYTES_MAX);
    let bare = |word: &str| {
        let opened = word.trim_start_matches(['"', '\'', '(', '¿', '¡', '«', '“', '„', '‘']);
        let closed = opened.trim_end_matches([
            '.', ',', '!', '?', ';', ':', '…', '"', '\'', ')', '»', '”', '“', '’', '。', '！', '？',
        ]);
        // A word of punctuation alone is what was meant: "?" asks for help.
        if closed.is_empty() { word.to_owned() } else { closed.to_lowercase() }
    };
    text.split_whitespace().map(bare).collect()
}

/// Whether a text matches a pattern with wildcards. Each position of the text is looked at once for each position of the
/// pattern at most, so that no pattern takes long.
fn glob<P, T>(pattern: &[P], text: &[T], is_any: impl Fn(&P) -> bool, is_same: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last wildcard stands, and up to where it reaches so far.
    let mut last: Option<(usize, usize)> = None;
    while place < text.len() {
        if pattern.get(at).is_some_and(&is_any) {
            last = Some((at, place));
            at += 1;
        } else if pattern.get(at).is_some_and(|part| is_same(part, &text[place])) {
            (at, place) = (at + 1, place + 1);
        } else if let Some((any, reach)) = last {
            last = Some((any, reach + 1));
            (at, place) = (any + 1, reach + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(is_any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, said: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(&words(said))
    }

    #[test]
    fn words_match_whatever_their_case_and_punctuation() {
        for (pattern, said) in [
            ("hello", "Hello!"),
            ("good morning", "  GOOD\n morning. "),
            ("straße", "STRAßE"),
            ("order *", "order"),
            ("order *", "order two pizzas"),
            ("* pizza *", "I want a pizza, please"),
            ("* pizza *", "pizza"),
            ("pizza*", "pizzas"),
            ("*", ""),
            ("/menu", "/MENU"),
            ("?", "?"),
            ("a*b*c", "aXbXbc"),
        ] {
            assert!(matches(pattern, said), "{pattern} {said}");
        }
        for (pattern, said) in [
            ("hello", "hello there"),
            ("pizza*", "pizza two"),
            ("order *", "reorder"),
            ("* pizza *", "pizzas"),
            ("menu", "/menu"),
            ("a*b", "ac"),
        ] {
            assert!(!matches(pattern, said), "{pattern} {said}");
        }
        assert_eq!(Pattern::new(" \n"), None);
    }

    #[test]
    fn a_long_message_is_compared_in_time() {
        let said = "a ".repeat(1_000_000);
        assert!(!matches("* a * a * a * a * a * a * b", &said));
        assert!(!matches(&"*a".repeat(500), &"b".repeat(1_000_000)));
    }

    proptest! {
        #[test]
        fn what_is_said_matches_itself_and_anything_around_it(said in "[a-z]{1,6}( [a-z]{1,6}){0,3}", more in "[a-z ]{0,9}") {
            prop_assert!(matches(&said, &said));
            let around = format!("{more} {said} {more}");
            let anywhere = format!("* {said} *");
            prop_assert!(matches(&anywhere, &around));
        }

        #[test]
        fn nothing_panics(pattern in "[a*ß ?.]{0,12}", said in any::<String>()) {
            if let Some(pattern) = Pattern::new(&pattern) {
                let _ = pattern.matches(&words(&said));
            }
        }
    }
}
