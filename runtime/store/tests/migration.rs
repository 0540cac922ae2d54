//! Stores that earlier versions wrote, as they lay in their folders: opened, answered and continued by this one.
//!
//! `tests/fixtures/v1/ENGINE` was written by the first version: a talk on the console, then a run that was killed over other
//! accounts, then the console again, which closed it in order. A later layout gets a folder of its own; an existing one is
//! never written again. `tests/fixtures/v2/ENGINE` is of the second layout, before there were quotes, sums of usage and the
//! later kinds of bodies: talks in a direct chat and a group, one row and one parcel of each kind, and a kill. The tests of
//! the whole answer it too.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_conformance::messages::{ACCOUNT, id};
use greenroom_contract::ids::OwnerId;
use greenroom_contract::store::{
    Accepted, Accounts, History, HistoryKey, Inbox, Maintenance, Outbox, People, Said, Scope, Traces,
};
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
    kept_of("v1", engine)
}

fn kept_of(layout: &str, engine: EngineKind) -> TempDir {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(layout);
    let folder = copy_of(&fixtures.join(engine.name()));
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

/// Turns of then name the messages that asked, as far as they were kept; what each part of an answer said was not.
#[test]
fn a_store_from_before_quotes_opens_and_what_was_said_in_it_is_quoted() {
    for engine in support::ENGINES {
        let folder = kept_of("v2", engine);
        let before = verified(folder.path(), engine);
        assert_eq!((rows_of(&before, "turns of history"), rows_of(&before, "sums of usage")), (3, 0));
        let store = open(folder.path(), engine);
        run(async {
            assert_eq!(store.store_health(), Ok(()));
            assert_eq!(store.rows_waiting().await, Ok(9), "{}", engine.name());
            let account = store.accounts().await.unwrap().remove(0).id;
            let parcels = store.pending(&account, None, 100).await.unwrap();
            let mut kinds = Vec::new();
            for parcel in &parcels {
                kinds.push(store.parcel(&parcel.key).await.unwrap().expect("it waits").draft.body.kind());
            }
            assert_eq!(kinds, ["text", "image", "voice", "reaction"]);
            let person =
                store.person_by_address(&scope_of_then(), &id("+15550000001")).await.unwrap().expect("she wrote");
            let conversation = store.direct_conversation(&account, person).await.unwrap().expect("she wrote").id;
            let history = HistoryKey::Person(person);
            let turns = store.recent(history, 10).await.unwrap();
            assert_eq!((turns[0].messages.as_slice(), turns[0].turn), ([id("q-1")].as_slice(), None));
            let said = async |message: &str| store.said(conversation, history, &id(message)).await.unwrap();
            let told = |ours, text: &str| Some(Said { ours, text: Some(text.to_owned()) });
            assert_eq!(said("net-1").await, told(true, "it is ten\nand two for the way"));
            assert_eq!(said("q-1").await, told(false, "how much is a pizza"));
            assert_eq!(said("w-1").await, None, "what waits is no history yet");
            let waiting = store.waiting(conversation, 10).await.unwrap();
            assert_eq!((waiting[0].attempts, waiting[0].settings.language.as_deref()), (1, Some("de-AT")));
            store.close().await.unwrap();
        });
        drop(store);
        verified(folder.path(), engine);
    }
}

/// The people of the store of the second layout.
fn scope_of_then() -> Scope {
    Scope { channel: id("loopback"), owner: OwnerId::local() }
}
