//! From one engine to the other, with everything in it.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_conformance::messages::{ACCOUNT, id, scope};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::store::{ConversationSettings, History, Inbox, Maintenance, Settlement, Vault, VaultWrite};
use greenroom_store::{EngineKind, OpenOptions, TransferError, VerifyReport};
use std::fs;
use std::time::{Duration, Instant};
use support::{live, message, open, run};
use tempfile::TempDir;

fn options(folder: &TempDir, engine: EngineKind) -> OpenOptions {
    OpenOptions { engine, ..OpenOptions::at(folder.path()) }
}

/// The number of a message in a conversation that has settings.
const BOUND: u64 = 600;

fn bound() -> ConversationSettings {
    ConversationSettings { assistant: Some(id("helper")), ..ConversationSettings::default() }
}

fn spent() -> Vec<SpentBy> {
    let usage =
        Usage { model: Some("large".into()), tokens_in: 7, tokens_out: 3, tokens_cached: 1, ..Usage::default() };
    vec![SpentBy { assistant: id("helper"), usage }]
}

fn exported(engine: EngineKind) -> (TempDir, Vec<u8>) {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), engine);
    run(async {
        live(&*store, 0..30).await;
        for number in 0..7 {
            support::accept(&*store, message(number, 500 + number)).await;
        }
        let (conversation, _) = support::accept(&*store, message(8, BOUND)).await;
        store.set_settings(&scope(), conversation, bound()).await.unwrap();
        let (conversation, row) = support::accept(&*store, message(9, BOUND + 50)).await;
        let turn = support::settlement(&*store, conversation, row).await;
        store.settle(Settlement { usage: spent(), ..turn }).await.unwrap();
        let put = VaultWrite::Put { key: "token".into(), value: vec![7; 40_000].into() };
        store.vault_write(&id(ACCOUNT), vec![put]).await.unwrap();
        store.close().await.unwrap();
    });
    drop(store);
    let mut file = Vec::new();
    greenroom_store::export(&options(&folder, engine), &mut file).unwrap();
    (folder, file)
}

#[test]
fn an_export_goes_into_the_other_engine() {
    for (from, to) in [(EngineKind::Sled, EngineKind::Fjall), (EngineKind::Fjall, EngineKind::Sled)] {
        let (old, file) = exported(from);
        let new = TempDir::new().unwrap();
        fs::copy(old.path().join("master.key"), new.path().join("master.key")).unwrap();
        let report = greenroom_store::import(&options(&new, to), &mut file.as_slice()).unwrap();
        assert!(report.rows > 100, "{report:?}");
        let before = greenroom_store::verify(&options(&old, from)).unwrap();
        let after = greenroom_store::verify(&options(&new, to)).unwrap();
        assert!(before.is_sound() && after.is_sound(), "{after:?}");
        // The sentinel changes on the way, so that no name is given twice; the rest does not.
        let others = |report: &VerifyReport| {
            report.kinds.iter().filter(|kind| kind.name != "store records").cloned().collect::<Vec<_>>()
        };
        assert_eq!(others(&before), others(&after));
        assert_eq!(before.instance, after.instance);
        let store = open(new.path(), to);
        run(async {
            assert_eq!(store.rows_waiting().await, Ok(8));
            let (conversation, _) = support::accept(&*store, message(8, BOUND + 1)).await;
            assert_eq!(store.settings(&scope(), conversation).await, Ok(bound()));
            let sums = store.usage(0..=u32::MAX, 9).await.unwrap();
            assert_eq!(sums.into_iter().map(|sum| sum.usage).collect::<Vec<_>>(), [spent()[0].usage.clone()]);
            assert_eq!(store.vault_get(&id(ACCOUNT), b"token").await.unwrap().unwrap().len(), 40_000);
            live(&*store, 100..110).await;
        });
    }
}

#[test]
fn an_import_needs_an_empty_folder_and_a_whole_file() {
    let (old, file) = exported(EngineKind::Sled);
    let again = greenroom_store::import(&options(&old, EngineKind::Fjall), &mut file.as_slice());
    assert!(matches!(again, Err(TransferError::NotEmpty(_))), "{again:?}");
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    let without_row = [&lines[..3], &lines[4..]].concat().join("\n");
    let flipped = text.replacen("\"v\":\"01", "\"v\":\"02", 1);
    for bad in [without_end, without_row, flipped, String::new(), "hello".to_owned()] {
        let new = TempDir::new().unwrap();
        let imported = greenroom_store::import(&options(&new, EngineKind::Sled), &mut bad.as_bytes());
        assert!(matches!(imported, Err(TransferError::Malformed { .. })), "{imported:?}");
        assert!(
            !new.path().join("sled").exists() && !new.path().join("sled.import").exists(),
            "half an import was left"
        );
    }
}

/// Imports, as another process, what the parent exported.
#[test]
fn child_that_imports() {
    let Some(folder) = support::child_folder() else { return };
    let file = fs::File::open(folder.with_extension("export")).unwrap();
    let options = OpenOptions { engine: support::child_engine(), ..OpenOptions::at(&folder) };
    let report = greenroom_store::import(&options, &mut std::io::BufReader::new(file)).unwrap();
    println!("imported {}", report.rows);
}

#[test]
fn a_killed_import_leaves_nothing_that_opens_as_a_store() {
    const SECRETS: u64 = 150;
    let old = TempDir::new().unwrap();
    let store = open(old.path(), EngineKind::Fjall);
    run(async {
        live(&*store, 0..5).await;
        let put = |number: u64| VaultWrite::Put {
            key: number.to_be_bytes().to_vec().into(),
            value: vec![number as u8; 10_000].into(),
        };
        store.vault_write(&id(ACCOUNT), (0..SECRETS).map(put).collect()).await.unwrap();
        store.close().await.unwrap();
    });
    drop(store);
    let mut export = Vec::new();
    greenroom_store::export(&options(&old, EngineKind::Fjall), &mut export).unwrap();
    for engine in support::ENGINES {
        let place = TempDir::new().unwrap();
        let (folder, mut cut, mut finished) = (place.path().join("data"), 0, 0);
        fs::write(folder.with_extension("export"), &export).unwrap();
        for round in 0..8_u64 {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            fs::copy(old.path().join("master.key"), folder.join("master.key")).unwrap();
            let mut command = support::child("child_that_imports");
            support::give(&mut command, &folder, engine);
            let mut child = command.spawn().unwrap();
            let begun = Instant::now();
            while !folder.join(format!("{}.import", engine.name())).exists() && !folder.join("store.json").exists() {
                assert!(begun.elapsed() < Duration::from_secs(30), "the import never began");
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(round * round * 4));
            child.kill().unwrap();
            child.wait().unwrap();
            match support::try_open(&folder, engine) {
                Err(error) => {
                    assert!(error.to_string().contains("store import"), "{error}");
                    cut += 1;
                }
                // The rename came first: then everything is there.
                Ok(store) => {
                    let secrets = run(store.vault_scan(&id(ACCOUNT), b"", None, usize::MAX)).unwrap();
                    assert_eq!(secrets.len() as u64, SECRETS, "half an import opens as a store");
                    finished += 1;
                    continue;
                }
            }
            let options = OpenOptions { engine, ..OpenOptions::at(&folder) };
            greenroom_store::import(&options, &mut export.as_slice()).expect("an import begins from the start");
            assert!(greenroom_store::verify(&options).unwrap().is_sound());
        }
        println!("{}: {cut} imports were cut, {finished} were finished", engine.name());
        assert!(cut > 2, "no import was cut");
    }
}

#[test]
fn secrets_leave_sealed() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), EngineKind::Sled);
    run(async {
        let put = VaultWrite::Put { key: "token".into(), value: "hunter2hunter2".into() };
        store.vault_write(&id(ACCOUNT), vec![put]).await.unwrap();
    });
    drop(store);
    let mut file = Vec::new();
    greenroom_store::export(&options(&folder, EngineKind::Sled), &mut file).unwrap();
    // "hunter2" in hexadecimal digits.
    assert!(!String::from_utf8(file).unwrap().contains("68756e74657232"));
}
