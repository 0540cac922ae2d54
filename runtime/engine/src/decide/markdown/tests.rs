use super::*;
use proptest::prelude::*;

fn whatsapp(markdown: &str) -> String {
    rendered(markdown, Marks::WhatsApp)
}

#[test]
fn each_kind_of_mark() {
    for (markdown, wanted) in [
        ("**bold** and *italic* and ~~gone~~", "*bold* and _italic_ and ~gone~"),
        ("__bold__ and _italic_", "*bold* and _italic_"),
        ("**bold _and italic_**", "*bold _and italic_*"),
        ("***both***", "_*both*_"),
        ("# A **very** big\nword", "*A very big*\n\nword"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("un*frigging*believable", "unfriggingbelievable"),
        ("`a*b*c` and `` ` ``", "`a*b*c` and `"),
        ("[the page](https://a.example/x_y_z)", "the page (https://a.example/x_y_z)"),
        ("<https://a.example/_x_>", "https://a.example/_x_"),
        ("![a cat](https://a.example/cat.png)", "a cat (https://a.example/cat.png)"),
        ("- one\n- two\n  - deep\n- three", "- one\n- two\n  - deep\n- three"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("> one\n> two\n\nafter", "> one\n> two\n\nafter"),
        ("```rust\nlet a = *b*;\n```", "```\nlet a = *b*;\n```"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "*a | b*\n1 | 2"),
        ("line one\nline two\n\nparagraph", "line one\nline two\n\nparagraph"),
        ("<b>html</b> stays", "<b>html</b> stays"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("\\*not bold\\*", "*\u{2060}not bold*"),
        ("- [x] done\n- [ ] open", "- ☑ done\n- ☐ open"),
        ("[shop]: https://a.example\n\nSee [the shop][shop].", "See the shop (https://a.example)."),
        ("[note]: this\n\nand that", "and that\n\n[note]: this"),
        ("[a](https://a.example \"the title\")", "a (https://a.example the title)"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
    ] {
        assert_eq!(whatsapp(markdown), wanted, "{markdown:?}");
    }
}

#[test]
fn without_marks_the_words_are_left() {
    assert_eq!(rendered("# Title\n\n**bold** `code` [x](http://y)", Marks::None), "Title\n\nbold code x (http://y)");
}

/// The letters and digits of a text, in order.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

proptest! {
    #[test]
    fn no_word_is_lost(words in proptest::collection::vec("[a-z]{1,6}", 1..12), marks in proptest::collection::vec(0usize..12, 1..12)) {
        let mut markdown = String::new();
        for (word, mark) in words.iter().zip(marks.iter().cycle()) {
            let piece = match mark {
                0 => format!("**{word}** "), 1 => format!("*{word}* "), 2 => format!("~~{word}~~ "), 3 => format!("`{word}` "),
                4 => format!("\n\n> {word}\n\n"), 5 => format!("\n- {word}\n"), 6 => format!("\n\n# {word}\n\n"),
                7 => format!("\n\n```\n{word}\n```\n\n"), 8 => format!("**{word} "), 9 => format!("_{word}"), 10 => format!("<{word} "),
                _ => format!("{word} "),
            };
            markdown.push_str(&piece);
        }
        for marks in [Marks::None, Marks::WhatsApp] {
            prop_assert_eq!(letters(&rendered(&markdown, marks)), words.concat(), "{:?}", markdown);
        }
    }

    #[test]
    fn whatever_is_written_no_letter_is_lost(markdown in "[a-z0-9*_~`>#|\\-\\[\\]():\n ]{0,80}") {
        let is_language = markdown.contains("```") || markdown.contains("~~~");
        for marks in [Marks::None, Marks::WhatsApp] {
            let said = rendered(&markdown, marks);
            let mut left: Vec<char> = letters(&said).chars().collect();
            for letter in letters(&markdown).chars() {
                match left.iter().position(|other| *other == letter) {
                    Some(place) => drop(left.swap_remove(place)),
                    // The name of a language behind a fence, and the number of an item.
                    None => prop_assert!(is_language || letter.is_ascii_digit(), "{letter} of {markdown:?} is not in {said:?}"),
                }
            }
        }
    }
}
