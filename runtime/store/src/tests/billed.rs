//! Billed messages: counted in the commit that records the status, and in no other.

use super::{accept, message, run_paused, settlement};
use crate::engines::Range;
use crate::format::keys::kind;
use crate::format::records::{BilledRecord, ParcelRecord};
use crate::simulated::SimDisk;
use crate::store::GreenroomStore;
use greenroom_contract::channel::Receipt;
use greenroom_contract::event::{DeliveryStatus, StatusOf};
use greenroom_contract::ids::{AccountId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::store::{Arrival, History, Inbox, Maintenance, Outbox, ParcelKey, StatusArrival};
use greenroom_contract::time::Timestamp;
use std::time::Duration;

const STATUSES: [DeliveryStatus; 3] = [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read];

fn name(number: u64) -> MessageId {
    MessageId::new(format!("net-{number}")).unwrap()
}

fn told(number: u64, status: DeliveryStatus) -> Arrival {
    let (account, of) = (AccountId::new("acc").unwrap(), StatusOf::Message(name(number)));
    Arrival::Status(StatusArrival { account, of, status, at: Timestamp(9_000), billed_as: Some("service".into()) })
}

async fn sent(store: &GreenroomStore, number: u64) -> ParcelKey {
    let (conversation, row) = accept(store, message(number, "q")).await;
    let key = store.settle(settlement(conversation, &[row], None)).await.unwrap().parcels.remove(0);
    store.sent(&key, &Receipt { message: name(number) }, Timestamp(7_000)).await.unwrap();
    key
}

/// How many messages are counted, and how many parcels say that they are.
fn written(store: &GreenroomStore) -> (u64, u64) {
    store
        .read(|reader| {
            let (mut counted, mut marked) = (0, 0);
            for (key, value) in reader.rows(&Range::prefix(&[kind::BILLED]), usize::MAX)? {
                counted += reader.decode_as(&key, value, |record: BilledRecord| Ok(record.messages))?.unwrap_or(0);
            }
            for (key, value) in reader.rows(&Range::prefix(&[kind::PARCEL]), usize::MAX)? {
                marked +=
                    reader.decode_as(&key, value, |record: ParcelRecord| Ok(u64::from(record.billed)))?.unwrap_or(0);
            }
            Ok((counted, marked))
        })
        .unwrap()
}

#[test]
fn they_are_waited_for_by_no_one_and_share_the_write_of_their_status() {
    let disk = SimDisk::new(1);
    run_paused(async {
        let store = disk.open().unwrap();
        for number in 0..20 {
            sent(&store, number).await;
        }
        let before = store.counters();
        for status in STATUSES {
            store.accept((0..20).map(|number| told(number, status.clone())).collect()).await.unwrap();
        }
        assert_eq!(store.counters().awaited, before.awaited);
        assert_eq!(store.billed(0..=9, 9).await.unwrap()[0].messages, 20, "they are read before they are written");
        assert_eq!(written(&store), (0, 0));
        tokio::time::sleep(limits::STORE_STATUS_PAUSE * 3).await;
        assert_eq!(written(&store), (20, 20));
        assert_eq!(store.billed(0..=9, 9).await.unwrap()[0].messages, 20, "and no more afterwards");
        let writes = store.counters().key_writes - before.key_writes;
        // The sum once for each commit, and the sentinel.
        assert!(writes <= 20 + 5, "{writes} writes");
        store.close().await.unwrap();
    });
}

/// Whenever the power goes, the sum and the parcels agree; and what is told once more is counted then, once.
#[test]
fn a_crash_leaves_each_counted_once_or_not_yet() {
    for seed in 0..24_u64 {
        let disk = SimDisk::new(seed);
        run_paused(async {
            let store = disk.open().unwrap();
            for number in 0..6 {
                sent(&store, number).await;
                for status in STATUSES.iter().take((seed + number) as usize % 4 % STATUSES.len() + 1) {
                    store.accept(vec![told(number, status.clone())]).await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(seed * 373 % 4_000)).await;
            }
            disk.power_cut();
        });
        run_paused(async {
            let store = disk.open().unwrap();
            let (counted, marked) = written(&store);
            assert_eq!(counted, marked, "seed {seed}");
            for number in 0..6 {
                store.accept(vec![told(number, DeliveryStatus::Read)]).await.unwrap();
            }
            assert_eq!(store.billed(0..=9, 9).await.unwrap()[0].messages, 6, "seed {seed}");
            store.close().await.unwrap();
        });
        run_paused(async {
            let store = disk.open().unwrap();
            assert_eq!(written(&store), (6, 6), "seed {seed}");
        });
    }
}
