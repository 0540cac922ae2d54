//! The program in the hands of a person who has just met it: what is typed by mistake, before its time, or twice.

use crate::support::canary::{occurrences, rows_with};
use crate::support::process::{PATIENCE, clean, folder, run, succeeded};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// One run of the program, with variables of its own.
pub(crate) fn greenroom(folder: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments).envs(variables.iter().copied());
    run(command, "")
}

pub(crate) fn fails(folder: &TempDir, arguments: &[&str], variables: &[(&str, &str)], code: i32) -> String {
    let output = greenroom(folder, arguments, variables);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

pub(crate) const TWO: &str = "[channels.net]\nadapter = \"loopback\"\nallow_from = [\"+12025550100\"]\n\
                   [channels.desk]\nadapter = \"loopback\"\nallow_from = [\"*\"]\n\
                   [assistants.helper]\nkind = \"echo\"\n";

/// A channel that speaks TLS, and reaches only this machine.
const CLOUD: &str = "[channels.w]\nadapter = \"whatsapp-cloud\"\nallow_from = [\"+12025550100\"]\nphone_number_id = \"15550001\"\n\
                     graph_url = \"http://127.0.0.1:9\"\naccess_token = { env = \"TOKEN\" }\n\
                     app_secret = { env = \"TOKEN\" }\nverify_token = { env = \"TOKEN\" }\n\
                     [assistants.helper]\nkind = \"echo\"\n";

pub(crate) fn configured(text: &str) -> TempDir {
    let folder = folder();
    std::fs::write(folder.path().join("greenroom.toml"), text).expect("a writable folder");
    folder
}

/// A running server, killed when it is dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(folder: &TempDir, variables: &[(&str, &str)]) -> Self {
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.arg("run").envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self(command.spawn().expect("it was built"));
        let announced = folder.path().join("data/gateway.json");
        server.until("the gateway is announced", |child| {
            assert!(child.try_wait().expect("our child").is_none(), "the server did not start");
            announced.exists()
        });
        server
    }

    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Child) -> bool) {
        let begun = Instant::now();
        while !holds(&mut self.0) {
            assert!(begun.elapsed() < PATIENCE, "it did not come: {what}");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn help_and_version_are_commands_and_groups_alone_do_something() {
    let folder = folder();
    assert!(succeeded(&greenroom(&folder, &["help"], &[])).contains("Commands:"));
    assert!(succeeded(&greenroom(&folder, &["help", "link"], &[])).contains("--code"));
    assert!(succeeded(&greenroom(&folder, &["version"], &[])).starts_with("greenroom "));
    assert!(succeeded(&greenroom(&folder, &["model"], &[])).contains("large-v3"));
    for group in ["store", "config"] {
        assert!(fails(&folder, &[group], &[], 2).contains("Commands:"), "{group}");
    }
    succeeded(&greenroom(&folder, &["allow", "+12025550101"], &[]));
    assert!(succeeded(&greenroom(&folder, &["quarantine"], &[])).contains("nothing is in quarantine"));
}

#[test]
fn somebody_can_be_admitted_before_the_first_start() {
    let folder = configured(TWO);
    let said = succeeded(&greenroom(&folder, &["allow", "tel:+1 202\u{2011}555\u{2011}0101", "--channel", "net"], &[]));
    assert_eq!(said, "+12025550101 is admitted to channel net\n");
    assert!(succeeded(&greenroom(&folder, &["allowlist"], &[])).contains("+12025550101  in channel net"));
}

#[test]
fn everybody_is_admitted_only_by_whoever_means_it() {
    let folder = configured(TWO);
    let asked = fails(&folder, &["allow", "*", "--channel", "net"], &[], 2);
    assert!(asked.contains("strangers included") && asked.contains("--yes"), "{asked}");
    assert!(!folder.path().join("data").exists(), "nothing was begun");
    let said = succeeded(&greenroom(&folder, &["allow", "*", "--channel", "net", "--yes"], &[]));
    assert_eq!(said, "* is admitted to channel net\n");
}

#[test]
fn what_is_listed_is_json_too() {
    let folder = configured(TWO);
    succeeded(&greenroom(&folder, &["allow", "+12025550101", "--channel", "net"], &[]));
    let mut chat = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    chat.arg("chat");
    succeeded(&run(chat, "/as +12025550123\nlet me in\n"));
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&succeeded(&greenroom(&folder, arguments, &[]))).expect("JSON and nothing else")
    };
    let listed = json(&["allowlist", "--json"]);
    assert!(
        listed.as_array().is_some_and(|list| list.iter().any(|entry| entry["entry"] == "+12025550101")),
        "{listed}"
    );
    assert!(json(&["accounts", "--json"])[0]["session"].is_string());
    assert_eq!(json(&["accounts", "list", "--json"]), json(&["accounts", "--json"]));
    assert_eq!(json(&["quarantine", "--json"]), serde_json::json!([]));
    assert!(json(&["why", "--json"])[0]["steps"][0]["what"].is_string());
    assert_eq!(json(&["channels", "--json"])["loopback"]["groups"], "yes");
    assert!(json(&["model", "--json"])["models"][0]["name"].is_string());
    assert!(json(&["store", "verify", "--json"])["kinds"][0]["rows"].is_u64());
    let _server = Server::start(&folder, &[]);
    assert_eq!(json(&["allowlist", "--json"]), listed, "the server says the same");
    assert!(json(&["accounts", "--json"]).as_array().is_some_and(|list| list.len() > 1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_with_what_can_be_deleted() {
    let folder = folder();
    succeeded(&greenroom(&folder, &["allow", "+12025550101"], &[]));
    let mut export = clean("sh", folder.path());
    export.args(["-c", &format!("exec {} store export - > /dev/full", env!("CARGO_BIN_EXE_greenroom"))]);
    let output = run(export, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("The disk is full") && said.contains("greenroom model list"), "{said}");
}

#[test]
fn a_configuration_with_many_mistakes_is_answered_with_one_screen() {
    let many = (0..250).fold(String::new(), |text, n| text + &format!("key{n} = 1\n"));
    let said = fails(&configured(&many), &["check"], &[], 2);
    assert!(said.contains("250 problems") && said.contains("and 230 more") && said.lines().count() < 30, "{said}");
}

#[test]
fn taking_back_what_was_never_given_is_not_called_done() {
    let folder = configured(TWO);
    succeeded(&greenroom(&folder, &["allow", "+12025550101", "--channel", "net"], &[]));
    for beside in [false, true] {
        let _server = beside.then(|| Server::start(&folder, &[]));
        let never = fails(&folder, &["disallow", "+12025550111", "--channel", "net"], &[], 1);
        assert!(
            never.contains("nothing was changed") && never.contains("did you mean the entry +12025550101"),
            "{never}"
        );
        let file = fails(&folder, &["disallow", "+12025550100", "--channel", "net"], &[], 1);
        assert!(file.contains("still admitted") && file.contains("configuration"), "{file}");
        let all = fails(&folder, &["disallow", "+12025550199", "--channel", "desk"], &[], 1);
        assert!(all.contains("still admitted to channel desk") && all.contains("* of the configuration"), "{all}");
    }
    let done = succeeded(&greenroom(&folder, &["disallow", "+1 (202) 555-0101", "--channel", "net"], &[]));
    assert!(done.contains("no longer admitted"), "{done}");
}

#[test]
fn a_second_shell_needs_no_environment() {
    let folder = folder();
    let server =
        [("GREENROOM_CHANNELS__NET__ADAPTER", "loopback"), ("GREENROOM_CHANNELS__NET__ALLOW_FROM", "+12025550100")];
    let _server = Server::start(&folder, &server);
    let said = succeeded(&greenroom(&folder, &["allow", "+12025550101", "--channel", "net"], &[]));
    assert_eq!(said, "+12025550101 is admitted to channel net\n", "the server's channel, not one of this shell");
}

#[test]
fn a_server_that_is_started_twice_is_told_that_it_runs() {
    let folder = configured(TWO);
    let _server = Server::start(&folder, &[]);
    let announced = std::fs::read_to_string(folder.path().join("data/gateway.json")).expect("it is announced");
    let address = announced.split('"').find(|part| part.starts_with("127.0.0.1:")).expect("an address").to_owned();
    let said = fails(&folder, &["run"], &[("GREENROOM_GATEWAY__LISTEN", &address)], 1);
    assert!(said.contains("in use") && said.contains("A greenroom runs there already"), "{said}");
    assert!(!said.contains("another program"), "{said}");
}

#[test]
fn a_secret_may_be_the_value_of_its_own_variable() {
    let folder = folder();
    let variables = [
        ("GREENROOM_CHANNELS__W__ADAPTER", "whatsapp-cloud"),
        ("GREENROOM_CHANNELS__W__ALLOW_FROM", "+12025550100"),
        ("GREENROOM_CHANNELS__W__PHONE_NUMBER_ID", "15550001"),
        ("GREENROOM_CHANNELS__W__ACCESS_TOKEN", "EAAGtoken"),
        ("GREENROOM_CHANNELS__W__APP_SECRET", "secret"),
        ("GREENROOM_CHANNELS__W__VERIFY_TOKEN", "verify"),
    ];
    succeeded(&greenroom(&folder, &["check"], &variables));
}

#[test]
fn every_refusal_says_what_to_do() {
    let folder = folder();
    succeeded(&greenroom(&folder, &["allow", "+12025550101"], &[]));
    let quiet: &[(&str, &str)] = &[];
    let verbose: &[(&str, &str)] = &[("GREENROOM_LOG", "verbose")];
    for (arguments, variables, code, said) in [
        (&["model", "verify", "base"][..], quiet, 1, "greenroom model fetch base"),
        (&["why", "--last", "0"], quiet, 2, "a number from 1 on"),
        (&["why", ""], quiet, 2, "greenroom why --last 10"),
        (&["why", "nothing"], quiet, 1, "greenroom why --last 10"),
        (&["quarantine", "release", "5"], quiet, 1, "`greenroom quarantine` shows"),
        (&["outbox", "release", "3EB0"], quiet, 1, "`greenroom outbox` shows"),
        (&["outbox", "drop", "3EB0"], quiet, 1, "`greenroom outbox` shows"),
        (&["store", "import", "nope"], quiet, 1, "greenroom store export FILE"),
        (&["chat"], verbose, 2, "\"verbose\" is not a level"),
        (&["run"], verbose, 2, "error, warn, info, debug, trace"),
        (&["allow", "+44 (0) 20 7946 000\u{1f4de}"], quiet, 2, "U+1F4DE"),
        (&["allow", "+4402079460000"], quiet, 2, "write +442079460000"),
        (&["allow", "+12025550101", "--channel", "nope"], quiet, 2, "configured: console"),
    ] {
        let complaint = fails(&folder, arguments, variables, code);
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
        assert!(complaint.contains('\n') && !complaint.contains("must not be empty"), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_silent_stranger_comes_with_the_command_that_admits() {
    let folder = folder();
    let mut chat = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    chat.arg("chat");
    succeeded(&run(chat, "/as +12025550123\nlet me in\n"));
    let why = succeeded(&greenroom(&folder, &["why"], &[]));
    assert!(why.contains("to admit this person: greenroom allow +12025550123 --channel console"), "{why}");
}

#[test]
fn a_stranger_on_the_console_leaves_nothing_but_a_trace() {
    let folder = folder();
    let mut chat = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    chat.arg("chat");
    succeeded(&run(chat, "kept-words\n/as +12025557781\ncanary-words-7781\n"));
    let data = folder.path().join("data");
    assert_eq!(occurrences(&data, "canary-words-7781"), 0);
    assert_eq!(rows_with(&data, "12025557781").into_keys().collect::<String>(), "f");
    assert!(occurrences(&data, "kept-words") > 0, "what is admitted is there, so the search does find");
}

#[test]
fn check_tells_of_numbers_that_networks_write_in_two_ways() {
    let cloud = CLOUD.replace("+12025550100", "+5511987654321");
    let output = greenroom(&configured(&cloud), &["check"], &[("TOKEN", "token")]);
    succeeded(&output);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("greenroom allow +551187654321 --channel w"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_signal_that_is_repeated_is_not_impatience() {
    let folder = configured(TWO);
    let mut server = Server::start(&folder, &[]);
    // Its answer proves that it hears signals.
    succeeded(&greenroom(&folder, &["health"], &[]));
    let kill = format!("kill -TERM {0}; kill -TERM {0}; kill -HUP {0}; kill -TERM {0}", server.0.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    server.until("it ends", |child| child.try_wait().expect("our child").is_some());
    assert!(server.0.wait().expect("it ended").success(), "it was finished in good order");
}

/// As a small container is: no certificates anywhere, and variables that name an empty place are not set.
#[cfg(target_os = "linux")]
#[test]
fn without_certificates_it_starts_and_its_commands_work() {
    let folder = configured(CLOUD);
    let bare = |arguments: &str| {
        let mut command = clean("unshare", folder.path());
        let hide = "for place in /etc/ssl /etc/pki /usr/share/ca-certificates /usr/local/share/ca-certificates; do \
                    if [ -d $place ]; then mount -t tmpfs none $place || exit 77; fi; done";
        let line = format!("{hide}; exec {} {arguments}", env!("CARGO_BIN_EXE_greenroom"));
        command.args(["--mount", "--map-root-user", "sh", "-c", &line]).env("TOKEN", "token");
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        run(command, "")
    };
    if !Path::new("/usr/bin/unshare").exists() {
        return;
    }
    let checked = bare("check");
    // Not every machine lets a test have mounts of its own.
    if checked.status.code() == Some(77) || String::from_utf8_lossy(&checked.stderr).contains("unshare failed") {
        return;
    }
    succeeded(&checked);
    let _server = Server::start(&folder, &[("TOKEN", "token")]);
    succeeded(&bare("allowlist"));
    // Whoever names certificates means those and no others.
    let named = [("TOKEN", "token"), ("SSL_CERT_FILE", "/nowhere.pem"), ("SSL_CERT_DIR", "/nowhere")];
    let said = fails(&folder, &["check"], &named, 2);
    assert!(said.contains("SSL_CERT_FILE") && said.contains("ca-certificates"), "{said}");
    succeeded(&greenroom(&folder, &["allowlist"], &named));
}
