//! Names of tools that the library takes for something else, or a provider not at all.

use crate::limits::TOOL_NAME_BYTES_MAX;

/// The library sends these as tools of the provider, without the schema: a tool server that calls its tool `web_search` would
/// have the provider search the web.
const TAKEN: &[&str] =
    &["web_search", "WebSearch", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext"];

/// What is appended to them while they are sent.
const MARK: &str = "_tool";

/// The name as it is sent. One that a model made up is sent in letters that all providers take: it is refused by us, with words,
/// and not by them.
pub(crate) fn sent(name: &str) -> String {
    if is_taken(name) {
        return format!("{name}{MARK}");
    }
    let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.chars().map(|c| if is_sound(c) { c } else { '_' }).take(TOOL_NAME_BYTES_MAX).collect()
}

/// The name that was sent so.
pub(crate) fn received(name: &str) -> String {
    match name.strip_suffix(MARK) {
        Some(taken) if is_taken(taken) => taken.to_owned(),
        _ => name.to_owned(),
    }
}

/// Whether a name is taken, or would be read as one that was marked.
fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name) || name.strip_suffix(MARK).is_some_and(is_taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was() {
        for name in
            TAKEN.iter().copied().chain(["add", "web_search_tool", "web_search_tool_tool", "a_tool", "_tool", ""])
        {
            assert_eq!(received(&sent(name)), name, "{name}");
            assert!(!TAKEN.contains(&sent(name).as_str()), "{name}");
        }
        assert_eq!((sent("add").as_str(), sent("a_tool").as_str()), ("add", "a_tool"));
        assert_eq!((sent("multi.use é"), sent(&"x".repeat(256)).len()), ("multi_use__".to_owned(), 64));
    }
}
