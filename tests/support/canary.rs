//! Where in a data folder a text lies that should not be there.

use greenroom_store::OpenOptions;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How often a text is in the files below a folder, whatever they are.
pub(crate) fn occurrences(folder: &Path, text: &str) -> usize {
    let entries = std::fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("readable").path());
    let count = |path: PathBuf| {
        if path.is_dir() {
            return occurrences(&path, text);
        }
        let bytes = std::fs::read(&path).expect("a readable file");
        count(&bytes, text)
    };
    entries.map(count).sum()
}

fn count(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count()
}

/// The rows of a store that no process uses in whose name or value a text stands, by their kind: its first letter. `d` are
/// the deduplication keys, which are the traces too.
pub(crate) fn rows_with(folder: &Path, text: &str) -> BTreeMap<char, usize> {
    let mut file = Vec::new();
    greenroom_store::export(&OpenOptions::at(folder), &mut file).expect("a store that was closed");
    let mut kinds = BTreeMap::new();
    for line in String::from_utf8(file).expect("JSON").lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON in lines");
        let (Some(name), Some(value)) = (row["k"].as_str(), row["v"].as_str()) else { continue };
        let (name, value) = (bytes_of(name), bytes_of(value));
        if count(&name, text) + count(&value, text) > 0 {
            *kinds.entry(char::from(name[0])).or_default() += 1;
        }
    }
    kinds
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}
