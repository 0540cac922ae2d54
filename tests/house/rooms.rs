//! How the folders of a crate, its rooms, know each other, and what the tables about them say.

use super::{assert_none, is_test, metadata, root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which room names which other one, and a file in which it does.
type Edges = BTreeMap<(String, String), String>;

/// The code of a file without comments and without its own tests.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//")).peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            // Tests in a file of their own are one line here; other tests are the rest of the file.
            if lines.next_if(|next| next.trim_end().ends_with(';')).is_none() {
                break;
            }
            continue;
        }
        code.push_str(line);
        code.push('\n');
    }
    code
}

/// The first segments of all paths that begin with `crate::`, also of those in one list.
fn named_from_crate(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(first_name(rest));
            continue;
        };
        let (mut depth, mut item_begins) = (0_u32, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => item_begins = true,
                c if item_begins && !c.is_whitespace() => {
                    names.insert(first_name(&list[at..]));
                    item_begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The edges between the rooms below `base`, a folder with a slash at its end.
fn edges(base: &str, sources: &[(String, String)]) -> Edges {
    let below =
        |path: &str| path.strip_prefix(base).and_then(|rest| rest.split_once('/')).map(|(room, _)| room.to_owned());
    let of_crate = || sources.iter().filter(|(path, _)| !is_test(path));
    let rooms: BTreeSet<String> = of_crate().filter_map(|(path, _)| below(path)).collect();
    let mut edges = Edges::new();
    for (path, text) in of_crate() {
        let Some(from) = below(path) else { continue };
        for to in named_from_crate(&code(text)) {
            if to != from && rooms.contains(&to) {
                edges.entry((from.clone(), to)).or_insert_with(|| path.clone());
            }
        }
    }
    edges
}

/// Edges that lie on a circle, as text.
fn circles(edges: &Edges) -> Vec<String> {
    let reaches = |start: &str, goal: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(room) = next.pop() {
            if room == goal {
                return true;
            }
            if seen.insert(room) {
                next.extend(edges.keys().filter(|(from, _)| from == room).map(|(_, to)| to.as_str()));
            }
        }
        false
    };
    let on_circle = edges.iter().filter(|((from, to), _)| reaches(to, from));
    on_circle.map(|((from, to), path)| format!("{from} -> {to} ({path})")).collect()
}

#[test]
fn no_circle_between_the_rooms_of_a_crate() {
    let sources = sources();
    let mut found = Vec::new();
    let mut edges_seen = 0;
    for package in metadata().workspace_packages() {
        let target =
            package.targets.iter().find(|target| target.is_lib() || target.is_bin()).expect("a crate has code");
        let base = target.src_path.as_std_path().parent().and_then(|base| base.strip_prefix(root()).ok());
        let edges = edges(&format!("{}/", base.expect("it stands below the root").display()), &sources);
        edges_seen += edges.len();
        found.extend(circles(&edges));
    }
    assert!(edges_seen > 20, "the rooms were read: {edges_seen} edges");
    assert_none("rooms that know each other in a circle; move what both need to a room below", &found);
}

#[test]
fn circles_are_found_in_paths_and_in_lists() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let mut sources = vec![
        file("runtime/x/src/lib.rs", "use crate::a::A;"),
        file("runtime/x/src/a/mod.rs", "#[cfg(test)]\nmod tests;\nuse crate::{\n    Other, b::{B, c::A},\n};"),
        file("runtime/x/src/b/mod.rs", "// crate::a\nfn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}"),
        file("runtime/x/src/c/mod.rs", "fn f() -> crate::a::A {}"),
    ];
    assert_eq!(circles(&edges("runtime/x/src/", &sources)), Vec::<String>::new());
    sources.push(file("runtime/x/src/b/deep/c.rs", "fn f() -> crate::c::C {}"));
    let expected =
        ["a -> b (runtime/x/src/a/mod.rs)", "b -> c (runtime/x/src/b/deep/c.rs)", "c -> a (runtime/x/src/c/mod.rs)"];
    assert_eq!(circles(&edges("runtime/x/src/", &sources)), expected);
}

#[test]
fn decide_is_pure() {
    let mut files = 0;
    let mut found = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("runtime/engine/src/decide/")) {
        files += 1;
        let code = code(&text);
        let other_rooms = named_from_crate(&code).into_iter().filter(|room| room != "decide");
        found.extend(other_rooms.map(|room| format!("{path} knows crate::{room}")));
        for word in ["tokio", "ractor"] {
            if code.contains(word) {
                found.push(format!("{path} knows {word}"));
            }
        }
    }
    assert!(files > 10, "the decisions were found");
    assert_none("decisions that are not pure", &found);
}

/// The modules in the first column of the tables of a file that are headed `module` or `room`.
fn modules_in_tables(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        let cell = line.strip_prefix("//! | ").and_then(|row| row.split(" | ").next());
        in_table = match cell {
            Some("module" | "room") => true,
            Some(cell) if in_table => {
                let quoted = cell.split('`').skip(1).step_by(2);
                let is_module = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                modules.extend(quoted.filter(is_module).map(str::to_owned));
                true
            }
            Some(_) => false,
            // The line between the head of a table and its rows.
            None => in_table && line.starts_with("//! |--"),
        };
    }
    modules
}

#[test]
fn module_tables_name_existing_modules() {
    let (mut missing, mut named) = (Vec::new(), 0);
    for (path, text) in sources() {
        let path = Path::new(&path);
        if !["lib.rs", "mod.rs", "main.rs"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let beside = root().join(path.parent().expect("a file stands in a folder"));
        for module in modules_in_tables(&text) {
            named += 1;
            if !beside.join(&module).is_dir() && !beside.join(format!("{module}.rs")).is_file() {
                missing.push(format!("{} names {module}", path.display()));
            }
        }
    }
    assert!(named > 50, "the tables were read: {named} modules");
    assert_none("modules that are not there", &missing);
}

#[test]
fn modules_are_read_from_tables_of_modules_only() {
    let text = "//! | path | what |\n//! |---|---|\n//! | `get` | a path |\n//!\n//! | module | holds |\n//! |---|---|\n\
                //! | [`gate`], `rates` | `x` |\n//! | [`Type`] | a type |\n\nuse x;\n//! | `after` | the table |\n";
    assert_eq!(modules_in_tables(text), ["gate", "rates"]);
}
