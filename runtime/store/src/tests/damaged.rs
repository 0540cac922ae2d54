//! A record that cannot be read blocks nobody, is kept, and is told.

use super::{accept, message, run, settlement};
use crate::format::keys;
use crate::simulated::SimDisk;
use crate::store::GreenroomStore;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{
    Accepted, ConversationSettings, Inbox, Maintenance, Outbox, Store, StoreError, Traces,
};
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Flips a bit in the stored value of a key.
fn flip(store: &GreenroomStore, key: &[u8]) -> Vec<u8> {
    let engine = store.shared.engine().unwrap();
    let mut value = engine.get(key).unwrap().expect("there is something to damage");
    *value.last_mut().unwrap() ^= 1;
    engine.apply(&BTreeMap::from([(key.to_vec(), Some(value.clone()))])).unwrap();
    value
}

#[expect(clippy::unused_async, reason = "the suite awaits what makes a store")]
async fn memory() -> (Arc<dyn Store>, Arc<GreenroomStore>) {
    let store = crate::memory();
    (store.clone(), store)
}

#[expect(clippy::unused_async, reason = "the suite awaits what makes a store")]
async fn on_simulated_disk() -> (Arc<dyn Store>, Arc<GreenroomStore>) {
    let store = SimDisk::new(1).open().unwrap();
    (store.clone(), store)
}

#[expect(clippy::unused_async, reason = "another store may need to wait while it is damaged")]
async fn spoil(store: &Arc<GreenroomStore>, account: AccountId, name: &'static [u8]) {
    flip(store, &keys::vault(&account, name));
}

mod secrets_in_memory {
    greenroom_conformance::store_damage_conformance!(super::memory, super::spoil);
}

mod secrets_on_a_disk {
    greenroom_conformance::store_damage_conformance!(super::on_simulated_disk, super::spoil);
}

#[test]
fn a_damaged_row_is_set_aside_and_the_next_is_served() {
    run(async {
        let store = crate::memory();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let (_, two) = accept(&store, message(2, "two")).await;
        let (_, three) = accept(&store, message(3, "three")).await;
        let key = keys::inbox(conversation, one);
        let bytes = flip(&store, &key);

        let waiting = store.waiting(conversation, 2).await.unwrap();
        assert_eq!(waiting.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [two, three]);
        assert_eq!(store.rows_waiting().await, Ok(2));
        let engine = store.shared.engine().unwrap();
        assert_eq!(engine.get(&keys::damaged(&key)).unwrap(), Some(bytes), "its bytes are kept");
        assert_eq!(engine.get(&key).unwrap(), None);
        assert_eq!(store.counters().damaged, 1);
        assert!(store.store_health().unwrap_err().contains("1 damaged record"));
        store.settle(settlement(conversation, &[two], None)).await.expect("the queue goes on");
    });
}

/// The engine may have read a row before it was damaged.
#[test]
fn settling_a_damaged_row_is_refused_and_sets_it_aside() {
    run(async {
        let store = crate::memory();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let (_, two) = accept(&store, message(2, "two")).await;
        flip(&store, &keys::inbox(conversation, one));
        let refused = store.settle(settlement(conversation, &[one], None)).await;
        assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
        assert_eq!(store.counters().damaged, 1);
        store.settle(settlement(conversation, &[two], None)).await.expect("the next row is first now");
    });
}

#[test]
fn damage_elsewhere_does_not_stop_a_message() {
    run(async {
        let store = crate::memory();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let entry = store.waiting(conversation, 1).await.unwrap().remove(0);
        flip(&store, &keys::person(entry.person));
        flip(&store, &keys::conversation(conversation));
        let (again, two) = accept(&store, message(2, "two")).await;
        assert_eq!(again, conversation);
        assert!(two > one);
        let listed = store.conversations_waiting(None, 9).await.unwrap();
        assert_eq!(listed.len(), 1, "the account is found in the row itself");
    });
}

#[test]
fn damaged_settings_are_set_aside_and_can_be_written_again() {
    run(async {
        let store = crate::memory();
        let scope = crate::format::sample::scope();
        let paused = ConversationSettings { paused_until: Some(Timestamp(9)), ..ConversationSettings::default() };
        let (conversation, _) = accept(&store, message(1, "one")).await;
        store.set_settings(&scope, conversation, paused.clone()).await.unwrap();
        flip(&store, &keys::settings(conversation));
        let waiting = store.waiting(conversation, 1).await.unwrap();
        assert_eq!(waiting[0].settings, ConversationSettings::default(), "the row is served");
        assert_eq!(store.rows_waiting().await, Ok(1));
        assert_eq!(store.counters().damaged, 1);
        assert!(store.shared.index.lock().settings.is_empty(), "nothing is read for it any more");
        store.set_settings(&scope, conversation, paused.clone()).await.unwrap();
        assert_eq!(store.settings(&scope, conversation).await, Ok(paused));
    });
}

#[test]
fn a_damaged_parcel_is_refused_and_leaves_the_queue() {
    run(async {
        let store = crate::memory();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let key = store.settle(settlement(conversation, &[one], None)).await.unwrap().parcels.remove(0);
        flip(&store, &keys::parcel(&key));
        assert!(matches!(store.parcel(&key).await, Err(StoreError::Damaged { .. })));
        assert_eq!(store.pending(&key.account, None, 9).await.unwrap(), []);
        assert_eq!(store.counters().damaged, 1);
    });
}

#[test]
fn a_damaged_deduplication_key_lets_the_message_in_again() {
    run(async {
        let store = crate::memory();
        let (_, one) = accept(&store, message(1, "one")).await;
        let key = store.shared.index.lock().latest[0].clone();
        flip(&store, &key);
        let again = store.accept(vec![message(1, "one")]).await.unwrap().remove(0);
        assert!(matches!(again, Accepted::New { sequence, .. } if sequence > one), "{again:?}");
        let id = greenroom_contract::ids::MessageId::new("m1").unwrap();
        assert_eq!(store.why(&id, None).await.unwrap().len(), 1);
    });
}
