//! Rows as they lie in stores: what was written once must be readable for ever.
//!
//! `UPDATE_GOLDEN=1` writes files that are missing. An existing one is never changed by a test run: what it holds
//! lies in somebody's store.

use crate::open;
use crate::vaults::CrashVault;
use bytes::Bytes;
use greenroom_conformance::run;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use whatsapp_rust::wacore::appstate::hash::HashState;
use whatsapp_rust::wacore::appstate::processor::AppStateMutationMAC;
use whatsapp_rust::wacore::store::Device;
use whatsapp_rust::wacore::store::traits::*;

/// The day on which the rows of the golden file were written: the clock cannot be set here.
const DAY: [u8; 2] = [0x4c, 0xdb];
/// When its kept messages were kept, as the record's number.
const KEPT_AT: [u8; 5] = [0x80, 0xe2, 0xcf, 0xaa, 0x06];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/backend/golden").join(name)
}

/// The file, written first if it is missing and that was asked for.
fn golden(name: &str, new: impl FnOnce() -> String) -> String {
    let path = path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, new()).expect("the file can be written");
    }
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One row of each table, and values at their limits.
async fn write(on: &dyn Backend) {
    on.put_identity("1:2@lid", [1; 32]).await.unwrap();
    on.put_session("1:2@lid", b"session").await.unwrap();
    on.store_prekey(812, b"one-time key", false).await.unwrap();
    on.store_signed_prekey(3, b"signed key").await.unwrap();
    on.put_sender_key("120@g.us:1:2@lid", b"sender key").await.unwrap();
    let key = AppStateSyncKey { key_data: vec![2; 4], fingerprint: vec![3; 2], timestamp: -1 };
    on.set_sync_key(&[0, 255, 7], key).await.unwrap();
    let mac = AppStateMutationMAC { index_mac: vec![4; 3], value_mac: vec![5; 3] };
    on.put_mutation_macs("regular", 1, &[mac]).await.unwrap();
    on.set_version("regular", HashState { version: u64::MAX, ..HashState::default() }).await.unwrap();
    on.set_sender_key_status("120@g.us", &[("1:2@lid", true), ("3@lid", false)]).await.unwrap();
    on.put_lid_mapping(&mapping()).await.unwrap();
    on.save_base_key("1:2@lid", "3EB0", b"base key").await.unwrap();
    on.update_device_list(devices()).await.unwrap();
    on.put_group_metadata("120@g.us", b"group").await.unwrap();
    on.put_tc_token("1@lid", &token()).await.unwrap();
    on.store_sent_message("1@lid", "3EB0", b"sent").await.unwrap();
    on.store_pending_inbound("120@g.us", "1:2@lid", "3EB1", b"received").await.unwrap();
    on.put_msg_secrets(vec![secret()]).await.unwrap();
}

fn mapping() -> LidPnMappingEntry {
    LidPnMappingEntry {
        lid: "1".into(),
        phone_number: "1555".into(),
        created_at: 1_700_000_000,
        updated_at: i64::MAX,
        learning_source: "usync".into(),
    }
}

fn devices() -> DeviceListRecord {
    DeviceListRecord {
        user: "1".into(),
        devices: vec![DeviceInfo::new(0, None), DeviceInfo::new(99, Some(0)).with_hosting(true)],
        timestamp: 1_700_000_000,
        phash: Some("2:abc".into()),
        raw_id: Some(0),
    }
}

fn token() -> TcTokenEntry {
    TcTokenEntry { token: vec![6; 2], token_timestamp: 1_700_000_000, sender_timestamp: Some(0) }
}

fn secret() -> MsgSecretEntry {
    MsgSecretEntry {
        chat: "1@lid".into(),
        sender: "1@lid".into(),
        msg_id: "3EB0".into(),
        secret: [7; 32],
        expires_at: 0,
        message_ts: 1_700_000_000,
    }
}

/// What version 1 wrote.
pub(crate) fn version_1() -> BTreeMap<Bytes, Bytes> {
    from_text(&golden("rows-1.txt", String::new))
}

pub(crate) async fn read(on: &dyn Backend) {
    assert_eq!(on.load_identity("1:2@lid").await.unwrap(), Some([1; 32]));
    assert_eq!(on.get_session("1:2@lid").await.unwrap().unwrap(), "session");
    assert_eq!(on.load_prekey(812).await.unwrap().unwrap(), "one-time key");
    assert_eq!(on.get_max_prekey_id().await.unwrap(), 812);
    assert_eq!(on.load_all_signed_prekeys().await.unwrap(), [(3, b"signed key".to_vec())]);
    assert_eq!(on.get_sender_key("120@g.us:1:2@lid").await.unwrap().unwrap(), b"sender key");
    let key = on.get_sync_key(&[0, 255, 7]).await.unwrap().unwrap();
    assert_eq!((key.key_data, key.fingerprint, key.timestamp), (vec![2; 4], vec![3; 2], -1));
    assert_eq!(on.get_latest_sync_key_id().await.unwrap().unwrap(), [0, 255, 7]);
    assert_eq!(on.get_mutation_mac("regular", &[4; 3]).await.unwrap().unwrap(), [5; 3]);
    assert_eq!(on.get_version("regular").await.unwrap().version, u64::MAX);
    let members = [("1:2@lid".to_owned(), true), ("3@lid".to_owned(), false)];
    let mut found = on.get_sender_key_devices("120@g.us").await.unwrap();
    found.sort();
    assert_eq!(found, members);
    let told = |value: &dyn std::fmt::Debug| format!("{value:?}");
    assert_eq!(told(&on.get_lid_mapping("1").await.unwrap()), told(&Some(mapping())));
    assert_eq!(told(&on.get_pn_mapping("1555").await.unwrap()), told(&Some(mapping())));
    assert!(on.has_same_base_key("1:2@lid", "3EB0", b"base key").await.unwrap());
    assert_eq!(told(&on.get_devices("1").await.unwrap()), told(&Some(devices())));
    assert_eq!(on.get_group_metadata("120@g.us").await.unwrap().unwrap(), b"group");
    assert_eq!(told(&on.get_tc_token("1@lid").await.unwrap()), told(&Some(token())));
    assert_eq!(on.get_all_tc_token_jids().await.unwrap(), ["1@lid"]);
    assert_eq!(on.get_pending_inbound("120@g.us", "1:2@lid", "3EB1").await.unwrap().unwrap(), b"received");
    let secret = on.get_msg_secret_with_ts("1@lid", "1@lid", "3EB0").await.unwrap();
    assert_eq!(secret, Some((vec![7; 32], 1_700_000_000)));
    // By the time they were kept: neither is younger than that second, and neither older.
    assert_eq!(on.delete_expired_sent_messages(1_700_000_000).await.unwrap(), 0);
    assert_eq!(on.take_sent_message("1@lid", "3EB0").await.unwrap().unwrap(), b"sent");
    assert_eq!(on.delete_expired_pending_inbound(1_700_000_000).await.unwrap(), 0);
    assert_eq!(on.delete_expired_pending_inbound(1_700_000_001).await.unwrap(), 1);
}

fn as_text(rows: BTreeMap<Bytes, Bytes>) -> String {
    let mut text = String::new();
    for (key, value) in rows {
        let mut value = value.to_vec();
        if value[0] == 2 {
            value[1..3].copy_from_slice(&DAY);
        }
        if key.starts_with(b"wh/sm/") || key.starts_with(b"wh/in/") {
            value[4..9].copy_from_slice(&KEPT_AT);
        }
        let _ = writeln!(text, "{} {}", key.escape_ascii(), hex(&value));
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_text(text: &str) -> BTreeMap<Bytes, Bytes> {
    let row = |line: &str| {
        let (key, value) = line.split_once(' ').expect("a key and a value");
        (unescape(key), unhex(value))
    };
    text.lines().map(row).collect()
}

fn unhex(text: &str) -> Bytes {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).expect("hexadecimal");
    text.as_bytes().chunks(2).map(byte).collect()
}

/// The inverse of `escape_ascii`, as far as it is needed.
fn unescape(text: &str) -> Bytes {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'\\', [b'x', high, low, tail @ ..]) => {
                bytes.extend(unhex(std::str::from_utf8(&[*high, *low]).unwrap()));
                rest = tail;
            }
            (b'\\', [short, tail @ ..]) => {
                bytes.push(match short {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes.into()
}

#[test]
fn rows_are_written_as_ever() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        write(&*backend).await;
        backend.settle().await.unwrap();
        let written = as_text(vault.contents());
        assert_eq!(written, golden("rows.txt", || written.clone()));
    });
}

#[test]
fn rows_as_they_are_written_are_read() {
    run(async {
        let rows = from_text(&golden("rows.txt", String::new));
        let prefixes: std::collections::BTreeSet<_> = rows.keys().map(|key| key.slice(..6)).collect();
        assert_eq!(prefixes.len(), 20, "every table but the device's");
        let vault = CrashVault::holding(rows);
        read(&*open(&vault).await).await;
    });
}

/// Version 1 had names in plain text and no days.
#[test]
fn rows_of_an_older_version_are_read_and_renamed() {
    run(async {
        let rows = version_1();
        let prefixes: std::collections::BTreeSet<_> = rows.keys().map(|key| key.slice(..6)).collect();
        assert_eq!(prefixes.len(), 19, "every table but the device's");
        let vault = CrashVault::holding(rows);
        let backend = open(&vault).await;
        let plain = vault.contents().into_keys().filter(|key| key.starts_with(b"wa/"));
        let left: std::collections::BTreeSet<_> = plain.map(|key| key.slice(..6)).collect();
        let expected = ["wa/ak/", "wa/al/", "wa/am/", "wa/av/", "wa/nk/", "wa/pk/", "wa/sp/"].map(Bytes::from);
        assert_eq!(left, std::collections::BTreeSet::from(expected), "none that names a person or a chat");
        drop(backend);
        read(&*open(&vault.reopened()).await).await;
    });
}

/// The device is the library's own JSON. A field that it gets later must have a default, or no account could be
/// opened after an update.
#[test]
fn a_device_of_an_older_version_is_read() {
    run(async {
        let file = golden("device.json", || serde_json::to_string_pretty(&Device::new()).unwrap() + "\n");
        let row = [b"\x01", file.as_bytes()].concat();
        let vault = CrashVault::holding(BTreeMap::from([(Bytes::from_static(b"wa/dv/"), row.into())]));
        let backend = open(&vault).await;
        let device = backend.load().await.unwrap().expect("it is there");
        let before: serde_json::Value = serde_json::from_str(&file).unwrap();
        backend.save(&device).await.unwrap();
        let after: serde_json::Value = serde_json::from_slice(&vault.contents()[&b"wa/dv/"[..]][1..]).unwrap();
        for (field, value) in before.as_object().expect("an object") {
            assert_eq!(after.get(field), Some(value), "{field}");
        }
    });
}
