//! A store that fails, and rows that cannot be understood.

use crate::open;
use crate::vaults::CrashVault;
use greenroom_conformance::run;
use greenroom_contract::limits;
use whatsapp_rust::wacore::store::traits::*;

#[test]
fn a_failed_write_is_not_remembered() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.store_prekey(1, b"first", false).await.unwrap();
        vault.fail_next();
        backend.store_prekey(1, b"second", false).await.unwrap_err();
        assert_eq!(backend.load_prekey(1).await.unwrap().unwrap().as_ref(), b"first");
        backend.store_prekey(1, b"third", false).await.unwrap();
        assert_eq!(backend.load_prekey(1).await.unwrap().unwrap().as_ref(), b"third");
    });
}

#[test]
fn what_is_deferred_survives_a_commit_that_failed() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.put_session("a", b"first").await.unwrap();
        backend.put_session("b", b"gone").await.unwrap();
        backend.settle_deferred().await.unwrap();
        backend.put_session("a", b"second").await.unwrap();
        backend.delete_session("b").await.unwrap();
        vault.fail_next();
        backend.settle_deferred().await.unwrap_err();
        assert_eq!(backend.get_session("a").await.unwrap().unwrap().as_ref(), b"second");
        assert_eq!(open(&vault.reopened()).await.get_session("a").await.unwrap().unwrap().as_ref(), b"first");
        backend.settle_deferred().await.unwrap();
        let stored = open(&vault.reopened()).await;
        assert_eq!(stored.get_session("a").await.unwrap().unwrap().as_ref(), b"second");
        assert!(stored.get_session("b").await.unwrap().is_none());
    });
}

#[test]
fn a_failed_write_does_not_make_submitted_rows_look_stored() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.save_base_key("a", "M", b"key").await.unwrap();
        vault.fail_next();
        backend.store_prekey(1, b"1", false).await.unwrap_err();
        assert!(backend.has_same_base_key("a", "M", b"key").await.unwrap(), "not known to be lost yet");
        backend.store_prekey(1, b"1", false).await.unwrap();
        assert!(!backend.has_same_base_key("a", "M", b"key").await.unwrap(), "the store does not have it");
    });
}

#[test]
fn a_store_that_cannot_be_read_is_an_error_and_not_an_unlinked_account() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        vault.kill(crate::vaults::Left::Nothing);
        assert!(greenroom_channel_whatsapp_web::keys::VaultBackend::open(crate::vault_of(vault)).await.is_err());
        assert!(backend.exists().await.is_err());
        assert!(backend.load().await.is_err());
        assert!(backend.get_session("a").await.is_err());
    });
}

#[test]
fn a_row_that_cannot_be_understood_is_an_error_and_never_replaced() {
    run(async {
        for row in [b"".as_slice(), b"\x02{}", b"\x01{", b"\x01{}"] {
            let vault = CrashVault::new();
            let backend = open(&vault).await;
            backend.create().await.unwrap();
            vault.overwrite(row);
            assert!(backend.exists().await.unwrap());
            backend.create().await.unwrap();
            assert!(backend.load().await.is_err(), "{row:?}");
        }
    });
}

#[test]
fn a_name_that_no_vault_takes_is_refused_before_it_is_written() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        let name = "x".repeat(limits::VAULT_NAME_BYTES_MAX);
        backend.put_session(&name, b"1").await.unwrap_err();
        backend.store_sent_message(&name, "M", b"1").await.unwrap_err();
        backend.store_pending_inbound("chat", &"y".repeat(70_000), "M", b"1").await.unwrap_err();
        assert_eq!((vault.awaited(), vault.rows()), (0, 0));
    });
}

#[test]
fn a_batch_is_refused_as_a_whole() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        let long = "x".repeat(limits::VAULT_NAME_BYTES_MAX);
        let sessions = [("a".into(), bytes::Bytes::from_static(b"1")), (long.into(), bytes::Bytes::new())];
        backend.put_sessions_batch(&sessions).await.unwrap_err();
        assert!(backend.get_session("a").await.unwrap().is_none());
    });
}
