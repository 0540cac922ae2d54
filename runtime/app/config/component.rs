//! The keys that belong to an adapter or to a kind of assistant, checked against what it declares.

use super::env_aliases;
use super::hidden::is_variable_name;
use super::problem::join;
use super::read::Reading;
use super::values;
use greenroom_contract::factory::BuildError;
use greenroom_contract::schema::{Key, KeyKind, find};
use greenroom_contract::secret::Secret;
use std::ops::Deref;
use toml::{Table, Value};

/// The keys of one component, as they were written. A secret is still the name of its variable here; its value is
/// kept apart, so that nothing that prints a configuration prints it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnKeys {
    written: Table,
    secrets: Vec<(Vec<String>, Secret)>,
}

impl Deref for OwnKeys {
    type Target = Table;
    fn deref(&self) -> &Table {
        &self.written
    }
}

impl OwnKeys {
    /// The table that the component reads, with the values of its secrets: for the component and nobody else.
    pub fn handed_over(&self) -> Table {
        let mut table = self.written.clone();
        for (path, secret) in &self.secrets {
            put(&mut table, path, secret.handed_over());
        }
        table
    }
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(table.insert(last.clone(), value)),
        [outer, inner @ ..] => {
            if let Some(Value::Table(table)) = table.get_mut(outer) {
                put(table, inner, value);
            }
        }
    }
}

/// What is known about the keys of a component's table.
pub(super) struct Declared<'a> {
    /// Its own.
    pub(super) own: &'static [Key],
    /// Those that every component of its sort has, which were read already.
    pub(super) common: &'static [Key],
    /// The component that declares a key, where this one does not.
    pub(super) of_another: &'a dyn Fn(&str) -> Option<&'static str>,
}

/// What came of a check.
pub(super) struct Checked<T> {
    /// The keys that are sound.
    pub(super) own: OwnKeys,
    /// What the component said about them.
    pub(super) answer: T,
    /// Whether all are; otherwise the answer rests on values that stand in for what is wrong.
    pub(super) sound: bool,
}

/// Checks the keys of a component and asks it about their values. Everything that is wrong is noted.
pub(super) fn check<T>(
    reading: &Reading,
    path: &str,
    table: Table,
    declared: &Declared<'_>,
    ask: impl Fn(Table) -> Result<T, BuildError>,
) -> Option<Checked<T>> {
    let mut keys = OwnKeys::default();
    let mut stand_ins = Vec::new();
    for (name, value) in table {
        let at = join(path, &name);
        let Some(key) = find(declared.own, &name) else {
            unknown(reading, &at, &name, declared);
            continue;
        };
        let taken = reading.taken(&at, key.kind, value).filter(|value| {
            let mut below = vec![name.clone()];
            look_up(reading, &at, key.kind, value, &mut below, &mut keys.secrets)
        });
        match taken {
            Some(value) => drop(keys.written.insert(name, value)),
            None => stand_ins.push(key),
        }
    }
    let unnamed =
        |key: &&Key| !keys.written.contains_key(key.name) && !stand_ins.iter().any(|one| one.name == key.name);
    let absent: Vec<&Key> = declared.own.iter().filter(|key| key.required).filter(unnamed).collect();
    for key in absent {
        reading.problem(join(path, key.name), values::missing(key));
        stand_ins.push(key);
    }
    let sound = stand_ins.is_empty();
    // What is wrong must not hide what else is, so the component is asked about the rest all the same.
    let mut asked = keys.handed_over();
    for key in stand_ins {
        match stand_in(key) {
            Some(value) => drop(asked.insert(key.name.to_owned(), value)),
            None if key.required => return None,
            None => {}
        }
    }
    let (answer, content) = asked_about(reading, path, asked, declared.own, &ask)?;
    Some(Checked { own: keys, answer, sound: sound && content })
}

fn unknown(reading: &Reading, at: &str, name: &str, declared: &Declared<'_>) {
    if let Some(kind) = (declared.of_another)(name) {
        // The line that names the kind may be all that was changed.
        return reading.warning(format!("{at} is a key of {kind} and means nothing here; it is left out"));
    }
    reading.problem(at, values::unknown(name, declared.own.iter().chain(declared.common)));
}

/// The secret that a sound value refers to. `None` if it is not there, which is noted.
pub(super) fn looked_up(reading: &Reading, at: &str, value: &Value) -> Option<Secret> {
    let mut secrets = Vec::new();
    look_up(reading, at, KeyKind::Secret, value, &mut Vec::new(), &mut secrets);
    secrets.pop().map(|(_, secret)| secret)
}

/// Looks up the secrets in a value that was found to be sound. `false` if one of them is not there.
fn look_up(
    reading: &Reading,
    at: &str,
    kind: KeyKind,
    value: &Value,
    below: &mut Vec<String>,
    secrets: &mut Vec<(Vec<String>, Secret)>,
) -> bool {
    match (kind, value) {
        (KeyKind::Secret, value) => {
            let Some(variable) = values::reference(value) else { return false };
            if let Some(secret) = env_aliases::secret(&reading.variables, variable) {
                secrets.push((below.clone(), secret));
            } else if is_variable_name(variable) {
                reading.problem(
                    at,
                    format!("the environment variable {variable} is not set; set it, or name another one"),
                );
                return false;
            } else {
                reading.problem(
                    at,
                    "what stands behind env is not the name of a variable; if it is the secret itself, take it out of \
                     this file, put it into an environment variable, and write that variable's name here",
                );
                return false;
            }
            true
        }
        (KeyKind::Table(keys), Value::Table(table)) => table.iter().fold(true, |sound, (name, value)| {
            let Some(key) = find(keys, name) else { return sound };
            below.push(name.clone());
            let found = look_up(reading, &join(at, name), key.kind, value, below, secrets);
            below.pop();
            found && sound
        }),
        (KeyKind::Tables(keys), Value::Table(tables)) => tables.iter().fold(true, |sound, (name, value)| {
            below.push(name.clone());
            let found = look_up(reading, &join(at, name), KeyKind::Table(keys), value, below, secrets);
            below.pop();
            found && sound
        }),
        (KeyKind::Secrets, Value::Table(table)) => table.iter().fold(true, |sound, (name, value)| {
            // Within tables of free names a value was not looked at before.
            if let Some(reason) = values::wrong(KeyKind::Secret, value) {
                reading.problem(join(at, name), reason);
                return false;
            }
            below.push(name.clone());
            let found = look_up(reading, &join(at, name), KeyKind::Secret, value, below, secrets);
            below.pop();
            found && sound
        }),
        _ => true,
    }
}

/// A sound value for a key that has none, so that the component can be asked about its other keys.
fn stand_in(key: &Key) -> Option<Value> {
    match key.kind {
        KeyKind::Secret => Some(Secret::new("stand-in").handed_over()),
        _ => key.shown_value(),
    }
}

/// Asks until the component is content or nothing more can be learned, and notes what it says. Whether it was content
/// from the start comes with its answer.
fn asked_about<T>(
    reading: &Reading,
    path: &str,
    mut table: Table,
    keys: &[Key],
    ask: &impl Fn(Table) -> Result<T, BuildError>,
) -> Option<(T, bool)> {
    let mut content = true;
    // Every round settles a key or ends.
    for _ in 0..=table.len() {
        let reason = match ask(table.clone()) {
            Ok(answer) => return Some((answer, content)),
            Err(BuildError::Setup { reason }) => {
                reading.problem(path, reason);
                return None;
            }
            Err(BuildError::Config { path: below, reason }) if !below.is_empty() => {
                reading.problem(format!("{path}.{below}"), reason);
                return None;
            }
            Err(BuildError::Config { reason, .. }) => reason,
        };
        content = false;
        let guilty = keys.iter().find(|key| !ended(ask, &replaced(&table, key), &reason).is_empty());
        let Some(key) = guilty.filter(|key| table.contains_key(key.name)) else {
            reason.lines().for_each(|line| reading.problem(path, line));
            return None;
        };
        let rest = replaced(&table, key);
        for line in ended(ask, &rest, &reason) {
            reading.problem(join(path, key.name), line);
        }
        if key.required && stand_in(key).is_none() {
            return None;
        }
        table = rest;
    }
    None
}

/// The table with a sound value for this key, or without it.
fn replaced(table: &Table, key: &Key) -> Table {
    let mut rest = table.clone();
    if rest.remove(key.name).is_some()
        && let Some(value) = stand_in(key)
    {
        rest.insert(key.name.to_owned(), value);
    }
    rest
}

/// The lines of a complaint to which a table gives no cause.
fn ended<'a, T>(ask: &impl Fn(Table) -> Result<T, BuildError>, table: &Table, reason: &'a str) -> Vec<&'a str> {
    let now = match ask(table.clone()) {
        Ok(_) => String::new(),
        Err(BuildError::Config { reason, .. }) => reason,
        Err(BuildError::Setup { .. }) => return reason.lines().collect(),
    };
    reason.lines().filter(|line| !now.lines().any(|other| other == *line)).collect()
}
