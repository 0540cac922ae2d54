//! The data folder: private, its links not followed, and noticed when it is gone.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail with a panic")]

use crate::support::process::{PATIENCE, clean, folder, run, succeeded};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

const CONFIG: &str =
    "[channels.front]\nadapter = \"loopback\"\nallow_from = [\"*\"]\n[assistants.echo]\nkind = \"echo\"\n";

fn configured() -> TempDir {
    let folder = folder();
    std::fs::write(folder.path().join("greenroom.toml"), CONFIG).unwrap();
    folder
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments);
    command
}

/// A server that runs until its folder is gone; what it complains of is in the second part.
fn server(folder: &TempDir, engine: &str) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut command = command(folder, &["run"]);
    command.env("GREENROOM_STORE__ENGINE", engine).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let begun = Instant::now();
    let mut line = String::new();
    while !line.contains("gateway on http") {
        assert!(begun.elapsed() < PATIENCE, "it did not start: {line}");
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended before it started");
    }
    (child, lines)
}

fn ended_because_of_its_folder(mut child: Child, lines: BufReader<std::process::ChildStderr>) {
    let begun = Instant::now();
    let said: Vec<String> = lines.lines().map_while(Result::ok).collect();
    let status = child.wait().unwrap();
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(status.code(), Some(1), "{said:?}");
    let last = said.iter().rev().find(|line| line.starts_with("error: ")).expect("it says why");
    assert!(last.contains("was moved, deleted or replaced") && last.contains("start again"), "{last}");
}

#[test]
fn a_folder_that_is_deleted_moved_or_replaced_ends_the_program_with_a_sentence() {
    for engine in ["sled", "fjall"] {
        for how in ["deleted", "moved", "replaced"] {
            let folder = configured();
            let (data, aside) = (folder.path().join("data"), folder.path().join("aside"));
            let (child, lines) = server(&folder, engine);
            match how {
                "deleted" => std::fs::remove_dir_all(&data).unwrap(),
                _ => std::fs::rename(&data, &aside).unwrap(),
            }
            if how == "replaced" {
                let copied = Command::new("cp").arg("-r").args([&aside, &data]).status().unwrap();
                assert!(copied.success());
            }
            ended_because_of_its_folder(child, lines);
            if how == "moved" {
                std::fs::rename(&aside, &data).unwrap();
                let (mut again, _lines) = server(&folder, engine);
                again.kill().unwrap();
                again.wait().unwrap();
            }
        }
    }
}

/// The modes of a folder and of everything in it.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mut found =
        vec![(folder.display().to_string(), std::fs::metadata(folder).unwrap().permissions().mode() & 0o777)];
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(modes(&entry.path()));
        } else {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            found.push((entry.path().display().to_string(), mode));
        }
    }
    found
}

#[test]
fn what_is_stored_is_private_also_in_a_folder_that_was_open() {
    let folder = configured();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(succeeded(&run(command(&folder, &["chat"]), "hello\n")), "hello\n");
    let open: Vec<_> = modes(&data).into_iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert_eq!(open, [], "other users can read these");
    succeeded(&run(command(&folder, &["store", "export", "all"]), ""));
    assert_eq!(std::fs::metadata(folder.path().join("all")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn nothing_is_written_through_a_link_that_was_put_into_the_folder() {
    for name in ["data/lock", "data/store.json.new", "all.part", "all"] {
        let folder = configured();
        succeeded(&run(command(&folder, &["chat"]), "hello\n"));
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "kept").unwrap();
        let path = folder.path().join(name);
        let _ = std::fs::remove_file(&path);
        symlink(&precious, &path).unwrap();
        let _ = run(command(&folder, &["chat"]), "hello\n");
        let _ = run(command(&folder, &["store", "export", "all"]), "");
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "kept", "written through {name}");
    }
}
