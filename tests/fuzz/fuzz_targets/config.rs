//! A configuration: sound, or refused with every problem in words; never a crash.
#![no_main]

use greenroom::config::{Config, Origin};
use greenroom::registry::Registry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::parse(Origin::Program, text, [], &Registry::standard(), &[]) {
        assert!(!error.to_string().is_empty());
    }
});
