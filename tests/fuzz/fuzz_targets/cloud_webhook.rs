//! A webhook's body whose signature was right: read or refused, never a crash; and reading it twice
//! says the same.
#![no_main]

use greenroom_channel_whatsapp_cloud::normalize::{Owner, normalize};
use greenroom_contract::ids::AccountId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let account = AccountId::new("account-1").expect("a valid id");
    let owner = |number: &str| match number {
        "" => Owner::Unknown,
        known if known.ends_with('1') => Owner::Account(account.clone()),
        known if known.ends_with('2') => Owner::NotReady,
        _ => Owner::Unknown,
    };
    let first = normalize(data, &owner).map(|post| format!("{:?}", post.decoded));
    let second = normalize(data, &owner).map(|post| format!("{:?}", post.decoded));
    assert_eq!(first.ok(), second.ok());
});
