//! Processes that a test feeds, waits for, and listens to.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long one process may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A command that sees nothing of this test's environment that the program would read.
pub(crate) fn clean(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        if name.starts_with("GREENROOM_") || name.starts_with("WHATSAPP_") || name == "AUTH_SECRET" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env("GREENROOM_GATEWAY__LISTEN", "127.0.0.1:0");
    command
}

/// Cargo, as a person calls it. A test is told of its own package by variables that some build scripts watch: with them,
/// cargo would build those crates, and all that stand on them, once for the test and once more afterwards.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    let of_the_test = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_", "OUT_DIR"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| of_the_test.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Feeds a process, waits until it ended by itself, and returns what it said.
pub(crate) fn run(mut command: Command, input: &str) -> Output {
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

pub(crate) fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn succeeded(output: &Output) -> String {
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}\n{}\n{complaints}", output.status, said(output));
    said(output)
}
