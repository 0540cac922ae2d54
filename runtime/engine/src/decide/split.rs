//! Splitting a long text where a reader would. Pure.
//!
//! In order of preference a text is cut between paragraphs, between lines, between sentences,
//! between words, and only then anywhere. A code block that is cut is closed in one part and opened
//! again in the next, so that each part reads well on its own.

const FENCE: &str = "```";

/// Splits `text` into parts of at most `chars_max` characters. Blank text gives no part.
pub(crate) fn split_text(text: &str, chars_max: usize) -> Vec<String> {
    let chars_max = chars_max.max(1);
    let mut parts = Vec::new();
    let mut rest = text.trim().to_owned();
    while !rest.is_empty() {
        if rest.chars().count() <= chars_max {
            parts.push(rest);
            break;
        }
        let (part, after) = cut(&rest, chars_max);
        if !part.trim().is_empty() {
            parts.push(part);
        }
        rest = after;
    }
    parts
}

/// Cuts one part off; the second value is what is left.
fn cut(text: &str, chars_max: usize) -> (String, String) {
    // Room to close a code block, where the part is large enough for that to make sense.
    let closing = FENCE.len() + 1;
    let room = if chars_max > 8 * closing { chars_max - closing } else { chars_max };
    let window_end = byte_of_char(text, room);
    let at = best_break(&text[..window_end]);
    let (head, tail) = text.split_at(at);
    match open_fence(head) {
        Some(opening) if room < chars_max && fits_again(&opening, room) => {
            let part = format!("{}\n{FENCE}", head.trim_end());
            (part, format!("{opening}\n{}", tail.trim_start_matches('\n')))
        }
        _ => (head.trim_end().to_owned(), tail.trim_start().to_owned()),
    }
}

/// Opening a block again must leave room for progress.
fn fits_again(opening: &str, room: usize) -> bool {
    opening.chars().count() * 2 < room
}

fn byte_of_char(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte)
}

/// The best place to cut within the window; always greater than zero.
fn best_break(window: &str) -> usize {
    let least = window.len() / 4;
    let code = code_spans(window);
    let outside = |at: usize| !code.iter().any(|(start, end)| at > *start && at < *end);
    let break_after = |pattern: &str, after: usize| {
        window.rmatch_indices(pattern).map(|(at, _)| at + after).find(|at| *at > least && outside(*at))
    };
    let in_code = window.rfind('\n').map(|at| at + 1).filter(|at| *at > least);
    break_after("\n\n", 1)
        // Rather before a code block than within it.
        .or_else(|| code.last().filter(|(start, end)| *end == window.len() && *start > least).map(|(start, _)| *start))
        .or_else(|| break_after("\n", 1))
        .or(in_code)
        .or_else(|| [". ", "! ", "? ", "。"].iter().filter_map(|mark| break_after(mark, mark.len())).max())
        .or_else(|| break_after(" ", 1))
        .unwrap_or(window.len())
}

/// Byte ranges of fenced code, the last one reaching to the end if it is open.
fn code_spans(text: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut open = None;
    for (at, _) in fences(text) {
        match open.take() {
            None => open = Some(at),
            Some(start) => spans.push((start, at + FENCE.len())),
        }
    }
    if let Some(start) = open {
        spans.push((start, text.len()));
    }
    spans
}

/// Fences at the start of a line: their byte and their whole line.
fn fences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        line.starts_with(FENCE).then(|| (start, line.trim_end()))
    })
}

/// The opening line of a code block that is still open at the end.
fn open_fence(text: &str) -> Option<String> {
    let mut open = None;
    for (_, line) in fences(text) {
        open = if open.is_some() { None } else { Some(line.to_owned()) };
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, chars_max: usize, expected: &[&str]) {
        assert_eq!(split_text(text, chars_max), expected, "{text:?} at {chars_max}");
    }

    #[test]
    fn a_short_text_is_left_alone_and_a_blank_one_is_nothing() {
        check("hello", 10, &["hello"]);
        check("  \n ", 10, &[]);
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
    fn a_code_block_is_closed_and_opened_again() {
        let code = "```rust\nlet a = 1;\nlet b = 2;\nlet c = 3;\nlet d = 4;\n```";
        let parts = split_text(code, 40);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(part.starts_with("```rust") && part.ends_with("```"), "{part}");
            assert!(part.chars().count() <= 40, "{part}");
        }
    }

    #[test]
    fn it_is_rather_cut_before_a_code_block_than_within() {
        let text = "Some words of introduction.\n```\nlet a = 1;\nlet b = 2;\n```";
        assert_eq!(split_text(text, 45)[0], "Some words of introduction.");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in "([a-zäß.!` \n]|```\n){0,400}", chars_max in 1usize..80) {
            let parts = split_text(&text, chars_max);
            for part in &parts {
                prop_assert!(part.chars().count() <= chars_max);
                prop_assert!(!part.trim().is_empty());
            }
            let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '`').collect::<String>();
            prop_assert_eq!(plain(&parts.concat()), plain(&text));
        }
    }
}
