//! Both documents, for every kind, as they are written down below `golden/`. `UPDATE_GOLDEN=1` writes the files; the
//! difference is to be read: assistants of other people are written against them.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{all, full, nothing, text, turn_of};
use greenroom_documents::turn::Carrying;
use greenroom_documents::{AnswerDocument, TurnDocument, read};
use std::path::PathBuf;

fn golden(name: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), got, "{name}");
}

fn pretty(document: &TurnDocument) -> String {
    serde_json::to_string_pretty(document).unwrap() + "\n"
}

#[test]
fn a_turn_with_everything_in_the_document() {
    golden("turn-full.json", &pretty(&TurnDocument::of(&full(), &all(), Carrying::InDocument).0));
}

#[test]
fn a_turn_with_media_by_number() {
    golden("turn-by-number.json", &pretty(&TurnDocument::of(&full(), &all(), Carrying::ByNumber).0));
}

#[test]
fn a_turn_for_a_reader_that_needs_nothing() {
    let document = pretty(&TurnDocument::of(&full(), &nothing(), Carrying::InDocument).0);
    for private in ["5551234567", "lid:", "secret-chat", "nice", "base64", "question"] {
        assert!(!document.contains(private), "{private}");
    }
    golden("turn-needs-nothing.json", &document);
}

#[test]
fn the_smallest_turn() {
    golden(
        "turn-least.json",
        &pretty(&TurnDocument::of(&turn_of(vec![text("hello")]), &nothing(), Carrying::InDocument).0),
    );
}

#[test]
fn every_answer_is_read_as_written_down() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut count = 0;
    let (_, table) = TurnDocument::of(&full(), &all(), Carrying::InDocument);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_prefix("answer-").and_then(|name| name.strip_suffix(".json")) else { continue };
        let document = std::fs::read(&path).unwrap();
        let shown = match read(&document, &table) {
            Ok(answer) => format!("{answer:#?}\n"),
            Err(error) => format!("refused: {error}\n"),
        };
        golden(&format!("answer-{stem}.expected"), &shown);
        count += 1;
        // What is read can be written, and reads the same.
        if let Ok(answer) = read(&document, &table) {
            let written = serde_json::to_vec(&AnswerDocument::of(&answer, &table)).unwrap();
            assert_eq!(read(&written, &table), Ok(answer), "{name}");
        }
    }
    assert!(count >= 30, "the golden files are missing: {count}");
}
