//! Stores that earlier versions wrote, as they lay in their folders: opened, answered and continued by this one.
//!
//! `tests/fixtures/v1/ENGINE` was written by the first version: a talk on the console, then a run that was killed over other
//! accounts, then the console again, which closed it in order. A later layout gets a folder of its own; an existing one is
//! never written again.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_conformance::messages::{ACCOUNT, id};
use greenroom_contract::store::{Accepted, Accounts, Inbox, Maintenance, Outbox, Traces};
use greenroom_store::{EngineKind, OpenOptions, VerifyReport};
use std::path::Path;
use support::{copy_of, live, message, open, run, settlement};
use tempfile::TempDir;

/// What the first version left in the store of an engine.
struct Left {
    engine: EngineKind,
    waiting: u64,
    unsent: usize,
    turns: u64,
}

const LEFT: [Left; 2] = [
    Left { engine: EngineKind::Sled, waiting: 17, unsent: 8, turns: 12 },
    Left { engine: EngineKind::Fjall, waiting: 13, unsent: 6, turns: 10 },
];

fn kept(engine: EngineKind) -> TempDir {
    let folder = copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1").join(engine.name()));
    // git keeps no empty folders.
    for empty in ["sled/blobs", "fjall/keyspaces/0/tables", "fjall/keyspaces/1/tables"] {
        if empty.starts_with(engine.name()) {
            std::fs::create_dir_all(folder.path().join(empty)).unwrap();
        }
    }
    folder
}

fn verified(folder: &Path, engine: EngineKind) -> VerifyReport {
    let report = greenroom_store::verify(&OpenOptions { engine, ..OpenOptions::at(folder) }).unwrap();
    assert!(report.is_sound(), "{report:?}");
    report
}

fn rows_of(report: &VerifyReport, name: &str) -> u64 {
    report.kinds.iter().find(|kind| kind.name == name).map_or(0, |kind| kind.rows)
}

#[test]
fn a_store_of_the_first_version_opens_and_goes_on() {
    for Left { engine, waiting, unsent, turns } in LEFT {
        let folder = kept(engine);
        let before = verified(folder.path(), engine);
        assert_eq!(rows_of(&before, "turns of history"), turns);
        let store = open(folder.path(), engine);
        run(async {
            assert_eq!(store.store_health(), Ok(()));
            assert_eq!(store.rows_waiting().await, Ok(waiting), "{}", engine.name());
            assert_eq!(store.accounts().await.unwrap().len(), 1, "the console");
            let parcels = store.pending(&id(ACCOUNT), None, 100).await.unwrap();
            assert_eq!(parcels.len(), unsent);
            for parcel in &parcels {
                assert!(store.parcel(&parcel.key).await.unwrap().is_some());
            }
            let chats = store.conversations_waiting(None, 100).await.unwrap();
            for chat in &chats {
                let rows = store.waiting(chat.conversation, 100).await.unwrap();
                let turn = settlement(&*store, chat.conversation, rows[0].sequence).await;
                store.settle(turn).await.expect("what waited is answered");
            }
            assert_eq!(store.rows_waiting().await, Ok(waiting - chats.len() as u64));
            let known = store.accept(vec![message(8, 1_000_000)]).await.unwrap();
            assert_eq!(known, [Accepted::Duplicate], "what was accepted is recognised");
            assert!(!store.latest(50).await.unwrap().is_empty());
            live(&*store, 0..5).await;
            store.close().await.unwrap();
        });
        drop(store);
        let after = verified(folder.path(), engine);
        assert_eq!(before.instance, after.instance);
        let store = open(folder.path(), engine);
        run(store.close()).unwrap();
    }
}

/// An export of the first version is an export of this one.
#[test]
fn what_the_first_version_left_goes_into_the_other_engine() {
    for (Left { engine, waiting, .. }, other) in LEFT.into_iter().zip([EngineKind::Fjall, EngineKind::Sled]) {
        let old = kept(engine);
        let mut file = Vec::new();
        greenroom_store::export(&OpenOptions { engine, ..OpenOptions::at(old.path()) }, &mut file).unwrap();
        let new = TempDir::new().unwrap();
        std::fs::copy(old.path().join("master.key"), new.path().join("master.key")).unwrap();
        let options = OpenOptions { engine: other, ..OpenOptions::at(new.path()) };
        greenroom_store::import(&options, &mut file.as_slice()).unwrap();
        let store = open(new.path(), other);
        assert_eq!(run(store.rows_waiting()), Ok(waiting));
    }
}
