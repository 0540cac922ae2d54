//! What the server tells Baileys beside messages, and what it does to them.

use crate::exchange::{Direction, failures, readings};
use crate::setup::{ALICE, BOB, CAROL, account, assert_clean, simulator};
use crate::support::baileys::available;
use crate::support::baileys_events::Event;
use greenroom_simulator_whatsapp_web::people::{Address, Draft};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_a_group_are_told_and_decide_who_hears() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let bob = simulator.phone(BOB, "Bob").await.expect("a phone is made");
    let carol = simulator.phone(CAROL, "Carol").await.expect("a phone is made");
    let alice = account(&simulator, ALICE, "Alice").await;
    let group = simulator.group("Team", &[&bob, &alice.phone]).expect("it has members");
    let jid = group.jid();
    let hears = async |text: &str| {
        let id = alice.peer.text(&jid, text).await;
        bob.until_heard(|heard| heard.id == id, WAIT).await.expect("Bob is always there");
        carol.heard().iter().any(|heard| heard.id == id)
    };
    assert!(!hears("before Carol").await);

    assert!(group.set_subject(&bob, "The team"));
    let renamed = |event: &Event| matches!(event, Event::Group { subject: Some(subject), .. } if subject == "The team");
    alice.peer.until("the new subject", |event| renamed(event).then_some(())).await;

    for (action, is_member) in [("add", true), ("remove", false)] {
        assert!(if is_member { group.add(&bob, &[&carol]) } else { group.remove(&bob, &[&carol]) });
        let told = |event: &Event| matches!(event, Event::Participants { action: now, .. } if now == action);
        alice.peer.until("who came or went", |event| told(event).then_some(())).await;
        let id = alice.peer.text(&jid, &format!("after the {action}")).await;
        bob.until_heard(|heard| heard.id == id, WAIT).await.expect("Bob is always there");
        if is_member {
            carol.until_heard(|heard| heard.id == id, WAIT).await.expect("Carol hears it now");
        } else {
            assert!(!carol.heard().iter().any(|heard| heard.id == id), "Carol hears nothing any more");
        }
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_the_old_kind_is_addressed_by_number() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let (alice, bob) = tokio::join!(account(&simulator, ALICE, "Alice"), account(&simulator, BOB, "Bob"));
    let group = simulator.group_by_number("Old", &[&alice.phone, &bob.phone]).expect("it has members").jid();
    let there = Direction { from: &alice.peer, to: &bob.peer, address: &group, back: &group };
    let read = there.text("as in the old days").await;
    assert!(read.from.starts_with(ALICE), "{read:?}");
    there.everything("there").await;
    there.turned().everything("back").await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_is_read_once() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let bob = simulator.phone(BOB, "Bob").await.expect("a phone is made");
    let alice = account(&simulator, ALICE, "Alice").await;
    let to = Address::pn(ALICE);
    let first = bob.send(&to, Draft::text("first")).await.expect("it is sent");
    alice.peer.until_message(|message| message.id == first).await;
    assert!(simulator.duplicate_next(alice.companion(), 1));
    let twice = bob.send(&to, Draft::text("twice")).await.expect("it is sent");
    let last = bob.send(&to, Draft::text("last")).await.expect("it is sent");
    alice.peer.until_message(|message| message.id == last).await;
    simulator.until_acknowledged(alice.companion(), WAIT).await.expect("both are confirmed or refused");
    assert_eq!((readings(&alice.peer, &twice), readings(&alice.peer, &last)), (1, 1));
    assert_eq!(bob.repeated(), 0, "nobody asked for what was there: {}", failures(&alice.peer, &twice));
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_routed_can_come_back() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let bob = simulator.phone(BOB, "Bob").await.expect("a phone is made");
    let alice = account(&simulator, ALICE, "Alice").await;
    assert!(simulator.route(alice.companion(), b"route 66"));
    let first = bob.send(&Address::pn(ALICE), Draft::text("still there?")).await.expect("it is sent");
    alice.peer.until_message(|message| message.id == first).await;
    // It comes before the header of the connection, which the server must find behind it.
    alice.peer.offline().await;
    alice.peer.online().await;
    let second = bob.send(&Address::pn(ALICE), Draft::text("and now?")).await.expect("it is sent");
    alice.peer.until_message(|message| message.id == second).await;
    assert_clean(&simulator);
}
