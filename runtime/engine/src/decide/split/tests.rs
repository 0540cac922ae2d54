use super::*;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

fn check(text: &str, chars_max: usize, expected: &[&str]) {
    assert_eq!(split_text(text, chars_max), expected, "{text:?} at {chars_max}");
}

#[test]
fn a_short_text_is_left_alone_and_a_blank_one_is_nothing() {
    check("hello", 10, &["hello"]);
    check("  \n ", 10, &[]);
    check("```\nleft open", 20, &["```\nleft open"]);
}

#[test]
fn it_is_cut_between_paragraphs_then_lines_then_sentences_then_words() {
    check("one two\n\nthree four", 14, &["one two", "three four"]);
    check("one two\nthree four", 14, &["one two", "three four"]);
    check("One two. Three four", 14, &["One two.", "Three four"]);
    check("one two three four", 14, &["one two three", "four"]);
    check("onetwothreefour", 10, &["onetwothre", "efour"]);
    check("ääääöööö", 4, &["ääää", "öööö"]);
}

#[test]
fn what_is_read_as_one_character_stays_whole() {
    check("👩‍👩‍👧👩‍👩‍👧", 8, &["👩‍👩‍👧", "👩‍👩‍👧"]);
    check("🇨🇭🇦🇹🇩🇪", 3, &["🇨🇭", "🇦🇹", "🇩🇪"]);
    check("e\u{301}e\u{301}", 3, &["e\u{301}", "e\u{301}"]);
    // One that is longer than a message is cut all the same.
    assert_eq!(split_text(&format!("e{}", "\u{301}".repeat(30)), 10).len(), 4);
}

#[test]
fn a_link_moves_whole_unless_it_is_longer_than_a_message() {
    let link = "https://example.com/a/long/path?with=a&question";
    check(&format!("see {link} now"), 50, &["see", link, "now"]);
    check(&format!("see ({link})"), 50, &["see", &format!("({link})")]);
    // Without a space, as in Chinese.
    check(&format!("请看{link}。谢谢"), 48, &["请看", &format!("{link}。"), "谢谢"]);
    let parts = split_text(link, 20);
    assert_eq!((parts.len(), parts.concat().as_str()), (3, link));
}

#[test]
fn a_code_block_is_closed_and_opened_again() {
    let code = "```rust\nlet a = 1;\nlet b = 2;\nlet c = 3;\nlet d = 4;\n```";
    let parts = split_text(code, 40);
    assert!(parts.len() > 1);
    for part in &parts {
        assert!(part.starts_with("```rust\n") && part.ends_with("\n```"), "{part}");
        assert!(part.chars().count() <= 40, "{part}");
    }
    let quoted = "> ```\n> let a = 1;\n> let b = 2;\n> let c = 3;\n> let d = 4;\n> ```";
    for part in split_text(quoted, 40) {
        assert!(part.starts_with("> ```\n> let") && part.ends_with("\n> ```"), "{part}");
    }
}

#[test]
fn a_block_that_was_left_open_is_closed_in_every_part_that_opens_it() {
    let parts = split_text(&format!("```\n{}", "let a = 1;\n".repeat(10)), 50);
    assert!(parts.len() > 2);
    for part in &parts {
        assert_eq!(part.matches("```").count(), 2, "{part}");
    }
}

#[test]
fn one_long_line_of_code_comes_to_its_end() {
    for chars_max in 1..100 {
        let code = format!("```a language with many words\n{}\n```", "x".repeat(400));
        let parts = split_text(&code, chars_max);
        assert_eq!(parts.concat().matches('x').count(), 400, "at {chars_max}");
        assert!(parts.iter().all(|part| part.chars().count() <= chars_max), "at {chars_max}");
    }
}

#[test]
fn a_block_that_says_nothing_loses_no_words_behind_its_fence() {
    for chars_max in 33..80 {
        let text = "```words behind\n\n```and words that follow the block for quite a while, or more";
        assert_eq!(letters(&split_text(text, chars_max).concat()), letters(text), "at {chars_max}");
    }
}

#[test]
fn a_line_that_is_cut_behind_its_ticks_leaves_room_to_close_them() {
    let text = "``````ä\n  ```\n  \n  ```\n```.?a!a.aa👩\u{200d}👩\u{200d}👧!!äa.ßä!!ä..aaaßß.```!";
    for chars_max in 33..60 {
        assert!(split_text(text, chars_max).iter().all(|part| part.chars().count() <= chars_max), "at {chars_max}");
    }
}

#[test]
fn it_is_rather_cut_before_a_code_block_than_within() {
    let text = "Some words of introduction.\n```\nlet a = 1;\nlet b = 2;\n```";
    assert_eq!(split_text(text, 45)[0], "Some words of introduction.");
}

#[test]
fn a_long_text_takes_time_in_proportion() {
    let begun = std::time::Instant::now();
    assert!(split_text(&"word ".repeat(400_000), 20).len() > 50_000);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// What is read as one character, without white space and ticks.
fn letters(text: &str) -> Vec<String> {
    text.graphemes(true)
        .filter(|letter| !letter.trim().is_empty() && !letter.contains('`'))
        .map(str::to_owned)
        .collect()
}

fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zäß.!?]{1,12}",
        2 => Just(" ".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("\n\n".to_owned()),
        1 => Just("👩‍👩‍👧".to_owned()),
        1 => Just("🇨🇭".to_owned()),
        1 => Just("n\u{303}".to_owned()),
        1 => Just("字。".to_owned()),
        1 => "https://[a-z]{3,8}\\.example/[a-z?=&_]{0,12}".prop_map(|link| format!(" {link} ")),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let block = (
        prop_oneof![Just(""), Just("> "), Just("  ")],
        "[a-z]{0,6}",
        proptest::collection::vec("[a-z =;]{0,30}", 1..8),
    )
        .prop_map(|(indent, language, lines)| {
            let lines = lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n");
            format!("\n{indent}```{language}\n{lines}\n{indent}```\n")
        });
    let piece = prop_oneof![9 => any_word(), 1 => block, 1 => Just("```".to_owned()), 1 => Just("``".to_owned())];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_is_lost_and_nothing_is_too_long(text in any_text(), chars_max in 1_usize..120) {
        let parts = split_text(&text, chars_max);
        for part in &parts {
            prop_assert!(part.chars().count() <= chars_max, "{part:?}");
            prop_assert!(!part.trim().is_empty());
        }
        // The marks of quotes and the language of a block that was cut stand in several parts.
        let said = letters(&parts.concat());
        let mut left = said.iter();
        for letter in letters(&text) {
            prop_assert!(left.any(|other| *other == letter || chars_max < 12), "{letter:?} of {text:?} is not in {parts:?}");
        }
    }

    #[test]
    fn no_link_is_cut_that_fits(text in any_text(), chars_max in 100_usize..200) {
        let parts = split_text(&text, chars_max);
        for link in text.split_whitespace().filter(|word| word.starts_with("https://")) {
            prop_assert!(parts.iter().any(|part| part.contains(link)), "{link:?} is not whole in {parts:?}");
        }
    }

    #[test]
    fn no_block_is_left_open(
        before in "[a-z \n]{0,80}", lines in proptest::collection::vec("[a-z =;]{0,30}", 1..20), after in "[a-z \n]{0,80}",
        chars_max in 50_usize..120,
    ) {
        let text = format!("{before}\n```rust\n{}\n```\n{after}", lines.join("\n"));
        for part in split_text(&text, chars_max) {
            prop_assert_eq!(part.matches("```").count() % 2, 0, "{:?} of {:?}", part, text);
        }
    }
}
