//! What a crash must find, on a disk that loses what was not synced.

use super::{accept, message, run_paused, settlement};
use crate::format::keys;
use crate::simulated::SimDisk;
use greenroom_contract::store::{Begin, Inbox, Maintenance, Outbox, ParcelVerdict};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};
use std::time::Duration;

/// A held answer lies below the mark from which unsent ones are looked for.
#[test]
fn a_released_answer_is_unsent_after_a_crash_too() {
    let disk = SimDisk::new(9);
    let key = run_paused(async {
        let store = disk.open().unwrap();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let key = store.settle(settlement(conversation, &[one], None)).await.unwrap().parcels.remove(0);
        let reason = || "uncertain".to_owned();
        let step = Step::new(Timestamp(1), Decision::Held { reason: reason() });
        store.verdict(&key, ParcelVerdict::Held { reason: reason() }, step).await.unwrap();
        // Until the mark has gone up, which is written with the sentinel.
        for number in 0..5 {
            accept(&store, message(10 + number, "later")).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        assert_eq!(store.release_held(conversation).await, Ok(vec![key.clone()]));
        disk.power_cut();
        key
    });
    run_paused(async {
        let store = disk.open().unwrap();
        let unsent = store.pending(&key.account, None, 9).await.unwrap();
        assert_eq!(unsent.into_iter().map(|parcel| parcel.key).collect::<Vec<_>>(), [key]);
    });
}

#[test]
fn an_attempt_that_cannot_be_counted_waits_and_is_told() {
    let disk = SimDisk::new(9);
    let (conversation, other) = run_paused(async {
        let store = disk.open().unwrap();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let (other, two) = accept(&store, super::message_from(2, "+15550000002", "two")).await;
        disk.make_unreadable(Some(keys::inbox(conversation, one)));
        store.begin_submitted(Begin { conversation, rows: vec![one] });
        store.begin_submitted(Begin { conversation: other, rows: vec![two] });
        tokio::time::sleep(Duration::from_secs(10 * 60)).await;
        assert!(disk.faults() <= 12, "tried {} times in ten minutes in which nobody came", disk.faults());
        let told = store.store_health().unwrap_err();
        assert!(told.contains("1 message(s)"), "{told}");
        disk.make_unreadable(None);
        let attempts = |entries: Vec<greenroom_contract::store::Entry>| entries[0].attempts;
        assert_eq!(attempts(store.waiting(conversation, 1).await.unwrap()), 1, "it counts in memory");
        tokio::time::sleep(Duration::from_secs(61)).await;
        disk.power_cut();
        (conversation, other)
    });
    run_paused(async {
        let store = disk.open().unwrap();
        for conversation in [conversation, other] {
            assert_eq!(store.waiting(conversation, 1).await.unwrap()[0].attempts, 1, "{conversation}");
        }
        assert_eq!(store.store_health(), Ok(()));
    });
}
