use super::super::peer::Proxies;
use super::*;
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A room, and how many it turned away.
fn room(places_max: usize, bytes_max: usize) -> (Arc<Room>, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let room = Room::new(places_max, bytes_max, Box::new(move || _ = counted.fetch_add(1, Ordering::SeqCst)));
    (room, count)
}

/// A place for somebody who has no share.
async fn entered(room: &Arc<Room>) -> Place {
    room.enter(None).await.expect("no one is refused who has no share")
}

/// Who connects from this address.
fn peer(address: &str) -> Option<Peer> {
    Proxies::new(&["127.0.0.1".parse().unwrap()]).peer(address.parse().unwrap())
}

/// Whether it was asked to leave, or its time is up.
async fn is_over(place: &Place) -> bool {
    tokio::time::timeout(Duration::ZERO, place.is_over()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn each_stage_has_its_time() {
    let (room, turned_away) = room(8, 1_000);
    let seconds = Duration::from_secs;
    let silent = entered(&room).await;
    let slow = entered(&room).await;
    slow.read(1).unwrap();
    let busy = entered(&room).await;
    busy.begins();
    let idle = entered(&room).await;
    idle.begins();
    idle.answered();
    tokio::time::advance(seconds(9)).await;
    assert!(!is_over(&silent).await && !is_over(&slow).await);
    tokio::time::advance(seconds(2)).await;
    assert!(is_over(&silent).await && is_over(&slow).await && !is_over(&idle).await);
    assert_eq!(turned_away.load(Ordering::SeqCst), 1, "who said nothing asked for nothing");
    tokio::time::advance(seconds(50)).await;
    assert!(is_over(&idle).await && !is_over(&busy).await, "what is worked on is limited by its route");
    busy.stalls(true);
    tokio::time::advance(seconds(31)).await;
    assert!(is_over(&busy).await, "a peer that does not read");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_begins_late_on_a_kept_connection_has_the_time_of_a_head() {
    let (room, _) = room(8, 1_000);
    let place = entered(&room).await;
    place.begins();
    place.answered();
    tokio::time::advance(Duration::from_secs(50)).await;
    place.read(1).unwrap();
    tokio::time::advance(Duration::from_secs(9)).await;
    assert!(!is_over(&place).await);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(is_over(&place).await);
}

#[tokio::test(start_paused = true)]
async fn whoever_used_up_most_of_its_time_makes_room_and_no_one_who_works() {
    let (room, _) = room(3, 1_000);
    let working = entered(&room).await;
    working.begins();
    let idle = entered(&room).await;
    idle.begins();
    idle.answered();
    tokio::time::advance(Duration::from_secs(5)).await;
    // A twelfth of a minute for one, three tenths of ten seconds for the other.
    let slow = entered(&room).await;
    tokio::time::advance(Duration::from_secs(3)).await;
    let entering = tokio::spawn({
        let room = Arc::clone(&room);
        async move { room.enter(None).await }
    });
    slow.is_over().await;
    assert!(!is_over(&idle).await && !is_over(&working).await);
    // The new one does not wait for the end of the other.
    let new = entering.await.unwrap().unwrap();
    assert!(!is_over(&new).await);
    drop(slow);
}

#[tokio::test(start_paused = true)]
async fn a_place_becomes_free_when_all_who_work_are_done() {
    let (room, turned_away) = room(1, 1_000);
    let working = entered(&room).await;
    working.begins();
    assert!(matches!(room.try_enter(None), Entry::Full));
    let entering = tokio::spawn({
        let room = Arc::clone(&room);
        async move { room.enter(None).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!entering.is_finished());
    working.answered();
    working.is_over().await;
    drop(working);
    entering.await.unwrap();
    assert_eq!(turned_away.load(Ordering::SeqCst), 0, "it had its answer");
}

#[tokio::test(start_paused = true)]
async fn memory_is_taken_from_the_slowest_and_never_from_what_is_worked_on() {
    let (room, turned_away) = room(8, 100);
    let (old, proven, new) = (entered(&room).await, entered(&room).await, entered(&room).await);
    proven.receives();
    proven.take(40).await.unwrap();
    proven.received();
    old.receives();
    old.take(60).await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    new.receives();
    let taking = tokio::spawn({
        let new = new.clone();
        async move { new.take(50).await }
    });
    old.is_over().await;
    assert!(!is_over(&proven).await && !taking.is_finished(), "it is in use until it left");
    drop(old);
    taking.await.unwrap().unwrap();
    assert_eq!(turned_away.load(Ordering::SeqCst), 1);
    assert_eq!(new.take(20).await, Err(NoRoom), "no one else is left to make room");
    proven.answered();
    new.take(50).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_connects_without_pause_takes_places_from_itself_only() {
    let (room, turned_away) = room(8, 1_000);
    let (good, evil) = (peer("192.0.2.1"), peer("198.51.100.1"));
    let slow = room.enter(good).await.expect("the first");
    slow.read(1).unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    let mut theirs = Vec::new();
    for _ in 0..1_000 {
        // They leave as soon as they are asked to, and come back.
        theirs.retain(|place: &Place| !place.makes_room());
        theirs.extend(room.enter(evil).await);
    }
    let staying = theirs.iter().filter(|place| !place.makes_room()).count();
    assert!(staying <= 2 && !is_over(&slow).await, "{staying} places");
    assert!(turned_away.load(Ordering::SeqCst) > 900);
    // Six others find room at the same time.
    let mut others = Vec::new();
    for of in 2..7 {
        others.push(room.enter(peer(&format!("192.0.2.{of}"))).await.expect("there is room"));
    }
    assert!(!is_over(&slow).await);
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_connections_are_all_worked_on_is_refused_and_others_are_not() {
    let (room, turned_away) = room(8, 1_000);
    let (busy, other) = (peer("2001:db8::1"), peer("2001:db8:0:1::1"));
    let mut working = Vec::new();
    for _ in 0..2 {
        let place = room.enter(busy).await.expect("within its share");
        place.begins();
        working.push(place);
    }
    assert!(room.enter(busy).await.is_none());
    assert_eq!(turned_away.load(Ordering::SeqCst), 1);
    assert!(room.enter(other).await.is_some());
    working[0].answered();
    assert!(room.enter(busy).await.is_some(), "the one that was served makes room");
    // A proxy has everybody's connections.
    let proxy = peer("127.0.0.1");
    let mut many = Vec::new();
    for _ in 0..4 {
        many.push(room.enter(proxy).await.expect("it has no share"));
    }
}

#[tokio::test(start_paused = true)]
async fn those_that_do_not_leave_when_asked_count_for_their_peer() {
    let (room, _) = room(8, 1_000);
    let evil = peer("198.51.100.1");
    let mut theirs = Vec::new();
    for _ in 0..10 {
        // None of them ever leaves.
        theirs.extend(room.enter(evil).await);
    }
    assert_eq!(theirs.len(), 3);
    let mut others = Vec::new();
    for of in 1..7 {
        others.push(room.enter(peer(&format!("192.0.2.{of}"))).await.expect("there is room"));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Enter,
    Leave(usize),
    Read(usize, usize),
    Begin(usize),
    Receive(usize),
    Take(usize, usize),
    Received(usize),
    Answered(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0_usize..8;
    prop_oneof![
        Just(Step::Enter),
        who.clone().prop_map(Step::Leave),
        (who.clone(), 0_usize..60).prop_map(|(who, bytes)| Step::Read(who, bytes)),
        who.clone().prop_map(Step::Begin),
        who.clone().prop_map(Step::Receive),
        (who.clone(), 0_usize..60).prop_map(|(who, bytes)| Step::Take(who, bytes)),
        who.clone().prop_map(Step::Received),
        who.prop_map(Step::Answered),
        (0_u64..20_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn whatever_peers_do_the_limits_hold_and_nothing_is_held_for_who_left(steps in prop::collection::vec(step(), 0..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (room, _) = room(4, 100);
            let mut places: Vec<Place> = Vec::new();
            for step in steps {
                let of = |who: usize| places.get(who % places.len().max(1));
                match step {
                    Step::Enter => {
                        if let Entry::Place(place) = room.try_enter(None) {
                            places.push(place);
                        }
                    }
                    Step::Leave(who) => {
                        if !places.is_empty() {
                            let who = who % places.len();
                            places.swap_remove(who);
                        }
                    }
                    Step::Read(who, bytes) => { let _ = of(who).map(|place| place.read(bytes)); }
                    Step::Begin(who) => { let _ = of(who).map(Place::begins); }
                    Step::Receive(who) => { let _ = of(who).map(Place::receives); }
                    Step::Take(who, bytes) => {
                        if let Some(place) = of(who) {
                            let _ = tokio::time::timeout(Duration::ZERO, place.take(bytes)).await;
                        }
                    }
                    Step::Received(who) => { let _ = of(who).map(Place::received); }
                    Step::Answered(who) => { let _ = of(who).map(Place::answered); }
                    Step::Wait(ms) => tokio::time::advance(Duration::from_millis(ms)).await,
                }
                let guests = room.guests.lock();
                let leaves = |guest: &&Guest| guest.is_leaving;
                prop_assert!(guests.by_id.len() == places.len() && places.len() <= 5);
                prop_assert_eq!(guests.leaving, guests.by_id.values().filter(leaves).count());
                prop_assert!(guests.by_id.len() - guests.leaving <= 4);
                // Heads are counted when they are here, so they may go beyond by what is being given back.
                prop_assert!(guests.bytes <= 100 + guests.bytes_leaving);
                prop_assert_eq!(guests.bytes, guests.by_id.values().map(|guest| guest.bytes).sum::<usize>());
                prop_assert_eq!(guests.bytes_leaving, guests.by_id.values().filter(leaves).map(|guest| guest.bytes).sum::<usize>());
            }
            drop(places);
            let guests = room.guests.lock();
            prop_assert_eq!((guests.by_id.len(), guests.leaving, guests.bytes, guests.bytes_leaving), (0, 0, 0, 0));
            Ok(())
        })?;
    }
}
