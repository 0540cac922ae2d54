//! The bot in one file: written while it runs or not, put back elsewhere, moved away.

use crate::hands::{Server, TWO, configured, fails, greenroom};
use crate::support::process::{folder, succeeded};
use std::fs;
use tempfile::TempDir;

const PHRASE: &str = "correct horse battery staple";

/// A bot with a number on its list that is stored and not configured.
fn bot() -> TempDir {
    let folder = configured(TWO);
    fs::write(folder.path().join("phrase"), format!("{PHRASE}\n")).expect("a writable folder");
    succeeded(&greenroom(&folder, &["allow", "+12025550199", "--channel", "net"], &[]));
    folder
}

fn backup(folder: &TempDir, file: &str, more: &[&str]) -> String {
    let arguments = [&["backup", file, "--passphrase-file", "phrase"], more].concat();
    succeeded(&greenroom(folder, &arguments, &[]))
}

/// Another machine, to which the file was carried.
fn carried(from: &TempDir, file: &str) -> TempDir {
    let there = folder();
    for name in [file, "phrase"] {
        fs::copy(from.path().join(name), there.path().join(name)).expect("it was written");
    }
    there
}

fn admits(folder: &TempDir, number: &str) -> bool {
    succeeded(&greenroom(folder, &["allowlist"], &[])).contains(number)
}

#[test]
fn a_bot_is_put_back_elsewhere_with_its_list_and_its_configuration() {
    let here = bot();
    let said = backup(&here, "bot.age", &[]);
    assert!(said.contains("read back") && said.contains("greenroom restore"), "{said}");
    let file = fs::read(here.path().join("bot.age")).expect("it was written");
    assert!(file.starts_with(b"age-encryption.org/v1"));
    let again = fails(&here, &["backup", "bot.age", "--passphrase-file", "phrase"], &[], 1);
    assert!(again.contains("exists already"), "{again}");

    let there = carried(&here, "bot.age");
    fs::write(there.path().join("wrong"), "not the right passphrase").expect("a writable folder");
    let wrong = fails(&there, &["restore", "bot.age", "--passphrase-file", "wrong"], &[], 1);
    assert!(wrong.contains("does not open it"), "{wrong}");
    assert!(
        !there.path().join("data").exists() && !there.path().join("greenroom.toml").exists(),
        "something was changed"
    );
    fs::write(there.path().join("cut.age"), &file[..file.len() - 9]).expect("a writable folder");
    let cut = fails(&there, &["restore", "cut.age", "--passphrase-file", "phrase"], &[], 1);
    assert!(cut.contains("cut or changed"), "{cut}");
    assert!(
        !there.path().join("data").exists() && !there.path().join("greenroom.toml").exists(),
        "something was changed"
    );

    let said = succeeded(&greenroom(&there, &["restore", "bot.age", "--passphrase-file", "phrase"], &[]));
    assert!(said.contains("greenroom.toml") && said.contains("greenroom run"), "{said}");
    assert_eq!(fs::read_to_string(there.path().join("greenroom.toml")).expect("it came along"), TWO);
    assert!(admits(&there, "+12025550199"));
    let key = |folder: &TempDir| fs::read_to_string(folder.path().join("data/master.key")).expect("there is one");
    assert_ne!(key(&here), key(&there));
    let twice = fails(&there, &["restore", "bot.age", "--passphrase-file", "phrase"], &[], 1);
    assert!(twice.contains("already holds a store"), "{twice}");
    drop(Server::start(&there, &[]));
}

#[test]
fn it_is_written_while_it_runs_too() {
    let here = bot();
    let server = Server::start(&here, &[]);
    backup(&here, "bot.age", &[]);
    drop(server);
    let there = carried(&here, "bot.age");
    succeeded(&greenroom(&there, &["restore", "bot.age", "--passphrase-file", "phrase"], &[]));
    assert!(admits(&there, "+12025550199"));
}

#[cfg(unix)]
#[test]
fn one_that_moves_is_stopped_and_starts_only_there() {
    let here = bot();
    let server = Server::start(&here, &[]);
    let said = backup(&here, "bot.age", &["--move"]);
    assert!(said.contains("stopping the bot") && said.contains("does not start here"), "{said}");
    drop(server);
    let refused = fails(&here, &["run"], &[], 1);
    assert!(refused.contains("moved to another place") && refused.contains("restore --here"), "{refused}");
    let there = carried(&here, "bot.age");
    succeeded(&greenroom(&there, &["restore", "bot.age", "--passphrase-file", "phrase"], &[]));
    drop(Server::start(&there, &[]));
    // It did not go well there, and continues here.
    succeeded(&greenroom(&here, &["restore", "--here"], &[]));
    drop(Server::start(&here, &[]));
    assert!(admits(&here, "+12025550199"));
}

#[test]
fn keys_of_age_lock_and_open_it_and_a_short_passphrase_is_refused() {
    let here = bot();
    fs::write(here.path().join("short"), "abc").expect("a writable folder");
    let short = fails(&here, &["backup", "bot.age", "--passphrase-file", "short"], &[], 2);
    assert!(short.contains("at least 12"), "{short}");
    let bad = fails(&here, &["backup", "bot.age", "--recipient", "age1nonsense"], &[], 2);
    assert!(bad.contains("age1"), "{bad}");
    assert!(!here.path().join("bot.age").exists() && !here.path().join("bot.age.part").exists());
    let (public, secret) = greenroom::capsule::keys::generate();
    succeeded(&greenroom(&here, &["backup", "bot.age", "--recipient", &public], &[]));
    let there = carried(&here, "bot.age");
    fs::write(there.path().join("key.txt"), format!("# of the owner\n{}\n", secret.expose()))
        .expect("a writable folder");
    succeeded(&greenroom(&there, &["restore", "bot.age", "--identity", "key.txt"], &[]));
    assert!(admits(&there, "+12025550199"));
}

#[test]
fn a_new_key_seals_everything_and_the_bot_starts_with_it() {
    let here = bot();
    let key = || fs::read_to_string(here.path().join("data/master.key")).expect("there is one");
    let old = key();
    let said = succeeded(&greenroom(&here, &["rotate-key"], &[]));
    assert!(said.contains("sealed with the new key"), "{said}");
    assert_ne!(key(), old);
    drop(Server::start(&here, &[]));
    assert!(admits(&here, "+12025550199"));
}

#[test]
fn a_person_who_is_not_known_is_told_as_such_and_forgetting_is_asked_about() {
    let here = bot();
    let unknown = fails(&here, &["export", "--person", "+12025550177"], &[], 1);
    assert!(unknown.contains("is not known"), "{unknown}");
    let asked = fails(&here, &["forget", "--person", "+12025550177"], &[], 2);
    assert!(asked.contains("--yes"), "{asked}");
    let wrong = fails(&here, &["export", "--person", "ana"], &[], 2);
    assert!(wrong.contains("not an address"), "{wrong}");
}
