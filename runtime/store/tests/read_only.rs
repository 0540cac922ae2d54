//! A disk that became read-only, as a kernel makes it after an error: the store is refused with a sentence and nothing is
//! changed; once it can be written again, everything is there.

#![cfg(target_os = "linux")]
// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_contract::cause::chain;
use greenroom_contract::store::{Inbox, Maintenance};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{ENGINES, accept, child_engine, child_folder, message, open, run, try_open};
use tempfile::TempDir;

/// Mounts in a world of its own, where it may.
fn mount(arguments: &[&str], folder: &Path) {
    let mounted = Command::new("mount").args(arguments).arg(folder).status().unwrap();
    assert!(mounted.success(), "mount {arguments:?}");
}

#[test]
fn child_on_a_disk_of_its_own() {
    let Some(folder) = child_folder() else { return };
    mount(&["-t", "tmpfs", "none"], &folder);
    let data = folder.join("data");
    run(async {
        let store = open(&data, child_engine());
        accept(store.as_ref(), message(1, 1)).await;
        store.close().await.unwrap();
    });
    mount(&["-o", "remount,ro"], &folder);
    let refused = try_open(&data, child_engine()).err().expect("nothing could be written");
    let said = chain(&refused);
    assert!(said.contains("ead-only"), "it says what is wrong: {said}");
    assert!(said.contains("data"), "it says where: {said}");
    mount(&["-o", "remount,rw"], &folder);
    run(async {
        let store = open(&data, child_engine());
        assert_eq!(store.rows_waiting().await, Ok(1));
        store.close().await.unwrap();
    });
    println!("all is well");
}

#[test]
fn a_read_only_disk_is_refused_with_a_sentence_and_loses_nothing() {
    let may =
        Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: nothing may be mounted on this machine");
        return;
    }
    let binary = std::env::current_exe().unwrap();
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new("unshare");
        command.args(["-rm"]).arg(&binary).args(["child_on_a_disk_of_its_own", "--exact", "--nocapture"]);
        command.env(support::CHILD, "1");
        support::give(&mut command, folder.path(), engine);
        let out = command.output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && said.contains("all is well"), "{}: {said}", engine.name());
    }
}
