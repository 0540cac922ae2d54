//! Real files, really damaged. Whatever happens, damage never looks like success.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_contract::store::{Inbox, Maintenance};
use greenroom_store::{EngineKind, OpenOptions};
use std::fs;
use std::path::{Path, PathBuf};
use support::{live, message, open, run, try_open};
use tempfile::TempDir;

/// Messages that wait in the store under test, beside those that were answered.
const WAITING: u64 = 40;

fn lived() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), EngineKind::Sled);
    run(async {
        live(&*store, 0..400).await;
        for number in 0..WAITING {
            support::accept(&*store, message(number, 10_000 + number)).await;
        }
        store.close().await.unwrap();
    });
    drop(store);
    // sled writes its snapshot when it has read its log.
    drop(open(folder.path(), EngineKind::Sled));
    folder
}

fn is_whole(folder: &Path) {
    let store = open(folder, EngineKind::Sled);
    run(async {
        assert_eq!(store.rows_waiting().await, Ok(WAITING));
        live(&*store, 20_000..20_010).await;
        store.close().await.unwrap();
    });
    drop(store);
    let report = greenroom_store::verify(&OpenOptions::at(folder)).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

fn snapshot(folder: &Path) -> PathBuf {
    let mut names = fs::read_dir(folder.join("sled")).unwrap().map(|entry| entry.unwrap().path());
    names.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap.")).expect("sled left a snapshot")
}

#[test]
fn a_truncated_snapshot_is_repaired_from_the_log() {
    let folder = lived();
    let snapshot = snapshot(folder.path());
    let bytes = fs::read(&snapshot).unwrap();
    fs::write(&snapshot, &bytes[..bytes.len() / 2]).unwrap();
    is_whole(folder.path());
    assert!(folder.path().join("sled.torn-1").exists(), "the files as they were found are kept");
}

#[test]
fn a_flipped_snapshot_is_repaired_from_the_log() {
    let folder = lived();
    let snapshot = snapshot(folder.path());
    let mut bytes = fs::read(&snapshot).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&snapshot, &bytes).unwrap();
    is_whole(folder.path());
}

/// Cuts at many places. Either the store is refused, or everything is there.
#[test]
fn a_cut_log_is_never_taken_for_a_whole_one() {
    let folder = lived();
    let log = fs::read(folder.path().join("sled/db")).unwrap();
    let mut refused = 0;
    for cut in [1, 100, 4_096, 100_000, 300_000, log.len() / 2, log.len() - 1] {
        let copy = copy_of(folder.path());
        let left = log.len().saturating_sub(cut);
        fs::write(copy.path().join("sled/db"), &log[..left]).unwrap();
        match try_open(copy.path(), EngineKind::Sled) {
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("greenroom store verify"), "{error}");
            }
            Ok(store) => assert_eq!(run(store.rows_waiting()), Ok(WAITING), "cut by {cut}"),
        }
    }
    assert_eq!(refused, 7, "a closed store notices every cut");
}

/// The same after a crash, when the length of the log is not known beforehand.
#[test]
fn a_log_that_was_cut_after_a_crash_is_refused_or_lost_little() {
    let folder = lived();
    let proof = folder.path().join("store.json");
    let mut text: serde_json::Value = serde_json::from_slice(&fs::read(&proof).unwrap()).unwrap();
    text["closed"] = serde_json::Value::Null;
    let log = fs::read(folder.path().join("sled/db")).unwrap();
    let copy = copy_of(folder.path());
    fs::write(copy.path().join("store.json"), text.to_string()).unwrap();
    fs::write(copy.path().join("sled/db"), &log[..log.len() / 2]).unwrap();
    let error = try_open(copy.path(), EngineKind::Sled).err().expect("half a log is refused").to_string();
    assert!(error.contains("damaged"), "{error}");
}

#[test]
fn a_zeroed_block_is_refused_or_everything_is_there() {
    let folder = lived();
    let log = fs::read(folder.path().join("sled/db")).unwrap();
    let block = 64 * 1024;
    let mut refused = 0;
    for start in (0..log.len().saturating_sub(block)).step_by(log.len() / 6) {
        let copy = copy_of(folder.path());
        let mut bytes = log.clone();
        bytes[start..start + block].fill(0);
        fs::write(copy.path().join("sled/db"), &bytes).unwrap();
        match try_open(copy.path(), EngineKind::Sled) {
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("damaged"), "{error}");
            }
            Ok(store) => {
                assert_eq!(run(store.rows_waiting()), Ok(WAITING), "zeroed at {start}");
                // What was answered may be hurt; then it is said.
                let answer = run(store.accept((0..50).map(|number| message(number, 30_000 + number)).collect()));
                assert!(answer.is_ok() || store.store_health().is_err(), "zeroed at {start}: {answer:?}");
            }
        }
    }
    println!("{refused} of the stores with a zeroed block were refused");
}

#[test]
fn a_log_of_zeros_is_refused() {
    let folder = lived();
    let path = folder.path().join("sled/db");
    let length = fs::metadata(&path).unwrap().len();
    fs::write(&path, vec![0; length as usize]).unwrap();
    let error = try_open(folder.path(), EngineKind::Sled).err().expect("zeros are no store").to_string();
    assert!(error.contains("damaged"), "{error}");
}

/// A store that gives less than the file beside it knows of: whatever the reason, it lost something.
#[test]
fn a_store_that_gives_less_than_it_held_is_refused() {
    for (field, words) in [("commit", "it ends at commit"), ("rows", "rows wait"), ("parcels", "parcels are unsent")] {
        let folder = lived();
        let path = folder.path().join("store.json");
        let mut proof: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let place = if field == "commit" { &mut proof[field] } else { &mut proof["closed"][field] };
        *place = (place.as_u64().unwrap() + 1).into();
        fs::write(&path, proof.to_string()).unwrap();
        let error = try_open(folder.path(), EngineKind::Sled).err().expect("something is missing").to_string();
        assert!(error.contains(words) && error.contains("store.accept_damage"), "{error}");
        let options = OpenOptions { accept_damage: true, ..OpenOptions::at(folder.path()) };
        let store = greenroom_store::open(options).expect("an accepted loss opens");
        run(live(&*store, 40_000..40_003));
    }
}

#[test]
fn an_unreadable_proof_is_no_empty_store() {
    let folder = lived();
    fs::write(folder.path().join("store.json"), "{").unwrap();
    let error = try_open(folder.path(), EngineKind::Sled).err().expect("the proof cannot be read").to_string();
    assert!(error.contains("store.json"), "{error}");
    let options = OpenOptions { accept_damage: true, ..OpenOptions::at(folder.path()) };
    let store = greenroom_store::open(options).expect("the data is whole");
    assert_eq!(run(store.rows_waiting()), Ok(WAITING));
}

fn copy_of(folder: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_into(folder, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
