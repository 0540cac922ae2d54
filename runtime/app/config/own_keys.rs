//! The keys that belong to an adapter or to a kind of assistant.
//!
//! Only the kind itself knows them, and it says one thing at a time. So it is asked again without
//! the key that it complained about, until it is content; all complaints are noted.

use super::env::listed;
use super::problem::{join, suggestion};
use super::read::{Reading, plain};
use greenroom_contract::factory::BuildError;
use toml::Table;

/// Asks the kind about its keys, notes every complaint, and returns the table with the values from
/// the environment as the kind understands them, and what the kind answered.
pub(super) fn check<T>(
    reading: &Reading,
    path: &str,
    mut table: Table,
    common: &[&'static str],
    of_another: &dyn Fn(&str) -> Option<&'static str>,
    ask: impl Fn(Table) -> Result<T, BuildError>,
) -> (Table, Option<T>) {
    let mut removed: Vec<String> = Vec::new();
    // Every round settles a key or ends, so there are not more rounds than keys.
    for _ in 0..=table.len() {
        let complaint = match ask(table.clone()) {
            Ok(answer) => return (table, Some(answer)),
            Err(complaint) => complaint,
        };
        if understood_otherwise(reading, path, &mut table, &complaint, &ask) {
            continue;
        }
        if let Some((key, kind)) = unknown_here(&table, &complaint, of_another) {
            // The line that names the kind may be all that was changed.
            let path = join(path, &key);
            reading.warning(format!("{path} is a key of {kind} and means nothing here; it is left out"));
            table.remove(&key);
            continue;
        }
        let Some(key) = note(reading, path, &table, common, &removed, &complaint, &ask) else { break };
        table.remove(&key);
        removed.push(key);
    }
    (table, None)
}

/// The key that is complained of, if it is not known here but belongs to another kind.
fn unknown_here(
    table: &Table,
    complaint: &BuildError,
    of_another: &dyn Fn(&str) -> Option<&'static str>,
) -> Option<(String, &'static str)> {
    let BuildError::Config { path, reason } = complaint else { return None };
    let (key, _) = listed(reason, "unknown field `").filter(|_| path.is_empty())?;
    let kind = of_another(&key).filter(|_| table.contains_key(&key))?;
    Some((key, kind))
}

/// Notes one complaint and returns the key to leave out when the kind is asked again.
fn note<T>(
    reading: &Reading,
    path: &str,
    table: &Table,
    common: &[&'static str],
    removed: &[String],
    complaint: &BuildError,
    ask: &impl Fn(Table) -> Result<T, BuildError>,
) -> Option<String> {
    let (below, reason) = match complaint {
        BuildError::Config { path, reason } => (path.as_str(), reason.as_str()),
        BuildError::Setup { reason } => {
            reading.problem(path, reason);
            return None;
        }
    };
    if !below.is_empty() {
        reading.problem(format!("{path}.{below}"), plain(reason));
        return below.split('.').next().filter(|key| table.contains_key(*key)).map(str::to_owned);
    }
    if let Some((key, own)) = listed(reason, "unknown field `")
        && table.contains_key(&key)
    {
        let known: Vec<&str> = own.iter().map(String::as_str).chain(common.iter().copied()).collect();
        let meant = suggestion(&key, known.iter().copied());
        let all = if meant.is_empty() { format!("; known: {}", known.join(", ")) } else { String::new() };
        reading.problem(join(path, &key), format!("unknown key{meant}{all}"));
        return Some(key);
    }
    if let Some(key) = reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        if !removed.iter().any(|gone| gone == key) {
            reading.problem(join(path, key), "this key is missing");
        }
        return None;
    }
    let guilty = table.keys().find(|key| !ended(ask, &without(table, key), reason).is_empty()).cloned();
    let place = guilty.as_ref().map_or_else(|| path.to_owned(), |key| join(path, key));
    let lines = match &guilty {
        Some(key) => ended(ask, &without(table, key), reason),
        // What was left out because it is wrong is not missing.
        None => reason.lines().filter(|line| !removed.iter().any(|key| is_missing(line, key))).collect(),
    };
    for line in lines {
        reading.problem(place.clone(), plain(line));
    }
    guilty
}

fn is_missing(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with(" is missing"))
}

/// The lines of a complaint that a table gives no cause for. Where leaving out a key only adds to
/// the complaint, that key was not at fault.
fn ended<'a, T>(ask: &impl Fn(Table) -> Result<T, BuildError>, table: &Table, reason: &'a str) -> Vec<&'a str> {
    match complaint_of(ask, table) {
        BuildError::Config { reason: now, .. } => {
            reason.lines().filter(|line| !now.lines().any(|other| other == *line)).collect()
        }
        BuildError::Setup { .. } => reason.lines().collect(),
    }
}

/// Whether a value from the environment, taken as a text or as a list, ends the complaint.
fn understood_otherwise<T>(
    reading: &Reading,
    path: &str,
    table: &mut Table,
    complaint: &BuildError,
    ask: &impl Fn(Table) -> Result<T, BuildError>,
) -> bool {
    let keys: Vec<String> = table.keys().cloned().collect();
    for key in keys {
        let candidates = reading.overrides.candidates(&join(path, &key), table[&key].clone());
        for candidate in candidates.into_iter().skip(1).filter(|candidate| *candidate != table[&key]) {
            let mut other = table.clone();
            other.insert(key.clone(), candidate);
            // A candidate must end this complaint and bring no complaint about itself.
            if differs(ask, &other, complaint) && !differs(ask, &other, &complaint_of(ask, &without(&other, &key))) {
                *table = other;
                return true;
            }
        }
    }
    false
}

/// What is said about a table; an empty complaint where there is none.
fn complaint_of<T>(ask: &impl Fn(Table) -> Result<T, BuildError>, table: &Table) -> BuildError {
    ask(table.clone()).err().unwrap_or(BuildError::Config { path: String::new(), reason: String::new() })
}

fn differs<T>(ask: &impl Fn(Table) -> Result<T, BuildError>, table: &Table, from: &BuildError) -> bool {
    complaint_of(ask, table) != *from
}

fn without(table: &Table, key: &str) -> Table {
    let mut rest = table.clone();
    rest.remove(key);
    rest
}
