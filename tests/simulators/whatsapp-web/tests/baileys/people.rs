//! Baileys with simulated people, and with its own phone.

use crate::exchange::{failures, file, noise};
use crate::setup::{ALICE, Account, BOB, CAROL, account, assert_clean, group, simulator};
use crate::support::baileys::available;
use crate::support::baileys_events::{Body, Event, Message, Status};
use greenroom_simulator_whatsapp_web::people::{Address, Body as Heard, Draft, ReceiptKind};
use greenroom_simulator_whatsapp_web::{Phone, Simulator};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(30);

/// Alice, who uses Baileys, and Bob, who has nothing but a phone.
struct Room {
    simulator: Simulator,
    alice: Account,
    bob: Phone,
}

async fn room() -> Room {
    let simulator = simulator().await;
    let bob = simulator.phone(BOB, "Bob").await.expect("a phone is made");
    let alice = account(&simulator, ALICE, "Alice").await;
    Room { simulator, alice, bob }
}

async fn read(account: &Account, id: &str) -> Message {
    account.peer.until_message(|message| message.id == id).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_writes_and_baileys_reads() {
    if !available() {
        return;
    }
    let Room { simulator, alice, bob } = room().await;
    let lid = alice.phone.lid().to_owned();
    for to in [Address::pn(ALICE), Address::lid(&lid)] {
        let text = bob.send(&to, Draft::text("good morning")).await.expect("it is sent");
        let heard = read(&alice, &text).await;
        assert_eq!((heard.text(), heard.name.as_deref(), heard.from_me), (Some("good morning"), Some("Bob"), false));
        let both = [Some(heard.chat.as_str()), heard.chat_alt.as_deref()];
        let (pn, by_lid) = (format!("{BOB}@s.whatsapp.net"), format!("{}@lid", bob.lid()));
        assert!(both.contains(&Some(pn.as_str())) && both.contains(&Some(by_lid.as_str())), "{heard:?}");

        let reply = bob.send(&to, Draft::text("well?").quoting_own(&text, "good morning")).await.expect("it is sent");
        let quote = read(&alice, &reply).await.quote.expect("it quotes");
        assert_eq!((quote.id, quote.text.as_deref()), (text.clone(), Some("good morning")));

        let bytes = noise("a picture", 30_000);
        let picture = bob.send(&to, Draft::image(bytes.clone(), Some("look"))).await.expect("it is sent");
        let heard = read(&alice, &picture).await;
        assert!(
            matches!(&heard.body, Some(Body::Image { caption: Some(caption), .. }) if caption == "look"),
            "{heard:?}"
        );
        assert_eq!(heard.file, Some(file(&bytes)));

        let bytes = noise("a voice", 9_999);
        let voice = bob.send(&to, Draft::voice(bytes.clone(), 4)).await.expect("it is sent");
        let heard = read(&alice, &voice).await;
        assert!(matches!(heard.body, Some(Body::Voice { seconds: 4, .. })), "{heard:?}");
        assert_eq!(heard.file, Some(file(&bytes)));

        bob.send(&to, Draft::edit(&text, "good evening")).await.expect("it is sent");
        let edited = |message: &Message| matches!(&message.body, Some(Body::Edited { target, text: words }) if target.id == text && words == "good evening");
        alice.peer.until_message(edited).await;
        bob.send(&to, Draft::revoke(&text)).await.expect("it is sent");
        alice
            .peer
            .until_message(|message| matches!(&message.body, Some(Body::Revoked { target }) if target.id == text))
            .await;
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn baileys_writes_and_a_person_and_its_own_phone_read() {
    if !available() {
        return;
    }
    let Room { simulator, alice, bob } = room().await;
    for to in [format!("{BOB}@s.whatsapp.net"), format!("{}@lid", bob.lid())] {
        let text = alice.peer.text(&to, "good morning").await;
        let heard = bob.until_heard(|heard| heard.id == text, WAIT).await.expect("it arrives");
        assert_eq!((heard.text(), heard.from.as_str(), heard.own), (Some("good morning"), ALICE, false));
        let copy = alice.phone.until_heard(|heard| heard.id == text, WAIT).await.expect("a copy arrives");
        assert_eq!((copy.text(), copy.own), (Some("good morning"), true));

        let reply = alice.peer.reply(&to, "well?", &text).await;
        let quote =
            bob.until_heard(|heard| heard.id == reply, WAIT).await.expect("it arrives").quote.expect("it quotes");
        assert_eq!((quote.id, quote.text.as_deref()), (text.clone(), Some("good morning")));

        let bytes = noise("a picture", 30_000);
        let picture = alice.peer.image(&to, &bytes, "look").await;
        let heard = bob.until_heard(|heard| heard.id == picture, WAIT).await.expect("it arrives");
        let (caption, mime) = (Some("look".to_owned()), "image/png".to_owned());
        assert_eq!(heard.body, Heard::Image { bytes, caption, mime });

        let bytes = noise("a voice", 9_999);
        let voice = alice.peer.voice(&to, &bytes, 4).await;
        let heard = bob.until_heard(|heard| heard.id == voice, WAIT).await.expect("it arrives");
        assert_eq!(heard.body, Heard::Voice { bytes, seconds: 4, mime: "audio/ogg; codecs=opus".to_owned() });

        alice.peer.edit(&to, &text, "good evening").await;
        let edited = Heard::Edit { of: text.clone(), text: "good evening".to_owned() };
        bob.until_heard(|heard| heard.body == edited, WAIT).await.expect("the edit arrives");
        alice.peer.revoke(&to, &text).await;
        let revoked = Heard::Revoke { of: text.clone() };
        bob.until_heard(|heard| heard.body == revoked, WAIT).await.expect("the deletion arrives");
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_ticks_and_typing_go_both_ways() {
    if !available() {
        return;
    }
    let Room { simulator, alice, bob } = room().await;
    let (to, back) = (Address::pn(ALICE), format!("{BOB}@s.whatsapp.net"));
    let said = bob.send(&to, Draft::text("I got the job")).await.expect("it is sent");
    read(&alice, &said).await;
    let delivered = bob.until_receipt(
        |receipt| receipt.id == said && matches!(receipt.kind, ReceiptKind::Delivered | ReceiptKind::Inactive),
        WAIT,
    );
    delivered.await.expect("Baileys confirms what it has");
    alice.peer.react(&back, &said, "🎉").await;
    let reaction = Heard::Reaction { to: said.clone(), emoji: Some("🎉".to_owned()) };
    bob.until_heard(|heard| heard.body == reaction, WAIT).await.expect("the reaction arrives");
    alice.peer.read(&said).await;
    let seen = bob.until_receipt(|receipt| receipt.id == said && receipt.kind == ReceiptKind::Read, WAIT);
    seen.await.expect("the read mark arrives");

    let answer = alice.peer.text(&back, "congratulations").await;
    let heard = bob.until_heard(|heard| heard.id == answer, WAIT).await.expect("it arrives");
    bob.read(&heard).expect("it is marked");
    let marked = |event: &Event| match event {
        Event::Status { id, status: Status::Read, .. } if *id == answer => Some(()),
        _ => None,
    };
    alice.peer.until("the read mark", marked).await;
    let reaction = bob.send(&to, Draft::reaction(&heard, "🙏")).await.expect("it is sent");
    let body = read(&alice, &reaction).await.body;
    assert!(
        matches!(&body, Some(Body::Reaction { emoji, target }) if emoji == "🙏" && target.id == answer),
        "{body:?}"
    );

    alice.peer.typing(&back, "recording").await;
    bob.until_typing(|typing| typing.from == ALICE && typing.state == "recording", WAIT).await.expect("it is shown");
    bob.type_in(&to, true).expect("it is shown");
    let composing = |event: &Event| matches!(event, Event::Typing { state, .. } if state == "composing").then_some(());
    alice.peer.until("typing", composing).await;
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_people_and_baileys() {
    if !available() {
        return;
    }
    let Room { simulator, alice, bob } = room().await;
    let carol = simulator.phone(CAROL, "Carol").await.expect("a phone is made");
    let team = group(&simulator, &[&alice.phone, &bob, &carol]);
    let here = Address::group(&team);
    let mention = Draft::text(format!("@{} please", alice.phone.lid())).mentioning([Address::lid(alice.phone.lid())]);
    let id = bob.send(&here, mention).await.expect("it is sent");
    let heard = read(&alice, &id).await;
    assert_eq!((heard.mentions, heard.chat.as_str()), (vec![alice.lid()], team.as_str()));
    carol.until_heard(|heard| heard.id == id, WAIT).await.expect("everybody hears it");

    let answer = alice.peer.reply(&team, "yes", &id).await;
    for phone in [&bob, &carol, &alice.phone] {
        let heard = phone.until_heard(|heard| heard.id == answer, WAIT).await.expect("everybody hears it");
        assert_eq!(heard.text(), Some("yes"));
        assert_eq!(heard.quote.expect("it quotes").id, id);
    }
    let bytes = noise("for all", 5_000);
    let id = carol.send(&here, Draft::image(bytes.clone(), None)).await.expect("it is sent");
    assert_eq!(read(&alice, &id).await.file, Some(file(&bytes)));
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_messages_heal_between_a_person_and_baileys() {
    if !available() {
        return;
    }
    let Room { simulator, alice, bob } = room().await;
    let carol = simulator.phone(CAROL, "Carol").await.expect("a phone is made");
    let team = group(&simulator, &[&alice.phone, &bob, &carol]);
    for (to, back) in [(Address::pn(ALICE), format!("{BOB}@s.whatsapp.net")), (Address::group(&team), team.clone())] {
        let whole = bob.send(&to, Draft::text("whole")).await.expect("it is sent");
        read(&alice, &whole).await;
        simulator.corrupt_next(alice.companion(), 1);
        let broken = bob.send(&to, Draft::text("broken once")).await.expect("it is sent");
        assert_eq!(read(&alice, &broken).await.text(), Some("broken once"));
        assert_eq!(failures(&alice.peer, &broken), 1);

        let whole = alice.peer.text(&back, "whole").await;
        bob.until_heard(|heard| heard.id == whole, WAIT).await.expect("it arrives");
        simulator.corrupt_next((BOB, 0), 1);
        let broken = alice.peer.text(&back, "broken once").await;
        let heard = bob.until_heard(|heard| heard.id == broken, WAIT).await.expect("it heals");
        assert!(heard.healed);
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_hear_what_was_said_while_they_were_away() {
    if !available() {
        return;
    }
    let Room { simulator, alice, bob } = room().await;
    let (to, back) = (Address::pn(ALICE), format!("{BOB}@s.whatsapp.net"));
    alice.peer.offline().await;
    let id = bob.send(&to, Draft::text("are you there?")).await.expect("it is sent");
    alice.peer.online().await;
    assert!(read(&alice, &id).await.offline);
    bob.offline();
    let id = alice.peer.text(&back, "yes, and you?").await;
    // The peer sent it; only what the server has for somebody who is away was said meanwhile.
    simulator.until_device((BOB, 0), WAIT, |bob| bob.unacknowledged > 0).await.expect("it waits for him");
    bob.online().await.expect("it is back");
    let heard = bob.until_heard(|heard| heard.id == id, WAIT).await.expect("it waited");
    assert!(heard.offline);
    assert_clean(&simulator);
}
