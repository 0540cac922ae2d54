//! Rules of [`greenroom_contract::store::Vault`].

use super::Subject;
use crate::messages::id;
use bytes::Bytes;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::{StoreError, VaultWrite};

fn ours() -> AccountId {
    id("account-1")
}

fn put(key: &[u8], value: &[u8]) -> VaultWrite {
    VaultWrite::Put { key: Bytes::copy_from_slice(key), value: Bytes::copy_from_slice(value) }
}

fn delete(key: &[u8]) -> VaultWrite {
    VaultWrite::Delete { key: Bytes::copy_from_slice(key) }
}

async fn write(store: &Subject, account: &AccountId, writes: Vec<VaultWrite>) {
    store.vault_write(account, writes).await.expect("the store is healthy");
}

async fn get(store: &Subject, account: &AccountId, key: &[u8]) -> Option<Bytes> {
    store.vault_get(account, key).await.expect("the store is healthy")
}

pub async fn values_are_read_back_and_deleted(store: Subject) {
    write(&store, &ours(), vec![put(b"a", b"1"), put(b"b", b"2"), put(b"empty", b"")]).await;
    assert_eq!(get(&store, &ours(), b"a").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(get(&store, &ours(), b"empty").await.as_deref(), Some(&b""[..]));
    assert_eq!(get(&store, &ours(), b"c").await, None);
    write(&store, &ours(), vec![put(b"a", b"3"), delete(b"b"), delete(b"not there")]).await;
    assert_eq!(get(&store, &ours(), b"a").await.as_deref(), Some(&b"3"[..]));
    assert_eq!(get(&store, &ours(), b"b").await, None);
    write(&store, &ours(), vec![put(b"a", b"4"), delete(b"a"), put(b"a", b"5")]).await;
    assert_eq!(get(&store, &ours(), b"a").await.as_deref(), Some(&b"5"[..]), "in the order of the batch");
}

pub async fn keys_are_scanned_by_prefix_in_order_and_in_pages(store: Subject) {
    let keys: [&[u8]; 6] = [b"p/\x00", b"p/1", b"p/10", b"p/2", b"p/\xff\xff", b"q/1"];
    write(&store, &ours(), keys.iter().rev().map(|key| put(key, key)).collect()).await;
    let mut seen: Vec<Bytes> = Vec::new();
    loop {
        let after = seen.last().cloned();
        let page = store.vault_scan(&ours(), b"p/", after.as_deref(), 2).await.expect("healthy");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|(key, value)| key == value), "each key has its own value");
        seen.extend(page.into_iter().map(|(key, _)| key));
    }
    assert_eq!(seen, keys[..5]);
    assert_eq!(store.vault_scan(&ours(), b"nothing", None, 10).await, Ok(vec![]));
    assert_eq!(store.vault_scan(&ours(), b"", None, 10).await.map(|page| page.len()), Ok(6));
}

pub async fn vaults_do_not_see_each_other(store: Subject) {
    // Ids of which one begins as the other ends must not run into each other.
    let (short, long): (AccountId, AccountId) = (id("a"), id("ab"));
    write(&store, &short, vec![put(b"bc", b"of short"), put(b"k", b"of short")]).await;
    write(&store, &long, vec![put(b"c", b"of long"), put(b"k", b"of long")]).await;
    assert_eq!(get(&store, &short, b"bc").await.as_deref(), Some(&b"of short"[..]));
    assert_eq!(get(&store, &long, b"c").await.as_deref(), Some(&b"of long"[..]));
    assert_eq!(get(&store, &short, b"k").await.as_deref(), Some(&b"of short"[..]));
    assert_eq!(get(&store, &short, b"c").await, None);
    assert_eq!(get(&store, &long, b"bc").await, None);
    assert_eq!(store.vault_scan(&short, b"", None, 10).await.map(|page| page.len()), Ok(2));
}

pub async fn clearing_a_vault_leaves_the_others(store: Subject) {
    let other: AccountId = id("account-10");
    write(&store, &ours(), (0..50u8).map(|number| put(&[number], b"v")).collect()).await;
    write(&store, &other, vec![put(b"k", b"v")]).await;
    store.vault_clear(&ours()).await.expect("healthy");
    assert_eq!(store.vault_scan(&ours(), b"", None, 100).await, Ok(vec![]));
    assert_eq!(get(&store, &other, b"k").await.as_deref(), Some(&b"v"[..]));
    store.vault_clear(&ours()).await.expect("clearing what is empty is fine");
}

pub async fn a_submitted_write_is_seen_after_the_next_commit(store: Subject) {
    write(&store, &ours(), vec![put(b"a", b"0")]).await;
    store.vault_submit(&ours(), vec![put(b"a", b"1")]);
    write(&store, &ours(), vec![put(b"b", b"2")]).await;
    assert_eq!(get(&store, &ours(), b"a").await.as_deref(), Some(&b"1"[..]));
}

/// Each value is one letter, many times: a mixture of two would show.
pub async fn a_long_value_is_read_whole_while_it_is_written(store: Subject) {
    const BYTES: usize = 5 * limits::STORE_VALUE_BYTES_MAX;
    const WRITES: u8 = 200;
    write(&store, &ours(), vec![put(b"long", &vec![0; BYTES])]).await;
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for letter in 1..=WRITES {
            // Another length now and then, so that parts come and go.
            let bytes = if letter % 3 == 0 { BYTES / 2 } else { BYTES };
            write(&writer, &ours(), vec![put(b"long", &vec![letter; bytes])]).await;
        }
    });
    while !writing.is_finished() {
        let value = store.vault_get(&ours(), b"long").await.expect("nothing is damaged").expect("it is there");
        assert!(value.iter().all(|letter| *letter == value[0]), "a mixture of two values");
        let page = store.vault_scan(&ours(), b"", None, 10).await.expect("nothing is damaged");
        assert_eq!(page.len(), 1, "it is not left out");
        assert!(page[0].1.iter().all(|letter| *letter == page[0].1[0]), "a mixture of two values");
        tokio::task::yield_now().await;
    }
    writing.await.expect("every write succeeds");
    assert_eq!(store.store_health(), Ok(()), "nothing was taken for damage");
}

/// A store that says it has no such secret, or leaves one out of a list, lets keys be used twice. `spoil` damages the
/// stored record of a secret of an account.
pub async fn a_damaged_secret_is_told_each_time<F: Future<Output = ()>>(
    store: Subject,
    spoil: impl Fn(AccountId, &'static [u8]) -> F,
) {
    let other: AccountId = id("account-10");
    let long = vec![7; 2 * limits::STORE_VALUE_BYTES_MAX];
    for account in [&ours(), &other] {
        write(&store, account, vec![put(b"a", b"1"), put(b"b", b"2"), put(b"c", &long)]).await;
    }
    for name in [&b"b"[..], b"c"] {
        spoil(ours(), name).await;
        for _ in 0..3 {
            let got = store.vault_get(&ours(), name).await;
            assert!(matches!(got, Err(StoreError::Damaged { .. })), "{got:?}");
            for prefix in [&b""[..], name] {
                let page = store.vault_scan(&ours(), prefix, None, 10).await;
                assert!(matches!(page, Err(StoreError::Damaged { .. })), "a secret was left out: {page:?}");
            }
            assert!(store.store_health().is_err(), "it is told to the owner");
        }
        assert_eq!(get(&store, &ours(), b"a").await.as_deref(), Some(&b"1"[..]), "the others can be read");
        assert_eq!(store.vault_scan(&ours(), b"a", None, 10).await.map(|page| page.len()), Ok(1));
        assert_eq!(store.vault_scan(&other, b"", None, 10).await.map(|page| page.len()), Ok(3));
        write(&store, &ours(), vec![put(name, b"again")]).await;
        assert_eq!(get(&store, &ours(), name).await.as_deref(), Some(&b"again"[..]));
        assert_eq!(store.vault_scan(&ours(), b"", None, 10).await.map(|page| page.len()), Ok(3));
        assert_eq!(store.store_health(), Ok(()), "what was damaged is replaced");
    }
    spoil(ours(), b"b").await;
    store.vault_scan(&ours(), b"", None, 10).await.expect_err("it is damaged");
    store.vault_clear(&ours()).await.expect("a damaged vault can be cleared");
    assert_eq!(store.vault_scan(&ours(), b"", None, 10).await, Ok(vec![]));
    assert_eq!(store.store_health(), Ok(()));
}

pub async fn large_values_survive(store: Subject) {
    for bytes in [limits::STORE_VALUE_BYTES_MAX - 1, limits::STORE_VALUE_BYTES_MAX, 300_000] {
        let value: Vec<u8> = (0..bytes).map(|at| (at % 253) as u8).collect();
        write(&store, &ours(), vec![put(b"large", &value), put(b"largest", b"short")]).await;
        assert_eq!(get(&store, &ours(), b"large").await.as_deref(), Some(&value[..]), "{bytes} bytes");
        let page = store.vault_scan(&ours(), b"large", None, 10).await.expect("healthy");
        assert_eq!(page.len(), 2, "a large value is one value");
        assert_eq!(page[0].1, value);
    }
    write(&store, &ours(), vec![put(b"large", b"small now")]).await;
    assert_eq!(get(&store, &ours(), b"large").await.as_deref(), Some(&b"small now"[..]));
    store.vault_clear(&ours()).await.expect("healthy");
    assert_eq!(store.vault_scan(&ours(), b"", None, 10).await, Ok(vec![]));
}
