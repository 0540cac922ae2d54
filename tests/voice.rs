//! Voice notes: heard by a real model, answered over real channels, and never on a disk.
//!
//! | module | what it shows |
//! |---|---|
//! | `heard` | a note through the console, the loopback and the Cloud API comes back as what was said in it |
//! | `spoken` | audio that an assistant answers with leaves as a voice note |
//! | `apart` | what a broken or endless note does to others: nothing; and who is listened to at all |
//! | `models` | models are listed, fetched in pieces, and checked |
//! | `web` | the same over WhatsApp Web, both ways (feature `simulator`) |
//! | `sealed` | under a system-call trace nothing of a note reaches a file; and the trace finds what does |

mod apart;
mod heard;
mod models;
#[cfg(target_os = "linux")]
mod sealed;
mod spoken;
#[cfg(target_os = "linux")]
mod trace;
#[cfg(feature = "simulator")]
mod web;

use greenroom::transcription::{Options, Whisper};
use std::path::PathBuf;

pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/voice")).join(name)
}

pub(crate) fn model() -> PathBuf {
    fixture("ggml-micro.en.bin")
}

pub(crate) fn whisper() -> Whisper {
    Whisper::open(Options::new(model())).expect("the model of the tests is whole")
}

/// The bytes of a recording.
pub(crate) fn recording(name: &str) -> Vec<u8> {
    std::fs::read(fixture("samples").join(name)).expect("a recording of the tests")
}

/// The recordings in which something is said, with what it is.
pub(crate) fn notes() -> Vec<(String, String)> {
    let manifest = std::fs::read_to_string(fixture("samples/manifest.tsv")).expect("it is there");
    let note = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
    };
    manifest.lines().skip(1).map(note).filter(|(_, words)| !words.is_empty()).collect()
}
