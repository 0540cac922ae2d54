//! Two people turn out to be one while things wait, are sent, are held and are remembered.

use super::{accept, draft, run, settlement};
use crate::format::sample;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::message::Inbound;
use greenroom_contract::store::{
    Arrival, Begin, History, HistoryKey, Inbox, Outbox, ParcelVerdict, People, Settlement, StoreError, WakeDraft,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};

fn from(address: &str, number: u64) -> Inbound {
    sample::inbound("acc", &format!("{address} {number}"), address, "hi")
}

fn same(one: &str, two: &str) -> Arrival {
    let addresses = vec![one.parse().unwrap(), two.parse().unwrap()];
    Arrival::SamePerson { scope: sample::scope(), addresses, admitted: false }
}

#[test]
fn everything_of_the_newer_moves_and_keeps_its_order() {
    run(async {
        let store = crate::memory();
        let helper = AssistantName::new("helper").unwrap();
        let (older, one) = accept(&store, sample::arrival(from("+15551234567", 1))).await;
        let (newer, two) = accept(&store, sample::arrival(from("lid:7", 2))).await;
        let (_, three) = accept(&store, sample::arrival(from("+15551234567", 3))).await;
        let (_, four) = accept(&store, sample::arrival(from("lid:7", 4))).await;
        let (_, five) = accept(&store, sample::arrival(from("lid:7", 5))).await;
        let lid = store.waiting(newer, 1).await.unwrap().remove(0);
        let wake = WakeDraft {
            at: Timestamp(9_000),
            token: "later".into(),
            assistant: helper.clone(),
            route: lid.route(),
            sender: lid.sender().clone(),
            opened_at: Timestamp(0),
        };
        let turn = Settlement {
            parcels: vec![draft("held"), draft("waits")],
            states: vec![(helper.clone(), "memory".into())],
            wakes: vec![wake],
            ..settlement(newer, &[two], Some(lid.history))
        };
        let parcels = store.settle(turn).await.unwrap().parcels;
        let step = Step::new(Timestamp(6_000), Decision::Held { reason: "window".into() });
        store.verdict(&parcels[0], ParcelVerdict::Held { reason: "window".into() }, step).await.unwrap();
        store.begin_submitted(Begin { conversation: newer, rows: vec![four] });

        store.accept(vec![same("lid:7", "+15551234567")]).await.unwrap();

        let waiting = store.waiting(newer, 10).await.unwrap();
        let rows: Vec<_> = waiting.iter().map(|entry| entry.sequence).collect();
        assert_eq!(rows, [one, three, four, five], "one queue in the order of acceptance");
        assert_eq!(waiting.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), [0, 0, 1, 0]);
        assert!(waiting.iter().all(|entry| entry.conversation == older));
        assert!(waiting.iter().all(|entry| entry.person == waiting[0].person));
        let history = HistoryKey::Person(waiting[0].person);
        assert_eq!(store.recent(history, 9).await.unwrap().len(), 1);
        assert_eq!(store.recent(lid.history, 9).await.unwrap().len(), 1, "the old name leads there too");
        assert_eq!(store.state(older, &helper).await.unwrap().as_deref(), Some(b"memory".as_slice()));
        let pending = store.pending(&parcels[0].account, None, 9).await.unwrap();
        assert_eq!(pending.iter().map(|parcel| parcel.conversation).collect::<Vec<_>>(), [older]);
        assert_eq!(store.release_held(newer).await.unwrap(), [parcels[0].clone()]);
        // The turn that ran in the newer conversation is let through; the next one is in order again.
        store.settle(settlement(newer, &[four], None)).await.unwrap();
        store.settle(settlement(older, &[one, three], None)).await.unwrap();
        let rung = store.wake_due(Timestamp(9_000), 9).await.unwrap();
        assert_eq!(rung[0].conversation, older);
        let person = store.person(lid.person).await.unwrap().unwrap();
        assert_eq!((person.id, person.addresses.len()), (waiting[0].person, 2));
    });
}

/// Three people, merged in both directions: every old id leads to the oldest.
#[test]
fn merges_of_merges_are_followed() {
    run(async {
        let store = crate::memory();
        let (one, _) = accept(&store, sample::arrival(from("+15551234567", 1))).await;
        let (two, _) = accept(&store, sample::arrival(from("lid:7", 2))).await;
        let (three, _) = accept(&store, sample::arrival(from("bsuid:US.3", 3))).await;
        store.accept(vec![same("lid:7", "bsuid:US.3")]).await.unwrap();
        store.accept(vec![same("bsuid:US.3", "+15551234567")]).await.unwrap();
        for conversation in [one, two, three] {
            let waiting = store.waiting(conversation, 9).await.unwrap();
            assert_eq!(waiting.len(), 3);
            assert!(waiting.iter().all(|entry| entry.conversation == one));
        }
        let again = store.accept(vec![sample::arrival(from("lid:7", 2))]).await.unwrap();
        assert_eq!(again, [greenroom_contract::store::Accepted::Duplicate]);
    });
}

/// A user name that changes hands must not hand over a conversation.
#[test]
fn a_user_name_merges_nobody_who_is_known_by_more() {
    run(async {
        let store = crate::memory();
        let with = |strong: &str, number| {
            let mut inbound = from(strong, number);
            inbound.sender.addresses.push("@ana".parse().unwrap());
            sample::arrival(inbound)
        };
        let (first, _) = accept(&store, with("+15551234567", 1)).await;
        let (second, _) = accept(&store, with("+15557654321", 2)).await;
        assert_ne!(first, second);
        let ana = store.person_by_address(&sample::scope(), &"@ana".parse().unwrap()).await.unwrap().unwrap();
        let person = store.person(ana).await.unwrap().unwrap();
        assert!(person.addresses.contains(&"+15557654321".parse().unwrap()), "the name follows its new owner");
        // Somebody who was known by the name alone is recognised when a number becomes known.
        let (name_only, _) = accept(&store, sample::arrival(from("@ben", 3))).await;
        let mut known = from("lid:9", 4);
        known.sender.addresses.push("@ben".parse().unwrap());
        assert_eq!(accept(&store, sample::arrival(known)).await.0, name_only);
    });
}

/// What waited at a merge may be settled out of order; what came later may not.
#[test]
fn order_is_asked_for_once_more_when_what_waited_at_the_merge_is_settled() {
    run(async {
        let store = crate::memory();
        let (older, one) = accept(&store, sample::arrival(from("+15551234567", 1))).await;
        let (newer, two) = accept(&store, sample::arrival(from("lid:7", 2))).await;
        store.accept(vec![same("lid:7", "+15551234567")]).await.unwrap();
        let (_, three) = accept(&store, sample::arrival(from("lid:7", 3))).await;
        let (_, four) = accept(&store, sample::arrival(from("+15551234567", 4))).await;
        let too_early = store.settle(settlement(older, &[four], None)).await;
        assert!(matches!(too_early, Err(StoreError::Invalid { .. })), "no turn ran for it: {too_early:?}");
        store.settle(settlement(newer, &[two], None)).await.unwrap();
        let mixed = store.settle(settlement(older, &[one, four], None)).await;
        assert!(matches!(mixed, Err(StoreError::Invalid { .. })), "{mixed:?}");
        store.settle(settlement(older, &[one], None)).await.unwrap();
        let overtaking = store.settle(settlement(older, &[four], None)).await;
        assert!(matches!(overtaking, Err(StoreError::Invalid { .. })), "{overtaking:?}");
        store.settle(settlement(older, &[three, four], None)).await.unwrap();
    });
}
