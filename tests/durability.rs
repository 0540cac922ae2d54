//! What is acknowledged is on the disk, by the program's own system calls.
//!
//! A kill leaves the page cache, so no test that kills a process can tell a sync from none. Here the program runs under
//! `strace`: between the write that holds a message and the first byte of the acknowledgement there must be an `fdatasync`
//! or `fsync` of that file that returned 0.

use crate::support::process::{clean, folder};
use greenroom_simulator_whatsapp_cloud::Simulator;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Writes, reads and syncs; what else a program does is left out.
const CALLS: &str = "write,pwrite64,writev,pwritev,?pwritev2,sendto,sendmsg,read,readv,recvfrom,recvmsg,fsync,fdatasync,\
    msync,?sync_file_range";
const MESSAGES: usize = 5;

/// A call of a traced program: where in the trace it began and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    began: usize,
    ended: usize,
    name: String,
    /// What the first argument is: a path, or a socket.
    file: String,
    text: String,
    result: String,
}

/// Reads a trace of all threads in one file, calls that were interrupted put together again.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(thread, (at, begun.to_owned()));
            continue;
        }
        let (began, whole) = match rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            Some((_, end)) => match open.remove(thread) {
                Some((began, first)) => (began, first + end),
                None => continue,
            },
            None => (at, rest.to_owned()),
        };
        calls.extend(call(began, at, &whole));
    }
    calls
}

fn call(began: usize, ended: usize, whole: &str) -> Option<Call> {
    let (name, rest) = whole.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let file = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(file, _)| file);
    let (name, file, text) = (name.to_owned(), file.to_owned(), arguments.to_owned());
    Some(Call { began, ended, name, file, text, result: result.trim().to_owned() })
}

impl Call {
    fn writes(&self) -> bool {
        ["write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg"].contains(&self.name.as_str())
    }

    fn reads(&self) -> bool {
        ["read", "readv", "recvfrom", "recvmsg"].contains(&self.name.as_str())
    }

    fn syncs(&self, file: &str) -> bool {
        ["fsync", "fdatasync"].contains(&self.name.as_str()) && self.file == file && self.result == "0"
    }
}

/// Why the acknowledgement of the message that holds these words proves nothing; nothing if all is well.
fn wrong_with(calls: &[Call], words: &str, log: &Path) -> Option<String> {
    let log = log.to_string_lossy();
    let read = calls.iter().find(|call| call.reads() && call.text.contains(words) && !call.file.starts_with('/'));
    let Some(read) = read else { return Some(format!("{words:?} never came")) };
    let acknowledged = calls.iter().find(|call| {
        call.began > read.ended && call.writes() && call.file == read.file && call.text.contains("HTTP/1.1 200")
    });
    let Some(acknowledged) = acknowledged else { return Some(format!("{words:?} was not acknowledged")) };
    let stored = calls.iter().find(|call| {
        call.writes()
            && call.file.starts_with(log.as_ref())
            && call.text.contains(words)
            && call.ended < acknowledged.began
    });
    let Some(stored) = stored else { return Some(format!("{words:?} was acknowledged before it was written")) };
    let synced = calls
        .iter()
        .any(|call| call.syncs(&stored.file) && call.began > stored.ended && call.ended < acknowledged.began);
    (!synced).then(|| format!("{words:?} was written to {} and acknowledged without a sync", stored.file))
}

/// The program under observation. It is asked to end, and then its trace is whole.
struct Observed(Child);

impl Drop for Observed {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

async fn acknowledged_after_sync(engine: &str) {
    assert!(
        Command::new("strace").arg("--version").output().is_ok(),
        "this proof needs strace: apt-get install strace (or the package manager of your system)"
    );
    let (place, meta) = (folder(), Simulator::start().await);
    let settings = meta.settings();
    let config = format!(
        "[store]\nengine = \"{engine}\"\n[channels.whatsapp]\nadapter = \"whatsapp-cloud\"\nassistant = \"echo\"\n\
         allow_from = [\"*\"]\nphone_number_id = \"{}\"\ngraph_url = \"{}\"\naccess_token = {{ env = \"TOKEN\" }}\n\
         app_secret = {{ env = \"SECRET\" }}\nverify_token = {{ env = \"VERIFY\" }}\n[assistants.echo]\nkind = \"echo\"\n",
        settings.numbers[0].id,
        meta.graph_url()
    );
    std::fs::write(place.path().join("greenroom.toml"), config).expect("a writable folder");
    let trace = place.path().join("trace");
    let mut command = clean("strace", place.path());
    // The observer stands aside, so that the process is the program's own.
    command.args(["-f", "-D", "-y", "-s", "2000000", "-e", &format!("trace={CALLS}"), "-e", "signal=none", "-o"]);
    command.arg(&trace).arg("--").arg(env!("CARGO_BIN_EXE_greenroom")).arg("run");
    command.env("TOKEN", &settings.access_token).env("SECRET", &settings.app_secret);
    command.env("VERIFY", &settings.verify_token);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut program = Observed(command.spawn().expect("strace can be started"));
    let mut lines = BufReader::new(program.0.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.split_once("http://")?.1.split(',').next()?.to_owned()));
    std::thread::spawn(move || lines.for_each(drop));
    let address = address.expect("it listens");
    meta.connect(&format!("http://{address}/api/channels/whatsapp")).await.expect("the handshake");
    let ana = meta.person("+15551234567");
    let words = |number: usize| format!("unmistakable words number {number} of {MESSAGES}");
    for number in 0..MESSAGES {
        ana.says(&words(number)).await;
        assert_eq!(ana.received().await.text(), words(number));
    }
    tokio::task::block_in_place(|| drop(program));
    let trace = finished(&trace);
    let calls = calls(&trace);
    assert!(calls.len() > 50, "the trace was read: {} calls", calls.len());
    let log = place.path().canonicalize().expect("it is there").join("data").join(engine);
    let wrong: Vec<_> = (0..MESSAGES).filter_map(|number| wrong_with(&calls, &words(number), &log)).collect();
    assert!(wrong.is_empty(), "{engine}: {wrong:#?}");
}

/// The trace, once the observer has written its last line.
fn finished(trace: &Path) -> String {
    let begun = Instant::now();
    loop {
        let text = String::from_utf8_lossy(&std::fs::read(trace).unwrap_or_default()).into_owned();
        let last = text.lines().last().unwrap_or_default();
        if last.contains("+++ exited with") || last.contains("+++ killed by") {
            return text;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the trace never ended: {last}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_it_is_synced_with_sled() {
    acknowledged_after_sync("sled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_it_is_synced_with_fjall() {
    acknowledged_after_sync("fjall").await;
}

/// The proof can fail: with the sync too early, too late, failed, of another file, or missing.
#[test]
fn an_acknowledgement_without_its_sync_is_found() {
    let log = Path::new("/d/fjall");
    let read = "7 recvfrom(5<socket:[9]>, \"POST hello\", 100, 0, NULL, NULL) = 10\n";
    let write = "8 write(4</d/fjall/0.jnl>, \"..hello..\", 9) = 9\n";
    let synced = "8 fdatasync(4</d/fjall/0.jnl>)       = 0\n";
    let begins = "8 fdatasync(4</d/fjall/0.jnl> <unfinished ...>\n";
    let ends = "8 <... fdatasync resumed>) = 0\n";
    let ack = "7 sendto(5<socket:[9]>, \"HTTP/1.1 200 OK\", 15, MSG_NOSIGNAL, NULL, 0) = 15\n";
    let found = |lines: &[&str]| wrong_with(&calls(&lines.concat()), "hello", log);
    assert_eq!(found(&[read, write, synced, ack]), None);
    assert_eq!(found(&[read, write, begins, "9 fsync(3</x>) = 0\n", ends, ack]), None);
    let failed = synced.replace("= 0", "= -1 EIO (Input/output error)");
    let other = synced.replace("0.jnl", "1.jnl");
    for bad in [
        &[read, write, ack][..],
        &[read, synced, write, ack],
        &[read, write, ack, synced],
        &[read, write, begins, ack, ends],
        &[read, begins, write, ends, ack],
        &[read, write, &failed, ack],
        &[read, write, &other, ack],
        &[read, ack, write, synced],
        &[read, write, synced],
        &[write, synced, ack],
    ] {
        assert!(found(bad).is_some(), "{bad:#?}");
    }
}
