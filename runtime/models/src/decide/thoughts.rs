//! Which words of an answer are thoughts.

/// The answer without the thoughts that some servers leave in front of it, between `<think>` and `</think>`.
pub(crate) fn without(text: &str) -> &str {
    let Some(thoughts) = text.trim_start().strip_prefix("<think>") else { return text };
    match thoughts.split_once("</think>") {
        Some((_, answer)) => answer.trim_start(),
        // It thought until its tokens were used up.
        None => "",
    }
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
        ] {
            assert_eq!(without(text), said, "{text}");
        }
    }
}
