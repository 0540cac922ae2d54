//! Baileys with Baileys.

use crate::exchange::{Direction, failures, readings};
use crate::setup::{ALICE, Account, BOB, CAROL, account, account_with, assert_clean, place, simulator};
use crate::support::baileys::{Baileys, Keys, available};
use crate::support::baileys_events::{Event, Status};
use greenroom_simulator_whatsapp_web::Simulator;

struct Pair {
    simulator: Simulator,
    alice: Account,
    bob: Account,
}

async fn pair() -> Pair {
    let simulator = simulator().await;
    let (alice, bob) = tokio::join!(account(&simulator, ALICE, "Alice"), account(&simulator, BOB, "Bob"));
    Pair { simulator, alice, bob }
}

impl Pair {
    /// A group of both and of Carol, who has a phone and nothing else.
    async fn group(&self) -> String {
        let carol = self.simulator.phone(CAROL, "Carol").await.expect("a phone is made");
        crate::setup::group(&self.simulator, &[&self.alice.phone, &self.bob.phone, &carol])
    }
}

fn by_number<'a>(from: &'a Account, to: &'a Account, addresses: &'a (String, String)) -> Direction<'a> {
    Direction { from: &from.peer, to: &to.peer, address: &addresses.1, back: &addresses.0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_accounts_say_everything_to_each_other() {
    if !available() {
        return;
    }
    let Pair { simulator, alice, bob } = pair().await;
    let addresses = (alice.pn(), bob.pn());
    let there = by_number(&alice, &bob, &addresses);
    let first = there.text("who is there?").await;
    assert_eq!(first.name.as_deref(), Some("Alice"), "the name travels with the message");
    assert_eq!((&first.chat, first.chat_alt.as_deref()), (&addresses.0, Some(alice.lid().as_str())));
    there.everything("there").await;
    there.turned().everything("back").await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_accounts_talk_by_lid() {
    if !available() {
        return;
    }
    let Pair { simulator, alice, bob } = pair().await;
    let addresses = (alice.lid(), bob.lid());
    let there = by_number(&alice, &bob, &addresses);
    let first = there.text("by LID").await;
    assert_eq!((&first.chat, first.chat_alt.as_deref()), (&addresses.0, Some(alice.pn().as_str())));
    there.everything("there").await;
    there.turned().everything("back").await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_hears_everything_and_who_is_mentioned() {
    if !available() {
        return;
    }
    let pair = pair().await;
    let group = pair.group().await;
    let Pair { simulator, alice, bob } = pair;
    let there = Direction { from: &alice.peer, to: &bob.peer, address: &group, back: &group };
    let text = format!("@{} are you there?", bob.phone.lid());
    let id = alice.peer.mention(&group, &text, &[&bob.lid()]).await;
    let read = there.read(&id).await;
    assert_eq!((read.mentions, read.from.contains(alice.phone.lid())), (vec![bob.lid()], true));
    assert_eq!(read.from_alt.as_deref(), Some(alice.pn().as_str()));
    there.everything("there").await;
    there.turned().everything("back").await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_broken_is_asked_for_again_and_heals() {
    if !available() {
        return;
    }
    let pair = pair().await;
    let group = pair.group().await;
    let Pair { simulator, alice, bob } = pair;
    let addresses = (alice.pn(), bob.pn());
    let direct = by_number(&alice, &bob, &addresses);
    let in_group = Direction { from: &alice.peer, to: &bob.peer, address: &group, back: &group };
    let both = [(&direct, &bob), (&direct.turned(), &alice), (&in_group, &bob), (&in_group.turned(), &alice)];
    for (there, reader) in both {
        // The first makes the sessions; what is broken must be the message itself.
        there.text("whole").await;
        assert!(simulator.corrupt_next(reader.companion(), 1));
        let id = there.from.text(there.address, "broken once").await;
        assert_eq!(there.read(&id).await.text(), Some("broken once"));
        assert_eq!((failures(there.to, &id), readings(there.to, &id)), (1, 1));
        there.text("whole again").await;
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_write_first_and_at_once() {
    if !available() {
        return;
    }
    let Pair { simulator, alice, bob } = pair().await;
    let addresses = (alice.pn(), bob.pn());
    let there = by_number(&alice, &bob, &addresses);
    let back = there.turned();
    // Nobody waits for anybody, so that both make a session before they have heard of the other's.
    let (sent, answered) = tokio::join!(storm(&there), storm(&back));
    for (direction, ids) in [(&there, sent), (&back, answered)] {
        for id in ids {
            direction.read(&id).await;
            assert_eq!(readings(direction.to, &id), 1);
        }
    }
    assert_clean(&simulator);
}

/// Many messages at once; returns their ids.
async fn storm(direction: &Direction<'_>) -> Vec<String> {
    let texts: Vec<String> = (0..30).map(|number| format!("storm {number}")).collect();
    futures::future::join_all(texts.iter().map(|text| direction.from.text(direction.address, text))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_during_an_absence_waits_in_order() {
    if !available() {
        return;
    }
    let pair = pair().await;
    let group = pair.group().await;
    let Pair { simulator, alice, bob } = pair;
    let addresses = (alice.pn(), bob.pn());
    for there in [&by_number(&alice, &bob, &addresses), &by_number(&alice, &bob, &addresses).turned()] {
        there.text("before").await;
        there.to.offline().await;
        let mut sent = Vec::new();
        for number in 0..5 {
            sent.push(there.from.text(there.address, &format!("while away {number}")).await);
            sent.push(there.from.text(&group, &format!("in the group {number}")).await);
        }
        there.to.online().await;
        for id in &sent {
            assert!(there.read(id).await.offline, "it waited");
            assert_eq!(readings(there.to, id), 1);
        }
        let heard = |event: &Event| match event {
            Event::Message(message) if sent.contains(&message.id) => Some(message.id.clone()),
            _ => None,
        };
        let order: Vec<String> = there.to.events().iter().filter_map(heard).collect();
        assert_eq!(order, sent);
        there.turned().text("I am back").await;
        there.text("good").await;
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_goes_on_with_the_keys_of_a_folder() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::Folder(folder.path().join("keys"));
    let alice = account(&simulator, ALICE, "Alice").await;
    let bob = account_with(&simulator, BOB, "Bob", keys.clone()).await;
    let addresses = (alice.pn(), bob.pn());
    by_number(&alice, &bob, &addresses).everything("first process").await;
    let Account { phone, peer, device } = bob;
    drop(peer);
    simulator.until_device((BOB, device), WAIT, |device| !device.connected).await.expect("it was killed");
    let id = alice.peer.text(&addresses.1, "while nobody is there").await;
    let peer = Baileys::start(&place(&simulator));
    peer.connect(keys, "Bob").await;
    peer.until_open().await;
    let bob = Account { phone, peer, device };
    let there = by_number(&alice, &bob, &addresses);
    assert!(there.read(&id).await.offline);
    there.everything("second process").await;
    there.turned().everything("and back").await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_companion_of_an_account_sees_the_same_chats() {
    if !available() {
        return;
    }
    let Pair { simulator, alice, bob } = pair().await;
    let addresses = (alice.pn(), bob.pn());
    let there = by_number(&alice, &bob, &addresses);
    // Alice has cached Bob's devices when the new one comes, and must be told. Bob has not written yet: Baileys
    // keeps the list of its own account's devices for five minutes, whatever it is told.
    there.text("before there is a second").await;
    let second = Baileys::connected(&place(&simulator), "Bob").await;
    let number = crate::setup::linked(&bob.phone, &second).await;

    let id = alice.peer.text(&addresses.1, "to both of you").await;
    let read = second.until_message(|message| message.id == id).await;
    assert_eq!((read.text(), read.from_me), (Some("to both of you"), false));
    there.read(&id).await;
    // What one companion writes, the other sees as written by the account.
    let id = bob.peer.text(&addresses.0, "from the first").await;
    let copy = second.until_message(|message| message.id == id).await;
    assert_eq!((copy.text(), copy.from_me, &copy.chat), (Some("from the first"), true, &addresses.0));
    let id = second.text(&addresses.0, "from the second").await;
    let copy = bob.peer.until_message(|message| message.id == id).await;
    assert_eq!((copy.text(), copy.from_me), (Some("from the second"), true));
    assert_eq!(there.turned().read(&id).await.text(), Some("from the second"));
    // Copies of what the account wrote are confirmed in another way than messages of others.
    for companion in [bob.companion(), (BOB, number), alice.companion()] {
        simulator.until_acknowledged(companion, WAIT).await.expect("nothing comes again");
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_and_typing_are_seen() {
    if !available() {
        return;
    }
    let Pair { simulator, alice, bob } = pair().await;
    let addresses = (alice.pn(), bob.pn());
    let there = by_number(&alice, &bob, &addresses);
    let read = there.text("have you seen this?").await;
    there.until_status(&read.id, Status::Delivered).await;
    bob.peer.read(&read.id).await;
    there.until_status(&read.id, Status::Read).await;
    for state in ["composing", "recording", "paused"] {
        bob.peer.typing(&addresses.0, state).await;
        let seen = |event: &Event| match event {
            Event::Typing { from, state: now, .. } if *now == expected(state) => Some(from.clone()),
            _ => None,
        };
        let from = alice.peer.until("typing", seen).await;
        assert!(from.starts_with(BOB) || from.starts_with(bob.phone.lid()), "{from}");
    }
    assert_clean(&simulator);
}

/// Baileys calls a pause `available`.
fn expected(state: &str) -> &str {
    if state == "paused" { "available" } else { state }
}

const WAIT: std::time::Duration = std::time::Duration::from_secs(30);
