//! Tables of fjall, which it writes when its memory is full: a torn one is refused, or told.

use super::{message_from, run};
use crate::engines::fjall::FjallEngine;
use crate::open::options::{EngineKind, OpenOptions};
use greenroom_contract::store::{Accepted, Arrival, Inbox, Maintenance};
use std::path::Path;

const MESSAGES: u64 = 400;

fn messages() -> Vec<Arrival> {
    (0..MESSAGES).map(|number| message_from(number, &format!("+1555000{number:04}"), "hello")).collect()
}

fn options(path: &Path) -> OpenOptions {
    OpenOptions { engine: EngineKind::Fjall, ..OpenOptions::at(path) }
}

fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Whether the store is refused. One that opens has everything, or says that something is wrong.
fn is_refused(folder: &Path, what: &str) -> bool {
    let store = match crate::open(options(folder)) {
        Err(error) => {
            assert!(error.to_string().contains("greenroom store verify"), "{what}: {error}");
            return true;
        }
        Ok(store) => store,
    };
    run(async {
        let accepted = store.accept(messages()).await;
        let known = accepted.is_ok_and(|all| all.iter().all(|one| *one == Accepted::Duplicate));
        let mut readable = 0;
        for chat in store.conversations_waiting(None, usize::MAX).await.unwrap_or_default() {
            readable += store.waiting(chat.conversation, 1).await.map_or(0, |rows| rows.len() as u64);
        }
        let told = store.store_health().is_err();
        assert!(told || (known && readable == MESSAGES), "{what}: {readable} rows can be read, known: {known}");
    });
    false
}

#[test]
fn a_torn_table_is_refused_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::open(options(folder.path())).unwrap();
    run(async {
        store.accept(messages()).await.unwrap();
        store.close().await.unwrap();
    });
    drop(store);
    let data = folder.path().join("fjall");
    let engine = FjallEngine::open(&data).unwrap();
    engine.write_table();
    drop(engine);
    let tables: Vec<_> = std::fs::read_dir(data.join("keyspaces/1/tables")).unwrap().collect();
    assert!(!tables.is_empty(), "a table was written");
    let (mut tried, mut refused) = (0, 0);
    for table in tables {
        let table = table.unwrap();
        let bytes = std::fs::read(table.path()).unwrap();
        let cuts = [0, bytes.len() / 2, bytes.len() - 1].map(|length| bytes[..length].to_vec());
        let flips = [1, 2, 3, 4, 5, 6, 7].map(|eighth| {
            let mut flipped = bytes.clone();
            flipped[bytes.len() * eighth / 8] ^= 0x10;
            flipped
        });
        for (number, harmed) in cuts.into_iter().chain(flips).enumerate() {
            let copy = tempfile::tempdir().unwrap();
            copy_into(folder.path(), copy.path());
            std::fs::write(copy.path().join("fjall/keyspaces/1/tables").join(table.file_name()), harmed).unwrap();
            tried += 1;
            refused += u32::from(is_refused(copy.path(), &format!("harm {number}")));
        }
    }
    println!("{refused} of {tried} stores with a torn table were refused");
    assert!(refused > 2);
}
