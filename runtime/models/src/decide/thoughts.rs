//! Which words of an answer are thoughts.

/// The answer without the thoughts that some servers leave in front of it, between `<think>` and `</think>`. Templates that
/// begin an answer with `<think>` themselves leave the end alone, on a line of its own.
pub(crate) fn without(text: &str) -> &str {
    let Some(thoughts) = text.trim_start().strip_prefix("<think>") else { return behind_lone_end(text) };
    match thoughts.split_once("</think>") {
        Some((_, answer)) => answer.trim_start(),
        // It thought until its tokens were used up.
        None => "",
    }
}

/// What stands behind an end that nothing begins: one that closes a line, before any block of code and any `<think>`.
fn behind_lone_end(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.contains("<think>") || line.trim_start().starts_with("```") {
            break;
        }
        if line.trim() == "</think>" {
            return text[at..].trim_start();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn thoughts_are_not_said() {
        for (text, said) in [
            ("Hello", "Hello"),
            ("<think>\nThe user …\n</think>\n\nHello", "Hello"),
            ("  <think></think>Hello", "Hello"),
            ("<think>no end", ""),
            ("Write <think> here </think>", "Write <think> here </think>"),
            ("<think>a</think>b</think>c", "b</think>c"),
            ("", ""),
            ("The user wants tea.\nSo I say:\n</think>\n\nTea is ready.", "Tea is ready."),
            ("Thoughts.\n</think>", ""),
            ("</think>\nHello", "Hello"),
            ("It ends with `</think>` there.", "It ends with `</think>` there."),
            ("Like this:\n```\n</think>\n```\n", "Like this:\n```\n</think>\n```\n"),
            ("Write <think>, words,\n</think>\nand go on", "Write <think>, words,\n</think>\nand go on"),
        ] {
            assert_eq!(without(text), said, "{text}");
        }
    }
}
