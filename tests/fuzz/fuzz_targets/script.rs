//! A script: sound, or refused with every mistake and its place; never a crash.
#![no_main]

use greenroom_assistant_script::Scripted;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Scripted::parse(text) {
        assert!(!error.mistakes().is_empty());
    }
});
