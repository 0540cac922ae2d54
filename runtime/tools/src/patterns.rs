//! Which tools their owner allows. Pure.

/// The lists `allow` and `deny`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Patterns {
    pub(crate) allow: Vec<String>,
    pub(crate) deny: Vec<String>,
}

impl Patterns {
    /// Whether a tool of this name may be called: it is allowed, or nothing is named as allowed, and it is not denied.
    pub(crate) fn allow(&self, name: &str) -> bool {
        let is_allowed = self.allow.is_empty() || self.allow.iter().any(|pattern| matches(pattern, name));
        is_allowed && !self.deny.iter().any(|pattern| matches(pattern, name))
    }

    /// Patterns that match none of these tools: misspelt, perhaps.
    pub(crate) fn in_vain(&self, names: &[&str]) -> Vec<String> {
        let matches_none = |pattern: &&String| !names.iter().any(|name| matches(pattern, name));
        self.allow.iter().chain(&self.deny).filter(matches_none).cloned().collect()
    }
}

/// Whether a name is as a pattern says, in which `*` stands for any characters or none.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        // The first place is as good as any other: what follows has the most room.
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patterns(allow: &[&str], deny: &[&str]) -> Patterns {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Patterns { allow: list(allow), deny: list(deny) }
    }

    #[test]
    fn a_star_is_any_characters_or_none() {
        for (pattern, name, expected) in [
            ("add_task", "add_task", true),
            ("add_task", "add_tasks", false),
            ("add_task", "Add_task", false),
            ("add_*", "add_task", true),
            ("add_*", "add_", true),
            ("*_task", "add_task", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "a", true),
            ("*é*", "caffé!", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_denied_is_not_allowed_and_an_empty_list_allows_all() {
        assert!(patterns(&[], &[]).allow("anything"));
        assert!(patterns(&["list_*"], &[]).allow("list_tasks"));
        assert!(!patterns(&["list_*"], &[]).allow("add_task"));
        assert!(!patterns(&["list_*"], &["*_tasks"]).allow("list_tasks"));
        assert!(!patterns(&[], &["*"]).allow("list_tasks"));
    }

    #[test]
    fn a_pattern_for_no_tool_is_found() {
        assert_eq!(patterns(&["list_*", "lst"], &["*x"]).in_vain(&["list_tasks", "add"]), ["lst", "*x"]);
    }

    /// As it is defined, letter by letter.
    fn slowly(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => slowly(rest, name) || (!name.is_empty() && slowly(pattern, &name[1..])),
            (Some((one, pattern)), Some((other, name))) => one == other && slowly(pattern, name),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_they_are_defined(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &name), slowly(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
