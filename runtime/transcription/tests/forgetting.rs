//! After a note was decoded nothing of its sound is left in the memory of the process.
//!
//! A process of its own decodes a recording, drops the sound, and looks through all of its memory for
//! it. So that it does not find what it looks for in what it was told to look for, it is told sums only.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::{MINUTE, file};
use greenroom_contract::transcriber::Abort;
use greenroom_transcription::decode::decode;
use greenroom_transcription::encode;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;

const WHAT: &str = "GREENROOM_TEST_FORGETTING";
const SUMS: &str = "GREENROOM_TEST_SUMS";
const NOTE: &str = "note-10.ogg";
/// Samples that are compared at once: any fifteen of them in a row that are left are found.
const WINDOW: usize = 8;
const BYTES: usize = WINDOW * 4;

fn sum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Sums of the sound, part by part; quiet parts are like much else in memory.
fn sums() -> Vec<u64> {
    let sound = decode(&file(NOTE), MINUTE, &Abort::default()).unwrap();
    let loud = |part: &&[f32]| part.iter().map(|sample| sample.to_bits()).collect::<HashSet<_>>().len() == WINDOW;
    let parts = sound.samples().chunks_exact(WINDOW).filter(loud);
    parts.map(|part| sum(&part.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>())).collect()
}

/// How many of these sums are those of something in this process's memory.
fn found_in_memory(sums: &HashSet<u64>) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut found = HashSet::new();
    let mut part = vec![0u8; 1 << 20];
    for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[v")) {
        let (begin, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (mut at, end) = (u64::from_str_radix(begin, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        while at < end {
            let length = part.len().min((end - at) as usize);
            if memory.seek(SeekFrom::Start(at)).is_err() || memory.read_exact(&mut part[..length]).is_err() {
                break;
            }
            for place in (0..length.saturating_sub(BYTES)).step_by(4) {
                let sum = sum(&part[place..place + BYTES]);
                if sums.contains(&sum) {
                    found.insert(sum);
                }
            }
            if at + length as u64 >= end {
                break;
            }
            // The next part begins with the end of this one, so that nothing falls between them.
            at += (length - BYTES) as u64;
        }
    }
    found.len()
}

#[test]
#[ignore = "other tests start it"]
fn child() {
    let (Ok(what), Ok(path)) = (std::env::var(WHAT), std::env::var(SUMS)) else { return };
    let sums: HashSet<u64> = std::fs::read_to_string(path).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let sound = decode(&file(NOTE), MINUTE, &Abort::default()).unwrap();
    if what == "encoded" {
        drop(encode::encode(&sound, &Abort::default()).unwrap());
    }
    let kept = (what == "kept").then_some(sound);
    println!("found {} of {}", found_in_memory(&sums), sums.len());
    drop(kept);
}

fn found(what: &str, sums: &Path) -> (usize, usize) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--ignored", "--nocapture"]).env(WHAT, what).env(SUMS, sums);
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let line = said.lines().find_map(|line| line.split_once("found ")).expect("it looked").1;
    let (found, all) = line.split_once(" of ").unwrap();
    (found.parse().unwrap(), all.trim().parse().unwrap())
}

#[test]
fn sound_that_was_dropped_is_not_in_memory_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sums");
    std::fs::write(&path, sums().iter().map(u64::to_string).collect::<Vec<_>>().join("\n")).unwrap();
    let (kept, all) = found("kept", &path);
    assert!(all > 2_000 && kept > all * 9 / 10, "what is there is found: {kept} of {all}");
    for what in ["dropped", "encoded"] {
        assert_eq!(found(what, &path).0, 0, "{what}: of {all}");
    }
}
