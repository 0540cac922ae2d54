//! The README's table of troubles is the one that the program knows, and every finding that it names is one that can be found.

use greenroom_doctor::{TROUBLES, markdown};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const BEGINS: &str =
    "<!-- troubleshooting: what runtime/doctor/src/troubles.rs says; UPDATE_GOLDEN=1 writes it. -->\n\n";

#[test]
fn the_readme_shows_the_table_of_troubles() {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README is there");
    let (before, rest) = text.split_once(BEGINS).expect("the README marks where the table begins");
    let end = rest.lines().take_while(|line| line.starts_with('|')).map(|line| line.len() + 1).sum::<usize>();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let new = format!("{before}{BEGINS}{}{}", markdown(), &rest[end..]);
        std::fs::write(path, new).expect("it can be written");
        return;
    }
    assert_eq!(&rest[..end], markdown(), "UPDATE_GOLDEN=1 writes it");
}

#[test]
fn the_twelve_that_people_ask_for_most_are_there_with_a_command() {
    let wanted = [
        "QR code expired",
        "QR not appearing",
        "Configured but not connected",
        "Bot does not respond",
        "Disconnects frequently",
        "Connection keeps dropping",
        "Maximum sessions reached",
        "Connected but messages do not work",
        "Gateway not configured",
        "Messages not received",
        "Messages fail to send",
        "Slow responses",
    ];
    for said in wanted {
        let trouble = TROUBLES.iter().find(|trouble| trouble.said == said);
        assert!(trouble.is_some_and(|one| !one.codes.is_empty() && !one.command.is_empty()), "{said}");
    }
}

#[test]
fn every_finding_of_the_table_is_made_somewhere() {
    let mut sources = String::new();
    for file in std::fs::read_dir(root().join("runtime/doctor/src/examine")).expect("the sources are there") {
        sources += &std::fs::read_to_string(file.expect("a file").path()).expect("it can be read");
    }
    for code in TROUBLES.iter().flat_map(|trouble| trouble.codes) {
        // Of what is tried out the name is made of its kind.
        let of_part = ["-fails", "-doubtful"].iter().any(|end| code.ends_with(end));
        assert!(of_part || sources.contains(&format!("\"{code}\"")), "{code}");
    }
}
