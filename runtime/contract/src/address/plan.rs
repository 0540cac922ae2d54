//! What the numbering plans of countries say about a number, as far as it helps the person who typed it.
//!
//! A few rules instead of a library with the plans of all countries: what must be told here is a number that no country
//! has, and the three countries whose numbers the networks write in two ways.

use super::{Address, AddressError, AllowEntry};

/// Whether any country may have this number. What is not a number is.
pub(super) fn possible(address: &Address) -> Result<(), AddressError> {
    let Some(digits) = number(address) else { return Ok(()) };
    let impossible = |reason: &'static str, instead: String| {
        Err(AddressError::Impossible { number: address.to_string(), reason, instead })
    };
    let (country, national) = digits.split_at(country_code(digits).len());
    if national.starts_with('0') && !ZERO_STAYS.contains(&country) {
        let instead = format!("+{country}{}", national.trim_start_matches('0'));
        return impossible("after the country code there is no 0", instead);
    }
    if country == "1" && (digits.len() != 11 || national.starts_with(['0', '1'])) {
        let reason = "after the country code 1 there are ten digits, and the first of them is neither 0 nor 1";
        return impossible(reason, "+15551234567, for example".to_owned());
    }
    Ok(())
}

/// The entry that may have been meant by an address that none of them names, and how alike they are.
pub fn nearest<'a>(wanted: &Address, entries: impl IntoIterator<Item = &'a AllowEntry>) -> Option<(Address, Likeness)> {
    let likeness = |entry: &AllowEntry| match entry {
        AllowEntry::Person(address) => Some((address.clone(), alike(wanted, address)?)),
        AllowEntry::Group(_) | AllowEntry::Everybody => None,
    };
    entries.into_iter().filter_map(likeness).min_by_key(|(_, likeness)| *likeness)
}

/// How alike two addresses are that are not the same, the most alike first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// One line, written in the two ways that its country has.
    SameLine,
    /// One digit or letter is different, missing, added, or changed places with its neighbour.
    OneOff,
}

impl Likeness {
    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::SameLine => "the same number in the other way of writing it",
            Self::OneOff => "it differs in one place",
        }
    }
}

fn alike(a: &Address, b: &Address) -> Option<Likeness> {
    if a == b || a.namespace() != b.namespace() {
        return None;
    }
    if let (Some(one), Some(other)) = (number(a), number(b)) {
        if other_spelling_of(one).as_deref() == Some(other) || other_spelling_of(other).as_deref() == Some(one) {
            return Some(Likeness::SameLine);
        }
        if country_code(one) != country_code(other) {
            return None;
        }
    }
    one_off(a.value(), b.value()).then_some(Likeness::OneOff)
}

/// The other way in which networks write the number of this line, if its country has two.
///
/// | country | written as | and as |
/// |---|---|---|
/// | Brazil | `+55 AA 9XXXXXXXX`, as it is dialled today | `+55 AA XXXXXXXX`, as it was before 2016 |
/// | Mexico | `+52 AAXXXXXXXX`, as it is dialled since 2019 | `+52 1 AAXXXXXXXX`, as it was for mobile phones |
/// | Argentina | `+54 9 AAXXXXXXXX`, a mobile phone as it is dialled from abroad | `+54 AAXXXXXXXX` |
pub fn other_spelling(address: &Address) -> Option<Address> {
    let value = other_spelling_of(number(address)?)?;
    Address::phone(&format!("+{value}")).ok()
}

fn other_spelling_of(digits: &str) -> Option<String> {
    let (country, national) = digits.split_at_checked(2)?;
    let national = match (country, national.len()) {
        ("55", 11) if national[2..].starts_with('9') => format!("{}{}", &national[..2], &national[3..]),
        // Mobile numbers began with 6 to 9 when they had eight digits; others are of the land line.
        ("55", 10) if national[2..].starts_with(['6', '7', '8', '9']) => {
            format!("{}9{}", &national[..2], &national[2..])
        }
        ("52", 11) if national.starts_with('1') => national[1..].to_owned(),
        ("52", 10) => format!("1{national}"),
        ("54", 11) if national.starts_with('9') => national[1..].to_owned(),
        ("54", 10) if !national.starts_with('9') => format!("9{national}"),
        _ => return None,
    };
    Some(format!("{country}{national}"))
}

fn number(address: &Address) -> Option<&str> {
    (address.namespace() == Address::PHONE).then(|| address.value())
}

/// Countries, and parts of networks, where the number after the country code may begin with 0.
const ZERO_STAYS: [&str; 11] = ["39", "225", "229", "241", "242", "378", "379", "800", "870", "881", "979"];

/// The country codes with two digits; those with one are 1 and 7, and all others have three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];

fn country_code(digits: &str) -> &str {
    let length = match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        _ if digits.get(..2).is_some_and(|two| TWO_DIGITS.contains(&two)) => 2,
        _ => 3,
    };
    digits.get(..length).unwrap_or(digits)
}

/// Whether one character makes the difference, or two neighbours changed places.
fn one_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let same_before = short.iter().zip(long).take_while(|(one, other)| one == other).count();
    let same_behind = short.iter().rev().zip(long.iter().rev()).take_while(|(one, other)| one == other).count();
    match long.len() - short.len() {
        0 => {
            let left = short.len().saturating_sub(same_before + same_behind);
            let changed_places =
                left == 2 && short[same_before] == long[same_before + 1] && short[same_before + 1] == long[same_before];
            left == 1 || changed_places
        }
        1 => same_before + same_behind >= short.len(),
        _ => false,
    }
}
