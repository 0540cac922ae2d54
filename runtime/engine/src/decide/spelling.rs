//! One number, written in two ways. Pure.
//!
//! Some countries changed how their mobile numbers are written, and WhatsApp names some people by the old form: Brazil
//! put a 9 before them, Mexico dropped a 1, and Argentina's carry a 9 in international form only. Both forms reach the
//! same person, as the numbering plans have it, so an entry in one form is meant for the other too.

use greenroom_contract::address::Address;

/// The other ways in which a phone number is written; none for most countries and for anything but a phone number.
pub(crate) fn spellings(address: &Address) -> Vec<Address> {
    if address.namespace() != Address::PHONE {
        return Vec::new();
    }
    let others = other_digits(address.value());
    others.into_iter().filter_map(|digits| Address::phone(&format!("+{digits}")).ok()).collect()
}

fn other_digits(digits: &str) -> Option<String> {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let rest = |from: usize| digits.get(from..).unwrap_or_default();
    match (part(0, 2), digits.len()) {
        // Two digits of an area, then a mobile number, whose old form begins with 6 to 9.
        ("55", 12) if matches!(part(4, 5), "6" | "7" | "8" | "9") => Some(format!("{}9{}", part(0, 4), rest(4))),
        ("55", 13) if part(4, 5) == "9" && matches!(part(5, 6), "6" | "7" | "8" | "9") => {
            Some(format!("{}{}", part(0, 4), rest(5)))
        }
        ("52", 12) => Some(format!("521{}", rest(2))),
        ("52", 13) if part(2, 3) == "1" => Some(format!("52{}", rest(3))),
        // Areas of Argentina begin with 1 to 3.
        ("54", 12) if matches!(part(2, 3), "1" | "2" | "3") => Some(format!("549{}", rest(2))),
        ("54", 13) if part(2, 3) == "9" && matches!(part(3, 4), "1" | "2" | "3") => Some(format!("54{}", rest(3))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_spellings_name_each_other_and_no_one_else() {
        for (one, other) in [
            ("5511987654321", "551187654321"),
            ("5521961234567", "552161234567"),
            ("5215512345678", "525512345678"),
            ("5491112345678", "541112345678"),
        ] {
            assert_eq!(other_digits(one).as_deref(), Some(other));
            assert_eq!(other_digits(other).as_deref(), Some(one));
        }
        // A landline of Brazil, a short one of Mexico, other countries.
        for alone in ["551132345678", "5511932345678", "52551234567", "15551234567", "5511", "491701234567"] {
            assert_eq!(other_digits(alone), None, "{alone}");
        }
        assert!(spellings(&"lid:551187654321".parse().unwrap()).is_empty());
    }

    proptest! {
        #[test]
        fn the_other_spelling_of_the_other_is_the_first(digits in "(55|52|54|[1-9])[0-9]{7,12}") {
            if let Some(other) = other_digits(&digits) {
                prop_assert_eq!(other_digits(&other), Some(digits));
            }
        }
    }
}
