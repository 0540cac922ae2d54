//! `greenroom link` and `greenroom accounts`, run as processes: with and without a server, in a pipe.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail with a panic")]

use crate::support::process::{PATIENCE, clean, folder, run, succeeded};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

const PHONE: &str = "+15557770001";

/// A folder with a channel that links accounts; with a number, that phone scans the first code.
fn linkable(phone: Option<&str>, allow: &str) -> TempDir {
    let folder = folder();
    let phone = phone.map(|phone| format!("phone = \"{phone}\"\n")).unwrap_or_default();
    let text = format!(
        "[channels.front]\nadapter = \"loopback\"\naccounts = []\nlinkable = true\n{phone}allow_from = [{allow}]\n\
         [assistants.echo]\nkind = \"echo\"\n"
    );
    std::fs::write(folder.path().join("greenroom.toml"), text).unwrap();
    folder
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments);
    command
}

fn greenroom(folder: &TempDir, arguments: &[&str]) -> Output {
    run(command(folder, arguments), "")
}

fn complaint(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// A server that is stopped when it is dropped.
struct Server(Child);

impl Server {
    fn start(folder: &TempDir) -> Self {
        let mut child = command(folder, &["run"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let begun = std::time::Instant::now();
        while !lines.next().unwrap().unwrap().contains("gateway on http") {
            assert!(begun.elapsed() < PATIENCE);
        }
        // What it logs must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        let server = Self(child);
        while !folder.path().join("data/gateway.json").exists() {
            assert!(begun.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_account_is_linked_in_this_process_and_found_by_every_other_command() {
    let folder = linkable(Some(PHONE), "\"*\"");
    let unread = complaint(&greenroom(&folder, &["link"]), 2);
    assert!(unread.contains("must be accepted before the first link") && unread.contains("--yes"), "{unread}");
    let text = succeeded(&greenroom(&folder, &["link", "--yes"]));
    for expected in [
        "This network is in memory",
        "You accepted this with --yes",
        "second number",
        "start the bot with: greenroom run",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(text.contains(&format!("linked: {PHONE} is account")), "{text}");
    let listed = succeeded(&greenroom(&folder, &["accounts"]));
    assert!(listed.contains(PHONE) && listed.contains("linked") && listed.contains("is not running"), "{listed}");
    let account = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let again = complaint(&greenroom(&folder, &["link", "--account", &account]), 1);
    assert!(again.contains("is linked already"), "{again}");
    let idle = complaint(&greenroom(&folder, &["accounts", "reconnect", &account]), 1);
    assert!(idle.contains("is not running"), "{idle}");
    let used = complaint(&greenroom(&folder, &["accounts", "clean", &account]), 1);
    assert!(used.contains("is in use"), "{used}");
    let text = succeeded(&greenroom(&folder, &["accounts", "disconnect", &account]));
    assert!(text.contains("is unlinked; its history stays"), "{text}");
    let listed = succeeded(&greenroom(&folder, &["accounts", "list"]));
    assert!(listed.contains("logged out") && listed.contains("disconnected by its owner"), "{listed}");
    let text = succeeded(&greenroom(&folder, &["link", "--account", &account]));
    assert!(text.contains(&format!("is account {account}")), "accepted before, so nothing is asked: {text}");
}

#[test]
fn whoever_links_is_told_when_their_number_is_not_on_the_list() {
    for with_server in [false, true] {
        let folder = linkable(Some(PHONE), "\"+15557770011\", \"+12025550100\"");
        let _server = with_server.then(|| Server::start(&folder));
        let said = succeeded(&greenroom(&folder, &["link", "--yes"]));
        let expected = format!("you are {PHONE}; the list of this account has +15557770011, +12025550100\n");
        assert!(said.contains(&expected), "{said}");
        let meant = format!(
            "did you mean the entry +15557770011 (it differs in one place)? to admit this number too: greenroom allow {PHONE} --channel front"
        );
        assert!(said.contains(&meant), "{said}");
    }
    let folder = linkable(Some(PHONE), &format!("\"{PHONE}\""));
    assert!(!succeeded(&greenroom(&folder, &["link", "--yes"])).contains("you are"));
}

#[test]
fn a_running_server_links_and_unlinks_for_the_command() {
    let folder = linkable(Some(PHONE), "\"*\"");
    let _server = Server::start(&folder);
    let text = succeeded(&greenroom(&folder, &["link", "front", "--yes"]));
    assert!(text.contains("it is connected, and the bot answers there from now on"), "{text}");
    let listed = succeeded(&greenroom(&folder, &["accounts"]));
    assert!(listed.contains("connected") && listed.contains("last sign of the network"), "{listed}");
    let account = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    succeeded(&greenroom(&folder, &["accounts", "reconnect", &account]));
    succeeded(&greenroom(&folder, &["accounts", "disconnect", &account]));
    let listed = succeeded(&greenroom(&folder, &["accounts"]));
    assert!(listed.contains("logged out") && listed.contains("next: link it again"), "{listed}");
    assert_eq!(succeeded(&greenroom(&folder, &["accounts", "clean"])), "there was nothing to forget\n");
    let text = succeeded(&greenroom(&folder, &["accounts", "clean", &account]));
    assert_eq!(text, format!("forgotten: {account}\n"));
    let unknown = complaint(&greenroom(&folder, &["accounts", "disconnect", &account]), 2);
    assert!(unknown.contains("there is no account"), "{unknown}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_shown() {
    let folder = linkable(Some(PHONE), "");
    let nobody = complaint(&greenroom(&folder, &["link", "--yes"]), 1);
    assert!(nobody.contains("empty allow-list") && nobody.contains("greenroom allow"), "{nobody}");
    let phone = complaint(&greenroom(&folder, &["link", "--yes", "--code", "12345"]), 2);
    assert!(phone.contains("is not a phone number"), "{phone}");
    let channel = complaint(&greenroom(&folder, &["link", "back"]), 2);
    assert!(channel.contains("configured: front"), "{channel}");
    let account = complaint(&greenroom(&folder, &["link", "--yes", "--account", "acc-99"]), 2);
    assert!(account.contains("there is no account acc-99"), "{account}");
}

/// Starts to link where nobody scans, and waits for the code that is printed.
fn waiting(folder: &TempDir, arguments: &[&str]) -> (Child, String) {
    let mut child = command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let code = loop {
        let line = lines.next().expect("a code comes").unwrap();
        if line.starts_with("code 1 of 6: ") || line.starts_with("type this code") {
            break line;
        }
    };
    std::thread::spawn(move || lines.for_each(drop));
    (child, code)
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_and_leaves_nothing_behind() {
    for with_server in [false, true] {
        let folder = linkable(None, "\"*\"");
        let _server = with_server.then(|| Server::start(&folder));
        for arguments in [&["link", "--yes"][..], &["link", "--yes", "--code", PHONE]] {
            let (child, code) = waiting(&folder, arguments);
            assert!(!code.contains('\x1b') && !code.contains('█'), "plain text in a pipe: {code}");
            let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
            let output = child.wait_with_output().unwrap();
            let text = complaint(&output, 130);
            assert!(text.contains("linking was cancelled"), "{text}");
        }
        let listed = succeeded(&greenroom(&folder, &["accounts"]));
        assert_eq!(listed, "no accounts yet; greenroom link links one\n", "with a server: {with_server}");
    }
}

#[test]
fn what_the_network_asks_is_typed_or_piped() {
    for with_server in [false, true] {
        let folder = linkable(None, "\"*\"");
        let path = folder.path().join("greenroom.toml");
        let text =
            std::fs::read_to_string(&path).unwrap().replace("linkable = true", "linkable = true\nasks_for = \"1234\"");
        std::fs::write(&path, text).unwrap();
        let _server = with_server.then(|| Server::start(&folder));
        let wrong_then_right = format!("{PHONE}\n\n0000\n{PHONE}\n1234\n");
        let output = run(command(&folder, &["link", "--yes"]), &wrong_then_right);
        let said = succeeded(&output);
        assert!(
            said.contains("Something must be typed here")
                && said.contains("Your number: ")
                && said.contains("that secret is wrong"),
            "{said}"
        );
        assert!(said.contains(&format!("linked: {PHONE} is account")), "{said}");
        let ended = complaint(&run(command(&folder, &["link", "--yes"]), &format!("{PHONE}\n")), 2);
        assert!(ended.contains("the input ended before everything was answered"), "{ended}");
    }
}
