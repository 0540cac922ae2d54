//! Whether a value that was pasted is what its key wants: the commonest mistakes are said before Meta is asked. Pure.

use crate::limits::{PASTED_TOKEN_CHARS_MIN, PASTED_VALUE_CHARS_MAX, PASTED_VERIFY_TOKEN_CHARS_MIN};

/// Digits of an id at Meta, which are more than a phone number has.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 14..=17;
/// Characters of an app secret.
const APP_SECRET_CHARS: usize = 32;

/// The keys that can be pasted, in the order in which Meta's pages show them.
pub const KEYS: [&str; 4] = ["phone_number_id", "access_token", "app_secret", "verify_token"];

/// What is wrong with a value, if anything is seen. It never repeats the value, which may be a secret that was pasted into the
/// wrong field.
pub fn wrong(key: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("this is empty".to_owned());
    }
    if text.chars().count() > PASTED_VALUE_CHARS_MAX {
        return Some(format!("this is longer than {PASTED_VALUE_CHARS_MAX} characters: copy the value alone"));
    }
    if key == "phone_number_id" && is_phone_number(text) {
        return Some("this is the phone number; copy the phone number ID that stands below it in API Setup".to_owned());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some(
            "there is a space or a line break in it; copy it as a whole, without what is around it".to_owned(),
        );
    }
    match key {
        "phone_number_id" => wrong_id(text),
        "access_token" => wrong_token(text),
        "app_secret" => wrong_secret(text),
        "verify_token" if text.chars().count() < PASTED_VERIFY_TOKEN_CHARS_MIN => {
            Some(format!("this is too short: write {PASTED_VERIFY_TOKEN_CHARS_MIN} characters or more"))
        }
        _ => None,
    }
}

/// As people write one, or as short as one.
fn is_phone_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_written_so = text.chars().all(|c| c.is_ascii_digit() || "+-()./ \u{a0}".contains(c));
    is_written_so && digits >= 7 && (digits < text.chars().count() || digits < *ID_DIGITS.start())
}

fn wrong_id(text: &str) -> Option<String> {
    if text.starts_with("EAA") {
        return Some("this is an access token; the ID has digits only".to_owned());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("a phone number ID has digits only".to_owned());
    }
    let (least, most) = ID_DIGITS.into_inner();
    (text.len() < least || text.len() > most)
        .then(|| format!("this has {} digits, and a phone number ID has {least} to {most}", text.len()))
}

fn wrong_token(text: &str) -> Option<String> {
    if is_app_secret(text) {
        return Some("this is an app secret; an access token begins with EAA and is longer".to_owned());
    }
    if text.contains('|') {
        return Some(
            "this is a token of the app; the one of a system user is wanted, which begins with EAA".to_owned(),
        );
    }
    if !text.starts_with("EAA") || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some("an access token of Meta begins with EAA and has letters and digits only".to_owned());
    }
    (text.len() < PASTED_TOKEN_CHARS_MIN)
        .then(|| "this is only a part of an access token; copy it as a whole".to_owned())
}

fn wrong_secret(text: &str) -> Option<String> {
    if text.starts_with("EAA") {
        return Some("this is an access token; the app secret stands under App settings > Basic".to_owned());
    }
    (!is_app_secret(text)).then(|| {
        let has = text.chars().count();
        format!("an app secret has {APP_SECRET_CHARS} digits and letters from a to f, and this has {has} characters")
    })
}

fn is_app_secret(text: &str) -> bool {
    text.len() == APP_SECRET_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token() -> String {
        format!("EAA{}", "a1B2".repeat(30))
    }

    #[test]
    fn what_is_right_is_taken() {
        for (key, text) in [
            ("phone_number_id", "106540352242922"),
            ("phone_number_id", "500000000000001"),
            ("access_token", token().as_str()),
            ("app_secret", "0123456789abcdefABCDEF0123456789"),
            ("verify_token", "my-own-words"),
        ] {
            assert_eq!(wrong(key, text), None, "{key}");
        }
    }

    #[test]
    fn the_commonest_mistakes_are_said() {
        let secret = "0123456789abcdef0123456789abcdef";
        for (key, text, expected) in [
            ("phone_number_id", "+1 555 123 4567", "this is the phone number"),
            ("phone_number_id", "15551234567", "this is the phone number"),
            ("phone_number_id", "(555) 123-4567", "this is the phone number"),
            ("phone_number_id", "1065403522429221234", "has 19 digits"),
            ("phone_number_id", "12", "has 2 digits"),
            ("phone_number_id", &token(), "this is an access token"),
            ("phone_number_id", "id", "digits only"),
            ("access_token", secret, "this is an app secret"),
            ("access_token", "123|abc", "a token of the app"),
            ("access_token", "EAAshort", "only a part"),
            ("access_token", &format!("{} ", token()), "space"),
            ("access_token", "Bearer", "begins with EAA"),
            ("app_secret", &token(), "this is an access token"),
            ("app_secret", &secret[1..], "this has 31 characters"),
            ("app_secret", "", "empty"),
            ("verify_token", "short", "too short"),
        ] {
            let said = wrong(key, text).unwrap_or_default();
            assert!(said.contains(expected), "{key}: {said:?}, not {expected:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_pasted_is_not_repeated(key in prop::sample::select(&KEYS[..]), text in "[^ ]{24,80}") {
            let said = wrong(key, &text).unwrap_or_default();
            prop_assert!(!said.contains(&text));
        }

        #[test]
        fn no_phone_number_is_taken_for_its_id(digits in "[1-9][0-9]{6,12}", plus in any::<bool>()) {
            let text = if plus { format!("+{digits}") } else { digits };
            prop_assert!(wrong("phone_number_id", &text).is_some());
        }
    }
}
