//! What is wrong with a configuration: everything at once, each with its path.

use greenroom_contract::cause::Cause;
use std::fmt;
use std::path::PathBuf;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read: check its path and its permissions.
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        reason: Cause,
    },
    /// The file is not TOML: mend the line that is shown.
    #[error("{origin} is not valid TOML\n{message}")]
    Syntax {
        /// The file.
        origin: String,
        /// The line, with the place marked.
        message: String,
    },
    /// The file is TOML, but says things that cannot be: mend each of them.
    #[error("{origin} has {}", listed(problems))]
    Invalid {
        /// The file, or the embedded default.
        origin: String,
        /// All of them, never empty.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `channels.whatsapp.groups`, or the name of an environment variable.
    pub path: String,
    /// The environment variable that the value comes from, if it comes from one.
    pub variable: Option<String>,
    /// What is wrong and what to write.
    pub what: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), variable: None, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variable {
            Some(variable) => write!(f, "{} (from {variable}): {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// Joins a path and a key; a key that is not a bare TOML key is quoted.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// Problems that are named; the rest is counted. Many have one cause, and a screen has some 24 lines.
const PROBLEMS_NAMED: usize = 20;

fn listed(problems: &[Problem]) -> String {
    let count = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
    let named = problems.iter().take(PROBLEMS_NAMED).fold(count, |text, problem| format!("{text}\n  {problem}"));
    match problems.len().saturating_sub(PROBLEMS_NAMED) {
        0 => named,
        more => format!("{named}\n  … and {more} more"),
    }
}

/// The known word that is nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.chars().count().min(word.chars().count()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?`, or nothing.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default()
}

/// Says that `word` is not one of `known`, with a suggestion and the whole list.
pub(crate) fn not_known<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let meant = suggestion(word, known.clone());
    let list = known.into_iter().collect::<Vec<_>>().join(", ");
    let list = if list.is_empty() { "none is known".to_owned() } else { format!("known: {list}") };
    let gap = if meant.is_empty() { "; " } else { " " };
    format!("unknown {what} {word:?}{meant}{gap}{list}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["allow_from", "groups", "names"];
        assert_eq!(nearest("alow_from", known), Some("allow_from"));
        assert_eq!(nearest("Groups", known), Some("groups"));
        assert_eq!(nearest("nmaes", known), Some("names"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn keys_that_need_it_are_quoted_in_paths() {
        assert_eq!(join("", "store"), "store");
        assert_eq!(join("channels.a.group", "12@g.us"), "channels.a.group.\"12@g.us\"");
    }

    #[test]
    fn a_list_of_problems_reads_as_one() {
        let problems = vec![Problem::new("a", "x"), Problem { variable: Some("V".into()), ..Problem::new("b", "y") }];
        assert_eq!(listed(&problems), "2 problems\n  a: x\n  b (from V): y");
        assert_eq!(listed(&problems[..1]), "a problem\n  a: x");
        let many: Vec<Problem> = (0..250).map(|n| Problem::new(format!("k{n}"), "x")).collect();
        assert_eq!(listed(&many).lines().count(), PROBLEMS_NAMED + 2);
        assert!(listed(&many).starts_with("250 problems\n  k0: x") && listed(&many).ends_with("\n  … and 230 more"));
        assert!(!listed(&many[..PROBLEMS_NAMED]).contains("more"));
    }
}
