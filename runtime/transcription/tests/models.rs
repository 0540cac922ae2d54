//! Broken models are refused before any C++ sees them.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_transcription::model::{ModelError, examine};
use greenroom_transcription::{Options, Whisper};
use proptest::prelude::*;
use std::path::Path;

fn refused(path: &Path) -> String {
    Whisper::open(Options::new(path)).err().map(|error| error.to_string()).unwrap_or_default()
}

fn written(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("model.bin");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_model_of_the_tests_is_whole() {
    let facts = examine(&common::model()).unwrap();
    assert_eq!((facts.multilingual, facts.audio_positions), (false, 512));
}

#[test]
fn what_is_no_model_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(common::model()).unwrap();
    assert!(matches!(examine(&folder.path().join("none.bin")), Err(ModelError::Unreadable { .. })));
    assert!(refused(folder.path()).contains("it is not a file"));
    assert!(refused(&written(folder.path(), b"")).contains("it does not begin like one"));
    assert!(refused(&written(folder.path(), b"<!DOCTYPE html>")).contains("it does not begin like one"));
    assert!(refused(&written(folder.path(), &whole[..whole.len() - 1])).contains("it ends too early"));
    assert!(refused(&written(folder.path(), &[&whole[..], b"x"].concat())).contains("it ends too early"));
    // A vocabulary of which the library would make languages without names, and end the process.
    let mut strange = whole.clone();
    strange[4..8].copy_from_slice(&59_000i32.to_le_bytes());
    assert!(refused(&written(folder.path(), &strange)).contains("vocabulary: 59000 is impossible"));
    // The head and the words without any weights, as in the library's own tests.
    let weights = whole.windows(9).position(|part| part == b"encoder.p").unwrap();
    assert!(refused(&written(folder.path(), &whole[..weights - 100])).contains("not a speech model"));
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let with = |change: fn(&mut Options)| {
        let mut options = Options::new(common::model());
        change(&mut options);
        Whisper::open(options).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(with(|options| options.audio_positions = 512), "");
    assert!(with(|options| options.audio_positions = 513).contains("has only 512"));
    assert_eq!(with(|options| options.language = Some("de".to_owned())), "");
    assert!(with(|options| options.language = Some("xx".to_owned())).contains("not a language"));
    assert!(with(|options| options.language = Some("e\0".to_owned())).contains("not a language"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// A change in the head or the directory is found, or does not matter; it never ends the process.
    #[test]
    fn a_damaged_head_never_reaches_the_library_unseen(at in 0usize..56, value in any::<u8>(), cut in 0usize..700_000) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = std::fs::read(common::model()).unwrap();
        let before = bytes[at];
        bytes[at] = value;
        let changed = examine(&written(folder.path(), &bytes));
        // The first 44 bytes are numbers whose change is noticed, or that describe another sound model.
        prop_assert!(changed.is_ok() || before != value);
        if changed.is_ok() && before != value {
            // What passes the walk must be refused or accepted by the library, in this process.
            if let Ok(whisper) = Whisper::open(Options::new(folder.path().join("model.bin"))) {
                let _ = whisper.transcribe(&common::file("note-01.ogg"), &Abort::default());
            }
        }
        bytes[at] = before;
        bytes.truncate(cut);
        prop_assert!(examine(&written(folder.path(), &bytes)).is_err());
    }
}
