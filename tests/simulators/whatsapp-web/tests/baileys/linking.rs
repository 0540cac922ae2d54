//! Baileys with the server: certificates, codes, unlinking, refusals.

use crate::setup::{ALICE, BOB, account, account_with, assert_clean, linked, place, simulator};
use crate::support::baileys::{Baileys, Keys, Place, available};
use crate::support::baileys_events::Event;
use greenroom_simulator_whatsapp_web::people::{Address, Draft};
use greenroom_simulator_whatsapp_web::{LoginRefusal, Options, Simulator, StreamError};
use serde_json::json;
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_another_root_is_refused() {
    if !available() {
        return;
    }
    let (simulator, other) = (simulator().await, simulator().await);
    let forged = Place { root_public_key_hex: other.root_public_key_hex(), ..place(&simulator) };
    let peer = Baileys::connected(&forged, "Alice").await;
    assert_eq!(peer.until_closed().await, 400);
    assert!(!peer.events().iter().any(|event| matches!(event, Event::Qr { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pairing_code_links_as_well_as_a_picture() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let bob = simulator.phone(BOB, "Bob").await.expect("a phone is made");
    let phone = simulator.phone(ALICE, "Alice").await.expect("a phone is made");
    let peer = Baileys::connected(&place(&simulator), "Alice").await;
    peer.qr().await;
    let answer = peer.order("pair_code", json!({ "number": ALICE })).await;
    let code = answer["code"].as_str().expect("a code").to_owned();
    // A person types slower than this: the phone must have heard of the companion.
    let told = simulator.until_traffic(0, WAIT, |traffic| {
        traffic.from_client
            && traffic.tag() == "ack"
            && traffic.attribute("type").as_deref() == Some("link_code_companion_reg")
    });
    told.await.expect("the phone is told of the companion");
    phone.enter_code(&code).await.expect("the phone accepts the code");
    peer.until_open().await;
    let id = bob.send(&Address::pn(ALICE), Draft::text("linked?")).await.expect("it is sent");
    assert_eq!(peer.until_message(|message| message.id == id).await.text(), Some("linked?"));
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_companion_that_the_phone_removes_is_told_and_stays_out() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let alice = account(&simulator, ALICE, "Alice").await;
    assert!(simulator.unlink(alice.companion()));
    assert_eq!(alice.peer.until_closed().await, 401);
    let mark = alice.peer.mark();
    alice.peer.order("online", json!({})).await;
    assert_eq!(until_closed_since(&alice.peer, mark).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_companion_that_leaves_is_gone_from_the_phone() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let alice = account(&simulator, ALICE, "Alice").await;
    alice.peer.logout().await;
    simulator.until_unlinked(alice.companion(), WAIT).await.expect("it is unlinked");
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_connection_of_a_device_replaces_the_first() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::Folder(folder.path().to_owned());
    let alice = account_with(&simulator, ALICE, "Alice", keys.clone()).await;
    let second = Baileys::start(&place(&simulator));
    second.connect(keys, "Alice").await;
    second.until_open().await;
    assert_eq!(alice.peer.until_closed().await, 440);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_and_refusals_carry_their_codes() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let alice = account(&simulator, ALICE, "Alice").await;
    for (error, status) in [(StreamError::Unavailable, 503), (StreamError::TooMany, 429)] {
        let mark = alice.peer.mark();
        assert!(simulator.stream_error(alice.companion(), error));
        assert_eq!(until_closed_since(&alice.peer, mark).await, status);
        alice.peer.online().await;
    }
    let mark = alice.peer.mark();
    assert!(simulator.cut(alice.companion()));
    assert_eq!(until_closed_since(&alice.peer, mark).await, 428);
    let refusals = [
        (LoginRefusal::LoggedOut, 401),
        (LoginRefusal::Forbidden, 403),
        (LoginRefusal::Outdated, 405),
        (LoginRefusal::Unavailable, 503),
        (LoginRefusal::Banned { reason: 101, seconds: 60 }, 402),
    ];
    for (refusal, status) in refusals {
        let mark = alice.peer.mark();
        simulator.refuse_logins(None, 1, refusal);
        alice.peer.order("online", json!({})).await;
        assert_eq!(until_closed_since(&alice.peer, mark).await, status, "{refusal:?}");
    }
    alice.peer.online().await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shown_code_is_good_once_and_slots_are_counted() {
    if !available() {
        return;
    }
    let options = Options { companions_max: 1, ..Options::default() };
    let simulator = Simulator::start(options).await.expect("the simulator starts");
    let phone = simulator.phone(ALICE, "Alice").await.expect("a phone is made");
    let first = Baileys::connected(&place(&simulator), "Alice").await;
    let code = first.qr().await;
    linked(&phone, &first).await;
    phone.scan(&code).await.expect_err("a used code is refused");
    let second = Baileys::connected(&place(&simulator), "Alice").await;
    phone.scan(&second.qr().await).await.expect_err("there is no slot for a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_asked_for_prekeys_uploads_them() {
    if !available() {
        return;
    }
    let simulator = simulator().await;
    let alice = account(&simulator, ALICE, "Alice").await;
    let before = simulator.device(alice.companion()).expect("it is linked").prekeys;
    assert!(before > 500, "Baileys uploads many at first: {before}");
    simulator.ask_for_prekeys(alice.companion());
    // It uploads when fewer than five are left, and by five; here it only answers.
    simulator.until_acknowledged(alice.companion(), WAIT).await.expect("the notification is acknowledged");
    assert_clean(&simulator);
}

async fn until_closed_since(peer: &Baileys, mark: usize) -> u16 {
    let closed = |event: &Event| match event {
        Event::Close { status, .. } => Some(*status),
        _ => None,
    };
    peer.until_since(mark, "the end of the connection", closed).await
}
