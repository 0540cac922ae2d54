//! Any bytes as the inside of a capsule, and as a capsule: refused or read, within the memory of what is there.

#![no_main]

use greenroom_capsule::CapsuleReader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut reader) = CapsuleReader::of_unlocked(bytes) {
        while let Ok(Some(_)) = reader.next_entry() {}
    }
    let (_, secret) = greenroom_capsule::keys::generate();
    if let Ok(key) = greenroom_capsule::Key::identities(&secret) {
        assert!(CapsuleReader::open(bytes, &key).is_err());
    }
});
