//! What nobody waits for: that a parcel was sent where the network shows an id once, and what becomes of it after that.

use super::{accept, message, run, settlement};
use crate::store::GreenroomStore;
use greenroom_contract::channel::Receipt;
use greenroom_contract::event::{Consequence, DeliveryStatus, StatusOf};
use greenroom_contract::ids::{AccountId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::store::{
    Accepted, Arrival, Inbox, Maintenance, Outbox, ParcelKey, ParcelState, ParcelVerdict, StatusArrival, StoreError,
    Traces,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn open(folder: &Path) -> Arc<GreenroomStore> {
    crate::open(crate::OpenOptions::at(folder)).unwrap()
}

/// An answer that waits to be sent.
async fn unsent(store: &GreenroomStore, number: u64) -> ParcelKey {
    let (conversation, row) = accept(store, message(number, "q")).await;
    store.settle(settlement(conversation, &[row], None)).await.unwrap().parcels.remove(0)
}

fn receipt(number: u64) -> Receipt {
    Receipt { message: MessageId::new(format!("net-{number}")).unwrap() }
}

fn told(number: u64, status: DeliveryStatus) -> Vec<Arrival> {
    let of = StatusOf::Message(MessageId::new(format!("net-{number}")).unwrap());
    vec![Arrival::Status(StatusArrival {
        account: AccountId::new("acc").unwrap(),
        of,
        status,
        at: Timestamp(9_000),
        billed_as: None,
    })]
}

fn failed() -> DeliveryStatus {
    DeliveryStatus::Failed { reason: "131047".into(), code: Some(131_047), then: Consequence::PersonWrites }
}

#[test]
fn only_what_is_evidence_or_a_failure_waits_for_the_disk() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let key = unsent(&store, 1).await;
        let name = store.parcel(&key).await.unwrap().unwrap().id;
        let early = |status| {
            let of = StatusOf::Outbound(name.clone());
            vec![Arrival::Status(StatusArrival {
                account: key.account.clone(),
                of,
                status,
                at: Timestamp(8_000),
                billed_as: None,
            })]
        };
        let cost = async |batch: Vec<Arrival>| {
            let before = store.counters().awaited;
            let accepted = store.accept(batch).await.unwrap();
            (store.counters().awaited - before, accepted)
        };
        let ours = || vec![Accepted::Updated { parcel: Some(key.clone()) }];
        assert_eq!(cost(early(DeliveryStatus::Sent)).await, (1, ours()), "the only evidence that it was sent");
        store.sent(&key, &receipt(1), Timestamp(7_000)).await.unwrap();
        assert_eq!(cost(told(1, DeliveryStatus::Delivered)).await, (0, ours()));
        assert_eq!(cost(told(1, DeliveryStatus::Read)).await, (0, ours()));
        assert_eq!(cost(told(1, failed())).await, (1, ours()), "what follows it must not be lost");
        let unknown = vec![Accepted::Updated { parcel: None }];
        assert_eq!(cost(told(99, DeliveryStatus::Read)).await, (1, unknown));
        // Together with a message only the message is waited for, and each outcome is in its place.
        let batch = [told(1, DeliveryStatus::Played), vec![message(2, "q")]].concat();
        let (awaited, accepted) = cost(batch).await;
        assert_eq!((awaited, &accepted[..1]), (1, &ours()[..]));
        assert!(matches!(accepted[1], Accepted::New { .. }), "{accepted:?}");

        let expected =
            [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read, failed(), DeliveryStatus::Played];
        assert_eq!(store.parcel(&key).await.unwrap().unwrap().statuses, expected, "read before it is written");
        store.close().await.unwrap();
        drop(store);
        let parcel = open(folder.path()).parcel(&key).await.unwrap().unwrap();
        assert_eq!(parcel.statuses, expected, "and written");
        let words = parcel.steps.iter().filter(|step| matches!(step.what, Decision::Status { .. })).count();
        assert_eq!(words, expected.len(), "each is in the trace once");
    });
}

#[test]
fn statuses_reach_the_disk_by_themselves_and_together() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let key = unsent(&store, 1).await;
        store.sent(&key, &receipt(1), Timestamp(7_000)).await.unwrap();
        let before = store.counters();
        for status in [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read] {
            store.accept(told(1, status)).await.unwrap();
        }
        assert_eq!(store.counters().key_writes, before.key_writes, "nothing is written yet");
        let begun = std::time::Instant::now();
        while store.counters().commits == before.commits {
            assert!(begun.elapsed().as_secs() < 30, "they were never written");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(store.counters().key_writes - before.key_writes, 1);
    });
}

#[test]
fn a_parcel_that_is_sent_and_not_yet_written_as_such_is_not_pending() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let (one, two, three) = (unsent(&store, 1).await, unsent(&store, 2).await, unsent(&store, 3).await);
        store.sent_submitted(&one, &receipt(1), Timestamp(7_000));
        let left: Vec<_> =
            store.pending(&one.account, None, 9).await.unwrap().into_iter().map(|left| left.key).collect();
        assert_eq!(left, [two.clone(), three.clone()]);
        let parcel = store.parcel(&one).await.unwrap().unwrap();
        assert_eq!(parcel.state, ParcelState::Sent { message: receipt(1).message, at: Timestamp(7_000) });
        let trace = store.why(&MessageId::new("m1").unwrap(), None).await.unwrap().remove(0);
        assert_eq!(trace.parcels[0].state, "sent");
        // What others wait for takes it along.
        let step = Step::new(Timestamp(7_000), Decision::Uncertain { reason: "silence".into() });
        store.sent_submitted(&two, &receipt(2), Timestamp(7_000));
        store.verdict(&three, ParcelVerdict::Uncertain { since: Timestamp(7_000) }, step).await.unwrap();
        assert!(store.find_own(&two.account, &receipt(2).message).await.unwrap().is_some());
        // And it is written without others, at the end at the latest.
        store.sent_submitted(&three, &receipt(3), Timestamp(7_000));
        store.close().await.unwrap();
        drop(store);
        let store = open(folder.path());
        assert_eq!(store.pending(&one.account, None, 9).await.unwrap(), []);
        for number in 1..=3 {
            assert!(store.find_own(&one.account, &receipt(number).message).await.unwrap().is_some());
        }
    });
}

/// Nobody else knows that it was sent, so the store goes on trying by itself.
#[test]
fn that_a_parcel_is_sent_is_written_however_often_the_store_fails() {
    run(async {
        let (store, engine) = super::known::store(1_000);
        let key = unsent(&store, 1).await;
        engine.failing.store(1, Ordering::SeqCst);
        store.sent_submitted(&key, &receipt(1), Timestamp(7_000));
        assert!(matches!(store.rows_waiting().await, Err(StoreError::Unavailable { .. })), "the engine failed");
        tokio::time::sleep(limits::STORE_REOPEN_PAUSE).await;
        store.accept(vec![message(2, "anything")]).await.unwrap();
        assert!(store.find_own(&key.account, &receipt(1).message).await.unwrap().is_some());
        assert_eq!(store.pending(&key.account, None, 9).await.unwrap(), []);
    });
}
