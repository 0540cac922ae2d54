//! Records that a newer program wrote: they are not damage, and stay.

use super::{accept, message, message_from, run, run_paused, settlement};
use crate::engines::Batch;
use crate::format::envelope::{self, Sealing};
use crate::format::keys;
use crate::format::records::tags::COUNTED;
use crate::format::records::{InboxRecord, SentinelRecord};
use crate::memory::loading::sentinel_value;
use crate::memory::shared::{Read, read};
use crate::open::options::{EngineKind, OpenError, OpenOptions, SCHEMA};
use crate::simulated::SimDisk;
use crate::store::GreenroomStore;
use greenroom_contract::store::{Inbox, Maintenance, Outbox, People, StoreError};
use prost::Message;

fn put(store: &GreenroomStore, key: &[u8], value: Vec<u8>) {
    let engine = store.shared.engine().unwrap();
    engine.apply(&Batch::from([(key.to_vec(), Some(value))])).unwrap();
    engine.flush().unwrap();
    engine.sync().unwrap();
}

/// Writes a row whose body is of a kind that comes later, as the program that knows it would.
fn of_a_later_kind(store: &GreenroomStore, key: &[u8]) {
    let engine = store.shared.engine().unwrap();
    let Ok(Read::Found(mut record)) = read::<InboxRecord>(&*engine, &store.shared.sealer, key) else {
        panic!("a row is there");
    };
    record.message.as_mut().unwrap().body.as_mut().unwrap().kind = 99;
    let wrapped = envelope::wrap(key, &record.encode_to_vec(), Sealing::Plain, &store.shared.sealer).unwrap();
    put(store, key, wrapped.value);
}

/// A record in an envelope that comes later.
fn of_a_later_version(store: &GreenroomStore, key: &[u8]) -> Vec<u8> {
    let value = [&[envelope::VERSION + 1, 7, 7, 7], b"what this means is decided later".as_slice()].concat();
    put(store, key, value.clone());
    value
}

fn is_told(told: &Result<impl std::fmt::Debug, StoreError>) {
    let Err(StoreError::Unavailable { reason }) = told else { panic!("{told:?}") };
    assert!(reason.to_string().contains("newer version"), "{reason}");
}

#[test]
fn a_row_of_a_later_kind_stays_and_blocks_its_chat_only() {
    let disk = SimDisk::new(4);
    let (ana, ben, key) = run_paused(async {
        let store = disk.open().unwrap();
        let (ana, one) = accept(&store, message(1, "one")).await;
        accept(&store, message(2, "two")).await;
        let (ben, _) = accept(&store, message_from(3, "+15550000002", "three")).await;
        let key = keys::inbox(ana, one);
        of_a_later_kind(&store, &key);
        for _ in 0..3 {
            is_told(&store.waiting(ana, 5).await);
        }
        assert_eq!(store.waiting(ben, 5).await.unwrap().len(), 1, "others are answered");
        accept(&store, message(4, "more")).await;
        assert_eq!(store.rows_waiting().await, Ok(4));
        assert_eq!(store.counters().damaged, 0);
        let health = store.store_health().unwrap_err();
        assert!(health.contains("1 record(s)") && health.contains("newer version"), "{health}");
        store.close().await.unwrap();
        (ana, ben, key)
    });
    run_paused(async {
        let refused = disk.open().err().expect("it is not opened without a word");
        assert!(matches!(refused, OpenError::NotUnderstood { records: 1, .. }), "{refused}");
        assert!(refused.to_string().contains("newer"), "{refused}");
        let store = disk.open_accepting_damage().unwrap();
        is_told(&store.waiting(ana, 5).await);
        assert_eq!(store.waiting(ben, 5).await.unwrap().len(), 1);
        assert!(store.store_health().is_err(), "from the start on");
        let engine = store.shared.engine().unwrap();
        assert!(engine.get(&key).unwrap().is_some(), "it is where it was");
    });
}

#[test]
fn a_parcel_and_a_person_of_a_later_version_stay_as_they_are() {
    let disk = SimDisk::new(4);
    run_paused(async {
        let store = disk.open().unwrap();
        let (conversation, one) = accept(&store, message(1, "one")).await;
        let person = store.waiting(conversation, 1).await.unwrap()[0].person;
        let parcel = store.settle(settlement(conversation, &[one], None)).await.unwrap().parcels.remove(0);
        let bytes = of_a_later_version(&store, &keys::parcel(&parcel));
        is_told(&store.parcel(&parcel).await);
        assert_eq!(store.pending(&parcel.account, None, 9).await.unwrap().len(), 1, "it holds its place");
        let of_person = of_a_later_version(&store, &keys::person(person));
        is_told(&store.set_person_email(person, Some("a@b.c")).await);
        let engine = store.shared.engine().unwrap();
        assert_eq!(engine.get(&keys::parcel(&parcel)).unwrap(), Some(bytes));
        assert_eq!(engine.get(&keys::person(person)).unwrap(), Some(of_person));
        assert_eq!(store.counters().damaged, 0);
        store.close().await.unwrap();
        assert!(matches!(disk.open(), Err(OpenError::NotUnderstood { .. })), "an answer waits in it");
    });
}

/// What lies set aside and can be read by now goes back to where it was, and is served.
#[test]
fn what_was_set_aside_is_put_back_when_it_can_be_read() {
    for engine in [EngineKind::Sled, EngineKind::Fjall] {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { engine, ..OpenOptions::at(folder.path()) };
        let store = crate::open(options.clone()).unwrap();
        let (row, parcel, conversation) = run(async {
            let (conversation, one) = accept(&store, message(1, "one")).await;
            let parcel = store.settle(settlement(conversation, &[one], None)).await.unwrap().parcels.remove(0);
            let (_, two) = accept(&store, message(2, "two")).await;
            let (_, three) = accept(&store, message(3, "three")).await;
            (keys::inbox(conversation, two), parcel, (conversation, three))
        });
        let places = [row.clone(), keys::parcel(&parcel), keys::inbox(conversation.0, conversation.1)];
        let engine_of = || store.shared.engine().unwrap();
        let flip = |key: &[u8]| {
            let mut value = engine_of().get(key).unwrap().unwrap();
            *value.last_mut().unwrap() ^= 1;
            put(&store, key, value);
        };
        run(async {
            for place in &places {
                flip(place);
            }
            assert!(store.waiting(conversation.0, 9).await.unwrap().is_empty(), "both rows are set aside");
            store.parcel(&parcel).await.unwrap_err();
            accept(&store, message(4, "four")).await;
            assert_eq!(store.counters().damaged, 3);
            // Two of them become readable; so it is when a newer program comes to what an older one set aside.
            for place in &places[..2] {
                flip(&keys::damaged(place));
            }
            store.close().await.unwrap();
        });
        drop(store);
        let report = crate::restore_damaged(&options).unwrap();
        assert_eq!((report.restored, report.left), (2, 1), "{report:?}");
        assert!(report.reasons[0].contains("checksum"), "{report:?}");
        assert_eq!(crate::restore_damaged(&options).unwrap().restored, 0, "once");
        let store = crate::open(options).unwrap();
        run(async {
            let waiting = store.waiting(conversation.0, 9).await.unwrap();
            assert_eq!(waiting.len(), 2, "{waiting:?}");
            assert_eq!(store.pending(&parcel.account, None, 9).await.unwrap().len(), 1);
            assert!(store.parcel(&parcel).await.unwrap().is_some());
            assert_eq!(store.counters().damaged, 1);
            store.close().await.unwrap();
        });
    }
}

/// A program must not write what an earlier one with the same layout cannot read. Whoever changes one of these numbers adds
/// something that earlier programs do not know: decide whether [`SCHEMA`] is raised, with a step in `open/migrate.rs` (it is,
/// unless no released program has the present layout yet), and then write the new numbers down here.
#[test]
fn a_new_kind_needs_a_decision_about_the_layout() {
    assert_eq!(SCHEMA, 2, "the numbers below belong to this layout");
    let expected = [
        ("OriginTag", 3),
        ("AddressingTag", 4),
        ("BodyTag", 11),
        ("ContentTag", 3),
        ("OutboundTag", 7),
        ("ParcelTag", 3),
        ("StateTag", 5),
        ("StatusTag", 5),
        ("ConsequenceTag", 4),
        ("StepTag", 6),
        ("EvidenceTag", 1),
        ("AccountTag", 5),
    ];
    assert_eq!(COUNTED, expected);
    // An earlier program passes over sums of usage and of billed messages: they stay, and nothing else depends on them. One
    // that knows no links would drop those of a person it writes; none was released.
    assert_eq!(keys::kind::ALL.len(), 27, "kinds of rows");
}

/// Writes another layout into the sentinel.
fn set_layout(store: &GreenroomStore, schema: u32) {
    let engine = store.shared.engine().unwrap();
    let Ok(Read::Found(sentinel)) = read::<SentinelRecord>(&*engine, &store.shared.sealer, keys::SENTINEL) else {
        panic!("a store has a sentinel");
    };
    put(store, keys::SENTINEL, sentinel_value(&SentinelRecord { schema, ..sentinel }, &store.shared.sealer));
}

fn layout(store: &GreenroomStore) -> u32 {
    let engine = store.shared.engine().unwrap();
    match read::<SentinelRecord>(&*engine, &store.shared.sealer, keys::SENTINEL) {
        Ok(Read::Found(sentinel)) => sentinel.schema,
        _ => panic!("a store has a sentinel"),
    }
}

#[test]
fn an_earlier_layout_is_brought_to_this_one_and_a_later_one_is_refused() {
    let disk = SimDisk::new(4);
    for earlier in [1, 0] {
        run_paused(async {
            let store = disk.open().unwrap();
            accept(&store, message(u64::from(earlier), "one")).await;
            set_layout(&store, earlier);
            disk.power_cut();
            let store = disk.open().unwrap();
            assert_eq!(layout(&store), SCHEMA, "from the start on, so that an earlier program refuses it");
            disk.power_cut();
            let store = disk.open().unwrap();
            assert_eq!(layout(&store), SCHEMA);
            disk.kill();
            drop(store);
        });
    }
    run_paused(async {
        let store = disk.open().unwrap();
        assert_eq!(store.rows_waiting().await, Ok(2));
        set_layout(&store, SCHEMA + 1);
        disk.power_cut();
        assert!(matches!(disk.open(), Err(OpenError::Newer { found, .. }) if found == SCHEMA + 1));
        assert!(disk.open_accepting_damage().is_err(), "no accepted damage makes it known");
    });
}
