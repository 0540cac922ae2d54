//! Keys of a moment that is over are not used again, and the account stays linked.

use crate::open;
use crate::vaults::{CrashVault, Left};
use bytes::Bytes;
use greenroom_conformance::run;
use std::collections::BTreeMap;
use std::sync::Arc;
use whatsapp_rust::wacore::store::Device;
use whatsapp_rust::wacore::store::traits::*;

const DEVICE: &str = "777000777:2@lid";
const GROUP: &str = "120363777@g.us";

/// A linked account that has talked.
async fn lived() -> (BTreeMap<Bytes, Bytes>, Device) {
    let vault = CrashVault::new();
    let on = open(&vault).await;
    let device = Device { next_pre_key_id: 813, server_has_prekeys: true, push_name: "bot".into(), ..Device::new() };
    on.save(&device).await.unwrap();
    on.put_identity(DEVICE, [1; 32]).await.unwrap();
    on.put_session(DEVICE, b"session").await.unwrap();
    on.put_sender_key(&format!("{GROUP}:{DEVICE}"), b"sender key").await.unwrap();
    on.set_sender_key_status(GROUP, &[(DEVICE, true)]).await.unwrap();
    on.save_base_key(DEVICE, "3EB0", b"base key").await.unwrap();
    on.store_prekeys_batch(&(1..=400).map(|id| (id, Bytes::from_static(b"key"))).collect::<Vec<_>>(), true)
        .await
        .unwrap();
    on.store_signed_prekey(1, b"signed").await.unwrap();
    on.store_sent_message(GROUP, "3EB0", b"sent").await.unwrap();
    on.settle().await.unwrap();
    (vault.contents(), device)
}

/// What moves is gone, what says who the account is is there.
async fn check(vault: &Arc<CrashVault>, before: &Device) {
    let on = open(vault).await;
    assert_eq!(on.get_session(DEVICE).await.unwrap(), None);
    assert_eq!(on.get_sender_key(&format!("{GROUP}:{DEVICE}")).await.unwrap(), None);
    assert!(on.get_sender_key_devices(GROUP).await.unwrap().is_empty());
    assert!(!on.has_same_base_key(DEVICE, "3EB0", b"base key").await.unwrap());
    assert_eq!(on.get_max_prekey_id().await.unwrap(), 0);
    for id in 1..=400 {
        assert_eq!(on.load_prekey(id).await.unwrap(), None, "one-time key {id}");
    }
    assert_eq!(on.load_identity(DEVICE).await.unwrap(), Some([1; 32]));
    assert_eq!(on.load_signed_prekey(1).await.unwrap().as_deref(), Some(b"signed".as_slice()));
    let device = on.load().await.unwrap().expect("it is linked");
    assert_eq!(device.push_name, "bot");
    assert_eq!(device.identity_key.public_key, before.identity_key.public_key);
    assert_eq!(device.registration_id, before.registration_id);
    assert!(device.next_pre_key_id > 813 + 50_000 && !device.server_has_prekeys, "new one-time keys are announced");
}

#[test]
fn a_restored_store_negotiates_anew_once_and_stays_linked() {
    run(async {
        let (rows, before) = lived().await;
        let vault = CrashVault::holding(rows.clone()).fenced(9);
        check(&vault, &before).await;
        // What is negotiated from then on stays, also in the next process.
        let on = open(&vault).await;
        let device = on.load().await.unwrap().unwrap();
        on.put_session(DEVICE, b"new session").await.unwrap();
        on.settle().await.unwrap();
        let next = vault.reopened();
        let on = open(&next).await;
        assert_eq!(on.get_session(DEVICE).await.unwrap().as_deref(), Some(b"new session".as_slice()));
        assert_eq!(on.load().await.unwrap().unwrap().next_pre_key_id, device.next_pre_key_id);
        // Until it is restored once more.
        check(&next.reopened().fenced(10), &before).await;
        // And one that never was keeps everything.
        let on = open(&CrashVault::holding(rows)).await;
        assert!(on.get_session(DEVICE).await.unwrap().is_some());
    });
}

#[test]
fn a_crash_on_the_way_leaves_it_to_the_next_opening() {
    run(async {
        let (rows, before) = lived().await;
        for left in Left::ALL {
            for at in 0.. {
                let vault = CrashVault::holding_and_crashing(rows.clone(), at, left).fenced(9);
                let opened =
                    greenroom_channel_whatsapp_web::keys::VaultBackend::open(crate::vault_of(vault.clone())).await;
                if opened.is_ok() {
                    assert!(at > 5, "only {at} writes");
                    break;
                }
                check(&vault.reopened(), &before).await;
            }
        }
    });
}

#[test]
fn an_account_that_is_not_linked_is_none_afterwards() {
    run(async {
        let vault = CrashVault::new().fenced(9);
        let on = open(&vault).await;
        assert!(!on.exists().await.unwrap());
        assert!(on.load().await.unwrap().is_none());
    });
}
