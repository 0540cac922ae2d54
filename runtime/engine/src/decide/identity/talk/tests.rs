use super::*;
use crate::decide::house_texts::{ENGLISH, LANGUAGES};
use crate::decide::identity::words::heard;
use greenroom_contract::ids::{IdentityId, PersonId};
use greenroom_contract::store::{Evidence, PersonLink};
use greenroom_contract::time::Timestamp;
use proptest::prelude::*;
use std::time::Duration;

const SECRET: &[u8] = b"a secret of some length";

fn moment(seconds: u64) -> Moment {
    let at = Timestamp(1_000_000_000).plus(Duration::from_secs(seconds));
    Moment { wall: at, steady: at, run: Timestamp(1) }
}

fn addresses(texts: &[&str]) -> Vec<Address> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A person, as the store would keep them between two messages.
struct Someone {
    person: Person,
    addresses: Vec<Address>,
    seconds: u64,
    random: u64,
    codes_left: usize,
}

impl Someone {
    fn new(addresses: &[Address]) -> Self {
        let person = Person {
            id: PersonId(1),
            addresses: addresses.to_vec(),
            name: Some("Ana".to_owned()),
            email: None,
            links: Vec::new(),
            linking_notes: None,
        };
        Self { person, addresses: addresses.to_vec(), seconds: 0, random: 12_345_678, codes_left: 100 }
    }

    fn ana() -> Self {
        Self::new(&addresses(&["+15550000001", "lid:1"]))
    }

    fn says(&mut self, text: &str) -> Option<Said> {
        let now = moment(self.seconds);
        let notes = Notes::of(self.person.linking_notes.as_ref()).at(&now);
        let talk = Talk {
            person: &self.person,
            addresses: &self.addresses,
            notes,
            says: &ENGLISH.linking,
            secret: SECRET,
            random: [self.random, 7],
            now,
        };
        let codes_left = &mut self.codes_left;
        let said = talk.answer(&heard(text), |_| {
            let may = *codes_left > 0;
            *codes_left = codes_left.saturating_sub(1);
            may
        })?;
        self.person.linking_notes = Some(said.notes.stored());
        match &said.links {
            Some(LinkChange::Proved { email, by }) => self.person.links.push(PersonLink {
                number: 1,
                email: email.clone(),
                identity: IdentityId(9),
                evidence: Evidence::Code,
                at: now.wall,
                proved_by: by.clone(),
            }),
            Some(_) => self.person.links.clear(),
            None => {}
        }
        Some(said)
    }

    fn words(&mut self, text: &str) -> String {
        self.says(text).map(|said| said.words).unwrap_or_default()
    }
}

#[test]
fn an_address_and_its_code_link_a_person() {
    let mut ana = Someone::ana();
    assert_eq!(ana.words("Link my account"), ENGLISH.linking.ask_email);
    let sent = ana.says("Ana@Example.org").unwrap();
    assert!(sent.words.contains("ana@example.org") && !sent.words.contains("12345678"), "{}", sent.words);
    let mail = sent.mail.unwrap();
    assert_eq!(mail.to.as_str(), "ana@example.org");
    assert!(mail.text.contains("12345678") && mail.subject.contains("12345678"));
    let linked = ana.says("1234 5678").unwrap();
    let Some(LinkChange::Proved { email, by }) = linked.links else { panic!("{linked:?}") };
    assert_eq!((email.as_str(), by), ("ana@example.org", addresses(&["+15550000001", "lid:1"])));
    let known = ana.words("who am i?");
    assert_eq!(known, "You are Ana.\nI know you by: +15550000001, lid:1\nLinked e-mail address: ana@example.org");
    assert_eq!(ana.words("12345678"), "", "a code works once");
    assert_eq!(ana.words("unlink"), ENGLISH.linking.unlinked);
    assert_eq!(ana.words("unlink"), ENGLISH.linking.not_linked);
}

#[test]
fn what_was_not_asked_for_is_for_the_assistant() {
    let mut ana = Someone::ana();
    for words in ["hello", "ana@example.org", "12345678", "ana@example", "cancel"] {
        assert_eq!(ana.says(words), None, "{words}");
    }
    ana.says("link my account");
    assert_eq!(ana.says("what is the weather?"), None, "one may talk meanwhile");
    assert_eq!(ana.words("ana@example"), ENGLISH.linking.not_an_email);
    ana.says("ana@example.org");
    assert_eq!(ana.says("hello"), None);
    assert_eq!(ana.words("cancel"), ENGLISH.linking.cancelled);
    assert_eq!(ana.says("12345678"), None, "nothing is open");
}

#[test]
fn a_question_and_a_code_grow_old() {
    let mut ana = Someone::ana();
    ana.says("link my account");
    ana.seconds = 15 * 60 + 1;
    assert_eq!(ana.says("ana@example.org"), None, "words are words then");
    ana.says("link my account");
    ana.says("ana@example.org");
    ana.seconds += 10 * 60 + 1;
    assert_eq!(ana.words("12345678"), ENGLISH.linking.code_expired);
    assert!(ana.person.links.is_empty());
}

#[test]
fn wrong_codes_end_and_another_address_gets_another_code() {
    let mut ana = Someone::ana();
    ana.says("link my account");
    ana.says("ana@example.org");
    for left in [4, 3, 2, 1] {
        assert!(ana.words("00000000").ends_with(&format!("{left}.")));
    }
    assert_eq!(ana.words("00000000"), ENGLISH.linking.too_many_tries);
    assert_eq!(ana.says("12345678"), None);
    ana.says("link my account");
    ana.says("typo@example.org");
    ana.random = 87_654_321;
    assert_eq!(ana.says("ana@example.org").unwrap().mail.unwrap().to.as_str(), "ana@example.org");
    assert!(ana.words("12345678").starts_with("That is not the code"), "the code of before counts no more");
    assert!(ana.says("87654321").unwrap().links.is_some());
}

#[test]
fn codes_are_bounded_with_the_person_and_by_the_book() {
    let mut ana = Someone::ana();
    ana.says("link my account");
    for _ in 0..limits::CODES_PER_PERSON_MAX {
        assert!(ana.says("ana@example.org").unwrap().mail.is_some());
    }
    let refused = ana.says("ana@example.org").unwrap();
    assert_eq!((refused.words.as_str(), refused.mail), (ENGLISH.linking.too_many_codes, None));
    let mut ben = Someone::ana();
    ben.codes_left = 0;
    ben.says("link my account");
    assert_eq!(ben.says("ana@example.org").unwrap().mail, None);
}

#[test]
fn whoever_has_the_number_now_learns_nothing_of_the_one_before() {
    let mut ana = Someone::ana();
    for text in ["link my account", "ana@example.org", "12345678"] {
        ana.says(text);
    }
    ana.addresses = addresses(&["+15550000001", "lid:2"]);
    assert!(!ana.words("who am i").contains("example"));
    assert_eq!(ana.words("unlink"), ENGLISH.linking.not_linked);
    assert_eq!(ana.person.links.len(), 1);
    ana.addresses = addresses(&["@ana"]);
    assert_eq!(ana.says("link my account"), None, "a name that may change hands proves nothing");
}

#[test]
fn to_be_forgotten_is_asked_twice_and_keeps_the_bound_on_codes() {
    let mut ana = Someone::ana();
    for text in ["link my account", "ana@example.org", "12345678"] {
        ana.says(text);
    }
    assert_eq!(ana.words("forget me"), ENGLISH.linking.ask_forget);
    let forgotten = ana.says("forget me").unwrap();
    assert!(forgotten.forget && forgotten.links == Some(LinkChange::Forgotten));
    assert_eq!(forgotten.notes.codes.len(), 1);
    assert_eq!(ana.words("forget me"), ENGLISH.linking.ask_forget);
    ana.seconds = 15 * 60 + 1;
    assert_eq!(ana.words("forget me"), ENGLISH.linking.ask_forget, "it is asked anew after a while");
}

/// Whether an address is known must not show: neither in words nor in what is remembered.
#[test]
fn an_address_that_is_known_gets_the_same_answer() {
    let (mut known, mut unknown) = (Someone::ana(), Someone::ana());
    for text in ["link my account", "ana@example.org", "12345678", "link my account"] {
        known.says(text);
    }
    unknown.says("link my account");
    assert_eq!(known.words("ana@example.org"), unknown.words("ana@example.org"));
}

#[test]
fn mail_is_written_in_the_language_of_the_person() {
    for (tag, texts) in LANGUAGES {
        let said = &texts.linking;
        assert!(said.mail_text.contains(CODE) && said.mail_subject.contains(CODE), "{tag}");
    }
}

proptest! {
    /// Whatever is said: without the code of a mail that went to the very address, no one is linked with it.
    #[test]
    fn no_one_is_linked_without_the_code(
        moves in proptest::collection::vec((0_usize..9, 0_u64..1_200, any::<u32>()), 1..60),
    ) {
        let mut ana = Someone::ana();
        let mut mailed: Vec<(EmailAddress, String)> = Vec::new();
        for (what, pause, random) in moves {
            ana.seconds += pause;
            ana.random = u64::from(random) % 100_000_000;
            let last = mailed.last().map_or_else(|| "00000000".to_owned(), |(_, code)| code.clone());
            let text = match what {
                0 => "link my account".to_owned(),
                1 => "ana@example.org".to_owned(),
                2 => "ben@example.org".to_owned(),
                3 => "99999999".to_owned(),
                4 => last,
                5 => "cancel".to_owned(),
                6 => "forget me".to_owned(),
                7 => mailed.first().map_or_else(String::new, |(_, code)| code.clone()),
                _ => "unlink".to_owned(),
            };
            let before = mailed.last().cloned();
            let Some(said) = ana.says(&text) else { continue };
            if let Some(LinkChange::Proved { email, .. }) = &said.links {
                prop_assert_eq!(Some((email.clone(), text)), before, "only the last code, for its own address");
            }
            if let Some(mail) = said.mail {
                let code = mail.subject.chars().filter(char::is_ascii_digit).collect();
                mailed.push((mail.to, code));
            }
            prop_assert!(said.notes.codes.len() <= limits::CODES_PER_PERSON_MAX);
            prop_assert!(said.notes.stored().len() <= limits::LINKING_NOTES_BYTES_MAX);
        }
    }
}
