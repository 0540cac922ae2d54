//! Models are listed, fetched in pieces, and checked, against a server on this machine.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

use super::model;
use crate::support::process::{clean, folder, run, succeeded};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A model that the model of the tests stands in for, by the checksum that the command is given.
const STAND_IN: &str = "base-q5_1";
const SHA256: &str = "61406ecb7d39e62e03b57a55406b6fc22adb0b89fc886f6275c2407980e9f68d";

/// Serves one file under every path.
struct Server {
    url: String,
    /// The `Range` of each request, empty where it had none.
    ranges: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
struct Behaviour {
    /// Whether it understands `Range`.
    pieces: bool,
    /// Bytes after which the first connections are cut, one after another.
    cuts: &'static [usize],
    status: u16,
}

const WELL: Behaviour = Behaviour { pieces: true, cuts: &[], status: 200 };

impl Server {
    fn start(file: Vec<u8>, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/models", listener.local_addr().expect("it is bound"));
        let ranges: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&ranges);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let request = seen.lock().unwrap().len();
                let range = answer(&stream, &file, behaviour, behaviour.cuts.get(request).copied());
                seen.lock().unwrap().push(range);
            }
        });
        Self { url, ranges }
    }

    fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

/// Answers one request and says which range it asked for.
fn answer(mut stream: &TcpStream, file: &[u8], behaviour: Behaviour, cut: Option<usize>) -> String {
    let mut range = String::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(value) = line.to_lowercase().strip_prefix("range: bytes=") {
            value.clone_into(&mut range);
        }
        if line.is_empty() {
            break;
        }
    }
    let from: Option<usize> = range.split('-').next().and_then(|from| from.parse().ok()).filter(|_| behaviour.pieces);
    let begin = from.unwrap_or(0);
    let status = match (behaviour.status, from) {
        (200, Some(from)) if from >= file.len() => 416,
        (200, Some(_)) => 206,
        (status, _) => status,
    };
    let body = if matches!(status, 200 | 206) { &file[begin..] } else { &[] };
    let piece = format!("content-range: bytes {begin}-{}/{}\r\n", file.len().saturating_sub(1), file.len());
    let piece = if status == 206 { piece } else { String::new() };
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{piece}connection: close\r\n\r\n", body.len());
    // Whoever hung up does not want the rest.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body[..cut.unwrap_or(body.len()).min(body.len())]);
    range
}

fn greenroom(folder: &TempDir, server: &Server, arguments: &[&str]) -> Output {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments).env("GREENROOM_VOICE__URL", &server.url);
    run(command, "")
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn bytes() -> Vec<u8> {
    std::fs::read(model()).expect("it is there")
}

fn fetched(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("data/models").join(name)
}

#[test]
fn a_fetched_model_is_used_without_another_word() {
    let (folder, server) = (folder(), Server::start(bytes(), WELL));
    let before = succeeded(&greenroom(&folder, &server, &["model", "list"]));
    assert!(before.contains("large-v3-turbo") && before.contains("not heard yet"), "{before}");
    let said = succeeded(&greenroom(&folder, &server, &["model", "fetch", STAND_IN, "--sha256", SHA256]));
    assert!(said.contains("its checksum is right") && said.contains("from the next start on"), "{said}");
    assert_eq!(std::fs::read(fetched(&folder, "ggml-base-q5_1.bin")).unwrap(), bytes());
    let after = succeeded(&greenroom(&folder, &server, &["model", "list"]));
    assert!(after.lines().any(|line| line.starts_with(STAND_IN) && line.ends_with("in use")), "{after}");
    let doctor = succeeded(&greenroom(&folder, &server, &["doctor", "voice"]));
    assert!(doctor.contains("voice notes can be heard"), "{doctor}");
    let verified = succeeded(&greenroom(&folder, &server, &["model", "verify", STAND_IN, "--sha256", SHA256]));
    assert!(verified.contains("its checksum is right"), "{verified}");
    let forged = greenroom(&folder, &server, &["model", "verify"]);
    assert!(!forged.status.success(), "it is not the model that is published under this name");
    // A second time nothing is fetched.
    let again = succeeded(&greenroom(&folder, &server, &["model", "fetch", STAND_IN, "--sha256", SHA256]));
    assert!(again.contains("already here") && server.ranges().len() == 1, "{again}");
}

#[test]
fn an_interrupted_download_goes_on_where_it_was() {
    let (folder, server) = (folder(), Server::start(bytes(), Behaviour { cuts: &[1_000_000, 2_000_000], ..WELL }));
    let fetch = || greenroom(&folder, &server, &["model", "fetch", STAND_IN, "--sha256", SHA256]);
    assert!(complaint(&fetch()).contains("it resumes where it stopped"));
    let list = succeeded(&greenroom(&folder, &server, &["model", "list"]));
    assert!(list.lines().any(|line| line.starts_with(STAND_IN) && line.ends_with("half fetched")), "{list}");
    assert!(complaint(&fetch()).contains("was interrupted"));
    succeeded(&fetch());
    assert_eq!(std::fs::read(fetched(&folder, "ggml-base-q5_1.bin")).unwrap(), bytes());
    assert!(!fetched(&folder, "ggml-base-q5_1.bin.part").exists());
    let ranges = server.ranges();
    assert_eq!(ranges[0], "");
    let begins: Vec<usize> = ranges[1..].iter().map(|range| range.trim_end_matches('-').parse().unwrap()).collect();
    assert!(begins[0] > 0 && begins[0] <= 1_000_000 && begins[1] > begins[0], "{ranges:?}");
}

#[test]
fn a_server_that_knows_no_pieces_is_asked_from_the_beginning() {
    let server = Server::start(bytes(), Behaviour { pieces: false, cuts: &[1_000_000], ..WELL });
    let folder = folder();
    assert!(!greenroom(&folder, &server, &["model", "fetch", STAND_IN, "--sha256", SHA256]).status.success());
    succeeded(&greenroom(&folder, &server, &["model", "fetch", STAND_IN, "--sha256", SHA256]));
    assert_eq!(std::fs::read(fetched(&folder, "ggml-base-q5_1.bin")).unwrap(), bytes());
}

#[test]
fn what_was_fetched_whole_but_not_yet_moved_is_not_fetched_again() {
    let (folder, server) = (folder(), Server::start(bytes(), WELL));
    std::fs::create_dir_all(fetched(&folder, "")).unwrap();
    std::fs::write(fetched(&folder, "ggml-base-q5_1.bin.part"), bytes()).unwrap();
    succeeded(&greenroom(&folder, &server, &["model", "fetch", STAND_IN, "--sha256", SHA256]));
    assert_eq!(server.ranges(), [format!("{}-", bytes().len())]);
}

#[test]
fn what_is_not_the_model_is_refused_and_deleted() {
    for (file, name, reason) in [
        (bytes(), "tiny", "its checksum is"),
        (b"<html>not found</html>".to_vec(), STAND_IN, "it does not begin like one"),
        (bytes()[..3_000_000].to_vec(), STAND_IN, "it ends too early"),
    ] {
        let (folder, server) = (folder(), Server::start(file, WELL));
        let said = complaint(&greenroom(&folder, &server, &["model", "fetch", name]));
        assert!(said.contains(reason) && said.contains("It was deleted"), "{reason}: {said}");
        assert_eq!(std::fs::read_dir(fetched(&folder, "")).unwrap().count(), 0);
    }
}

#[test]
fn a_server_without_the_model_and_a_name_that_nobody_knows_are_said() {
    let (folder, server) = (folder(), Server::start(Vec::new(), Behaviour { status: 404, ..WELL }));
    let said = complaint(&greenroom(&folder, &server, &["model", "fetch"]));
    assert!(said.contains("ggml-base.bin answers 404") && said.contains("voice.url"), "{said}");
    let output = greenroom(&folder, &server, &["model", "fetch", "bsae"]);
    assert!(output.status.code() == Some(2) && complaint(&output).contains("There are tiny, tiny.en"));
}

#[test]
fn a_model_that_was_damaged_since_is_found() {
    let (folder, server) = (folder(), Server::start(bytes(), WELL));
    std::fs::create_dir_all(fetched(&folder, "")).unwrap();
    std::fs::write(fetched(&folder, "ggml-tiny.en.bin"), bytes()).unwrap();
    let output = greenroom(&folder, &server, &["model", "verify"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("BROKEN: its checksum is") && complaint(&output).contains("fetch them again"), "{said}");
}
