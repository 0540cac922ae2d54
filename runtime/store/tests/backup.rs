//! A store as it was at one moment, in another folder, under another key, of another engine.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_conformance::messages::{ACCOUNT, id, scope};
use greenroom_contract::address::Address;
use greenroom_contract::store::{
    ConversationSettings, Fence, History, Inbox, Maintenance, People, StoreError, StoredRow, Vault, VaultWrite,
};
use greenroom_contract::time::Timestamp;
use greenroom_store::{EngineKind, GreenroomStore, OpenOptions, TransferError};
use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use support::{ENGINES, accept, live, message, open, run};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn options(folder: &Path, engine: EngineKind) -> OpenOptions {
    OpenOptions { engine, ..OpenOptions::at(folder) }
}

/// Everything that a store holds now.
fn all(store: &GreenroomStore) -> Vec<StoredRow> {
    let mut snapshot = store.snapshot().unwrap();
    let mut rows = Vec::new();
    loop {
        let page = snapshot.rows().unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

fn refill(folder: &Path, engine: EngineKind, rows: Vec<StoredRow>) -> Result<u64, TransferError> {
    let mut rows = VecDeque::from(rows);
    let filled = greenroom_store::refill(&options(folder, engine), 2, NOW, &mut || Ok(rows.pop_front()))?;
    Ok(filled.rows)
}

async fn put(store: &GreenroomStore, name: &str, value: Vec<u8>) {
    let put = VaultWrite::Put { key: name.as_bytes().to_vec().into(), value: value.into() };
    store.vault_write(&id(ACCOUNT), vec![put]).await.unwrap();
}

async fn fill(store: &GreenroomStore) {
    live(store, 0..300).await;
    for number in 0..7 {
        accept(store, message(number, 500 + number)).await;
    }
    let (conversation, _) = accept(store, message(8, 600)).await;
    let bound = ConversationSettings { assistant: Some(id("helper")), ..ConversationSettings::default() };
    store.set_settings(&scope(), conversation, bound).await.unwrap();
    put(store, "token", b"hunter2hunter2".to_vec()).await;
    put(store, "long", vec![7; 100_000]).await;
}

async fn check(store: &GreenroomStore) {
    assert_eq!(store.rows_waiting().await, Ok(8));
    let (conversation, _) = accept(store, message(8, 601)).await;
    assert_eq!(store.settings(&scope(), conversation).await.unwrap().assistant, Some(id("helper")));
    assert_eq!(store.vault_get(&id(ACCOUNT), b"token").await.unwrap().unwrap(), b"hunter2hunter2".as_slice());
    assert_eq!(store.vault_get(&id(ACCOUNT), b"long").await.unwrap().unwrap(), vec![7; 100_000]);
    let address: Address = "+17771000003".parse().unwrap();
    let person = store.person_by_address(&scope(), &address).await.unwrap().expect("the person is known");
    let turns = store.recent(greenroom_contract::store::HistoryKey::Person(person), 5).await.unwrap();
    assert!(!turns.is_empty(), "the history came along");
    live(store, 2_000..2_010).await;
}

#[test]
fn everything_comes_back_in_another_folder_under_another_key_and_in_either_engine() {
    for (from, to) in [(EngineKind::Sled, EngineKind::Fjall), (EngineKind::Fjall, EngineKind::Sled)] {
        let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = open(old.path(), from);
        run(fill(&store));
        let rows = all(&store);
        assert!(rows.iter().any(|row| row.sealed && row.value.len() > 100_000), "long secrets are whole and open");
        assert!(rows.iter().all(|row| !row.as_stored), "everything was read");
        let before = run(store.fence()).unwrap();
        assert_eq!((before.number, before.moved_at), (0, None));
        let folder = new.path().join("data");
        assert_eq!(refill(&folder, to, rows.clone()).unwrap(), rows.len() as u64);
        let key = |folder: &Path| fs::read_to_string(folder.join("master.key")).unwrap();
        assert_ne!(key(old.path()), key(&folder), "it has a key of its own");
        assert!(greenroom_store::verify(&options(&folder, to)).unwrap().is_sound());
        let copy = open(&folder, to);
        run(check(&copy));
        let after = run(copy.fence()).unwrap();
        assert_eq!(after, Fence { instance: before.instance, number: NOW.0, moved_at: None });
        assert_eq!(copy.vault_fence(), NOW.0);
    }
}

#[test]
fn each_restore_makes_a_younger_copy_also_where_the_clock_is_behind() {
    let places: Vec<_> = (0..3).map(|_| TempDir::new().unwrap()).collect();
    let first = open(places[0].path(), EngineKind::Sled);
    run(live(&*first, 0..3));
    run(first.set_moved(Some(Timestamp(5)))).unwrap();
    assert_eq!(run(first.fence()).unwrap().moved_at, Some(Timestamp(5)));
    let rows = all(&first);
    refill(&places[1].path().join("d"), EngineKind::Sled, rows).unwrap();
    let second = open(&places[1].path().join("d"), EngineKind::Sled);
    assert_eq!(run(second.fence()).unwrap().moved_at, None, "what was moved is moved to here");
    let mut rows = VecDeque::from(all(&second));
    let target = options(&places[2].path().join("d"), EngineKind::Sled);
    greenroom_store::refill(&target, 2, Timestamp(7), &mut || Ok(rows.pop_front())).unwrap();
    let third = open(&target.path, EngineKind::Sled);
    assert_eq!(run(third.fence()).unwrap().number, NOW.0 + 1);
    // The first one is taken back: from now on it is the youngest.
    run(first.close()).unwrap();
    drop(first);
    greenroom_store::take_back(&options(places[0].path(), EngineKind::Sled), NOW).unwrap();
    let first = open(places[0].path(), EngineKind::Sled);
    let fence = run(first.fence()).unwrap();
    assert_eq!((fence.number, fence.moved_at), (NOW.0, None));
    run(live(&*first, 10..13));
}

#[test]
fn an_import_is_a_restore_too() {
    let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(old.path(), EngineKind::Sled);
    run(live(&*store, 0..3));
    run(store.set_moved(Some(Timestamp(5)))).unwrap();
    run(store.close()).unwrap();
    drop(store);
    let mut file = Vec::new();
    greenroom_store::export(&options(old.path(), EngineKind::Sled), &mut file).unwrap();
    fs::copy(old.path().join("master.key"), new.path().join("master.key")).unwrap();
    greenroom_store::import(&options(new.path(), EngineKind::Sled), &mut file.as_slice()).unwrap();
    let fence = run(open(new.path(), EngineKind::Sled).fence()).unwrap();
    assert!(fence.number > 1_700_000_000_000 && fence.moved_at.is_none(), "{fence:?}");
}

/// What is written while the backup is read is not in it, and what was there before is, whole.
#[test]
fn a_backup_of_a_store_in_use_is_of_one_moment() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            live(&*store, 0..400).await;
            put(&store, "number", 0_u64.to_be_bytes().to_vec()).await;
            put(&store, "twin", 0_u64.to_be_bytes().to_vec()).await;
        });
        let stop = Arc::new(AtomicBool::new(false));
        let writer = {
            let (store, stop) = (store.clone(), stop.clone());
            std::thread::spawn(move || {
                run(async {
                    let mut number = 0_u64;
                    while !stop.load(Ordering::Relaxed) {
                        number += 1;
                        // Both change in one commit, so both are equal at any moment.
                        let put = |name: &'static [u8]| VaultWrite::Put {
                            key: name.into(),
                            value: [number.to_be_bytes().as_slice(), &vec![1; (number % 40_000) as usize]]
                                .concat()
                                .into(),
                        };
                        store.vault_write(&id(ACCOUNT), vec![put(b"number"), put(b"twin")]).await.unwrap();
                        live(&*store, 10_000 + number..10_001 + number).await;
                    }
                    number
                })
            })
        };
        for _ in 0..3 {
            let mut snapshot = store.snapshot().unwrap();
            let busy = store.snapshot().map(|_| ());
            assert!(matches!(busy, Err(StoreError::Invalid { .. })), "{busy:?}");
            let mut rows = Vec::new();
            loop {
                let page = snapshot.rows().unwrap();
                if page.is_empty() {
                    break;
                }
                rows.extend(page);
                std::thread::sleep(std::time::Duration::from_millis(3));
            }
            drop(snapshot);
            assert!(rows.iter().all(|row| !row.as_stored), "a row was read half-way");
            let copy = TempDir::new().unwrap();
            let target = copy.path().join("data");
            refill(&target, engine, rows).unwrap();
            let found = greenroom_store::verify(&options(&target, engine)).unwrap();
            assert!(found.is_sound(), "{found:?}");
            let copied = open(&target, engine);
            let (one, other) = run(async {
                let get = async |name: &'static [u8]| copied.vault_get(&id(ACCOUNT), name).await.unwrap().unwrap();
                (get(b"number").await, get(b"twin").await)
            });
            assert_eq!(one, other, "{engine:?}: two moments in one backup");
            run(live(&*copied, 50_000..50_003));
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 20, "nothing was written meanwhile");
    }
}

#[test]
fn a_source_that_fails_changes_nothing() {
    let old = TempDir::new().unwrap();
    let store = open(old.path(), EngineKind::Sled);
    run(fill(&store));
    let rows = all(&store);
    for engine in ENGINES {
        let place = TempDir::new().unwrap();
        let (fresh, made) = (place.path().join("fresh"), place.path().join("made"));
        fs::create_dir(&made).unwrap();
        for folder in [&fresh, &made] {
            for at in [0, 1, rows.len() / 2, rows.len()] {
                let mut left = VecDeque::from(rows[..at].to_vec());
                let failed = greenroom_store::refill(&options(folder, engine), 2, NOW, &mut || {
                    left.pop_front().map(Some).ok_or_else(|| "it was cut".into())
                });
                assert!(matches!(failed, Err(TransferError::Source(_))), "{failed:?}");
            }
        }
        assert!(!fresh.exists(), "a folder was left");
        let left: Vec<_> = fs::read_dir(&made).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "lock"), "{left:?}");
        // What has no row that says which store it is, is none.
        let none = greenroom_store::refill(&options(&fresh, engine), 2, NOW, &mut || Ok(None));
        assert!(matches!(none, Err(TransferError::Source(_))) && !fresh.exists(), "{none:?}");
        let newer = greenroom_store::refill(&options(&fresh, engine), 99, NOW, &mut || Ok(None));
        assert!(matches!(newer, Err(TransferError::Open(_))) && !fresh.exists(), "{newer:?}");
        // And nothing is put over a store that is there.
        refill(&made, engine, rows.clone()).unwrap();
        assert!(matches!(refill(&made, engine, rows.clone()), Err(TransferError::NotEmpty(_))));
        run(check(&open(&made, engine)));
    }
}
