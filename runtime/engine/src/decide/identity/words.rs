//! What a message asks for, in any language that the bot speaks.

use super::code::DIGITS;
use crate::decide::house_texts::LANGUAGES;
use crate::decide::house_texts::linking::LinkingTexts;
use greenroom_contract::identity::EmailAddress;

/// What a message may be for linking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// One of the wishes.
    Request(Request),
    /// Nothing but an e-mail address.
    Email(EmailAddress),
    /// One word with an `@` that is no address.
    AlmostEmail,
    /// As many digits as a code has, and nothing else.
    Code(String),
    /// Anything else.
    Words,
}

/// What people ask of the bot about themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// To be linked.
    Link,
    /// Who the bot takes them for.
    WhoAmI,
    /// To be linked no more.
    Unlink,
    /// To be forgotten.
    ForgetMe,
    /// To end what was begun.
    Cancel,
}

impl Request {
    /// All of them.
    const ALL: [Self; 5] = [Self::Link, Self::WhoAmI, Self::Unlink, Self::ForgetMe, Self::Cancel];

    /// The word of the trace.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::WhoAmI => "who am i",
            Self::Unlink => "unlink",
            Self::ForgetMe => "forget me",
            Self::Cancel => "cancel",
        }
    }

    fn phrases(self, texts: &LinkingTexts) -> &'static [&'static str] {
        match self {
            Self::Link => texts.link,
            Self::WhoAmI => texts.who_am_i,
            Self::Unlink => texts.unlink,
            Self::ForgetMe => texts.forget_me,
            Self::Cancel => texts.cancel,
        }
    }
}

/// Longest message that is looked at, in bytes: an address with words around it is none.
const LONGEST_BYTES: usize = 320;

/// What a message is.
pub(crate) fn heard(text: &str) -> Heard {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_BYTES {
        return Heard::Words;
    }
    let plain = plain(text);
    for wish in Request::ALL {
        if LANGUAGES.iter().any(|(_, texts)| wish.phrases(&texts.linking).contains(&plain.as_str())) {
            return Heard::Request(wish);
        }
    }
    if let Some(code) = digits(text) {
        return Heard::Code(code);
    }
    let word = text.trim_matches(['<', '>', '"', '\'', ',', ';']).trim_end_matches('.');
    match EmailAddress::new(word) {
        Ok(email) => Heard::Email(email),
        Err(_) if word.contains('@') && !word.contains(char::is_whitespace) && !word.starts_with('@') => {
            Heard::AlmostEmail
        }
        Err(_) => Heard::Words,
    }
}

/// Lower case, one space between words, no marks at the ends.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace('’', "'");
    let bare = lower.trim_matches(|c: char| c.is_whitespace() || ".!?,;:\"“”„«»".contains(c));
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The digits of a code, however its writer grouped them.
fn digits(text: &str) -> Option<String> {
    let is_between = |c: char| c == ' ' || c == '-' || c == '.' || c == '\u{a0}';
    if !text.chars().all(|c| c.is_ascii_digit() || is_between(c)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == DIGITS).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_understood_in_every_language_and_only_as_whole_messages() {
        for (text, wish) in [
            ("Link my account", Some(Request::Link)),
            ("  LINK   my account! ", Some(Request::Link)),
            ("Konto verknüpfen", Some(Request::Link)),
            ("«Vincular mi cuenta»", Some(Request::Link)),
            ("Who am I?", Some(Request::WhoAmI)),
            ("¿Quién soy?", Some(Request::WhoAmI)),
            ("Qui suis-je ?", Some(Request::WhoAmI)),
            ("vergiss mich", Some(Request::ForgetMe)),
            ("Oublie-moi.", Some(Request::ForgetMe)),
            ("cancelar", Some(Request::Cancel)),
            ("please link my account", None),
            ("who am i to say", None),
            ("unlinked", None),
        ] {
            let expected = wish.map_or(Heard::Words, Heard::Request);
            assert_eq!(heard(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_phrase_means_two_things() {
        let mut all: Vec<(&str, Request)> = Vec::new();
        for (tag, texts) in LANGUAGES {
            for wish in Request::ALL {
                for phrase in wish.phrases(&texts.linking) {
                    let other = all.iter().find(|(known, _)| known == phrase);
                    assert!(other.is_none_or(|(_, known)| *known == wish), "{tag}: {phrase}");
                    assert!(*phrase == plain(phrase) || phrase.starts_with('¿'), "{tag}: {phrase} is never heard");
                    all.push((phrase, wish));
                }
            }
        }
    }

    #[test]
    fn codes_and_addresses_are_whole_messages() {
        assert_eq!(heard("1234 5678"), Heard::Code("12345678".into()));
        assert_eq!(heard("1234-5678"), Heard::Code("12345678".into()));
        for other in ["1234567", "123456789", "code 12345678", "+12345678", "12345678a"] {
            assert_eq!(heard(other), Heard::Words, "{other}");
        }
        assert_eq!(heard("<Ana@example.org>"), Heard::Email(EmailAddress::new("ana@example.org").unwrap()));
        assert_eq!(heard("ana@example"), Heard::AlmostEmail);
        for other in ["@ana", "write to ana@example.org", "", &"a".repeat(400)] {
            assert_eq!(heard(other), Heard::Words, "{other}");
        }
    }
}
