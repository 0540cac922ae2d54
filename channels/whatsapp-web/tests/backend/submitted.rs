//! What is not waited for, deferred or submitted: seen at once, bounded, and ordered before what is.

use crate::vaults::{CrashVault, Left};
use crate::{open, vault_of};
use greenroom_channel_whatsapp_web::keys::VaultBackend;
use greenroom_channel_whatsapp_web::limits;
use greenroom_conformance::run;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::AccountVault;
use std::collections::BTreeSet;
use std::sync::Arc;
use whatsapp_rust::wacore::store::traits::*;

#[test]
fn it_is_seen_at_once_and_costs_no_commit() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.store_sent_message("chat", "M", b"hello").await.unwrap();
        backend.put_session("a", b"session").await.unwrap();
        assert_eq!(backend.get_session("a").await.unwrap().unwrap().as_ref(), b"session");
        assert!(backend.has_signal_state_for_user("a").await.is_ok());
        backend.store_pending_inbound("chat", "sender", "M", b"words").await.unwrap();
        assert!(backend.get_pending_inbound("chat", "sender", "M").await.unwrap().is_some());
        backend.delete_pending_inbound("chat", "sender", "M").await.unwrap();
        assert!(backend.get_pending_inbound("chat", "sender", "M").await.unwrap().is_none());
        backend.set_sender_key_status("group", &[("a", true), ("b", true)]).await.unwrap();
        backend.put_group_metadata("group", b"blob").await.unwrap();
        assert_eq!(backend.get_sender_key_devices("group").await.unwrap().len(), 2);
        assert_eq!(backend.get_group_metadata("group").await.unwrap().unwrap(), b"blob");
        assert_eq!(backend.take_sent_message("chat", "M").await.unwrap().unwrap(), b"hello");
        assert_eq!(backend.take_sent_message("chat", "M").await.unwrap(), None);
        assert_eq!((vault.awaited(), vault.rows()), (0, 0));
    });
}

#[test]
fn it_is_durable_with_the_next_awaited_write_and_forgotten_here() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.save_base_key("a", "M", b"key").await.unwrap();
        assert!(memory(&backend).await > 0);
        backend.store_prekey(1, b"1", false).await.unwrap();
        assert_eq!(memory(&backend).await, 0);
        vault.kill(Left::Nothing);
        assert!(open(&vault.reopened()).await.has_same_base_key("a", "M", b"key").await.unwrap());
    });
}

#[test]
fn what_comes_while_a_write_is_awaited_is_still_seen_after_it() {
    run(async {
        let backend = open(&CrashVault::new()).await;
        backend.put_group_metadata("group", b"old").await.unwrap();
        let awaited = backend.store_prekey(1, b"1", false);
        let between = async {
            backend.put_group_metadata("group", b"new").await.unwrap();
            backend.save_base_key("a", "M", b"key").await.unwrap();
        };
        let (awaited, ()) = tokio::join!(awaited, between);
        awaited.unwrap();
        assert_eq!(backend.get_group_metadata("group").await.unwrap().unwrap(), b"new");
        assert!(backend.has_same_base_key("a", "M", b"key").await.unwrap());
        assert!(memory(&backend).await > 0);
    });
}

#[test]
fn settling_makes_it_durable() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.settle().await.unwrap();
        assert_eq!(vault.awaited(), 0, "nothing to wait for");
        backend.save_base_key("a", "M", b"key").await.unwrap();
        backend.settle().await.unwrap();
        vault.kill(Left::Nothing);
        assert!(open(&vault.reopened()).await.has_same_base_key("a", "M", b"key").await.unwrap());
    });
}

#[test]
fn what_is_deferred_is_settled_by_one_commit_for_all_who_ask() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.settle_deferred().await.unwrap();
        backend.save_base_key("a", "M", b"key").await.unwrap();
        backend.settle_deferred().await.unwrap();
        assert_eq!(vault.awaited(), 0, "nothing is deferred");
        for number in 0..100_u8 {
            backend.put_session(&number.to_string(), &[number]).await.unwrap();
        }
        futures::future::try_join_all((0..20).map(|_| backend.settle_deferred())).await.unwrap();
        assert_eq!(vault.awaited(), 1);
        // Whoever waits for anything takes it along.
        backend.put_session("0", b"moved").await.unwrap();
        backend.store_prekey(1, b"key", false).await.unwrap();
        assert_eq!(vault.awaited(), 2);
        vault.kill(Left::Nothing);
        let stored = open(&vault.reopened()).await;
        assert_eq!(stored.get_session("0").await.unwrap().unwrap().as_ref(), b"moved");
        assert_eq!(stored.get_session("99").await.unwrap().unwrap().as_ref(), [99]);
    });
}

#[test]
fn what_moves_while_a_commit_is_under_way_is_settled_by_the_next() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.put_session("a", b"1").await.unwrap();
        let meanwhile = async {
            backend.put_session("a", b"2").await.unwrap();
            backend.settle_deferred().await
        };
        let (first, second) = tokio::join!(backend.settle_deferred(), meanwhile);
        first.and(second).unwrap();
        vault.kill(Left::Nothing);
        assert_eq!(open(&vault.reopened()).await.get_session("a").await.unwrap().unwrap().as_ref(), b"2");
    });
}

/// A task of the library may outlive its connection, and the keys of an account that was unlinked are deleted then.
#[test]
fn what_is_written_after_its_end_is_refused_and_never_comes_back() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        backend.store_sent_message("chat", "before", b"x").await.unwrap();
        backend.put_session("15550000001.1", b"deferred").await.unwrap();
        // A commit that is under way is waited for.
        let under_way = backend.store_prekey(7, b"key", false);
        let (written, retired) = tokio::join!(under_way, backend.retire());
        written.unwrap();
        retired.unwrap();
        assert_eq!(vault.rows(), 3);
        vault_of(vault.clone()).clear().await.unwrap();
        backend.put_session("15550000001.0", b"straggler").await.unwrap_err();
        backend.store_sent_message("chat", "straggler", b"x").await.unwrap_err();
        assert_eq!(backend.settle().await.ok(), Some(()), "nothing is left to settle");
        open(&vault).await.store_prekey(1, b"the next connection's", false).await.unwrap();
        assert_eq!(vault.rows(), 1);
    });
}

#[test]
fn it_is_bounded_by_rows_and_by_bytes() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        for number in 0..limits::UNSTORED_ROWS_MAX {
            backend.store_sent_message("chat", &number.to_string(), b"x").await.unwrap();
        }
        assert_eq!(vault.awaited(), 0);
        backend.store_sent_message("chat", "one more", b"x").await.unwrap();
        assert_eq!((vault.awaited(), memory(&backend).await), (1, 0));
        let large = vec![0; limits::UNSTORED_BYTES_MAX / 3];
        for number in 0..12 {
            backend.store_sent_message("chat", &number.to_string(), &large).await.unwrap();
            assert!(memory(&backend).await <= limits::UNSTORED_BYTES_MAX as u64);
        }
        assert!(vault.awaited() > 2);
        // The same row again and again is remembered once.
        backend.settle().await.unwrap();
        for _ in 0..100 {
            backend.put_group_metadata("group", &[1; 1_000]).await.unwrap();
        }
        assert!(memory(&backend).await < 8_000);
        backend.settle().await.unwrap();
        assert_eq!(memory(&backend).await, 0);
    });
}

#[test]
fn many_rows_are_read_in_pages_and_in_the_right_order() {
    run(async {
        let vault = CrashVault::new();
        let backend = open(&vault).await;
        let count = limits::SCAN_ROWS * 2 + 7;
        for number in 0..count {
            backend.store_signed_prekey(u32::try_from(number).unwrap() * 77, b"key").await.unwrap();
        }
        let ids: Vec<_> = backend.load_all_signed_prekeys().await.unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, (0..count).map(|number| u32::try_from(number).unwrap() * 77).collect::<Vec<_>>());
        let names: Vec<_> = (0..limits::COMMIT_ROWS + 500).map(|number| number.to_string()).collect();
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), true)).collect();
        backend.set_sender_key_status("group", &entries).await.unwrap();
        let members = backend.get_sender_key_devices("group").await.unwrap();
        assert_eq!(members.iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len(), names.len());
        backend.clear_all_sender_key_devices().await.unwrap();
        assert!(backend.get_sender_key_devices("group").await.unwrap().is_empty());
    });
}

#[test]
fn the_largest_of_many_one_time_keys_is_found() {
    run(async {
        let backend = open(&CrashVault::new()).await;
        for id in [1, 255, 256, 65_536, 16_777_215, u32::MAX] {
            backend.store_prekey(id, b"key", false).await.unwrap();
            assert_eq!(backend.get_max_prekey_id().await.unwrap(), id);
        }
        backend.remove_prekey(u32::MAX).await.unwrap();
        assert_eq!(backend.get_max_prekey_id().await.unwrap(), 16_777_215);
    });
}

/// The row in the store is old, and a young one with the same name is on its way there.
#[test]
fn a_sweep_spares_what_was_written_anew() {
    run(async {
        let backend = open(&CrashVault::new()).await;
        let secret = |expires_at| MsgSecretEntry {
            chat: "chat".into(),
            sender: "sender".into(),
            msg_id: "M".into(),
            secret: [1; 32],
            expires_at,
            message_ts: 0,
        };
        backend.put_msg_secrets(vec![secret(10)]).await.unwrap();
        backend.settle().await.unwrap();
        // The sweep begins with a write that lets others in between.
        backend.save_base_key("a", "M", b"key").await.unwrap();
        let sweep = backend.delete_expired_msg_secrets(20);
        let (swept, put) = tokio::join!(sweep, backend.put_msg_secrets(vec![secret(30)]));
        assert_eq!((swept.unwrap(), put.unwrap()), (0, 1));
        assert!(backend.get_msg_secret("chat", "sender", "M").await.unwrap().is_some());
    });
}

#[test]
fn a_sweep_of_many_pages_deletes_what_is_old_and_nothing_else() {
    run(async {
        let backend = open(&CrashVault::new()).await;
        let count = i64::try_from(limits::SCAN_ROWS * 3 + 5).unwrap();
        for number in 0..count {
            let token = TcTokenEntry { token: vec![1], token_timestamp: number % 2, sender_timestamp: None };
            backend.put_tc_token(&number.to_string(), &token).await.unwrap();
        }
        assert_eq!(i64::from(backend.delete_expired_tc_tokens(1, 0).await.unwrap()), count - count / 2);
        let left = backend.get_all_tc_token_jids().await.unwrap().len();
        assert_eq!(i64::try_from(left).unwrap(), count / 2);
    });
}

#[test]
fn concurrent_changes_of_one_token_keep_both() {
    run(async {
        let backend = open(&CrashVault::new()).await;
        for round in 0..50_i64 {
            let jid = round.to_string();
            let given = backend.touch_tc_token_sender_timestamp(&jid, round + 1);
            let received = backend.store_received_tc_token(&jid, b"token", round + 2);
            let (given, received) = tokio::join!(given, received);
            given.and(received).unwrap();
            let token = backend.get_tc_token(&jid).await.unwrap().unwrap();
            assert_eq!((token.token.as_slice(), token.sender_timestamp), (b"token".as_slice(), Some(round + 1)));
        }
    });
}

#[test]
fn a_message_is_taken_by_one_of_many() {
    run(async {
        let backend = open(&CrashVault::new()).await;
        for round in 0..20 {
            backend.store_sent_message("chat", "M", b"hello").await.unwrap();
            backend.settle().await.unwrap();
            let takers = (0..8).map(|_| {
                let backend = backend.clone();
                tokio::spawn(async move { backend.take_sent_message("chat", "M").await.unwrap() })
            });
            let taken = futures::future::join_all(takers).await;
            assert_eq!(taken.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count(), 1, "{round}");
        }
    });
}

#[test]
fn accounts_in_one_vault_do_not_see_each_other() {
    run(async {
        let vault = MemoryVault::new();
        let first = VaultBackend::open(vault_of(vault.clone())).await.unwrap();
        let other = AccountVault::new(AccountId::new("web-10").unwrap(), vault.clone());
        let second = VaultBackend::open(other).await.unwrap();
        first.create().await.unwrap();
        first.put_session("a", b"1").await.unwrap();
        first.settle().await.unwrap();
        assert!(!second.exists().await.unwrap());
        assert!(second.get_session("a").await.unwrap().is_none());
        assert!(!second.has_signal_state_for_user("a").await.unwrap());
    });
}

async fn memory(backend: &Arc<VaultBackend>) -> u64 {
    backend.resource_report().await.total_bytes()
}
