//! The program, run as a process, as a newcomer and a service manager run it.

use crate::support::process::{PATIENCE, clean, folder, run, succeeded};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn greenroom(folder: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments);
    run(command, input)
}

#[test]
fn chat_answers_every_piped_line_and_ends() {
    let folder = folder();
    let lines: Vec<String> = (0..50).map(|number| format!("line {number}")).collect();
    let text = succeeded(&greenroom(&folder, &["chat"], &format!("{}\n", lines.join("\n"))));
    let mut last = 0;
    for line in &lines {
        let found = text.lines().enumerate().skip(last).find(|(_, said)| said.ends_with(line.as_str()));
        last = found.unwrap_or_else(|| panic!("{line} was not answered, or not in order:\n{text}")).0;
    }
}

#[test]
fn chat_without_a_last_newline_answers_the_last_line_too() {
    let folder = folder();
    let text = succeeded(&greenroom(&folder, &["chat"], "hello"));
    assert!(text.contains("hello"), "{text}");
}

#[test]
fn a_second_chat_in_the_same_folder_goes_on() {
    let folder = folder();
    succeeded(&greenroom(&folder, &["chat"], "one\n"));
    let text = succeeded(&greenroom(&folder, &["chat"], "two\n"));
    assert!(text.contains("two"), "{text}");
    assert!(!text.lines().any(|line| line.ends_with("one")), "an old message is not answered again: {text}");
}

#[test]
fn the_example_configuration_is_sound_and_the_one_in_the_repository() {
    let folder = folder();
    let example = succeeded(&greenroom(&folder, &["config", "example"], ""));
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/greenroom.toml");
    // A build without WhatsApp Web has one channel less than the file.
    if cfg!(feature = "whatsapp-web") {
        assert_eq!(example, std::fs::read_to_string(kept).unwrap());
    }
    std::fs::write(folder.path().join("greenroom.toml"), example).unwrap();
    succeeded(&greenroom(&folder, &["check"], ""));
}

#[test]
fn a_wrong_configuration_is_refused_with_everything_that_is_wrong() {
    let folder = folder();
    let wrong = "[channels.front]\nadaptor = \"console\"\nallow_from = [\"15551234567\"]\n";
    std::fs::write(folder.path().join("greenroom.toml"), wrong).unwrap();
    for arguments in [&["check"][..], &["chat"], &["run"]] {
        let output = greenroom(&folder, arguments, "");
        assert!(!output.status.success(), "{arguments:?}");
        let complaints = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(complaints.contains("did you mean \"adapter\"?"), "{arguments:?}: {complaints}");
        assert!(complaints.contains("+15551234567"), "{arguments:?}: {complaints}");
        assert!(!complaints.contains("panicked"), "{complaints}");
    }
}

#[test]
fn a_second_process_on_the_same_folder_is_told_so() {
    let folder = folder();
    let mut first = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    first.arg("chat").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut first = first.spawn().unwrap();
    let mut input = first.stdin.take().unwrap();
    input.write_all(b"hello\n").unwrap();
    // Its answer proves that it owns the store now.
    let mut out = first.stdout.take().unwrap();
    let mut text = String::new();
    let mut byte = [0];
    while !text.contains("hello") && out.read(&mut byte).unwrap() == 1 {
        text.push(byte[0] as char);
    }
    let second = greenroom(&folder, &["run"], "");
    assert!(!second.status.success());
    let complaints = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(complaints.contains("in use"), "{complaints}");
    assert!(!complaints.contains("panicked"), "{complaints}");
    drop(input);
    assert!(first.wait().unwrap().success());
}

/// A channel that never ends, beside the console.
const TWO_CHANNELS: &str = "[channels.net]\nadapter = \"loopback\"\nallow_from = [\"*\"]\n\
                            [channels.console]\nadapter = \"console\"\n\
                            [assistants.helper]\nkind = \"echo\"\n";

/// A server in its folder, as a service manager starts it. Killed when it is dropped.
struct Server {
    child: Child,
}

impl Server {
    fn start(folder: &TempDir) -> Self {
        std::fs::write(folder.path().join("greenroom.toml"), TWO_CHANNELS).expect("a writable folder");
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.arg("run").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { child: command.spawn().expect("it was built") };
        let announced = folder.path().join("data/gateway.json");
        wait_until("the gateway is announced", || {
            assert!(server.child.try_wait().expect("our child").is_none(), "the server did not start");
            announced.exists()
        });
        server
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill is everywhere").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it did not come: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
#[test]
fn a_server_goes_on_without_a_keyboard_and_ends_well_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let folder = folder();
        let mut server = Server::start(&folder);
        // Its console has come to its end long ago; the other channel has not.
        let health = succeeded(&greenroom(&folder, &["health"], ""));
        assert!(health.contains("net"), "{health}");
        assert!(server.child.try_wait().expect("our child").is_none(), "it goes on");
        server.signal(signal);
        wait_until("it ends", || server.child.try_wait().expect("our child").is_some());
        assert!(server.child.wait().expect("it ended").success(), "{signal}");
        assert!(!folder.path().join("data/gateway.json").exists(), "nothing is announced any more");
    }
}

#[cfg(unix)]
#[test]
fn a_server_reads_its_configuration_again_when_it_is_told_to() {
    let folder = folder();
    let mut server = Server::start(&folder);
    let with =
        |channel: &str| format!("{TWO_CHANNELS}[channels.{channel}]\nadapter = \"loopback\"\nallow_from = [\"*\"]\n");
    let file = folder.path().join("greenroom.toml");
    let shows = |channel: &str| succeeded(&greenroom(&folder, &["health"], "")).contains(channel);
    std::fs::write(&file, with("added")).expect("a writable folder");
    server.signal("-HUP");
    wait_until("the new channel is shown", || shows("added"));
    // One that is wrong is not used, and ends nothing.
    std::fs::write(&file, "[channels.added]\nadaptor = \"loopback\"\n").expect("a writable folder");
    server.signal("-HUP");
    std::fs::write(&file, with("later")).expect("a writable folder");
    server.signal("-HUP");
    wait_until("the next one is read again", || shows("later"));
    assert!(server.child.try_wait().expect("our child").is_none(), "it continues");
    server.signal("-TERM");
    wait_until("it ends", || server.child.try_wait().expect("our child").is_some());
    assert!(server.child.wait().expect("it ended").success());
}

#[test]
fn a_program_whose_only_channel_has_ended_ends_too() {
    let folder = folder();
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.arg("run");
    succeeded(&run(command, "hello\n"));
}

#[cfg(unix)]
#[test]
fn questions_are_answered_beside_a_running_server() {
    let folder = folder();
    succeeded(&greenroom(&folder, &["chat"], "hello\n"));
    let alone = succeeded(&greenroom(&folder, &["why"], ""));
    assert!(alone.contains("answered"), "{alone}");
    let _server = Server::start(&folder);
    let beside = succeeded(&greenroom(&folder, &["why"], ""));
    assert_eq!(alone, beside, "the same answer through the gateway");
}

#[test]
fn strangers_and_groups_can_be_tried_from_the_keyboard() {
    let folder = folder();
    let lines = ["/group friends", "nobody asked", "/mention answer me", "/direct", "/as +19990000000", "let me in"];
    let text = succeeded(&greenroom(&folder, &["chat"], &(lines.join("\n") + "\n")));
    assert_eq!(text.lines().collect::<Vec<_>>(), ["answer me"]);
    // The newest is not asked for: two lines may come in one millisecond.
    let newest = succeeded(&greenroom(&folder, &["why"], ""));
    let id = newest.split_whitespace().nth(1).expect("message ID in chat");
    let (run, _) = id.rsplit_once('-').expect("ids of the console end with the number of the line");
    let why = succeeded(&greenroom(&folder, &["why", &format!("{run}-3")], ""));
    assert!(why.contains("not on the allow-list"), "{why}");
}

#[test]
fn data_can_be_looked_through_taken_out_and_put_in() {
    let folder = folder();
    succeeded(&greenroom(&folder, &["chat"], "hello\n"));
    succeeded(&greenroom(&folder, &["store", "verify"], ""));
    let text = succeeded(&greenroom(&folder, &["store", "restore-damaged"], ""));
    assert!(text.contains("0 record(s) were put back"), "{text}");
    succeeded(&greenroom(&folder, &["store", "export", "all.export"], ""));
    let elsewhere = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("all.export");
    succeeded(&greenroom(&elsewhere, &["store", "import", path(&file)], ""));
    std::fs::copy(folder.path().join("data/master.key"), elsewhere.path().join("data/master.key")).expect("copied");
    assert_eq!(
        succeeded(&greenroom(&folder, &["why"], "")),
        succeeded(&greenroom(&elsewhere, &["why"], "")),
        "the copy knows what the original knows"
    );
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
