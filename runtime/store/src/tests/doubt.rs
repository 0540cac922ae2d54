//! After a write-back that failed the page cache shows rows that are on no platter. What is served from it must be
//! written again first.

use super::{message, run_paused};
use crate::simulated::{DiskFault, DiskPlan, DiskPoint, SimDisk};
use crate::store::GreenroomStore;
use greenroom_contract::store::{Accepted, Inbox, Maintenance, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;

/// The network delivers until it is told that the message is stored.
async fn deliver(store: &GreenroomStore, number: u64) -> Accepted {
    loop {
        match store.accept(vec![message(number, "hello")]).await {
            Ok(mut accepted) => return accepted.remove(0),
            Err(StoreError::Unavailable { .. }) => tokio::time::sleep(Duration::from_millis(200)).await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// Whether a message is on the platter: its number goes when the network delivers it and it is known.
async fn holds(store: &GreenroomStore, number: u64) -> bool {
    store.accept(vec![message(number, "hello")]).await.unwrap() == [Accepted::Duplicate]
}

#[test]
fn what_a_failed_sync_left_in_the_page_cache_is_written_again_before_it_is_served() {
    let mut duplicates = 0;
    for seed in 0..60 {
        for point in [DiskPoint::Flush, DiskPoint::Sync] {
            let disk = SimDisk::new(seed);
            run_paused(async {
                let store = disk.open().unwrap();
                deliver(&store, 1).await;
                disk.fail_next(point, DiskFault::Fails);
                store.accept(vec![message(2, "hello")]).await.unwrap_err();
                duplicates += u32::from(deliver(&store, 2).await == Accepted::Duplicate);
                deliver(&store, 3).await;
                assert!(!disk.lies(), "seed {seed}, {point:?}: it serves what is on no platter");
                disk.power_cut();
            });
            run_paused(async {
                let store = disk.open().unwrap();
                for number in 1..4 {
                    assert!(holds(&store, number).await, "seed {seed}, {point:?}: message {number} is lost");
                }
            });
        }
    }
    assert!(duplicates > 10, "the page cache showed what the sync did not bring: {duplicates}");
}

/// The page cache outlives the process, and so must the knowledge that it may lie.
#[test]
fn the_next_process_does_not_believe_the_page_cache_either() {
    for seed in 0..60 {
        let disk = SimDisk::new(seed);
        run_paused(async {
            let store = disk.open().unwrap();
            deliver(&store, 1).await;
            disk.fail_next(DiskPoint::Sync, DiskFault::Fails);
            store.accept(vec![message(2, "hello")]).await.unwrap_err();
            if seed % 2 == 0 {
                disk.kill();
            } else {
                disk.fail_always(DiskPoint::Sync, DiskFault::Fails);
                // Closing fails as well, and says so in the log only.
                let _ = store.close().await;
                disk.heal();
            }
        });
        run_paused(async {
            let store = disk.open().unwrap();
            deliver(&store, 2).await;
            assert!(!disk.lies(), "seed {seed}");
            disk.power_cut();
        });
        run_paused(async {
            let store = disk.open().unwrap();
            assert!(holds(&store, 1).await && holds(&store, 2).await, "seed {seed}");
        });
    }
}

#[test]
fn as_long_as_it_cannot_be_written_again_nothing_is_served() {
    run_paused(async {
        let disk = SimDisk::new(7);
        let store = disk.open().unwrap();
        let (conversation, _) = super::accept(&store, message(1, "hello")).await;
        disk.fail_always(DiskPoint::Rewrite, DiskFault::Fails);
        disk.fail_next(DiskPoint::Sync, DiskFault::Fails);
        store.accept(vec![message(2, "hello")]).await.unwrap_err();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert!(matches!(store.waiting(conversation, 1).await, Err(StoreError::Unavailable { .. })));
            assert!(store.store_health().is_err());
        }
        disk.heal();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(store.waiting(conversation, 9).await.map(|rows| rows.is_empty()), Ok(false));
    });
}

/// Whatever fails, in whatever order: what was acknowledged is there in the next life.
#[test]
fn nothing_acknowledged_is_lost_on_a_disk_that_fails_at_random() {
    let mut total = 0;
    for seed in 0..300 {
        let disk = SimDisk::new(seed);
        let mut acknowledged = BTreeSet::new();
        let mut next = 0;
        for life in 0..4 {
            run_paused(async {
                disk.heal();
                let store = disk.open().unwrap_or_else(|error| panic!("seed {seed}, life {life}: {error}"));
                for number in &acknowledged {
                    assert!(holds(&store, *number).await, "seed {seed}, life {life}: message {number} is lost");
                }
                disk.plan(DiskPlan::stormy(1_000));
                for _ in 0..20 {
                    next += 1;
                    if store.accept(vec![message(next, "hello")]).await.is_ok() {
                        acknowledged.insert(next);
                    }
                    tokio::time::sleep(Duration::from_millis(700)).await;
                }
                if seed % 3 == 0 {
                    disk.kill();
                } else {
                    disk.power_cut();
                }
            });
        }
        total += acknowledged.len();
    }
    assert!(total > 3_000, "the disks worked now and then: {total}");
}
