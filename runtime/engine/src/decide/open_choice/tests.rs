use super::*;
use proptest::prelude::*;
use std::time::Duration;

const ROW: Sequence = Sequence(7);
const LATER: Sequence = Sequence(20);
const IT: Answers = Answers::Ours { row: ROW, part: 1 };

fn at(hours: u64) -> Asked {
    let moment = Timestamp(0).plus(Duration::from_secs(hours * 3600));
    Asked { wall: moment, steady: moment, run: Timestamp(0) }
}

fn open(titles: &[&str]) -> OpenQuestion {
    let options = titles.iter().enumerate().map(|(at, title)| Choice::new(format!("id-{at}"), *title)).collect();
    OpenQuestion::new(Question { options, parts: 1..3 }, ROW, Sequence(9), at(0))
}

fn sizes() -> OpenQuestion {
    open(&["Small", "Extra  Large", "Größe L", "ひとつ"])
}

/// The number of the option that is chosen in a direct chat, in answer to nothing in particular; 0 if none is.
fn chosen(question: &OpenQuestion, words: &str) -> usize {
    question.chosen(words, LATER, Answers::Nothing, false, &at(1)).map_or(0, |chosen| chosen.number)
}

#[test]
fn a_number_or_a_title_is_an_answer_and_nothing_else_is() {
    for (words, number) in [
        ("2", 2),
        (" 2 ", 2),
        ("2.", 2),
        ("2)", 2),
        ("(2)", 2),
        ("#2", 2),
        ("02", 2),
        ("２", 2),
        ("٢", 2),
        ("२", 2),
        ("2\u{fe0f}\u{20e3}", 2),
        ("small", 1),
        ("  SMALL\n", 1),
        ("extra large", 2),
        ("GRÖSSE L", 3),
        ("Gro\u{308}ße l", 3),
        ("ひとつ", 4),
        ("", 0),
        ("0", 0),
        ("5", 0),
        ("-2", 0),
        ("2 please", 0),
        ("2.5", 0),
        ("1 2", 0),
        ("two", 0),
        ("small one", 0),
        ("99999999999999999999", 0),
        ("²", 0),
        (".", 0),
    ] {
        assert_eq!(chosen(&sizes(), words), number, "{words:?}");
    }
}

#[test]
fn two_options_with_one_title_are_chosen_by_their_numbers() {
    let twins = open(&["Tea", "tea"]);
    assert_eq!([chosen(&twins, "tea"), chosen(&twins, "1"), chosen(&twins, "2")], [0, 1, 2]);
}

#[test]
fn where_an_option_is_a_number_numbers_are_titles() {
    let how_many = open(&["2", "4", "more"]);
    assert_eq!(["2", "4", "٤", "more", "1", "3"].map(|words| chosen(&how_many, words)), [1, 2, 0, 3, 0, 0]);
}

#[test]
fn a_number_is_no_answer_once_something_else_was_said() {
    let passed = sizes().passed_over().unwrap();
    assert_eq!([chosen(&passed, "2"), chosen(&passed, "small")], [0, 1]);
    let quoting = passed.chosen("2", LATER, IT, false, &at(1));
    assert_eq!(quoting.map(|chosen| chosen.number), Some(2), "it visibly answers the question");
    assert_eq!(passed.passed_over(), None);
}

#[test]
fn a_visible_answer_to_another_message_is_none_to_the_question() {
    let question = sizes();
    let number = |answers, in_group| question.chosen("2", LATER, answers, in_group, &at(1)).map(|chosen| chosen.number);
    for in_group in [false, true] {
        assert_eq!(number(IT, in_group), Some(2));
        assert_eq!(number(Answers::Other, in_group), None);
        assert_eq!(number(Answers::Ours { row: ROW, part: 0 }, in_group), None, "what was said beside it");
        assert_eq!(number(Answers::Ours { row: ROW, part: 3 }, in_group), None, "what was said behind it");
        assert_eq!(number(Answers::Ours { row: Sequence(8), part: 1 }, in_group), None, "another turn");
    }
    assert_eq!(number(Answers::Nothing, true), None, "talk of a group");
}

#[test]
fn what_was_written_before_the_question_is_no_answer() {
    let question = sizes();
    let number = |row| question.chosen("2", Sequence(row), Answers::Nothing, false, &at(1)).map(|chosen| chosen.number);
    assert_eq!([number(8), number(9), number(10)], [None, None, Some(2)]);
}

#[test]
fn a_question_is_open_for_a_day_whatever_the_clock_does() {
    let question = sizes();
    let answered = |now: Asked| question.chosen("2", LATER, Answers::Nothing, false, &now).is_some();
    assert!(answered(at(24)) && !answered(at(25)));
    // The clock on the wall was moved while the program ran.
    assert!(answered(Asked { wall: at(1_000).wall, ..at(1) }));
    assert!(!answered(Asked { wall: at(0).wall, ..at(25) }));
    // In another run only that clock can tell.
    let run = Timestamp(5);
    assert!(answered(Asked { run, steady: at(90).steady, ..at(24) }));
    assert!(!answered(Asked { run, steady: at(1).steady, ..at(25) }));
}

#[test]
fn what_another_component_wrote_down_is_no_question() {
    let question = sizes();
    assert_eq!(OpenQuestion::of(&question.stored().unwrap()), Some(question));
    assert_eq!(OpenQuestion::of(&OpenChoice("tea or coffee".into())), None);
    let large = open(&["x".repeat(limits::OPEN_CHOICE_BYTES_MAX).as_str()]);
    assert_eq!(large.stored(), None);
}

proptest! {
    #[test]
    fn every_option_is_chosen_by_its_number_and_by_its_title(
        titles in proptest::collection::hash_set("[a-zA-ZäÖßéñ字 ]{1,12}", 1..20), at in any::<prop::sample::Index>(),
    ) {
        // Titles that differ in their case only are one title.
        let mut seen = std::collections::HashSet::new();
        let titles: Vec<&str> = titles.iter().map(String::as_str)
            .filter(|title| !title.trim().is_empty() && seen.insert(folded(title))).collect();
        prop_assume!(!titles.is_empty());
        let question = open(&titles);
        let place = at.index(titles.len());
        let title = titles[place];
        for words in [format!("{}", place + 1), format!(" {}. ", place + 1), title.to_owned(), title.to_uppercase(), title.to_lowercase()] {
            prop_assert_eq!(chosen(&question, &words), place + 1, "{:?}", words);
        }
    }

    #[test]
    fn other_words_stay_words(words in any::<String>()) {
        let question = sizes();
        if let Some(chosen) = question.chosen(&words, LATER, Answers::Nothing, false, &at(1)) {
            let is_number = words.chars().filter(|c| c.is_numeric()).count() > 0;
            prop_assert!(is_number || folded(&words) == folded(&chosen.title), "{words:?}");
        }
    }
}
