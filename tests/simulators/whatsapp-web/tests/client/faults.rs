//! What goes wrong on demand, as the client sees it.

use crate::client::{ANA, BOT, Client, SOON, keys, simulator};
use greenroom_simulator_whatsapp_web::people::Address;
use greenroom_simulator_whatsapp_web::{Options, StreamError};
use std::time::Duration;
use whatsapp_rust::Jid;
use whatsapp_rust::types::events::Event;

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_and_come_back() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    for (logins, error) in [(2, StreamError::Restart), (3, StreamError::Unavailable)] {
        assert!(simulator.stream_error((BOT, device), error));
        simulator
            .until_device((BOT, device), SOON, |status| status.logins == logins && status.connected)
            .await
            .unwrap();
    }
    assert!(simulator.cut((BOT, device)));
    simulator.until_device((BOT, device), SOON, |status| status.logins == 4 && status.connected).await.unwrap();
    ana.say(&Address::pn(BOT), "still there?").await.unwrap();
    client.hears("still there?").await;
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_connection_replaces_the_first() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (client, keys, device) = Client::linked(&simulator, &phone).await;
    let other = Client::start(&simulator, &keys).await;
    client.until(|event| matches!(event, Event::StreamReplaced(_)).then_some(())).await;
    other.until(|event| matches!(event, Event::Connected(_)).then_some(())).await;
    simulator.until_device((BOT, device), SOON, |status| status.logins == 2).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phone_unlinks() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, keys, device) = Client::linked(&simulator, &phone).await;
    ana.say(&Address::pn(BOT), "hello").await.unwrap();
    client.hears("hello").await;
    phone.unlink(device).unwrap();
    client.until(|event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
    simulator.until_unlinked((BOT, device), SOON).await.unwrap();
    // It cannot come back with the old keys, and nobody writes to it any more.
    client.stop().await;
    let again = Client::start(&simulator, &keys).await;
    again.until(|event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
    ana.say(&Address::pn(BOT), "to the phone").await.unwrap();
    phone.until_heard(|heard| heard.text() == Some("to the phone"), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn acks_are_held_and_messages_refused_or_swallowed() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    let library = client.library();
    let acked = async |id: &str| {
        client
            .until(|event| match event {
                Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
                _ => None,
            })
            .await
    };
    assert!(simulator.hold_acks((BOT, device), true));
    let held = library.send_text(Jid::pn(ANA), "held").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("held"), SOON).await.unwrap();
    let serial = simulator.traffic_serial();
    assert!(simulator.hold_acks((BOT, device), false));
    let ack = |id: &str| {
        let id = id.to_owned();
        move |traffic: &greenroom_simulator_whatsapp_web::Traffic| {
            !traffic.from_client
                && traffic.device == Some((BOT, device).into())
                && traffic.attribute("class").as_deref() == Some("message")
                && traffic.attribute("id").as_ref() == Some(&id)
        }
    };
    simulator.until_traffic(serial, SOON, ack(&held.message_id)).await.unwrap();
    assert_eq!(acked(&held.message_id).await, None);

    assert!(simulator.refuse_next((BOT, device), 1, 463));
    let refused = library.send_text(Jid::pn(ANA), "refused").await.unwrap();
    assert_eq!(acked(&refused.message_id).await.as_deref(), Some("463"));

    assert!(simulator.swallow_next((BOT, device), 1));
    library.send_text(Jid::pn(ANA), "swallowed").await.unwrap();
    library.send_text(Jid::pn(ANA), "next").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("next"), SOON).await.unwrap();
    let texts: Vec<_> = ana.heard().iter().filter_map(|heard| heard.text().map(str::to_owned)).collect();
    assert_eq!(texts, ["held", "next"]);
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_closes_and_references_expire() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let client = Client::start(&simulator, &keys()).await;
    let qr = client.qr().await;
    simulator.expire_references();
    phone.scan(&qr).await.unwrap_err();

    let (client, _, device) = Client::linked(&simulator, &phone).await;
    simulator.close_door(true);
    assert!(simulator.cut((BOT, device)));
    client.until(|event| matches!(event, Event::Disconnected(_)).then_some(())).await;
    simulator.close_door(false);
    simulator.until_device((BOT, device), SOON, |status| status.logins == 2 && status.connected).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flapping_connection_loses_nothing() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    let flapping = simulator.flap((BOT, device), Duration::from_millis(400));
    for round in 0..5 {
        ana.say(&Address::pn(BOT), &format!("message {round}")).await.unwrap();
        simulator.until_device((BOT, device), SOON, |status| status.logins > round + 1).await.unwrap();
    }
    drop(flapping);
    for round in 0..5 {
        client.hears(&format!("message {round}")).await;
    }
    simulator.until_acknowledged((BOT, device), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_prekeys_are_topped_up() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (_client, _, device) = Client::linked(&simulator, &phone).await;
    simulator.until_device((BOT, device), SOON, |status| status.prekeys == 30).await.unwrap();
    for person in 0..26 {
        let person = simulator.phone(&format!("1555100{person:04}"), "Somebody").await.unwrap();
        person.say(&Address::pn(BOT), "hello").await.unwrap();
    }
    simulator.until_device((BOT, device), SOON, |status| status.prekeys > 26).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_is_shown_and_withheld_messages_come_later() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    let serial = simulator.traffic_serial();
    assert!(simulator.route((BOT, device), b"this way"));
    assert!(simulator.withhold_next((BOT, device), 1));
    ana.say(&Address::pn(BOT), "withheld").await.unwrap();
    ana.say(&Address::pn(BOT), "on time").await.unwrap();
    client.hears("on time").await;
    let is_message = |traffic: &greenroom_simulator_whatsapp_web::Traffic| {
        traffic.device == Some((BOT, device).into()) && traffic.tag() == "message"
    };
    assert_eq!(simulator.traffic_after(serial).iter().filter(|traffic| is_message(traffic)).count(), 1);
    assert!(simulator.cut((BOT, device)));
    client.hears("withheld").await;
    let status = simulator.device((BOT, device)).unwrap();
    assert_eq!(status.routing.as_deref(), Some(&b"this way"[..]));
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_media_host_fails_and_forgets() {
    use greenroom_simulator_whatsapp_web::people::Draft;
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, _) = Client::linked(&simulator, &phone).await;
    ana.send(&Address::pn(BOT), Draft::image(vec![3; 5_000], None)).await.unwrap();
    let message = client.until(|event| match event {
        Event::Messages(batch) => batch.messages.iter().find(|m| m.message.image_message.is_set()).cloned(),
        _ => None,
    });
    let message = message.await;
    let image = message.message.image_message.as_option().unwrap();
    simulator.fail_media(1, 403);
    assert_eq!(client.library().download(image).await.unwrap(), vec![3; 5_000], "after the refusal it asks again");
    simulator.forget_media();
    client.library().download(image).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pairing_code_is_asked_for() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let wishes = crate::client::Wishes { code_for: Some(BOT.to_owned()), ..Default::default() };
    let client = Client::start_with(&simulator, &keys(), wishes).await;
    let code = client.code().await;
    assert!(simulator.refresh_code(BOT));
    client.until(|event| matches!(event, Event::PairingCodeRefresh(_)).then_some(())).await;
    simulator.expire_references();
    phone.enter_code(&code).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn both_words_for_unlinked_log_the_client_out() {
    for error in [StreamError::DeviceRemoved, StreamError::Unlinked] {
        let (simulator, phone, _) = simulator(Options::default()).await;
        let (client, _, device) = Client::linked(&simulator, &phone).await;
        assert!(simulator.stream_error((BOT, device), error));
        client.until(|event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
        simulator.until_device((BOT, device), SOON, |status| !status.connected).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_device_list_does_no_harm() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    let group = simulator.group("Lunch", &[&ana, &phone]).unwrap();
    let chat: Jid = group.jid().parse().unwrap();
    client.library().send_text(chat.clone(), "first").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("first"), SOON).await.unwrap();
    assert!(simulator.stale_devices_next((BOT, device), 1));
    let serial = simulator.traffic_serial();
    client.library().send_text(chat.clone(), "second").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("second"), SOON).await.unwrap();
    simulator
        .until_traffic(serial, SOON, |traffic| traffic.attribute("phash").as_deref() == Some("2:AAAAAAAA"))
        .await
        .unwrap();
    // What the client does with it is its own affair; its next message reaches everybody.
    client.library().send_text(chat, "third").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("third"), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}
