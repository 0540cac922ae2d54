//! Another key for all secrets, cut short after each of its steps.

use super::super::format::seal::SealKey;
use crate::tools::rotate::{Step, rotate_in_steps};
use crate::{EngineKind, GreenroomStore, OpenOptions, SealSource, open, rotate_key, verify};
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{Maintenance, Vault, VaultWrite};
use std::ops::ControlFlow;
use std::path::Path;

const SECRETS: u64 = 250;

fn account() -> AccountId {
    AccountId::new("acc-1").unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn options(folder: &Path, engine: EngineKind) -> OpenOptions {
    OpenOptions { engine, ..OpenOptions::at(folder) }
}

/// The value of a secret; some are long.
fn secret(number: u64) -> Vec<u8> {
    vec![number as u8; if number.is_multiple_of(50) { 50_000 } else { 40 }]
}

fn name(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn fill(folder: &Path, engine: EngineKind) {
    let store = open(options(folder, engine)).unwrap();
    run(async {
        let put = |number| VaultWrite::Put { key: name(number).into(), value: secret(number).into() };
        store.vault_write(&account(), (0..SECRETS).map(put).collect()).await.unwrap();
        store.close().await.unwrap();
    });
}

async fn check(store: &GreenroomStore) {
    let found = store.vault_scan(&account(), b"", None, usize::MAX).await.unwrap();
    assert_eq!(found.len() as u64, SECRETS);
    for (at, value) in found {
        let number = u64::from_be_bytes(at[..].try_into().unwrap());
        assert_eq!(value, secret(number), "secret {number}");
    }
}

fn key_in(folder: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(folder.join(file)).ok()
}

#[test]
fn whichever_step_is_the_last_every_secret_can_be_read_and_the_next_attempt_ends_it() {
    for engine in [EngineKind::Sled, EngineKind::Fjall].into_iter().filter(|engine| engine.is_built_in()) {
        let mut cut_after = Vec::new();
        for last in 0_usize.. {
            let folder = tempfile::tempdir().unwrap();
            fill(folder.path(), engine);
            let old = key_in(folder.path(), "master.key").unwrap();
            let mut steps = 0;
            rotate_in_steps(&options(folder.path(), engine), &mut |step| {
                steps += 1;
                if steps <= last {
                    return ControlFlow::Continue(());
                }
                cut_after.push(step);
                ControlFlow::Break(())
            })
            .unwrap();
            let cut = steps > last;
            // The program runs with what is there, and seals more.
            let store = open(options(folder.path(), engine)).unwrap();
            run(async {
                check(&store).await;
                let again = VaultWrite::Put { key: name(7).into(), value: secret(7).into() };
                store.vault_write(&account(), vec![again]).await.unwrap();
                store.close().await.unwrap();
            });
            drop(store);
            let report = rotate_key(&options(folder.path(), engine)).unwrap();
            assert!(report.finished && report.closed == 0, "{report:?}");
            assert!(verify(&options(folder.path(), engine)).unwrap().is_sound());
            let new = key_in(folder.path(), "master.key").unwrap();
            assert_ne!(new, old, "{engine:?}, after step {last}");
            assert_eq!(key_in(folder.path(), "master.key.next"), None);
            let store = open(options(folder.path(), engine)).unwrap();
            run(check(&store));
            if !cut {
                break;
            }
        }
        for step in [Step::KeyMade, Step::PageSealed, Step::StoreNamesIt, Step::KeyInPlace] {
            assert!(cut_after.contains(&step), "{step:?} was no last step: {cut_after:?}");
        }
    }
}

#[test]
fn after_it_the_old_key_opens_nothing_and_half_a_key_file_is_no_key() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), EngineKind::Sled);
    let old = key_in(folder.path(), "master.key").unwrap();
    // A process was killed while it wrote the next key.
    std::fs::write(folder.path().join("master.key.next"), "0707").unwrap();
    let report = rotate_key(&options(folder.path(), EngineKind::Sled)).unwrap();
    assert_eq!((report.sealed, report.kept, report.finished), (SECRETS, 0, true));
    std::fs::write(folder.path().join("master.key"), &old).unwrap();
    let refused = open(options(folder.path(), EngineKind::Sled)).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("master key"), "{refused}");
}

#[test]
fn keys_of_the_environment_are_used_as_they_are_given() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), EngineKind::Sled);
    let key = |digit: &str| SealKey::from_hex(&digit.repeat(32)).unwrap();
    let with = |current: &str, older: &[&str]| OpenOptions {
        seal: SealSource::Key { current: key(current), older: older.iter().map(|older| key(older)).collect() },
        ..options(folder.path(), EngineKind::Sled)
    };
    // From the file to the environment: the file still opens what it sealed.
    let report = rotate_key(&with("11", &[])).unwrap();
    assert!(report.finished && report.sealed == SECRETS, "{report:?}");
    std::fs::remove_file(folder.path().join("master.key")).unwrap();
    let report = rotate_key(&with("22", &["11"])).unwrap();
    assert!(report.finished && report.sealed == SECRETS, "{report:?}");
    let report = rotate_key(&with("22", &["11"])).unwrap();
    assert!(report.finished && (report.sealed, report.kept) == (0, SECRETS), "{report:?}");
    run(check(&open(with("22", &[])).unwrap()));
    // A key that is missing is not passed over.
    let missing = rotate_key(&with("33", &[])).unwrap();
    assert!(!missing.finished && missing.closed == SECRETS && !missing.first.is_empty(), "{missing:?}");
    run(check(&open(with("22", &[])).unwrap()));
}
