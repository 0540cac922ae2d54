//! Rules of [`greenroom_contract::store::Accounts`].

use super::{Subject, later};
use crate::messages::{START, id};
use bytes::Bytes;
use greenroom_contract::ids::{ChannelName, OwnerId};
use greenroom_contract::store::{AcceptedWarning, AccountState, ListScope, StoredEntry, VaultWrite};

const ADAPTER: &str = "web";

fn channel() -> ChannelName {
    id("whatsapp")
}

pub async fn a_configured_account_is_made_once(store: Subject) {
    let first = store.configured_account(&channel(), "key-1", "old label", START).await.expect("healthy");
    assert_eq!(first.channel, channel());
    assert_eq!(first.owner, OwnerId::local());
    assert_eq!(first.configured_key.as_deref(), Some("key-1"));
    assert_eq!(first.label.as_deref(), Some("old label"));
    assert_eq!(first.created_at, START);
    assert_eq!(first.adapter, None);
    let again = store.configured_account(&channel(), "key-1", "new label", later(60)).await.expect("healthy");
    assert_eq!(again.id, first.id);
    assert_eq!(again.created_at, START);
    assert_eq!(again.label.as_deref(), Some("new label"), "its label is brought up to date");
    let other_key = store.configured_account(&channel(), "key-2", "other", START).await.expect("healthy");
    let other_channel = store.configured_account(&id("second"), "key-1", "other", START).await.expect("healthy");
    assert_ne!(other_key.id, first.id);
    assert_ne!(other_channel.id, first.id);
    let rows = store.accounts().await.expect("healthy");
    assert_eq!(rows, [again, other_key, other_channel]);
}

pub async fn accounts_are_listed_in_the_order_in_which_they_were_made(store: Subject) {
    let owner: OwnerId = id("olga");
    let mut made = Vec::new();
    for number in 0..5 {
        let row = store.create_account(&channel(), ADAPTER, &owner, later(number)).await.expect("healthy");
        assert_eq!(row.owner, owner);
        assert_eq!(row.configured_key, None);
        assert_eq!(row.adapter.as_deref(), Some(ADAPTER));
        assert_eq!(row.linked_at, None);
        assert_eq!(row.state, AccountState::Pending);
        made.push(row);
    }
    assert_eq!(store.accounts().await, Ok(made.clone()));
    let mut ids: Vec<_> = made.iter().map(|row| row.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each has an id of its own");
}

pub async fn the_state_of_an_account_is_kept(store: Subject) {
    let row = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    let states = [
        AccountState::Linked,
        AccountState::Stopped { reason: "the token is wrong".to_owned() },
        AccountState::LoggedOut { reason: "unlinked on the phone".to_owned() },
        AccountState::Expired { reason: "nobody scanned".to_owned() },
        AccountState::Pending,
    ];
    store.set_account_state(&row.id, AccountState::Linked, Some("+1555"), later(1)).await.expect("it is there");
    for (number, state) in states.into_iter().enumerate() {
        let at = later(10 + number as u64);
        store.set_account_state(&row.id, state.clone(), None, at).await.expect("it is there");
        let now = store.accounts().await.expect("healthy").remove(0);
        assert_eq!((now.state, now.changed_at), (state, at));
        assert_eq!(now.label.as_deref(), Some("+1555"), "no label leaves the label");
        assert_eq!(now.created_at, START);
    }
}

pub async fn an_account_knows_when_it_was_last_linked(store: Subject) {
    let row = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    let reason = || "words".to_owned();
    let states = [
        (AccountState::Expired { reason: reason() }, None),
        (AccountState::Linked, Some(later(1))),
        (AccountState::Linked, Some(later(1))),
        (AccountState::LoggedOut { reason: reason() }, Some(later(1))),
        (AccountState::Pending, Some(later(1))),
        (AccountState::Linked, Some(later(5))),
        (AccountState::Stopped { reason: reason() }, Some(later(5))),
        (AccountState::Linked, Some(later(5))),
    ];
    for (second, (state, linked_at)) in states.into_iter().enumerate() {
        store.set_account_state(&row.id, state.clone(), None, later(second as u64)).await.expect("it is there");
        let now = store.accounts().await.expect("healthy").remove(0);
        assert_eq!(now.linked_at, linked_at, "after {state:?} at {second}");
    }
}

pub async fn an_accepted_warning_is_kept_per_channel_and_owner(store: Subject) {
    let (olga, other): (OwnerId, ChannelName) = (id("olga"), id("other"));
    let accepted = |text: &str, second| AcceptedWarning { text: text.to_owned(), at: later(second) };
    assert_eq!(store.accepted_warning(&channel(), &olga).await, Ok(None));
    store.accept_warning(&channel(), &olga, accepted("beware", 1)).await.expect("healthy");
    assert_eq!(store.accepted_warning(&channel(), &olga).await, Ok(Some(accepted("beware", 1))));
    assert_eq!(store.accepted_warning(&channel(), &OwnerId::local()).await, Ok(None));
    assert_eq!(store.accepted_warning(&other, &olga).await, Ok(None));
    let long = "b".repeat(40_000);
    store.accept_warning(&channel(), &olga, accepted(&long, 2)).await.expect("a long text too");
    assert_eq!(store.accepted_warning(&channel(), &olga).await, Ok(Some(accepted(&long, 2))));
}

pub async fn a_deleted_account_takes_its_vault_with_it(store: Subject) {
    let gone = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    let stays = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    for row in [&gone, &stays] {
        let put = VaultWrite::Put { key: Bytes::from_static(b"k"), value: Bytes::from_static(b"v") };
        store.vault_write(&row.id, vec![put]).await.expect("healthy");
    }
    store.delete_account(&gone.id).await.expect("it is there");
    assert_eq!(store.accounts().await, Ok(vec![stays.clone()]));
    assert_eq!(store.vault_get(&gone.id, b"k").await, Ok(None));
    assert_eq!(store.vault_get(&stays.id, b"k").await, Ok(Some(Bytes::from_static(b"v"))));
    let next = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    assert!(next.id != gone.id && next.id != stays.id, "an id is never given again");
}

pub async fn allow_entries_are_kept_once_per_scope(store: Subject) {
    let everywhere = ListScope::Channel(channel());
    let row = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    let here = ListScope::Account(row.id);
    let entry = |scope: &ListScope, text: &str, by: &str| StoredEntry {
        scope: scope.clone(),
        entry: id(text),
        by: by.to_owned(),
        at: START,
    };
    store.allow(entry(&everywhere, "+15550000001", "olga")).await.expect("healthy");
    store.allow(entry(&everywhere, "+15550000001", "olga")).await.expect("twice is the same as once");
    store.allow(entry(&here, "+15550000001", "olga")).await.expect("another scope is another entry");
    store.allow(entry(&everywhere, "group:g1", "olga")).await.expect("healthy");
    store.allow(entry(&here, "*", "olga")).await.expect("healthy");
    let texts = |entries: Vec<StoredEntry>| {
        let mut texts: Vec<String> = entries.iter().map(|one| format!("{:?} {}", one.scope, one.entry)).collect();
        texts.sort();
        texts
    };
    let all = texts(store.allow_entries().await.expect("healthy"));
    assert_eq!(all.len(), 4, "{all:?}");
    store.disallow(&everywhere, &id("+15550000001")).await.expect("it is there");
    store.disallow(&everywhere, &id("+15550000001")).await.expect("removing what is not there is fine");
    let left = store.allow_entries().await.expect("healthy");
    assert!(left.contains(&entry(&here, "+15550000001", "olga")), "{left:?}");
    assert_eq!(left.len(), 3);
}

pub async fn a_list_is_replaced_as_a_whole(store: Subject) {
    let row = store.create_account(&channel(), ADAPTER, &OwnerId::local(), START).await.expect("healthy");
    let (everywhere, here) = (ListScope::Channel(channel()), ListScope::Account(row.id.clone()));
    let entry = |scope: &ListScope, text: &str, by: &str, at| StoredEntry {
        scope: scope.clone(),
        entry: id(text),
        by: by.to_owned(),
        at,
    };
    for scope in [&everywhere, &here] {
        store.allow(entry(scope, "+15550000001", "olga", START)).await.expect("healthy");
        store.allow(entry(scope, "+15550000002", "olga", START)).await.expect("healthy");
    }
    let wanted = vec![id("+15550000002"), id("group:g1"), id("group:g1")];
    store.replace_allowed(&here, wanted, "otto", later(1)).await.expect("healthy");
    let mut left: Vec<StoredEntry> = store.allow_entries().await.expect("healthy");
    left.retain(|one| one.scope == here);
    left.sort_by_key(|one| one.entry.to_string());
    let stays = entry(&here, "+15550000002", "olga", START);
    assert_eq!(left, [stays, entry(&here, "group:g1", "otto", later(1))], "one that stays keeps who added it");
    store.replace_allowed(&here, Vec::new(), "otto", later(2)).await.expect("healthy");
    let left = store.allow_entries().await.expect("healthy");
    assert!(left.len() == 2 && left.iter().all(|one| one.scope == everywhere), "others stay: {left:?}");
}
