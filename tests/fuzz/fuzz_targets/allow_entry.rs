//! An entry of an allow-list: read or refused; what was read is written so that it reads the same.
#![no_main]

use greenroom_contract::address::{Address, AllowEntry};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(entry) = text.parse::<AllowEntry>() {
        assert_eq!(entry.to_string().parse::<AllowEntry>().as_ref(), Ok(&entry));
    }
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string().parse::<Address>().as_ref(), Ok(&address));
    }
});
