//! Names tell nothing, are moved whatever crashes, and go with the people who are silent.

use crate::open;
use crate::vaults::CrashVault;
use bytes::Bytes;
use greenroom_conformance::run;
use std::collections::BTreeMap;
use whatsapp_rust::wacore::store::traits::*;

const NUMBER: &str = "15557777777";
const LID: &str = "777000777";
const GROUP: &str = "120363777@g.us";

/// Everything that a stranger makes the protocol write.
async fn stranger(on: &dyn Backend, number: &str, lid: &str) {
    let (device, chat) = (format!("{lid}:2@lid"), format!("{number}@s.whatsapp.net"));
    on.put_identity(&device, [1; 32]).await.unwrap();
    on.put_session(&device, b"session").await.unwrap();
    on.put_sender_key(&format!("{GROUP}:{device}"), b"sender key").await.unwrap();
    on.set_sender_key_status(GROUP, &[(&device, true)]).await.unwrap();
    let mapping = LidPnMappingEntry {
        lid: lid.to_owned(),
        phone_number: number.to_owned(),
        created_at: 1,
        updated_at: 1,
        learning_source: "peer".to_owned(),
    };
    on.put_lid_mapping(&mapping).await.unwrap();
    on.save_base_key(&device, "3EB0", b"base key").await.unwrap();
    let list = DeviceListRecord { user: lid.to_owned(), devices: vec![], timestamp: 1, phash: None, raw_id: None };
    on.update_device_list(list).await.unwrap();
    on.put_group_metadata(GROUP, number.as_bytes()).await.unwrap();
    let token = TcTokenEntry { token: vec![6], token_timestamp: 1, sender_timestamp: None };
    on.put_tc_token(&chat, &token).await.unwrap();
    on.store_sent_message(&chat, "3EB0", b"sent").await.unwrap();
    on.store_pending_inbound(&chat, &chat, "3EB1", b"received").await.unwrap();
    let secret = MsgSecretEntry {
        chat: chat.as_str().into(),
        sender: chat.as_str().into(),
        msg_id: "3EB0".into(),
        secret: [7; 32],
        expires_at: 0,
        message_ts: 1,
    };
    on.put_msg_secrets(vec![secret]).await.unwrap();
}

fn tells(key: &[u8], text: &str) -> bool {
    key.windows(text.len()).any(|part| part == text.as_bytes())
}

/// The rows as they would be if they had been written on that day.
fn written_on(rows: BTreeMap<Bytes, Bytes>, day: u16, which: impl Fn(&[u8]) -> bool) -> BTreeMap<Bytes, Bytes> {
    let aged = |(key, value): (Bytes, Bytes)| {
        let mut value = value.to_vec();
        if value[0] == 2 && which(&key) {
            value[1..3].copy_from_slice(&day.to_be_bytes());
        }
        (key, Bytes::from(value))
    };
    rows.into_iter().map(aged).collect()
}

#[test]
fn no_name_tells_a_number_a_lid_or_a_group() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        stranger(&*backend, NUMBER, LID).await;
        backend.settle().await.unwrap();
        let rows = vault.contents();
        assert!(rows.len() >= 14, "{}", rows.len());
        for key in rows.keys() {
            for text in [NUMBER, LID, "120363777", "3EB0"] {
                assert!(!tells(key, text), "{}", key.escape_ascii());
            }
        }
    });
}

#[test]
fn two_vaults_name_the_same_person_differently() {
    run(async {
        let names = async |vault: std::sync::Arc<CrashVault>| {
            let backend = open(&vault).await;
            backend.put_session("1@lid", b"s").await.unwrap();
            backend.settle().await.unwrap();
            vault.contents().into_keys().filter(|key| key.starts_with(b"wh/")).collect::<Vec<_>>()
        };
        let (one, two) = (CrashVault::holding(BTreeMap::new()), CrashVault::holding(BTreeMap::new()));
        assert_ne!(names(one).await, names(two).await);
    });
}

#[test]
fn people_who_are_silent_for_long_are_forgotten_and_no_one_else_is() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        stranger(&*backend, NUMBER, LID).await;
        backend.settle().await.unwrap();
        let old = vault.contents();
        let long_ago = written_on(old.clone(), 1_000, |key| key.starts_with(b"wh/"));
        let vault = CrashVault::holding(long_ago.clone());
        let backend = open(&vault).await;
        stranger(&*backend, "15550000001", "111").await;
        backend.settle().await.unwrap();
        let before = vault.rows();
        let gone = backend.sweep_silent().await.unwrap();
        assert!(gone >= 10, "{gone}");
        backend.settle().await.unwrap();
        assert_eq!(vault.rows(), before - gone as usize);
        assert!(!backend.has_signal_state_for_user(LID).await.unwrap());
        assert_eq!(backend.get_lid_mapping(LID).await.unwrap().map(|one| one.lid), None);
        assert_eq!(backend.get_pn_mapping(NUMBER).await.unwrap().map(|one| one.lid), None);
        assert!(backend.get_session("111:2@lid").await.unwrap().is_some());
        assert!(backend.get_lid_mapping("111").await.unwrap().is_some());
        assert_eq!(backend.sweep_silent().await.unwrap(), 0);

        // Identities and addresses are written once; they stay while their person writes.
        let lively = written_on(long_ago, u16::MAX - 1, |key| key.starts_with(b"wh/se/"));
        let vault = CrashVault::holding(lively);
        let backend = open(&vault).await;
        backend.sweep_silent().await.unwrap();
        assert!(backend.load_identity(&format!("{LID}:2@lid")).await.unwrap().is_some());
        assert!(backend.get_pn_mapping(NUMBER).await.unwrap().is_some());
    });
}

#[test]
fn what_is_written_while_the_silent_are_forgotten_stays() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        stranger(&*backend, NUMBER, LID).await;
        backend.settle().await.unwrap();
        let vault = CrashVault::holding(written_on(vault.contents(), 1_000, |key| key.starts_with(b"wh/")));
        let backend = open(&vault).await;
        backend.put_session(&format!("{LID}:2@lid"), b"moved on").await.unwrap();
        backend.sweep_silent().await.unwrap();
        let session = backend.get_session(&format!("{LID}:2@lid")).await.unwrap();
        assert_eq!(session.as_deref(), Some(&b"moved on"[..]));
    });
}

#[test]
fn a_crash_while_rows_are_renamed_loses_none() {
    run(async {
        let rows = crate::golden::version_1();
        for at in 0..16 {
            for left in crate::vaults::Left::ALL {
                let vault = CrashVault::holding_and_crashing(rows.clone(), at, left);
                let backend = greenroom_channel_whatsapp_web::keys::VaultBackend::open(crate::vault_of(vault.clone()));
                drop(backend.await);
                crate::golden::read(&*open(&vault.reopened()).await).await;
            }
        }
    });
}
