//! The examples and the program, run as processes, as a newcomer runs them.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long one process may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that sees nothing of this test's environment that the program would read.
fn clean(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        if name.starts_with("GREENROOM_") || name.starts_with("WHATSAPP_") || name == "AUTH_SECRET" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env("GREENROOM_GATEWAY__LISTEN", "127.0.0.1:0");
    command
}

/// Feeds a process, waits until it ended by itself, and returns what it said.
fn run(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it was built");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    // Dropping the pipe is the end of the input.
    let feeding = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = out.read_to_end(&mut text);
        text
    });
    let complaining = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = err.read_to_end(&mut text);
        text
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            let said = reading.join().unwrap_or_default();
            panic!("it did not end by itself; it said {}", String::from_utf8_lossy(&said));
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    // A process that ends without reading everything breaks the pipe; that is its right.
    let _ = feeding.join();
    let (stdout, stderr) = (reading.join().unwrap_or_default(), complaining.join().unwrap_or_default());
    Output { status, stdout, stderr }
}

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn succeeded(output: &Output) -> String {
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}\n{}\n{complaints}", output.status, said(output));
    said(output)
}

// --- the program ----------------------------------------------------------------------------------

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
    assert_eq!(example, std::fs::read_to_string(kept).unwrap());
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

// --- the examples ---------------------------------------------------------------------------------

/// Builds an example with the features of this test, so that nothing else is built anew.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.parent().and_then(Path::parent).expect("it stands in target/PROFILE/deps");
    let target = profile.parent().expect("it stands in target");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target);
    command.args(["build", "--quiet", "--offline", "--locked", "--example", name]);
    if cfg!(feature = "failpoints") {
        command.arg("--all-features");
    }
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let output = command.output().expect("cargo is there, it started this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    profile.join("examples").join(name)
}

fn example(name: &str) -> String {
    let folder = folder();
    succeeded(&run(clean(built(name), folder.path()), ""))
}

#[test]
fn a_bot_in_a_program() {
    let text = example("embed_bot");
    assert!(text.contains("Ana wrote hello and was told: hello"), "{text}");
    assert!(text.contains("messages sent: 1"), "the stranger got silence: {text}");
}

#[test]
fn an_assistant_of_ones_own() {
    let text = example("custom_assistant");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "milk -> milk: noted, that makes 1.",
            "bread -> bread: noted, that makes 2.",
            "wine -> There are 2 things on the list already.",
            "list -> milk, bread",
        ]
    );
}

#[test]
fn a_channel_of_ones_own() {
    assert_eq!(example("custom_channel"), "+15551234567 was told: hello\n");
}
