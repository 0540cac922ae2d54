//! Phone numbers as people copy them: from a contact card, a web page, a link, another alphabet.
//!
//! Only what a person typed or pasted is read so generously. What a network hands over is in one form, or it is wrong.

use super::{Address, AddressError};
use std::borrow::Cow;

/// An entry as it was pasted, in the form that [`Address`] reads. What does not look like a number stays as it is.
pub(super) fn plain(text: &str) -> Result<Cow<'_, str>, AddressError> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    if let Some(number) = of_link(text)? {
        return number_of(text, &number, Country::Known).map(Cow::Owned);
    }
    match text.chars().find(|c| !is_invisible(*c) && !"([（".contains(*c)) {
        Some(first) if is_plus(first) || (digit(first).is_some() && !is_name(text)) => {
            number_of(text, text, Country::MustBeSaid).map(Cow::Owned)
        }
        _ => match text.chars().find(|c| is_invisible(*c)) {
            Some(character) => Err(strange(text, character)),
            None => Ok(Cow::Borrowed(text)),
        },
    }
}

/// Whether the country code may be missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Country {
    /// A link holds the digits of an international number, without `+`.
    Known,
    /// Digits alone could be a number of any country.
    MustBeSaid,
}

/// The schemes in which numbers are handed around; `tel:` and the like are names of no network.
pub(super) const SCHEMES: [&str; 5] = ["tel", "sms", "whatsapp", "http", "https"];

/// The number within a link, if it is one.
fn of_link(text: &str) -> Result<Option<String>, AddressError> {
    let lower = text.to_ascii_lowercase();
    let without_scheme = ["https://", "http://", "whatsapp://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
    let link = without_scheme.unwrap_or(&lower);
    let link = link.strip_prefix("www.").unwrap_or(link);
    let number = if let Some(rest) = link.strip_prefix("wa.me/") {
        Some(rest.split(['?', '#', '/']).next().unwrap_or_default())
    } else if link.starts_with("api.whatsapp.com/send") || link.starts_with("send?") || link.starts_with("send/?") {
        link.split(['?', '&', '#']).find_map(|part| part.strip_prefix("phone="))
    } else if without_scheme.is_some() {
        None
    } else {
        let simple = ["tel:", "sms:", "whatsapp:"].iter().find_map(|scheme| lower.strip_prefix(scheme));
        let Some(number) = simple else { return Ok(None) };
        Some(number)
    };
    let number = number.map(|number| number.replace("%2b", "+").replace("%20", " "));
    let has_digits = |number: &String| number.chars().any(|c| digit(c).is_some());
    number.filter(has_digits).map(Some).ok_or_else(|| AddressError::Link(text.to_owned()))
}

/// `+` and the digits of a number, or which character does not belong there.
fn number_of(text: &str, number: &str, country: Country) -> Result<String, AddressError> {
    let (mut digits, mut plus) = (String::with_capacity(16), false);
    let mut rest = number.trim();
    while let Some(c) = rest.chars().next() {
        // The 0 that is dialled inside the country only.
        if let Some(after) = trunk_zero(rest)
            && (plus || digits.starts_with("00"))
        {
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if let Some(digit) = digit(c) {
            digits.push(digit);
        } else if is_plus(c) && !plus && digits.is_empty() {
            plus = true;
        } else if !is_invisible(c) && !is_separator(c) {
            return Err(strange(text, c));
        }
    }
    if !plus {
        // What is dialled before the country code in most countries.
        match digits.strip_prefix("00") {
            Some(international) => digits = international.to_owned(),
            None if country == Country::MustBeSaid => return Err(AddressError::Phone(text.to_owned())),
            None => {}
        }
    }
    Ok(format!("+{digits}"))
}

/// What follows a `(0)`.
fn trunk_zero(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix(['(', '（', '['])?.trim_start();
    let mut inner = inner.chars();
    (digit(inner.next()?) == Some('0')).then_some(())?;
    inner.as_str().trim_start().strip_prefix([')', '）', ']'])
}

fn strange(text: &str, character: char) -> AddressError {
    AddressError::Character { text: text.to_owned(), character }
}

/// Whether a text that begins with a digit is the address of a network, such as `1x:7`.
fn is_name(text: &str) -> bool {
    text.contains(':')
}

/// A digit of any script that phones write numbers in, as `0` to `9`.
fn digit(c: char) -> Option<char> {
    const ZEROS: [char; 12] = [
        '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
        '\u{e50}', '\u{ff10}',
    ];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10)?;
        char::from_digit(value, 10)
    })
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{207a}' | '\u{fe62}' | '\u{ff0b}')
}

/// What stands between the digits of a number: spaces, dots, slashes, brackets, and hyphens and dashes of every kind.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{b7}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0e}' | '\u{ff0f}'
        )
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// What is not seen, and comes along when a number is copied: marks of direction, of joining and of width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

/// The number as a person may have written it, if it can be one; an error names what is wrong with it.
pub(super) fn address(text: &str) -> Result<Address, AddressError> {
    let address: Address = plain(text)?.parse()?;
    super::plan::possible(&address)?;
    Ok(address)
}
