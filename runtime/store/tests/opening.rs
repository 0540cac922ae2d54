//! What is refused at the door, and with which words.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_contract::store::{Inbox, Maintenance, Vault, VaultWrite};
use greenroom_store::{EngineKind, OpenError, OpenOptions, SealKey, SealSource};
use std::path::Path;
use support::{ENGINES, live, open, run, try_open};
use tempfile::TempDir;

fn refusal(path: &Path, engine: EngineKind) -> String {
    match try_open(path, engine) {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.to_string(),
    }
}

/// A store with some life in it, closed in order.
fn lived(engine: EngineKind) -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), engine);
    run(async {
        live(&*store, 0..50).await;
        support::accept(&*store, support::message(3, 9_000)).await;
        store.close().await.unwrap();
    });
    folder
}

#[test]
fn the_same_folder_is_opened_once() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        let words = refusal(folder.path(), engine);
        assert!(words.contains("Another process uses the store"), "{words}");
        assert!(words.contains(&format!("(process {})", std::process::id())), "{words}");
        drop(store);
        open(folder.path(), engine);
    }
}

#[test]
fn child_that_holds_the_store() {
    let Some(folder) = support::child_folder() else { return };
    let _store = open(&folder, support::child_engine());
    println!("holding");
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

#[test]
fn another_process_is_named() {
    use std::io::BufRead;
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let mut command = support::child("child_that_holds_the_store");
        support::give(&mut command, folder.path(), engine);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("holding")));
        let words = refusal(folder.path(), engine);
        assert!(words.contains(&format!("(process {})", child.id())), "{words}");
        child.kill().unwrap();
        child.wait().unwrap();
        open(folder.path(), engine);
    }
}

#[test]
fn another_engine_is_refused_by_name() {
    for (made, wanted) in [(EngineKind::Sled, EngineKind::Fjall), (EngineKind::Fjall, EngineKind::Sled)] {
        let folder = lived(made);
        let words = refusal(folder.path(), wanted);
        assert!(words.contains(&format!("was made with the engine \"{}\"", made.name())), "{words}");
        std::fs::remove_file(folder.path().join("store.json")).unwrap();
        let words = refusal(folder.path(), wanted);
        assert!(words.contains(&format!("was made with the engine \"{}\"", made.name())), "{words}");
    }
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data");
    std::fs::write(&path, "a file").unwrap();
    let words = refusal(&path, EngineKind::Sled);
    assert!(words.contains("A file lies where the directory should be"), "{words}");
    let words = refusal(&path.join("deeper"), EngineKind::Sled);
    assert!(words.contains("A file lies where the directory should be"), "{words}");
}

#[test]
fn lost_data_is_not_an_empty_store() {
    for engine in ENGINES {
        let folder = lived(engine);
        std::fs::remove_dir_all(folder.path().join(engine.name())).unwrap();
        let words = refusal(folder.path(), engine);
        assert!(words.contains("is missing or empty") && words.contains("greenroom store verify"), "{words}");
        std::fs::create_dir(folder.path().join(engine.name())).unwrap();
        let words = refusal(folder.path(), engine);
        assert!(words.contains("is missing or empty"), "{words}");
    }
}

#[test]
fn a_missing_log_is_not_an_empty_store() {
    let folder = lived(EngineKind::Sled);
    std::fs::remove_file(folder.path().join("sled/db")).unwrap();
    let words = refusal(folder.path(), EngineKind::Sled);
    assert!(words.contains("\"db\" is missing"), "{words}");
}

#[test]
fn an_emptied_store_is_refused_and_opens_when_the_loss_is_accepted() {
    for engine in ENGINES {
        let folder = lived(engine);
        let empty = TempDir::new().unwrap();
        drop(open(empty.path(), engine));
        std::fs::remove_dir_all(folder.path().join(engine.name())).unwrap();
        std::fs::rename(empty.path().join(engine.name()), folder.path().join(engine.name())).unwrap();
        std::fs::copy(empty.path().join("master.key"), folder.path().join("master.key")).unwrap();
        let error = refusal(folder.path(), engine);
        assert!(error.contains("log was cut") || error.contains("two different stores"), "{error}");
        let options = OpenOptions { engine, accept_damage: true, ..OpenOptions::at(folder.path()) };
        let store = greenroom_store::open(options).expect("an accepted loss opens");
        run(live(&*store, 0..3));
    }
}

#[test]
fn a_folder_without_rights_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data");
    drop(open(&path, EngineKind::Sled));
    let test = "child_without_rights";
    let mut command = support::child(test);
    support::give(&mut command, &path, EngineKind::Sled);
    if !become_nobody(&mut command, folder.path(), &path) {
        println!("skipped: this user cannot run a child as somebody else");
        return;
    }
    let Ok(output) = command.output() else {
        println!("skipped: the test binary cannot be run as somebody else");
        return;
    };
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    if !words.contains("refused:") && !words.contains("opened") {
        println!("skipped: the child did not start ({words})");
        return;
    }
    assert!(words.contains("Give this user the right to read and write there"), "{words}");
}

#[test]
fn child_without_rights() {
    let Some(folder) = support::child_folder() else { return };
    match try_open(&folder, EngineKind::Sled) {
        Ok(_) => println!("opened"),
        Err(error) => println!("refused: {error}"),
    }
}

/// Root may do everything, so a child that is to be refused must be somebody else.
#[cfg(unix)]
fn become_nobody(command: &mut std::process::Command, outer: &Path, path: &Path) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    std::fs::set_permissions(outer, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        command.uid(65_534).gid(65_534);
    }
    true
}

#[cfg(not(unix))]
fn become_nobody(_: &mut std::process::Command, _: &Path, _: &Path) -> bool {
    false
}

#[test]
fn the_wrong_master_key_is_refused_and_secrets_stay_closed() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let with_key = |digit: &str| {
            let current = SealKey::from_hex(&digit.repeat(64)).unwrap();
            let seal = SealSource::Key { current, older: Vec::new() };
            OpenOptions { engine, seal, ..OpenOptions::at(folder.path()) }
        };
        let account = greenroom_contract::ids::AccountId::new("acc").unwrap();
        let other = greenroom_contract::ids::AccountId::new("acd").unwrap();
        run(async {
            let store = greenroom_store::open(with_key("1")).unwrap();
            let put = VaultWrite::Put { key: "token".into(), value: "hunter2hunter2".into() };
            store.vault_write(&account, vec![put]).await.unwrap();
            assert_eq!(store.vault_get(&other, b"token").await, Ok(None));
            store.close().await.unwrap();
        });
        let Err(error) = greenroom_store::open(with_key("2")) else { panic!("another key opened the store") };
        assert!(matches!(error, OpenError::Key { .. }), "{error}");
        assert!(error.to_string().contains("GREENROOM_MASTER_KEY"), "{error}");
        run(async {
            let store = greenroom_store::open(with_key("1")).unwrap();
            assert_eq!(store.vault_get(&account, b"token").await, Ok(Some("hunter2hunter2".into())));
        });
        let older = vec![SealKey::from_hex(&"1".repeat(64)).unwrap()];
        let current = SealKey::from_hex(&"3".repeat(64)).unwrap();
        let rotated =
            OpenOptions { engine, seal: SealSource::Key { current, older }, ..OpenOptions::at(folder.path()) };
        run(async {
            let store = greenroom_store::open(rotated).expect("an older key still opens");
            assert_eq!(store.vault_get(&account, b"token").await, Ok(Some("hunter2hunter2".into())));
            store.close().await.unwrap();
        });
        assert!(!contains(folder.path(), b"hunter2hunter2"), "a secret lies readable in the files");
    }
}

#[test]
fn a_key_from_the_environment_takes_over_from_the_key_file() {
    let folder = TempDir::new().unwrap();
    let account = greenroom_contract::ids::AccountId::new("acc").unwrap();
    let put = |name: &'static str| vec![VaultWrite::Put { key: name.into(), value: name.into() }];
    run(async {
        let store = open(folder.path(), EngineKind::Sled);
        store.vault_write(&account, put("old")).await.unwrap();
        store.close().await.unwrap();
        let seal = SealSource::Key { current: SealKey::from_hex(&"5".repeat(64)).unwrap(), older: Vec::new() };
        let store = greenroom_store::open(OpenOptions { seal, ..OpenOptions::at(folder.path()) }).unwrap();
        store.vault_write(&account, put("new")).await.unwrap();
        assert_eq!(store.vault_get(&account, b"old").await, Ok(Some("old".into())));
        assert_eq!(store.vault_get(&account, b"new").await, Ok(Some("new".into())));
    });
}

#[test]
fn the_key_file_is_private_and_missed_when_it_is_gone() {
    let folder = lived(EngineKind::Sled);
    let path = folder.path().join("master.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_file(&path).unwrap();
    let words = refusal(folder.path(), EngineKind::Sled);
    assert!(words.contains("master.key is missing. Put it back"), "{words}");
}

#[test]
fn a_closed_store_says_so() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            store.close().await.unwrap();
            let closed = greenroom_contract::store::StoreError::Closed;
            assert_eq!(store.accept(vec![support::message(1, 1)]).await, Err(closed.clone()));
            assert_eq!(store.rows_waiting().await, Err(closed));
            assert!(store.store_health().is_err());
        });
    }
}

/// Whether some bytes lie in any file below a folder.
fn contains(folder: &Path, wanted: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return contains(&path, wanted);
        }
        std::fs::read(&path).unwrap().windows(wanted.len()).any(|window| window == wanted)
    })
}

/// What a process left in doubt that could not sync is written again by the next one, before it is used.
#[test]
fn files_that_are_in_doubt_are_written_again_at_the_start() {
    for engine in ENGINES {
        let folder = lived(engine);
        let data = folder.path().join(engine.name());
        // A file that an opening only reads.
        let quiet = data.join(if engine == EngineKind::Sled { "conf" } else { "version" });
        let written = || std::fs::metadata(&quiet).unwrap().modified().unwrap();
        let before = written();
        drop(open(folder.path(), engine));
        assert_eq!(written(), before, "{}: without doubt nothing is written again", engine.name());
        std::fs::write(folder.path().join("lock"), "4711 in doubt").unwrap();
        let store = open(folder.path(), engine);
        assert!(written() > before, "{}: it was believed", engine.name());
        let lock = std::fs::read_to_string(folder.path().join("lock")).unwrap();
        assert_eq!(lock, std::process::id().to_string(), "the doubt is over");
        run(async {
            live(&*store, 100..110).await;
            assert_eq!(store.rows_waiting().await, Ok(1));
            store.close().await.unwrap();
        });
    }
}

/// A refused opening must not end the doubt.
#[test]
fn a_doubt_outlives_an_opening_that_is_refused() {
    let folder = lived(EngineKind::Sled);
    std::fs::write(folder.path().join("lock"), "4711 in doubt").unwrap();
    refusal(folder.path(), EngineKind::Fjall);
    let lock = std::fs::read_to_string(folder.path().join("lock")).unwrap();
    assert_eq!(lock, format!("{} in doubt", std::process::id()));
    drop(open(folder.path(), EngineKind::Sled));
    assert!(!std::fs::read_to_string(folder.path().join("lock")).unwrap().contains("in doubt"));
}
