//! `greenroom doctor`, `access explain` and `why --refused`, as commands of the program: what they print, and what they end with.

use crate::hands::{Server, TWO, configured, fails, greenroom};
use crate::support::process::{folder, succeeded};
use serde_json::Value;
use std::process::Output;
use tempfile::TempDir;

/// The findings as JSON, and what the command ended with.
fn findings(folder: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> (Vec<Value>, i32) {
    let output = greenroom(folder, &[&["doctor", "--json"], arguments].concat(), variables);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    });
    (said.as_array().expect("a list").clone(), output.status.code().expect("it ended by itself"))
}

#[track_caller]
fn found<'a>(findings: &'a [Value], code: &str, severity: &str) -> &'a Value {
    let found = findings.iter().find(|one| one["code"] == code);
    let found = found.unwrap_or_else(|| panic!("{code} is not among {findings:#?}"));
    assert_eq!(found["severity"], severity, "{found}");
    found
}

#[test]
fn before_the_first_start_it_says_what_is_missing_and_tries_the_assistant() {
    let folder = configured(TWO);
    let (all, code) = findings(&folder, &[], &[]);
    found(&all, "store-missing", "note");
    found(&all, "assistant-works", "ok");
    let rests = found(&all, "not-running", "warning");
    assert_eq!(rests["command"], "greenroom run");
    assert_eq!(code, 3, "warnings, and no error: {all:#?}");
    assert!(!folder.path().join("data").exists(), "it looked, and made nothing");
}

#[test]
fn beside_a_server_it_asks_the_server_and_ends_with_nothing_to_be_done() {
    let folder = configured(TWO);
    let _server = Server::start(&folder, &[]);
    let (all, _) = findings(&folder, &["--quick"], &[]);
    found(&all, "running", "ok");
    found(&all, "store", "ok");
    assert!(all.iter().any(|one| one["area"] == "session" || one["code"] == "connected"), "{all:#?}");
}

#[test]
fn a_wrong_configuration_and_a_gateway_that_no_one_names_are_findings_too() {
    let wrong = configured("[channels.net]\nadapter = \"nothing\"\n");
    let (all, code) = findings(&wrong, &[], &[]);
    found(&all, "configuration-wrong", "error");
    assert_eq!(code, 1);
    let empty = folder();
    let secret = [("AUTH_SECRET", "0123456789abcdef0123456789abcdef")];
    let (all, code) = findings(&empty, &["--quick"], &secret);
    let missing = found(&all, "gateway-not-configured", "error");
    assert!(missing["command"].as_str().is_some_and(|command| command.contains("WHATSAPP_GATEWAY_URL")), "{missing}");
    assert_eq!(code, 1);
}

#[cfg(unix)]
#[test]
fn what_others_may_read_and_what_is_damaged_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = configured(TWO);
    succeeded(&greenroom(&folder, &["allow", "+12025550101", "--channel", "net"], &[]));
    let data = folder.path().join("data");
    let open = |mode| std::fs::set_permissions(&data, std::fs::Permissions::from_mode(mode)).expect("ours");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("ours");
    open(0o755);
    let (all, code) = findings(&folder, &["--quick"], &[]);
    let exposed = found(&all, "not-private", "error");
    assert!(exposed["command"].as_str().is_some_and(|command| command.starts_with("chmod -R go=")), "{exposed}");
    assert_eq!(code, 1);
    open(0o700);
    // Every file of the engine, spoiled: a small store lies at the beginning of a large file.
    for file in files(&data) {
        let mut bytes = std::fs::read(&file).expect("ours");
        for byte in &mut bytes {
            *byte ^= 0x5a;
        }
        std::fs::write(&file, bytes).expect("ours");
    }
    let (all, code) = findings(&folder, &[], &[]);
    let codes: Vec<&str> = all.iter().filter_map(|one| one["code"].as_str()).collect();
    assert!(codes.contains(&"store-damaged") || codes.contains(&"store-unusable"), "{all:#?}");
    assert_eq!(code, 1);
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.metadata().is_ok_and(|file| file.len() > 256) {
            found.push(path);
        }
    }
    found
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn access_is_explained_by_the_store_and_by_the_server_alike() {
    let folder = configured(TWO);
    succeeded(&greenroom(&folder, &["allow", "+12025550101", "--channel", "net"], &[]));
    for beside in [false, true] {
        let _server = beside.then(|| Server::start(&folder, &[]));
        let listed = greenroom(&folder, &["access", "explain", "+12025550100", "--channel", "net"], &[]);
        assert_eq!(listed.status.code(), Some(0), "{listed:?}");
        let said = words(&listed);
        assert!(said.contains("is admitted") && said.contains("configuration, channels.net.allow_from"), "{said}");
        let added = words(&greenroom(&folder, &["access", "explain", "+12025550101", "--channel", "net"], &[]));
        assert!(added.contains("in the list of the channel, added by the command line on 20"), "{added}");
        let stranger = greenroom(&folder, &["access", "explain", "+12025550102", "--channel", "net"], &[]);
        assert_eq!(stranger.status.code(), Some(1));
        let said = words(&stranger);
        assert!(said.contains("is refused") && said.contains("the nearest entry is +1202555010"), "{said}");
        assert!(said.contains("greenroom allow '+12025550102' --channel net"), "{said}");
        let everyone = words(&greenroom(&folder, &["access", "explain", "+12025550102", "--channel", "desk"], &[]));
        assert!(everyone.contains("by * in the configuration"), "{everyone}");
    }
    let wrong = fails(&folder, &["access", "explain", "12025550100"], &[], 2);
    assert!(wrong.contains("+15551234567"), "it says what to write: {wrong}");
    assert!(fails(&folder, &["access", "explain", "+12025550100", "--channel", "gone"], &[], 2).contains("desk"));
}

#[test]
fn a_message_that_never_arrived_is_answered_with_when_nothing_could_arrive() {
    let folder = configured(TWO);
    drop(Server::start(&folder, &[]));
    let output = greenroom(&folder, &["why", "never-arrived"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = words(&output);
    assert!(said.contains("channel desk") && said.contains("channel net"), "{said}");
    let refused = words(&greenroom(&folder, &["why", "--refused", "--days", "7"], &[]));
    assert_eq!(refused, "no message was refused on these days\n");
}
