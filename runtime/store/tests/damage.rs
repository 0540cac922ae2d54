//! Real files, really damaged. Whatever happens, damage never looks like success.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_contract::limits;
use greenroom_contract::store::{Accepted, Inbox, Maintenance};
use greenroom_store::{EngineKind, OpenOptions};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{ENGINES, copy_into, copy_of, live, message, open, run, try_open};
use tempfile::TempDir;

/// Messages that wait in the store under test, beside those that were answered.
const WAITING: u64 = 40;

/// Messages that were answered.
const ANSWERED: u64 = 400;

fn lived() -> TempDir {
    lived_on(EngineKind::Sled)
}

fn lived_on(engine: EngineKind) -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), engine);
    run(async {
        live(&*store, 0..ANSWERED).await;
        for number in 0..WAITING {
            support::accept(&*store, message(number, 10_000 + number)).await;
        }
        store.close().await.unwrap();
    });
    drop(store);
    // sled writes its snapshot when it has read its log, and fjall cuts its journal to what is in it.
    drop(open(folder.path(), engine));
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

/// Everything that was acknowledged is there, or the store says that something is wrong.
fn nothing_is_hidden(folder: &Path, engine: EngineKind, what: &str) -> bool {
    let store = match try_open(folder, engine) {
        Err(error) => {
            let told = error.to_string();
            assert!(told.contains("damaged") && told.contains("greenroom store verify"), "{what}: {told}");
            return true;
        }
        Ok(store) => store,
    };
    run(async {
        let mut told = false;
        let mut waiting = 0;
        match store.conversations_waiting(None, usize::MAX).await {
            Ok(chats) => {
                for chat in chats {
                    match store.waiting(chat.conversation, usize::MAX).await {
                        Ok(rows) => waiting += rows.len() as u64,
                        Err(_) => told = true,
                    }
                }
            }
            Err(_) => told = true,
        }
        let again = (0..ANSWERED).map(|number| message(1_000_000 + number % 10, number)).collect();
        let accepted = store.accept(again).await;
        let forgotten = match &accepted {
            Ok(accepted) => accepted.iter().filter(|accepted| **accepted != Accepted::Duplicate).count(),
            Err(_) => 0,
        };
        told |= accepted.is_err();
        let wrong = forgotten > 0 && !told && store.store_health().is_ok();
        assert!(!wrong, "{what}: {forgotten} of {ANSWERED} messages are forgotten, and nothing is said");
        assert!(
            waiting == WAITING || told || store.store_health().is_err(),
            "{what}: {waiting} of {WAITING} rows wait"
        );
    });
    false
}

/// The files in which an engine keeps data, with their paths below its folder.
fn files_of(data: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![data.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "lock") {
                found.push(path.strip_prefix(data).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A way to damage the bytes of a file; `None` removes it.
type Harm = fn(&[u8]) -> Option<Vec<u8>>;

const HARMS: [(&str, Harm); 7] = [
    ("is gone", |_| None),
    ("is empty", |_| Some(Vec::new())),
    ("is cut by a byte", |bytes| Some(bytes[..bytes.len().saturating_sub(1)].to_vec())),
    ("is cut in half", |bytes| Some(bytes[..bytes.len() / 2].to_vec())),
    ("has a flipped bit", |bytes| Some(changed(bytes, |middle| middle[0] ^= 0x10))),
    ("has zeros in it", |bytes| Some(changed(bytes, zero_a_page))),
    ("is all zeros", |bytes| Some(vec![0; bytes.len()])),
];

fn zero_a_page(bytes: &mut [u8]) {
    let length = bytes.len().min(4_096);
    bytes[..length].fill(0);
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if !bytes.is_empty() {
        change(&mut bytes[middle..]);
    }
    bytes
}

fn harm_every_file(folder: &Path, engine: EngineKind) {
    let data = folder.join(engine.name());
    let (mut tried, mut refused) = (0, 0);
    for file in files_of(&data) {
        let bytes = fs::read(data.join(&file)).unwrap();
        for (how, harm) in HARMS {
            let copy = copy_of(folder);
            let place = copy.path().join(engine.name()).join(&file);
            match harm(&bytes) {
                Some(harmed) if harmed == bytes => continue,
                Some(harmed) => fs::write(&place, harmed).unwrap(),
                None => fs::remove_file(&place).unwrap(),
            }
            tried += 1;
            refused += u32::from(nothing_is_hidden(copy.path(), engine, &format!("{} {how}", file.display())));
        }
    }
    println!("{}: {refused} of {tried} damaged stores were refused", engine.name());
    assert!(refused > 2, "{}: damage is noticed", engine.name());
}

#[test]
fn whatever_happens_to_a_file_of_a_closed_store_is_told() {
    for engine in ENGINES {
        harm_every_file(lived_on(engine).path(), engine);
    }
}

/// The same after a crash: what the last run left open says less of what must be there.
#[test]
fn whatever_happens_to_a_file_after_a_crash_is_told() {
    for engine in ENGINES {
        let folder = lived_on(engine);
        let proof = folder.path().join("store.json");
        let mut text: serde_json::Value = serde_json::from_slice(&fs::read(&proof).unwrap()).unwrap();
        text["closed"] = serde_json::Value::Null;
        fs::write(proof, text.to_string()).unwrap();
        harm_every_file(folder.path(), engine);
    }
}

/// The last commits are known beside the data a second after they were made, however few they are.
#[test]
fn a_disk_that_lost_the_last_commits_is_noticed() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        let early = run(async {
            live(&*store, 0..50).await;
            copy_of(folder.path())
        });
        let proof = folder.path().join("store.json");
        let known = || fs::read(&proof).unwrap();
        run(async {
            let before = known();
            live(&*store, 50..100).await;
            let begun = Instant::now();
            // Once for what came before, and once for the last of these.
            for _ in 0..2 {
                let seen = known();
                while known() == seen && begun.elapsed() < 3 * limits::STORE_PROOF_PAUSE {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            assert_ne!(known(), before, "{}: the side file says nothing new", engine.name());
        });
        fs::write(early.path().join("store.json"), known()).unwrap();
        let error = try_open(early.path(), engine).err().expect("half of it is gone").to_string();
        assert!(error.contains("it ends at commit"), "{}: {error}", engine.name());
        drop(store);
        drop(open(folder.path(), engine));
    }
}

/// A kill between the two renames of a repair leaves both folders and no data.
#[test]
fn a_repair_that_was_cut_short_is_finished() {
    let folder = lived();
    let (data, repaired) = (folder.path().join("sled"), folder.path().join("sled.repaired-1"));
    copy_into(&data, &repaired);
    fs::rename(&data, folder.path().join("sled.torn-1")).unwrap();
    is_whole(folder.path());
    assert!(data.exists() && !repaired.exists() && folder.path().join("sled.torn-1").exists());
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
