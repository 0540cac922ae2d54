//! Reading one table, key by key, so that one bad value does not hide the next.

use super::component;
use super::env::Overrides;
use super::hidden::without_secrets;
use super::problem::{Problem, join, suggestion};
use super::values;
use greenroom_contract::schema::{Key, KeyKind, find};
use greenroom_contract::secret::Secret;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt::Display;
use toml::{Table, Value};

/// What all sections of one configuration share.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) overrides: Overrides,
    /// The environment, for the secrets that the configuration refers to.
    pub(super) variables: Vec<(OsString, OsString)>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<String>>,
}

impl Reading {
    pub(super) fn new(overrides: Overrides, variables: Vec<(OsString, OsString)>, problems: Vec<Problem>) -> Self {
        Self { overrides, variables, problems: RefCell::new(problems), warnings: RefCell::default() }
    }

    /// The value as its key takes it: one from the environment may mean several. `None` if it is bad; everything
    /// that is wrong with it is noted.
    pub(super) fn taken(&self, path: &str, kind: KeyKind, value: Value) -> Option<Value> {
        if kind == KeyKind::Secret
            && let Some(variable) = self.overrides.secret(path, &value)
        {
            // The secret is in the environment already, where it stays.
            return Some(values::referring_to(variable));
        }
        let mut first = None;
        for candidate in self.overrides.candidates(path, value) {
            match values::wrong(kind, &candidate) {
                None => return self.taken_below(path, kind, candidate),
                Some(what) => drop(first.get_or_insert(what)),
            }
        }
        self.problem(path, first.unwrap_or_default());
        None
    }

    fn taken_below(&self, path: &str, kind: KeyKind, value: Value) -> Option<Value> {
        let (KeyKind::Table(keys), Value::Table(table)) = (kind, &value) else { return Some(value) };
        let mut read = Table::new();
        let mut sound = true;
        for (name, value) in table {
            let at = join(path, name);
            let taken = if let Some(key) = find(keys, name) {
                self.taken(&at, key.kind, value.clone())
            } else {
                self.problem(at, values::unknown(name, keys.iter()));
                None
            };
            sound &= taken.is_some();
            read.extend(taken.map(|value| (name.clone(), value)));
        }
        for key in keys.iter().filter(|key| key.required && !table.contains_key(key.name)) {
            self.problem(join(path, key.name), values::missing(key));
            sound = false;
        }
        sound.then_some(Value::Table(read))
    }

    /// Notes a problem, with the variable that its value comes from.
    pub(super) fn problem(&self, path: impl Into<String>, what: impl Display) {
        let path = path.into();
        let variable = self.overrides.variable(&path).map(str::to_owned);
        let what = without_secrets(&what.to_string());
        self.problems.borrow_mut().push(Problem { path: without_secrets(&path), variable, what });
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
    keys: &'static [Key],
}

impl<'a> Section<'a> {
    /// A table in which these keys may be.
    pub(super) fn new(reading: &'a Reading, path: impl Into<String>, table: Table, keys: &'static [Key]) -> Self {
        Self { reading, path: path.into(), table, keys }
    }

    fn kind(&self, key: &str) -> KeyKind {
        find(self.keys, key).map(|key| key.kind).expect("only declared keys are read")
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
        let kind = self.kind(key);
        self.take_as(key, kind)
    }

    fn take_as<T: DeserializeOwned>(&mut self, key: &'static str, kind: KeyKind) -> Option<T> {
        let value = self.table.remove(key)?;
        let path = self.at(key);
        let value = self.reading.taken(&path, kind, value)?;
        T::deserialize(value).map_err(|error| self.reading.problem(path, error.message())).ok()
    }

    /// Reads a secret: the variable that it refers to is looked up.
    pub(super) fn take_secret(&mut self, key: &'static str) -> Option<Secret> {
        let value = self.table.remove(key)?;
        let path = self.at(key);
        let value = self.reading.taken(&path, KeyKind::Secret, value)?;
        component::looked_up(self.reading, &path, &value)
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

    /// Reads a number whose bounds depend on the machine.
    pub(super) fn take_within(&mut self, key: &'static str, min: i64, max: i64) -> Option<u32> {
        self.take_as(key, KeyKind::Integer { min, max })
    }

    /// Reads a table.
    pub(super) fn take_table(&mut self, key: &'static str) -> Section<'a> {
        let (KeyKind::Table(keys) | KeyKind::Tables(keys)) = self.kind(key) else {
            unreachable!("only tables are read as tables")
        };
        let path = self.at(key);
        let table = match self.table.remove(key) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.problem(key, format!("this must be a table: [{path}]"));
                Table::new()
            }
            None => Table::new(),
        };
        Section::new(self.reading, path, table, keys)
    }

    /// Reads a table of tables that have names of the user's choice.
    pub(super) fn take_named(&mut self, key: &'static str) -> Vec<(String, Section<'a>)> {
        let outer = self.take_table(key);
        let mut inner = Vec::new();
        for (name, value) in outer.table {
            let path = join(&outer.path, &name);
            match value {
                Value::Table(table) => inner.push((name, Section::new(self.reading, path, table, outer.keys))),
                _ => self.reading.problem(path.clone(), format!("this must be a table: [{path}]")),
            }
        }
        inner
    }

    /// Everything that was not taken, for a component that knows more keys.
    pub(super) fn rest(self) -> Table {
        self.table
    }

    /// Notes what is left and looks like a mistyped key. For tables of which not all keys are known.
    pub(super) fn finish_partly(self) {
        for key in self.table.keys() {
            let meant = suggestion(key, self.keys.iter().map(|key| key.name));
            if !meant.is_empty() {
                self.problem(key, format!("unknown key{meant}"));
            }
        }
    }

    /// Notes what is left as unknown.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            self.problem(key, values::unknown(key, self.keys.iter()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[Key] = &[
        Key::new("a", KeyKind::Text, "A text."),
        Key::new("b", KeyKind::Integer { min: 0, max: 9 }, "A number."),
        Key::new("c", KeyKind::Boolean, "A truth."),
        Key::new("names", KeyKind::List, "A list."),
        Key::new("inner", KeyKind::Table(INNER), "A table."),
    ];
    const INNER: &[Key] =
        &[Key::new("d", KeyKind::Text, "A text.").required(), Key::new("e", KeyKind::Boolean, "A truth.")];

    #[test]
    fn one_bad_value_does_not_hide_the_next() {
        let table = toml::from_str("a = 1\nb = \"x\"\nc = true\nnmaes = []").unwrap();
        let reading = Reading::default();
        let mut section = Section::new(&reading, "t", table, KEYS);
        assert_eq!(section.take::<String>("a"), None);
        assert_eq!(section.take::<u64>("b"), None);
        assert_eq!(section.take::<bool>("c"), Some(true));
        assert_eq!(section.take::<Vec<String>>("names"), None);
        section.finish();
        let paths: Vec<_> = reading.into_problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["t.a", "t.b", "t.nmaes"]);
    }

    #[test]
    fn everything_wrong_in_an_inner_table_is_noted_with_its_path() {
        let reading = Reading::default();
        let table: Table = toml::from_str("inner = { e = 1, f = 2 }").unwrap();
        let mut section = Section::new(&reading, "t", table, KEYS);
        assert_eq!(section.take::<Table>("inner"), None);
        let paths: Vec<_> = reading.into_problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["t.inner.e", "t.inner.f", "t.inner.d"]);
    }
}
