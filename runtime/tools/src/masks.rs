//! Secrets that are taken out of all that comes from a server that knows them. Pure.

use crate::limits::MASKED_CHARS_MIN;
use greenroom_contract::secret::Secret;
use std::borrow::Cow;

/// Variables that say where things are and not who someone is.
const OPEN: &[&str] =
    &["HOME", "LANG", "LOGNAME", "NODE_PATH", "PATH", "PYTHONPATH", "SHELL", "TEMP", "TMP", "TMPDIR", "TZ", "USER"];

/// What a server was told and nobody else is to learn: the values of its variables, or its token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks(Vec<Secret>);

impl Masks {
    /// Hides these.
    pub(crate) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut hidden: Vec<Secret> =
            secrets.into_iter().filter(|one| one.expose().chars().count() >= MASKED_CHARS_MIN).collect();
        // One that holds another one is taken out first, or its ends would stay.
        hidden.sort_by_key(|one| std::cmp::Reverse(one.expose().len()));
        Self(hidden)
    }

    /// Hides the values of these variables, except those that only say where things are.
    pub(crate) fn of_variables(names: &[String]) -> Self {
        let is_open = |name: &str| OPEN.contains(&name) || name.starts_with("LC_");
        let values = names.iter().filter(|name| !is_open(name)).filter_map(|name| std::env::var(name).ok());
        Self::new(values.map(Secret::new))
    }

    /// The text without them.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.0 {
            if text.contains(secret.expose()) {
                text = Cow::Owned(text.replace(secret.expose(), "***"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_short_words_are_left() {
        let masks = Masks::new(["hunter2-hunter2", "hunter2-hunter2-and-more", "short"].map(Secret::new));
        assert_eq!(masks.hide("a hunter2-hunter2-and-more b hunter2-hunter2 short"), "a *** b *** short");
        assert!(matches!(masks.hide("nothing"), Cow::Borrowed(_)));
        assert!(!format!("{masks:?}").contains("hunter2"));
    }

    #[test]
    fn a_path_is_not_a_secret() {
        let path = std::env::var("PATH").unwrap();
        assert_eq!(Masks::of_variables(&["PATH".to_owned(), "NO_SUCH_VARIABLE".to_owned()]).hide(&path), path);
        let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        assert_eq!(Masks::of_variables(&["CARGO_MANIFEST_DIR".to_owned()]).hide(&folder), "***");
    }
}
