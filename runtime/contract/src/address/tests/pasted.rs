//! Numbers as people copy them.

use super::*;

/// One number of each kind of country, in its normal form: country code, then the rest.
const NUMBERS: [(&str, &str); 12] = [
    ("1", "2025550123"),
    ("7", "9161234567"),
    ("20", "1001234567"),
    ("39", "0612345678"),
    ("44", "2079460000"),
    ("49", "15123456789"),
    ("52", "5512345678"),
    ("54", "91123456789"),
    ("55", "11987654321"),
    ("225", "0712345678"),
    ("353", "851234567"),
    ("972", "501234567"),
];

/// What a person may paste that means `+` `country` `rest`.
fn spellings(country: &str, rest: &str) -> Vec<String> {
    let (area, line) = rest.split_at(3);
    let other_script = |zero: u32| -> String {
        let digit = |c: char| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap();
        format!("{country}{rest}").chars().map(digit).collect()
    };
    let mut all = vec![
        format!("+{country}{rest}"),
        format!("+{country} ({area}) {line}"),
        format!("+{country}.{area}.{line}"),
        format!("+{country}/{area}-{line}"),
        format!("(+{country}) {area} {line}"),
        format!("00{country} {area} {line}"),
        format!("00 {country}-{area}-{line}"),
        format!("\u{ff0b}{}", other_script(0xff10)),
        format!("+{}", other_script(0x660)),
        format!("\u{202a}+{country} {area}\u{a0}{line}\u{202c}"),
        format!("\u{200e}+{country}\u{200f} {area}{line}\u{feff}"),
        format!("tel:+{country}-{area}-{line}"),
        format!("TEL:00{country}{rest}"),
        format!("whatsapp:+{country}{rest}"),
        format!("sms:+{country}{rest}"),
        format!("https://wa.me/{country}{rest}"),
        format!("http://wa.me/+{country}{rest}/"),
        format!("wa.me/{country}{rest}?text=Hello%20there"),
        format!("https://api.whatsapp.com/send?phone={country}{rest}&text=1"),
        format!("https://api.whatsapp.com/send/?text=1&phone=%2B{country}{rest}"),
        format!("whatsapp://send?phone={country}{rest}"),
    ];
    // Every hyphen, dash and space that a page or a contact card may hold.
    let between = "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{fe63}\u{ff0d}\u{a0}\u{2007}\u{2009}\u{202f}\u{3000}\u{200b}\u{2060}\u{ad}\t";
    all.extend(between.chars().map(|mark| format!("+{country}{mark}{area}{mark}{line}")));
    if !rest.starts_with('0') {
        all.push(format!("+{country} (0) {rest}"));
        all.push(format!("+{country} (0){area} {line}"));
        all.push(format!("00{country} (0) {rest}"));
    }
    all
}

#[test]
fn a_pasted_number_is_understood_in_every_spelling_of_every_country() {
    for (country, rest) in NUMBERS {
        let expected = format!("+{country}{rest}");
        for spelling in spellings(country, rest) {
            let entry = spelling.parse::<AllowEntry>().map(|entry| entry.to_string());
            assert_eq!(entry.as_deref(), Ok(expected.as_str()), "{spelling:?}");
        }
    }
}

#[test]
fn what_a_network_hands_over_is_read_strictly() {
    for text in ["+1\u{2011}202\u{2011}5550123", "0012025550123", "tel:+12025550123", "https://wa.me/12025550123"] {
        assert!(text.parse::<Address>().is_err(), "{text:?}");
    }
    assert!(Address::phone("+4402079460000").is_ok(), "a network may know better than we do");
    assert!(Address::other("tel", "1").is_err() && Address::other("https", "//x").is_err());
}

#[test]
fn what_does_not_belong_into_a_number_is_named() {
    for (text, named) in [
        ("+1 202 555 0123 ext. 4", "e (U+0065)"),
        ("+1-800-FLOWERS", "F (U+0046)"),
        ("+1 202 555 0123;ext=4", "; (U+003B)"),
        ("+1 202 555 0123, +1 202 555 0124", ", (U+002C)"),
        ("+1+2025550123", "+ (U+002B)"),
        ("+1 202 555 O123", "O (U+004F)"),
        ("+1 202 555 0123\u{1f4de}", "(U+1F4DE)"),
        ("+1 202\u{0}555 0123", "\\0 (U+0000)"),
        ("@ana\u{200b}b", "\\u{200b} (U+200B)"),
        ("lid:1\u{2060}2", "\\u{2060} (U+2060)"),
    ] {
        let refused = text.parse::<AllowEntry>().unwrap_err().to_string();
        assert!(refused.contains(named), "{text:?}: {refused}");
    }
}

#[test]
fn a_number_that_no_country_has_is_named_with_what_may_be_meant() {
    for (text, said) in [
        (
            "+4402079460000",
            "+4402079460000 cannot be a phone number: after the country code there is no 0; write +442079460000",
        ),
        ("+49 0151 23456789", "write +4915123456789"),
        ("+7 0 9161234567", "write +79161234567"),
        ("+1 202 555 012", "+1202555012 cannot be a phone number: after the country code 1 there are ten digits"),
        ("+1 102 555 0123", "neither 0 nor 1"),
    ] {
        let refused = text.parse::<AllowEntry>().unwrap_err().to_string();
        assert!(refused.contains(said), "{text:?}: {refused}");
    }
    for link in ["https://wa.me/message/ABCDEFGH", "https://wa.me/", "https://example.org/", "tel:"] {
        let refused = link.parse::<AllowEntry>().unwrap_err().to_string();
        assert!(refused.contains("link without a phone number"), "{link:?}: {refused}");
    }
}

#[test]
fn a_line_that_networks_write_in_two_ways_is_known_in_the_other() {
    for (one, other) in
        [("+5511987654321", "+551187654321"), ("+525512345678", "+5215512345678"), ("+5491123456789", "+541123456789")]
    {
        let (one, other): (Address, Address) = (one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(other_spelling(&one).as_ref(), Some(&other));
        assert_eq!(other_spelling(&other).as_ref(), Some(&one));
        let entries = [AllowEntry::Person(one.clone())];
        assert_eq!(nearest(&other, &entries), Some((one, Likeness::SameLine)));
    }
    for land_line in ["+551133334444", "+12025550123", "+442079460000"] {
        assert_eq!(other_spelling(&land_line.parse().unwrap()), None, "{land_line}");
    }
}

#[test]
fn the_nearest_entry_is_one_slip_away_in_the_same_country() {
    let entries = ["+12025550123", "+5511987654321", "@anabel", "group:x", "*"].map(|text| text.parse().unwrap());
    let near =
        |text: &str| nearest(&text.parse().unwrap(), &entries).map(|(entry, likeness)| format!("{entry} {likeness:?}"));
    for slip in ["+12025550124", "+12025550132", "+120255501234", "+1202555012"] {
        assert_eq!(near(slip).as_deref(), Some("+12025550123 OneOff"), "{slip}");
    }
    assert_eq!(near("+551187654321").as_deref(), Some("+5511987654321 SameLine"));
    assert_eq!(near("@anabell").as_deref(), Some("@anabel OneOff"));
    for far in ["+12025550123", "+22025550123", "+12025550199", "@anna", "lid:12025550123"] {
        assert_eq!(near(far), None, "{far}");
    }
}

proptest! {
    #[test]
    fn whatever_is_typed_is_written_so_that_it_reads_the_same(
        prefix in prop::sample::select(vec!["", "+", "00", "tel:", "whatsapp:+", "https://wa.me/", "(+", "\u{202a}+"]),
        number in "[0-9\u{660}-\u{669}\u{ff10}-\u{ff19} ()./\u{2011}\u{2013}\u{a0}\u{200b}x-]{0,24}",
    ) {
        stable::<AllowEntry>(&format!("{prefix}{number}"))?;
        if let Ok(address) = Address::typed(&format!("{prefix}{number}")) {
            prop_assert_eq!(Address::typed(&address.to_string()), Ok(address.clone()));
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }
    }

    #[test]
    fn another_spelling_leads_nowhere_else(digits in "(52|54|55)[0-9]{10,11}") {
        if let Ok(address) = Address::phone(&format!("+{digits}")) && let Some(other) = other_spelling(&address) {
            prop_assert!(other_spelling(&other).is_none_or(|back| back == address), "{address} {other}");
        }
    }
}
