//! What a message about a configuration does not repeat: a value that may be a secret.
//!
//! Secrets are pasted into the wrong place now and then: without quotation marks, as the name of a variable, as an adapter.
//! Messages end up in journals and in questions to others.

use std::ops::Range;

/// Characters from which on a word of letters and digits is taken for a secret. Names of ours are shorter, or have no
/// digits; tokens and passwords of machines are longer.
const SECRET_CHARACTERS_MIN: usize = 16;
/// Characters of a key that are repeated. Keys of ours are shorter.
const KEY_CHARACTERS_SHOWN: usize = 40;

/// What is wrong with the syntax and where, with the key of that line, and never with its value.
pub(super) fn syntax(text: &str, message: &str, place: Option<Range<usize>>) -> String {
    let message = without_secrets(message);
    let Some(before) = place.and_then(|place| text.get(..place.start)) else { return message };
    let number = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[start..].chars().count() + 1;
    let line = text[start..].lines().next().unwrap_or_default();
    let at = format!("line {number}, column {column}: {message}");
    match line.split_once('=') {
        Some((key, _)) if key.chars().count() <= KEY_CHARACTERS_SHOWN => {
            format!(
                "{at}\n  {} = ... (what stands behind it is not shown, because it may be a secret)",
                without_secrets(key.trim())
            )
        }
        _ => at,
    }
}

/// The same text, with `***` for each word that may be a secret: 16 or more letters and digits with both among them.
pub(super) fn without_secrets(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '|');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        shown.push_str(if is_like_a_secret(word) { "***" } else { word });
        let next = after.find(is_part).unwrap_or(after.len());
        shown.push_str(&after[..next]);
        rest = &after[next..];
    }
    shown
}

fn is_like_a_secret(word: &str) -> bool {
    word.chars().count() >= SECRET_CHARACTERS_MIN
        && word.contains(|c: char| c.is_numeric())
        && word.contains(char::is_alphabetic)
}

/// Whether this may be the name of an environment variable that a person chose: capital letters, digits and `_`, and not
/// what a secret looks like.
pub(super) fn is_variable_name(name: &str) -> bool {
    let is_spelled_so = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        || name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let parts_are_words = name.split('_').all(|part| !is_like_a_secret(part));
    is_spelled_so && parts_are_words && name.len() <= 128 && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_are_shown_and_those_of_machines_are_not() {
        let shown = [
            "unknown key; did you mean \"app_secret\"?",
            "\"whatsap-cloud\" is not one of console, whatsapp-web",
            "/var/lib/greenroom/data2 and https://graph.facebook.com/v25.0",
            "group:120363000000000000@g.us or +15551234567",
            "GREENROOM_CHANNELS__FRONT__ALLOW_FROM",
        ];
        for text in shown {
            assert_eq!(without_secrets(text), text);
        }
        let hidden = ["EAAGm0PX4ZCpsBAKZCw", "0123456789abcdef0123456789abcdef", "sk-proj-a1B2c3D4e5F6g7H8"];
        for secret in hidden {
            assert_eq!(
                without_secrets(&format!("unknown adapter \"{secret}\"; known")),
                "unknown adapter \"***\"; known"
            );
        }
    }

    #[test]
    fn a_name_of_a_variable_is_told_from_a_secret() {
        for name in ["WHATSAPP_APP_SECRET", "TOKEN", "APP_SECRET_2", "token", "A1"] {
            assert!(is_variable_name(name), "{name}");
        }
        for name in
            ["EAAGm0PX4ZCpsBAKZCw", "0123456789ABCDEF0123456789ABCDEF", "Hunter2!", "my secret", "ABCDEF0123456789"]
        {
            assert!(!is_variable_name(name), "{name}");
        }
    }
}
