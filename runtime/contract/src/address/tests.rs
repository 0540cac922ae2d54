mod pasted;

use super::*;
use proptest::prelude::*;

fn check(text: &str, expected: &str) {
    let got = text.parse::<AllowEntry>().map_or_else(|e| format!("refused: {e}"), |a| a.to_string());
    assert!(got.starts_with(expected), "{text:?} gave {got:?}, expected {expected:?}");
}

#[test]
fn every_form_has_one_normal_form() {
    check("+1 (555) 123-4567", "+15551234567");
    check(" +15551234567 ", "+15551234567");
    check("lid:123456", "lid:123456");
    check("bsuid:US.Ab9", "bsuid:US.Ab9");
    check("@Ana", "@ana");
    check("telegram:7701", "telegram:7701");
    check("matrix:@Ana:example.org", "matrix:@Ana:example.org");
    check("group:1203630@g.us", "group:1203630@g.us");
    check("group: 1203630@g.us ", "group:1203630@g.us");
    check("*", "*");
}

#[test]
fn bad_forms_say_what_to_write() {
    check("15551234567", "refused: \"15551234567\" is not a phone number in E.164");
    check("+0123456789", "refused: \"+0123456789\" is not a phone number");
    check("+12345678901234567", "refused:");
    check("+1555x234567", "refused: \"+1555x234567\" holds a character that does not belong there: x (U+0078)");
    check("lid:", "refused: \"lid:\" is not complete");
    check("@", "refused:");
    check("group:", "refused:");
    check("", "refused: \"\" is not an address");
    check("everyone", "refused: \"everyone\" is not an address");
    check("telegram:", "refused: \"telegram:\" is not complete");
    check("telegram: 7701", "refused: \"telegram: 7701\" is not complete");
    check("Telegram:7701", "refused: \"Telegram:7701\" is not an address");
    check("phone:+15551234567", "refused: \"phone:+15551234567\" is not an address");
    check("username:ana", "refused: \"username:ana\" is not an address");
}

#[test]
fn an_address_knows_its_namespace_its_value_and_its_strength() {
    use Strength::{Strong, Weak};
    for (text, namespace, value, strength) in [
        ("+1 555 123 4567", Address::PHONE, "15551234567", Strong),
        ("lid:7", Address::LID, "7", Strong),
        ("bsuid:US.9", Address::BSUID, "US.9", Strong),
        ("@Ana", Address::USERNAME, "ana", Weak),
        ("email:ana@example.org", "email", "ana@example.org", Strong),
    ] {
        let address: Address = text.parse().unwrap();
        assert_eq!((address.namespace(), address.value(), address.strength()), (namespace, value, strength), "{text}");
    }
}

/// Texts whose normal form is not what it seems.
const STRANGE: [&str; 24] = [
    "@İstanbul",
    "@i̇stanbul",
    "@ß",
    "@ẞ",
    "@ﬁ",
    "@ǅ",
    "@ΑΣ",
    "@Σ",
    "@e\u{301}",
    "@\u{200f}ana",
    "@ana\u{202e}",
    "@１２３",
    "+１５５５１２３４５６７",
    "lid:１２３",
    "@@x",
    "@@",
    "",
    " ",
    "\u{feff}@ana",
    "@ana\u{3000}",
    "group: x ",
    "group:a\nb",
    "telegram:@x",
    "*",
];

/// Names that grow when they are made lower case, up to the longest.
fn long_names() -> Vec<String> {
    let mut names = vec![format!("@{}", "x".repeat(300)), format!("@{}", "x".repeat(limits::ADDRESS_BYTES_MAX))];
    names.extend(["Ⱥ", "İ"].map(|grows| format!("@{}", grows.repeat(80))));
    names
}

/// What is written reads the same again, as text and as JSON.
fn stable<T>(text: &str) -> Result<(), TestCaseError>
where
    T: FromStr<Err = AddressError> + ToString + fmt::Debug + PartialEq + Serialize + for<'a> Deserialize<'a>,
{
    let Ok(once) = text.parse::<T>() else { return Ok(()) };
    let written = once.to_string();
    prop_assert_eq!(&written.parse::<T>().unwrap(), &once);
    prop_assert_eq!(&written.parse::<T>().unwrap().to_string(), &written);
    prop_assert_eq!(&serde_json::from_str::<T>(&serde_json::to_string(&once).unwrap()).unwrap(), &once);
    Ok(())
}

/// Any text, and texts that begin as an address does.
fn texts() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec!["@", "+", "lid:", "bsuid:", "group:", "telegram:", "@@", "x-1:", " ", ""]);
    let rest = prop_oneof![any::<String>(), "[0-9 ().-]{0,20}", "\\p{L}{0,90}", "[\\p{Lt}\\p{M}\\p{N}İΣﬁ@._-]{0,20}"];
    prop_oneof![any::<String>(), (prefix, rest).prop_map(|(prefix, rest)| format!("{prefix}{rest}"))]
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_so_that_it_reads_the_same(text in texts()) {
        stable::<Address>(&text)?;
        stable::<AllowEntry>(&text)?;
    }

    #[test]
    fn whatever_a_constructor_makes_is_read_again(text in texts(), namespace in "[a-z0-9-]{1,26}") {
        let made = [
            Address::phone(&text),
            Address::lid(&text),
            Address::bsuid(&text),
            Address::username(&text),
            Address::other(&namespace, &text),
        ];
        for address in made.into_iter().flatten() {
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address.clone()));
            prop_assert_eq!(AllowEntry::read_back(&address.to_string()), Ok(AllowEntry::Person(address)));
        }
        if let Ok(chat) = ChatId::new(&text) {
            prop_assert_eq!(format!("group:{chat}").parse::<AllowEntry>(), Ok(AllowEntry::Group(chat)));
        }
    }
}

#[test]
fn strange_texts_are_stable_too() {
    for text in STRANGE.into_iter().map(str::to_owned).chain(long_names()) {
        stable::<Address>(&text).unwrap();
        stable::<AllowEntry>(&text).unwrap();
    }
    assert_eq!("@İstanbul".parse::<Address>().unwrap().to_string(), "@i\u{307}stanbul");
    assert!(long_names()[2..].iter().all(|name| name.parse::<Address>().is_ok()), "they were accepted once");
    assert!(format!("@{}", "x".repeat(300)).parse::<Address>().is_err());
}

/// Making a name lower case must neither be undone nor bring in what the check refuses.
#[test]
fn every_letter_of_a_name_has_a_lower_case_that_a_name_may_hold() {
    for letter in ('\0'..=char::MAX).filter(|c| is_of_name(*c)) {
        let name = Address::username(&letter.to_string()).unwrap();
        assert_eq!(name.to_string().parse::<Address>(), Ok(name), "{letter:?}");
    }
}

#[test]
fn an_entry_that_was_stored_stays_readable() {
    let impossible = "+4402079460000";
    for text in ["group: 1203630@g.us", "group:a\tb", "group:x ", "@i\u{307}x", "+15551234567", impossible, "*"] {
        assert_eq!(AllowEntry::read_back(text).unwrap().to_string(), text);
    }
}
