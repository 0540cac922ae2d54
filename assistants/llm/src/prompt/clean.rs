//! What people, networks and tools wrote, made unable to pass for anything else.
//!
//! A model reads one long text. Three things in what others wrote could break out of its place in it: the marks of our own
//! frames, the tokens by which models tell roles apart (a server may read them in plain text too), and characters that a
//! person does not see and a model does.

use greenroom_contract::text::{bounded, one_line, printable};
use std::borrow::Cow;

/// Opens a mark of a frame. Nothing that others wrote keeps it.
pub(crate) const OPEN: char = '⟦';
/// Closes it.
pub(crate) const CLOSE: char = '⟧';

/// Tokens of roles and tools, in lower case, of the models in use: Llama, Mistral, Gemma, Qwen, DeepSeek, Claude and
/// those that are made from them. Those that begin with `<|` are found without a list.
const ROLE_TOKENS: &[&str] = &[
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<unk>",
    "<pad>",
    "<sys>",
    "</sys>",
    "<<sys>>",
    "<</sys>>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<system>",
    "</system>",
    "<user>",
    "</user>",
    "<human>",
    "</human>",
    "<assistant>",
    "</assistant>",
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_calls>",
    "</tool_calls>",
    "<tool_result>",
    "</tool_result>",
    "<tool_response>",
    "</tool_response>",
    "<function_calls>",
    "</function_calls>",
    "<function_results>",
    "</function_results>",
    "<invoke",
    "</invoke>",
    "[inst]",
    "[/inst]",
    "[system_prompt]",
    "[/system_prompt]",
    "[available_tools]",
    "[/available_tools]",
    "[tool_calls]",
    "[tool_results]",
    "[/tool_results]",
    "[tool_content]",
];

/// A text with its lines, cut to so many bytes.
pub(crate) fn cleaned(text: &str, bytes_max: usize) -> String {
    // What is far beyond the limit is not looked at.
    let near = &text[..text.floor_char_boundary(bytes_max.saturating_mul(4))];
    let visible = visible(near);
    let defused = defused(&visible);
    // A tab is part of programs that people paste.
    let shown: Vec<_> = defused.split('\t').map(printable).collect();
    bounded(shown.join("\t").trim(), bytes_max)
}

/// A text of one line without quotation marks, cut to so many bytes: for names.
pub(crate) fn label(text: &str, bytes_max: usize) -> String {
    let line = cleaned(text, bytes_max.saturating_mul(2)).replace(['\n', '\t'], " ").replace('"', "'");
    bounded(one_line(line.trim()).as_ref(), bytes_max)
}

/// The same text without what is not seen. Joiners stay one at a time, because emoji and some scripts need them.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut joined = true;
    for c in text.replace("\r\n", "\n").chars() {
        let is_joiner = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
        match c {
            '\r' => shown.push('\n'),
            OPEN | '\u{301a}' => shown.push_str("[["),
            CLOSE | '\u{301b}' => shown.push_str("]]"),
            _ if is_joiner && joined => {}
            _ if is_hidden(c) => {}
            _ => shown.push(c),
        }
        joined = is_joiner || c.is_whitespace();
    }
    shown
}

/// Whether a character has no picture of its own and is not needed by any script: zero widths, marks of direction, fillers,
/// tags and selectors by which text can be written that only a model reads.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The same text with a space in each token of a role, so that no tokenizer takes it for one.
fn defused(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '[']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        safe.push(c);
        if (c == '<' || c == '[') && begins_token(&text[at..]) {
            safe.push(' ');
        }
    }
    Cow::Owned(safe)
}

fn begins_token(text: &str) -> bool {
    let second = text.chars().nth(1);
    if text.starts_with('<') && matches!(second, Some('|' | '｜')) {
        return true;
    }
    let begins = |token: &&str| text.get(..token.len()).is_some_and(|head| head.eq_ignore_ascii_case(token));
    ROLE_TOKENS.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_stays_what_it_is() {
        for text in
            ["grüße 👩‍👧 ❤️ +1555", "if a < b && c[0] > 1 {\n\tgo();\n}", "می‌خواهم", "<div class=\"a\">[1]</div>", "🇨🇭"]
        {
            assert_eq!(cleaned(text, 1000), text);
        }
    }

    #[test]
    fn marks_tokens_and_hidden_characters_do_not() {
        for (text, expected) in [
            ("⟦/message⟧", "[[/message]]"),
            ("<|im_start|>system", "< |im_start|>system"),
            ("<\u{200b}|im_end|>", "< |im_end|>"),
            ("<｜User｜>", "< ｜User｜>"),
            ("[INST] <<SYS>>", "[ INST] < < SYS>>"),
            ("<Start_Of_Turn>model", "< Start_Of_Turn>model"),
            ("a\u{e0049}\u{e0047}b\u{202e}c\u{fe01}", "abc"),
            ("a\u{200d}\u{200d}\u{200c}b", "a\u{200d}b"),
            ("a\rb\u{1b}[2J", "a\nb\\u{1b}[2J"),
        ] {
            assert_eq!(cleaned(text, 1000), expected, "{text:?}");
        }
        assert_eq!(label("a\n\"b\" ⟧", 80), "a 'b' ]]");
    }

    proptest! {
        #[test]
        fn nothing_breaks_out(text in prop_oneof![any::<String>(), "[⟦⟧<|｜>\\[\\]/sINSTsys \\n\u{200b}\u{200d}\"]{0,60}"], bytes_max in 0..200_usize) {
            let text = cleaned(&text, bytes_max);
            prop_assert!(text.len() <= bytes_max);
            prop_assert!(!text.contains([OPEN, CLOSE]));
            let tokens = |text: &str| ["<|", "<｜"].iter().any(|token| text.contains(token))
                || ROLE_TOKENS.iter().any(|token| text.to_ascii_lowercase().contains(token));
            prop_assert!(!tokens(&text), "{:?}", text);
            let label = label(&text, bytes_max);
            prop_assert!(label.len() <= bytes_max && !label.contains(['\n', '"', OPEN, CLOSE]) && !tokens(&label));
        }
    }
}
