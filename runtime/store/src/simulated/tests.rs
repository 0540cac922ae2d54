//! The disk itself: what survives what.

use super::layers::Layers;
use super::plan::Dice;
use super::*;
use crate::tests::{message, run_paused};
use greenroom_contract::store::{Accepted, Inbox, Maintenance, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn batch(number: u8) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    BTreeMap::from([(vec![number], Some(vec![number]))])
}

fn held(layers: &Layers) -> Vec<u8> {
    layers.readable().into_keys().map(|key| key[0]).collect()
}

#[test]
fn only_what_was_synced_surely_survives_a_power_cut_and_the_rest_in_order() {
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        let mut layers = Layers::default();
        layers.apply(batch(1));
        layers.flush(1);
        layers.sync(1);
        layers.apply(batch(2));
        layers.flush(1);
        layers.apply(batch(3));
        assert_eq!(held(&layers), [1, 2, 3]);
        layers.lose_power(&mut Dice(seed));
        seen.insert(held(&layers));
    }
    assert_eq!(seen, BTreeSet::from([vec![1], vec![1, 2], vec![1, 2, 3]]));
}

#[test]
fn a_sync_that_failed_is_believed_by_the_next_and_survives_no_power_cut() {
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        let mut layers = Layers::default();
        layers.apply(batch(1));
        layers.flush(1);
        layers.believe();
        layers.apply(batch(2));
        layers.flush(1);
        layers.sync(usize::MAX);
        assert_eq!((layers.clean(), layers.dirty()), (1, 0), "nothing was written of the first");
        assert_eq!(held(&layers), [1, 2], "both can be read");
        layers.lose_power(&mut Dice(seed));
        seen.insert(held(&layers));
    }
    assert_eq!(seen, BTreeSet::from([vec![], vec![2]]), "a log may end at the hole");
}

#[test]
fn writing_again_brings_to_the_platter_what_was_believed_to_be_there() {
    let mut layers = Layers::default();
    layers.apply(batch(1));
    layers.flush(1);
    layers.believe();
    layers.rewrite();
    layers.sync(usize::MAX);
    layers.lose_power(&mut Dice(0));
    assert_eq!((held(&layers), layers.clean()), (vec![1], 0));
}

#[test]
fn a_second_life_finds_what_was_acknowledged() {
    let disk = SimDisk::new(1);
    for life in 0..5_u64 {
        run_paused(async {
            let store = disk.open().unwrap();
            assert_eq!(store.rows_waiting().await, Ok(life * 2));
            for number in [0, 1] {
                let accepted = store.accept(vec![message(life * 10 + number, "hello")]).await.unwrap();
                assert!(matches!(accepted[0], Accepted::New { .. }), "{accepted:?}");
            }
            if life % 2 == 0 {
                disk.kill();
            } else {
                disk.power_cut();
            }
            assert!(matches!(store.accept(vec![message(7_000, "late")]).await, Err(StoreError::Unavailable { .. })));
        });
    }
    run_paused(async {
        let store = disk.open().unwrap();
        assert_eq!(store.rows_waiting().await, Ok(10), "what a dead process tried is not there");
        store.close().await.unwrap();
        assert_eq!(disk.open().unwrap().rows_waiting().await, Ok(10));
    });
}

#[test]
fn each_point_fails_as_asked_and_heals_within_a_second() {
    for point in [DiskPoint::Apply, DiskPoint::Flush, DiskPoint::Sync] {
        for fault in [DiskFault::Fails, DiskFault::FailsDone, DiskFault::Panics] {
            run_paused(async {
                let disk = SimDisk::new(3);
                let store = disk.open().unwrap();
                store.accept(vec![message(1, "before")]).await.unwrap();
                disk.fail_next(point, fault);
                let failed = store.accept(vec![message(2, "unclear")]).await;
                assert!(matches!(failed, Err(StoreError::Unavailable { .. })), "{point:?} {fault:?}: {failed:?}");
                assert!(store.store_health().is_err());
                tokio::time::sleep(Duration::from_millis(1_100)).await;
                assert_eq!(store.store_health(), Ok(()), "{point:?} {fault:?}: nobody had to ask");
                assert_eq!((store.counters().reopened, disk.faults()), (1, 1));
                if (point, fault) == (DiskPoint::Sync, DiskFault::FailsDone) {
                    let again = store.accept(vec![message(2, "unclear")]).await.unwrap();
                    assert_eq!(again, [Accepted::Duplicate], "it happened");
                }
            });
        }
    }
}

#[test]
fn reads_fail_as_asked_and_an_outage_lasts_until_it_heals() {
    run_paused(async {
        let disk = SimDisk::new(3);
        let store = disk.open().unwrap();
        let (conversation, _) = crate::tests::accept(&store, message(1, "before")).await;
        disk.fail_next(DiskPoint::Read, DiskFault::Fails);
        assert!(matches!(store.waiting(conversation, 1).await, Err(StoreError::Unavailable { .. })));
        assert_eq!(store.waiting(conversation, 1).await.unwrap().len(), 1);
        disk.fail_always(DiskPoint::Sync, DiskFault::Fails);
        for _ in 0..100 {
            store.accept(vec![message(2, "no")]).await.unwrap_err();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        disk.heal();
        tokio::time::sleep(Duration::from_secs(2)).await;
        store.accept(vec![message(3, "yes")]).await.unwrap();
    });
}

/// A first attempt is noted in memory, and a moment later on the disk, although no command comes.
#[test]
fn what_is_due_is_done_without_a_command() {
    let disk = SimDisk::new(3);
    let conversation = run_paused(async {
        let store = disk.open().unwrap();
        let (conversation, sequence) = crate::tests::accept(&store, message(1, "hello")).await;
        store.begin_submitted(greenroom_contract::store::Begin { conversation, rows: vec![sequence] });
        tokio::time::sleep(Duration::from_millis(60)).await;
        disk.power_cut();
        conversation
    });
    run_paused(async {
        let store = disk.open().unwrap();
        assert_eq!(store.waiting(conversation, 1).await.unwrap()[0].attempts, 1);
    });
}

#[test]
fn by_chance_the_same_seed_fails_in_the_same_places() {
    let faults = |seed| {
        run_paused(async {
            let disk = SimDisk::new(seed);
            let store = disk.open().unwrap();
            disk.plan(DiskPlan::stormy(1_000));
            let mut told = Vec::new();
            for number in 0..200 {
                told.push(store.accept(vec![message(number, "hello")]).await.is_ok());
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            (told, disk.faults())
        })
    };
    assert_eq!(faults(5), faults(5));
    assert_ne!(faults(5), faults(6));
    assert!(faults(5).1 > 20);
}
