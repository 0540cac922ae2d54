use super::*;
use proptest::prelude::*;

fn slot(keys: &str) -> Slot {
    toml::from_str(&format!("name = \"a\"\nask = \"?\"\n{keys}")).unwrap()
}

fn read(keys: &str, words: &str) -> String {
    let (understood, titles) = (Understood::default(), ["Small".to_owned(), "Large".to_owned()]);
    let with = Reading { understood: &understood, titles: &titles, today: Date::constant(2026, 11, 28) };
    match slot(keys).read(Said { words, tapped: None, phone: None }, &with) {
        Ok(answer) => answer.unwrap_or_else(|| "left out".to_owned()),
        Err(wrong) => wrong,
    }
}

#[test]
fn answers_are_read_by_their_kind() {
    for (keys, said, expected) in [
        ("", " two words ", "two words"),
        ("", "\u{200b}", "Please answer in words."),
        ("min = 3", "ab", "Please write 3 characters or more."),
        ("max = 3", "abcd", "That is too long. Please write 3 characters at most."),
        ("kind = \"number\"", "2,50", "2.5"),
        ("kind = \"number\"", "inf", "Please write a number, such as 2 or 2.5."),
        ("kind = \"number\"\nwhole = true", "2.0", "2"),
        ("kind = \"number\"\nwhole = true", "2.5", "Please write a whole number, such as 2."),
        ("kind = \"number\"\nmin = 1\nmax = 9", "10", "Please write a number from 1 to 9."),
        ("kind = \"number\"\nmin = 1", "0", "Please write a number of 1 or more."),
        ("kind = \"number\"\nmax = 1", "2", "Please write a number of 1 or less."),
        ("kind = \"date\"", "tomorrow", "2026-11-29"),
        ("kind = \"date\"", "soon", "Please write a date, such as 2026-12-24 or 24.12.2026."),
        ("kind = \"date\"\nmin = \"today\"", "27.11.2026", "Please choose a day from 2026-11-28 on."),
        ("kind = \"date\"\nmax = \"2026-12-24\"", "2026-12-25", "Please choose a day up to 2026-12-24."),
        ("kind = \"email\"", "ana@mail.example.com", "ana@mail.example.com"),
        ("kind = \"email\"", "ana@localhost", "Please write an email address, such as ana@example.com."),
        ("kind = \"email\"", "a b@example.com", "Please write an email address, such as ana@example.com."),
        ("kind = \"phone\"", "+1 555 123 45 67", "+15551234567"),
        ("kind = \"phone\"", "@ana", "Please write a phone number with its country code, such as +15551234567."),
        ("kind = \"phone\"\ncountry = \"+41\"", "079 123 45 67", "+41791234567"),
        ("kind = \"choice\"\noptions = [\"Small\", \"Large\"]", "large!", "Large"),
        ("kind = \"choice\"\noptions = [\"Small\", { title = \"Large\", value = \"l\" }]", "2", "l"),
        ("kind = \"choice\"\noptions = [\"Small\", \"Large\"]", "3", "Please choose one of these."),
        ("kind = \"yes_no\"", "OK", "Yes"),
        ("kind = \"yes_no\"", "2", "No"),
        ("kind = \"yes_no\"", "perhaps", "Please answer with yes or no."),
        ("kind = \"email\"\noptional = true", "skip", "left out"),
    ] {
        assert_eq!(read(keys, said), expected, "{keys} {said}");
    }
}

#[test]
fn a_number_of_a_contact_is_a_phone_number() {
    let (understood, titles) = (Understood::default(), []);
    let with = Reading { understood: &understood, titles: &titles, today: Date::constant(2026, 11, 28) };
    let said = Said { words: "", tapped: None, phone: Some("+1 555 1234567") };
    assert_eq!(slot("kind = \"phone\"").read(said, &with), Ok(Some("+15551234567".to_owned())));
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_each_that_counts_is_short(
        kind in prop::sample::select(vec!["text", "number", "date", "email", "phone", "choice", "yes_no"]),
        said in any::<String>(),
        times in 1_usize..50,
    ) {
        let answer = read(&format!("kind = \"{kind}\""), &said.repeat(times));
        prop_assert!(answer.chars().count() <= limits::ANSWER_CHARS_MAX);
    }
}
