//! Environment variables that override the file: `GREENROOM_` and the path, with `__` between levels.

use super::problem::{Problem, join, nearest};
use super::schema::{ASSISTANT, CHANNEL, MODEL, ROOT, TOOLS};
use crate::registry::Registry;
use greenroom_contract::schema::{Key, KeyKind, find};
use std::collections::BTreeMap;
use std::ffi::OsString;
use toml::{Table, Value};

/// What every one of our variables begins with.
const PREFIX: &str = "GREENROOM_";

/// The variable that holds what seals secrets.
pub(super) const MASTER_KEY: &str = "GREENROOM_MASTER_KEY";

/// Variables with a meaning of their own; they are no paths.
const RESERVED: [&str; 3] = [MASTER_KEY, "GREENROOM_FAIL", "GREENROOM_LOG"];

/// Which paths were set by the environment, by which variable and to which text.
#[derive(Default)]
pub(super) struct Overrides {
    by_path: BTreeMap<String, (String, String)>,
    master_key: Option<String>,
}

impl Overrides {
    /// What seals secrets, if the environment says so.
    pub(super) fn master_key(&self) -> Option<&str> {
        self.master_key.as_deref()
    }

    /// The variable that set `path`, or a table around it.
    pub(super) fn variable(&self, path: &str) -> Option<&str> {
        self.by_path
            .iter()
            .filter(|(set, _)| {
                path == *set || path.strip_prefix(set.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
            .map(|(_, (variable, _))| variable.as_str())
            .next_back()
    }

    /// The variable that set exactly this path to a text that is a secret itself, not the name of a variable.
    pub(super) fn secret(&self, path: &str, value: &Value) -> Option<&str> {
        let (variable, _) = self.by_path.get(path)?;
        (!value.is_table()).then_some(variable.as_str())
    }

    /// Whether the environment set anything at or below `path`.
    pub(super) fn touches(&self, path: &str) -> bool {
        self.by_path.keys().any(|set| set == path || set.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// What a value may mean, the likeliest first. A value from the file means itself. One from the
    /// environment is a TOML value if it reads as one (but `+15551234567` may be meant as text), else
    /// text, else a list with commas.
    pub(super) fn candidates(&self, path: &str, value: Value) -> Vec<Value> {
        match self.by_path.get(path) {
            None => vec![value],
            Some((_, text)) => vec![value, Value::String(text.clone()), comma_list(text)],
        }
    }
}

fn comma_list(text: &str) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
}

/// Puts the overrides among `variables` into `table` and says which they were.
pub(super) fn apply(
    table: &mut Table,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    registry: &Registry,
    problems: &mut Vec<Problem>,
) -> Overrides {
    let mut ours = BTreeMap::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)).map(str::to_owned) else { continue };
        match value.into_string() {
            Ok(text) => drop(ours.insert(name, text)),
            Err(_) => problems.push(Problem::new(name, "the value is not UTF-8")),
        }
    }
    let names = Names::of(table, &ours);
    let mut overrides = Overrides::default();
    for (name, text) in ours {
        if RESERVED.contains(&name.as_str()) {
            if name == MASTER_KEY && !text.is_empty() {
                overrides.master_key = Some(text);
            } else if name == "GREENROOM_FAIL" && !cfg!(feature = "failpoints") {
                problems.push(Problem::new(name, "this build has no fail points; build it with --features failpoints"));
            }
            continue;
        }
        match names.path(&name, table, registry) {
            Ok(path) => {
                let display = path.iter().fold(String::new(), |display, key| join(&display, key));
                if insert(table, &path, as_toml(&text)) {
                    overrides.by_path.insert(display, (name, text));
                } else {
                    problems.push(Problem::new(name, format!("{display} is not inside a table")));
                }
            }
            Err(what) => problems.push(Problem::new(name, what)),
        }
    }
    overrides
}

/// A value as TOML if it reads as such, else as text.
pub(super) fn as_toml(text: &str) -> Value {
    let line = format!("value = {text}");
    match line.parse::<Table>() {
        // A text with line breaks could read as several keys; then it is a text.
        Ok(mut table) if table.len() == 1 => table.remove("value").unwrap_or_else(|| Value::String(text.to_owned())),
        _ => Value::String(text.to_owned()),
    }
}

fn insert(table: &mut Table, path: &[String], value: Value) -> bool {
    let Some((last, outer)) = path.split_last() else { return false };
    let mut table = table;
    for key in outer {
        match table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => table = inner,
            _ => return false,
        }
    }
    table.insert(last.clone(), value);
    true
}

/// The names of channels and assistants that a variable may speak of.
struct Names {
    by_section: BTreeMap<&'static str, Vec<String>>,
    /// The adapter or kind of each, where it is said.
    kinds: BTreeMap<(&'static str, String), String>,
}

impl Names {
    /// Those of the file, and those that the environment itself gives an adapter or a kind.
    fn of(table: &Table, ours: &BTreeMap<String, String>) -> Self {
        let mut by_section = BTreeMap::new();
        let mut kinds = BTreeMap::new();
        for (section, kind_key) in
            [("channels", "ADAPTER"), ("assistants", "KIND"), ("models", "PROVIDER"), ("tools", "COMMAND")]
        {
            let in_file = table.get(section).and_then(Value::as_table).into_iter().flat_map(Table::keys);
            let mut names: Vec<String> = in_file.cloned().collect();
            let prefix = format!("{PREFIX}{}__", section.to_uppercase());
            let made =
                ours.keys().filter_map(|name| name.strip_prefix(&prefix)?.strip_suffix(&format!("__{kind_key}")));
            for name in made.map(str::to_lowercase).filter(|name| !name.contains("__")) {
                if !names.iter().any(|known| folded(known) == name) {
                    names.push(name);
                }
            }
            for name in &names {
                let variable = spelled(&[section, name, kind_key]);
                let written = table.get(section).and_then(|section| section.get(name)?.get(kind_key.to_lowercase()));
                let kind = ours.get(&variable).map(String::as_str).or_else(|| written.and_then(Value::as_str));
                kinds.extend(kind.map(|kind| ((section, name.clone()), kind.to_owned())));
            }
            by_section.insert(section, names);
        }
        Self { by_section, kinds }
    }

    /// The path that a variable stands for, spelled as in the file where the file has it.
    fn path(&self, variable: &str, table: &Table, registry: &Registry) -> Result<Vec<String>, String> {
        let parts: Vec<String> = variable[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        let unknown = || format!("unknown variable{}", self.meant(variable, registry));
        let section = parts.first().filter(|part| find(ROOT, part).is_some()).ok_or_else(unknown)?;
        if parts.len() < 2 || parts.iter().any(String::is_empty) {
            return Err(unknown());
        }
        let names = self.by_section.get(section.as_str());
        if names.is_some_and(|names| parts.len() < 3 || !names.iter().any(|name| folded(name) == parts[1])) {
            return Err(unknown());
        }
        let mut path = Vec::with_capacity(parts.len());
        let mut here = Some(table);
        for (depth, part) in parts.iter().enumerate() {
            let mut known: Vec<&str> = here.into_iter().flat_map(Table::keys).map(String::as_str).collect();
            if let (1, Some(names)) = (depth, names) {
                known.extend(names.iter().map(String::as_str));
            }
            let key = known.into_iter().find(|key| folded(key) == *part).unwrap_or(part).to_owned();
            here = here.and_then(|table| table.get(&key)).and_then(Value::as_table);
            path.push(key);
        }
        Ok(path)
    }

    fn meant(&self, variable: &str, registry: &Registry) -> String {
        let mut known: Vec<String> = RESERVED.map(str::to_owned).to_vec();
        for section in ROOT {
            let KeyKind::Table(keys) = section.kind else { continue };
            known.extend(keys.iter().map(|key| spelled(&[section.name, key.name])));
        }
        for (section, common) in [("channels", CHANNEL), ("assistants", ASSISTANT), ("models", MODEL), ("tools", TOOLS)]
        {
            for name in &self.by_section[section] {
                let kind = self.kinds.get(&(section, name.clone()));
                let own = kind.map_or(&[][..], |kind| own_keys(registry, section, kind));
                known.extend(common.iter().chain(own).map(|key| spelled(&[section, name, key.name])));
            }
        }
        // The prefix is the same everywhere and would make everything look alike.
        let known = known.iter().map(|name| &name[PREFIX.len()..]);
        match nearest(&variable[PREFIX.len()..], known) {
            Some(meant) => format!("; did you mean {PREFIX}{meant}?"),
            None => "; write GREENROOM_SECTION__KEY or GREENROOM_CHANNELS__NAME__KEY, such as GREENROOM_STORE__PATH"
                .to_owned(),
        }
    }
}

/// The keys that an adapter or a kind of assistant declares.
pub(super) fn own_keys(registry: &Registry, section: &str, kind: &str) -> &'static [Key] {
    let keys = match section {
        "channels" => registry.channel(kind).map(|entry| entry.kind.keys()),
        "models" | "tools" => None,
        _ => registry.assistant(kind).map(|entry| entry.keys()),
    };
    keys.unwrap_or_default()
}

fn spelled(path: &[&str]) -> String {
    format!("{PREFIX}{}", path.iter().map(|key| folded(key).to_uppercase()).collect::<Vec<_>>().join("__"))
}

/// A key as variables spell it.
fn folded(key: &str) -> String {
    key.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(file: &str, variables: &[(&str, &str)]) -> (Table, Overrides, Vec<String>) {
        let mut table: Table = toml::from_str(file).unwrap();
        let mut problems = Vec::new();
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let overrides = apply(&mut table, variables, &Registry::standard(), &mut problems);
        (table, overrides, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_with_hyphens_and_capitals_are_found() {
        let (table, overrides, problems) =
            applied("[channels.My-Bot]\nadapter = \"console\"", &[("GREENROOM_CHANNELS__MY_BOT__DEBOUNCE_MS", "250")]);
        assert_eq!(problems, [""; 0]);
        assert_eq!(table["channels"]["My-Bot"]["debounce_ms"], Value::Integer(250));
        assert_eq!(overrides.variable("channels.My-Bot.debounce_ms"), Some("GREENROOM_CHANNELS__MY_BOT__DEBOUNCE_MS"));
        assert!(overrides.touches("channels.My-Bot") && !overrides.touches("channels.My"));
    }

    #[test]
    fn a_channel_can_come_from_the_environment_alone() {
        let (table, _, problems) = applied(
            "",
            &[("GREENROOM_CHANNELS__DESK__ADAPTER", "console"), ("GREENROOM_CHANNELS__DESK__GROUPS", "never")],
        );
        assert_eq!(problems, [""; 0]);
        assert_eq!(table["channels"]["desk"]["adapter"].as_str(), Some("console"));
    }

    #[test]
    fn unknown_names_are_refused_with_a_suggestion() {
        let file = "[channels.whatsapp]\nadapter = \"console\"";
        for (variable, meant) in [
            ("GREENROOM_STORE_PATH", "did you mean GREENROOM_STORE__PATH?"),
            ("GREENROOM_GATWAY__LISTEN", "did you mean GREENROOM_GATEWAY__LISTEN?"),
            ("GREENROOM_MASTERKEY", "did you mean GREENROOM_MASTER_KEY?"),
            ("GREENROOM_CHANNELS__WHATSAP__ALLOW_FROM", "did you mean GREENROOM_CHANNELS__WHATSAPP__ALLOW_FROM?"),
            ("GREENROOM_CHANNELS__WHATSAP__IDS", "did you mean GREENROOM_CHANNELS__WHATSAPP__IDS?"),
            ("GREENROOM_X", "write GREENROOM_SECTION__KEY"),
            ("GREENROOM_", "write GREENROOM_SECTION__KEY"),
            ("GREENROOM_STORE__", "write GREENROOM_SECTION__KEY"),
        ] {
            let (_, _, problems) = applied(file, &[(variable, "x")]);
            assert_eq!(problems.len(), 1, "{variable}");
            assert!(problems[0].contains(meant), "{variable}: {problems:?}");
        }
    }

    #[test]
    fn reserved_and_foreign_names_are_left_alone() {
        let (table, _, problems) =
            applied("", &[("GREENROOM_LOG", "debug"), ("GREENROOM_MASTER_KEY", "k"), ("PATH", "/")]);
        assert_eq!(problems, [""; 0]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_phone_number_may_be_a_text_though_it_reads_as_a_number() {
        let (table, overrides, _) =
            applied("[channels.a]", &[("GREENROOM_CHANNELS__A__ALLOW_FROM", "+15551234567, +15557654321")]);
        let candidates = overrides.candidates("channels.a.allow_from", table["channels"]["a"]["allow_from"].clone());
        assert!(candidates.contains(&comma_list("+15551234567,+15557654321")));
        assert_eq!(as_toml("+15551234567"), Value::Integer(15_551_234_567));
        assert_eq!(as_toml("[1, 2]").as_array().map(Vec::len), Some(2));
        assert_eq!(as_toml("a\nb = 2"), Value::String("a\nb = 2".into()));
        assert_eq!(as_toml("1\nb = 2"), Value::String("1\nb = 2".into()));
    }

    #[test]
    fn a_key_below_a_value_is_refused() {
        let (_, _, problems) = applied("[store]\npath = \"x\"", &[("GREENROOM_STORE__PATH__DEEP", "x")]);
        assert_eq!(problems, ["GREENROOM_STORE__PATH__DEEP: store.path.deep is not inside a table"]);
    }
}
