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

/// What people reported of bots whose answers were converted by patterns instead of a parser.
#[test]
fn what_patterns_get_wrong() {
    for (markdown, wanted) in [
        // Nested emphasis.
        ("**bold with *italic* inside**", "*bold with _italic_ inside*"),
        ("*italic with **bold** inside*", "_italic with *bold* inside_"),
        ("**bold `c*o*de` bold**", "*bold `c*o*de` bold*"),
        ("~~gone **and bold**~~", "~gone *and bold*~"),
        ("# **Bold** heading with `code`", "*Bold heading with `code`*"),
        // Underscores and stars in words.
        ("call __init__ of foo__bar__baz", "call *init* of foo__\u{2060}bar__\u{2060}baz"),
        ("MAX_FILE_SIZE and _private_name", "MAX_FILE_SIZE and _\u{2060}private_name"),
        ("5 * 3 = 15, 2*3 and *args", "5 * 3 = 15, 2*3 and *\u{2060}args"),
        ("**Note:** read this", "*Note:* read this"),
        ("**重要**です", "重要です"),
        // Lists in quotes, quotes in lists, lists in lists.
        ("> 1. one\n> 2. **two**\n>    - deep", "> 1. one\n> 2. *two*\n>    - deep"),
        ("- a\n  > quoted\n- b", "- a\n>   quoted\n- b"),
        ("1. a\n\n   more of a\n\n2. b", "1. a\n   more of a\n2. b"),
        ("* star\n* star", "- star\n- star"),
        ("1) one\n2) two", "1. one\n2. two"),
        ("> first\n>\n> second", "> first\n>\n> second"),
        // Code.
        ("```python\nprint('**x**')", "```\nprint('**x**')\n```"),
        ("- a\n\n  ```\n  let b_c = 1;\n  ```\n- b", "- a\n  ```\n  let b_c = 1;\n  ```\n- b"),
        ("    indented *code*", "```\nindented *code*\n```"),
        ("~~~\na ``` b\n~~~", "```\na ''' b\n```"),
        // Links.
        ("[wiki](https://w.example/Foo_(bar))", "wiki (https://w.example/Foo_(bar))"),
        ("[**bold** link](https://a.example)", "*bold* link (https://a.example)"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("bare https://a.example/x_y_z?q=*1 here", "bare https://a.example/x_y_z?q=*1 here"),
        ("<ana@example.com>", "ana@example.com"),
        // HTML and entities.
        ("<script>alert('x')</script>", "<script>alert('x')</script>"),
        ("a<br>b &amp; c &lt;d&gt;", "a<br>b & c <d>"),
        ("<div>\n**not parsed**\n</div>", "<div>\n*\u{2060}*\u{2060}not parsed**\n</div>"),
        // Task lists, tables, headings, breaks.
        ("* [ ] open *task*\n* [X] done", "- ☐ open _task_\n- ☑ done"),
        ("| a | b |\n|:-:|--:|\n| `x` | **z** |", "*a | b*\n`x` | *z*"),
        ("| a \\| b | c |\n|---|---|\n| 1 | 2 |", "*a | b | c*\n1 | 2"),
        ("Title\n=====\n\nSub\n---\ntext", "*Title*\n\n*Sub*\n\ntext"),
        ("### Steps ###\n1. one", "*Steps*\n\n1. one"),
        ("line one  \nline two\\\nline three", "line one\nline two\nline three"),
        ("**left open and *this too", "*\u{2060}*\u{2060}left open and *\u{2060}this too"),
    ] {
        assert_eq!(whatsapp(markdown), wanted, "{markdown:?}");
    }
}

#[test]
fn a_block_that_was_left_open_reads_well_in_every_part() {
    let markdown = format!(
        "# Log\n\n> - one of the items\n> - another of the items\n\n```text\n{}",
        "line of the log\n".repeat(20)
    );
    let parts = crate::decide::split::split_text(&whatsapp(&markdown), 120);
    assert_eq!(parts[0], "*Log*\n\n> - one of the items\n> - another of the items");
    for part in &parts[1..] {
        assert!(part.starts_with("```\nline of") && part.ends_with("log\n```"), "{part:?}");
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
