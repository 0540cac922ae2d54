//! Reading one table, key by key, so that one bad value does not hide the next.

use super::overrides::{self, Overrides};
use super::problem::{Problem, suggestion};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::fmt::Display;
use toml::{Table, Value};

/// What all sections of one configuration share.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) overrides: Overrides,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<String>>,
}

impl Reading {
    pub(super) fn new(overrides: Overrides, problems: Vec<Problem>) -> Self {
        Self { overrides, problems: RefCell::new(problems), warnings: RefCell::default() }
    }

    /// Notes a problem, with the variable that its value comes from.
    pub(super) fn problem(&self, path: impl Into<String>, what: impl Display) {
        let path = path.into();
        let variable = self.overrides.variable(&path).map(str::to_owned);
        self.problems.borrow_mut().push(Problem { path, variable, what: what.to_string() });
    }

    /// Notes what is allowed but perhaps not meant.
    pub(super) fn warning(&self, what: String) {
        self.warnings.borrow_mut().push(what);
    }

    pub(super) fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// One table that is being read. What is left at the end is unknown.
pub(super) struct Section<'a> {
    reading: &'a Reading,
    path: String,
    table: Table,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(reading: &'a Reading, path: impl Into<String>, table: Table) -> Self {
        Self { reading, path: path.into(), table, known: Vec::new() }
    }

    /// The full path of a key of this table.
    pub(super) fn at(&self, key: &str) -> String {
        join(&self.path, key)
    }

    pub(super) fn problem(&self, key: &str, what: impl Display) {
        self.reading.problem(self.at(key), what);
    }

    /// Whether a key is given.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Notes that what this table is about is not in the program.
    pub(super) fn missing_feature(&self, feature: &str) {
        self.reading.problem(self.path.clone(), crate::without(feature));
    }

    /// Whether no key is given.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Whether a key is given, and is `false`.
    pub(super) fn says_no(&self, key: &str) -> bool {
        self.table.get(key).and_then(Value::as_bool) == Some(false)
    }

    /// Whether a key was given with a value that was noted as bad.
    pub(super) fn refused(&self, key: &str) -> bool {
        let path = self.at(key);
        self.reading.problems.borrow().iter().any(|problem| problem.path == path)
    }

    /// The path of this table.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Reads a key. `None` if it is absent, or bad and noted as such.
    pub(super) fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.known.push(key);
        let value = self.table.remove(key)?;
        let path = self.at(key);
        let mut first_error = None;
        for candidate in self.reading.overrides.candidates(&path, value) {
            match T::deserialize(candidate) {
                Ok(read) => return Some(read),
                Err(error) => {
                    first_error.get_or_insert_with(|| plain(error.message()));
                }
            }
        }
        self.reading.problem(path, first_error.unwrap_or_default());
        None
    }

    /// Reads a key that has an older or friendlier spelling.
    pub(super) fn take_with_alias<T: DeserializeOwned>(&mut self, key: &'static str, alias: &str) -> Option<T> {
        if let Some(value) = self.table.remove(alias) {
            if self.reading.overrides.touches(&self.at(key)) {
                // The environment goes before the file, however the file spells it.
            } else if self.table.contains_key(key) {
                self.problem(alias, format!("{key} is given too; keep one of them"));
            } else {
                self.table.insert(key.to_owned(), value);
            }
        }
        self.take(key)
    }

    /// Reads a number that must lie between two bounds.
    pub(super) fn take_within(&mut self, key: &'static str, least: u64, most: u64) -> Option<u64> {
        let number: u64 = self.take(key)?;
        if (least..=most).contains(&number) {
            return Some(number);
        }
        self.problem(key, format!("{number} is out of range; write {least} to {most}"));
        None
    }

    /// Reads a table.
    pub(super) fn take_table(&mut self, key: &'static str) -> Section<'a> {
        self.known.push(key);
        let path = self.at(key);
        let table = match self.table.remove(key) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.problem(key, format!("this must be a table: [{path}]"));
                Table::new()
            }
            None => Table::new(),
        };
        Section::new(self.reading, path, table)
    }

    /// Reads a table of tables that have names of the user's choice.
    pub(super) fn take_named(&mut self, key: &'static str) -> Vec<(String, Section<'a>)> {
        let outer = self.take_table(key);
        let mut inner = Vec::new();
        for (name, value) in outer.table {
            let path = join(&outer.path, &name);
            match value {
                Value::Table(table) => inner.push((name, Section::new(self.reading, path, table))),
                _ => self.reading.problem(path.clone(), format!("this must be a table: [{path}]")),
            }
        }
        inner
    }

    /// Everything that was not taken, for somebody who knows more keys, with the keys taken so far.
    pub(super) fn rest(self) -> (Table, Vec<&'static str>) {
        (self.table, self.known)
    }

    /// Notes what is left and looks like a mistyped key. For tables of which nobody knows all keys.
    pub(super) fn finish_partly(self) {
        for key in self.table.keys() {
            let meant = suggestion(key, self.known.iter().copied());
            if !meant.is_empty() {
                self.problem(key, format!("unknown key{meant}"));
            }
        }
    }

    /// Notes what is left as unknown.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let meant = suggestion(key, self.known.iter().copied());
            let known = if meant.is_empty() { format!("; known: {}", self.known.join(", ")) } else { String::new() };
            self.problem(key, format!("unknown key{meant}{known}"));
        }
    }
}

/// Joins a path and a key; a key that is not a bare TOML key is quoted.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// Serde's words without its typography, and with a suggestion where it lists what would do.
pub(super) fn plain(message: &str) -> String {
    if let Some((word, known)) = overrides::listed(message, "unknown variant `") {
        let meant = suggestion(&word, known.iter().map(String::as_str));
        return format!("{word:?} is not one of {}{meant}", known.join(", "));
    }
    if message.contains("expected string only") {
        return "this must be one of its words, between quotation marks".to_owned();
    }
    let expected = message.trim_end().strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "));
    match expected {
        Some((_, "a sequence")) => "this must be a list between brackets, such as [\"one\", \"two\"]".to_owned(),
        Some((given, expected)) => format!("this is {given}, but must be {expected}").replace('`', "\""),
        None => message.trim_end().replace('`', "\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_need_it_are_quoted_in_paths() {
        assert_eq!(join("", "store"), "store");
        assert_eq!(join("channels.a.group", "12@g.us"), "channels.a.group.\"12@g.us\"");
    }

    #[test]
    fn serde_messages_become_sentences() {
        let message = "unknown variant `mentoin`, expected one of `mention`, `always`, `never`";
        assert_eq!(plain(message), "\"mentoin\" is not one of mention, always, never; did you mean \"mention\"?");
        assert_eq!(plain("unknown variant `a`, expected `on` or `off`"), "\"a\" is not one of on, off");
        assert_eq!(plain("invalid type: integer `7`, expected u32"), "this is integer \"7\", but must be u32");
        assert!(plain("invalid type: string \"*\", expected a sequence").starts_with("this must be a list"));
    }

    #[test]
    fn one_bad_value_does_not_hide_the_next() {
        let table = toml::from_str("a = 1\nb = \"x\"\nc = true\nnmaes = []").unwrap();
        let reading = Reading::default();
        let mut section = Section::new(&reading, "t", table);
        assert_eq!(section.take::<String>("a"), None);
        assert_eq!(section.take::<u64>("b"), None);
        assert_eq!(section.take::<bool>("c"), Some(true));
        assert_eq!(section.take::<Vec<String>>("names"), None);
        section.finish();
        let paths: Vec<_> = reading.into_problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["t.a", "t.b", "t.nmaes"]);
    }
}
