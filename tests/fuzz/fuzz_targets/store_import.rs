//! A file that is said to be an export: taken or refused with words, never a crash.
#![no_main]

use greenroom_store::OpenOptions;
use libfuzzer_sys::fuzz_target;
use std::io::BufReader;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = OpenOptions::at(&folder.path().join("data"));
    if greenroom_store::import(&options, &mut BufReader::new(data)).is_ok() {
        // What was taken can be opened.
        greenroom_store::open(options).expect("an imported store opens");
    }
});
