//! Direct messages between the client and people.

use crate::client::{ANA, BOT, Client, SOON, Wishes, simulator};
use greenroom_simulator_whatsapp_web::Options;
use greenroom_simulator_whatsapp_web::people::{Address, Body, Draft};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use whatsapp_rust::async_trait;
use whatsapp_rust::types::events::{Event, InboundMessage};
use whatsapp_rust::{Client as Library, InboundDurabilityHook, Jid, anyhow};

fn ana_jid() -> Jid {
    Jid::pn(ANA)
}

#[tokio::test(flavor = "multi_thread")]
async fn words_go_both_ways_by_number_and_by_lid() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    ana.say(&Address::pn(BOT), "by number").await.unwrap();
    let heard = client.hears("by number").await;
    assert_eq!(heard.info.source.sender.to_string(), format!("{ANA}@s.whatsapp.net"));
    assert_eq!(heard.info.source.sender_alt.as_ref().map(ToString::to_string), Some(format!("{}@lid", ana.lid())));
    assert_eq!(heard.info.push_name, "Ana");
    ana.say(&Address::lid(phone.lid()), "by lid").await.unwrap();
    client.hears("by lid").await;

    let sent = client.library().send_text(ana_jid(), "an answer").await.unwrap();
    let answer = ana.until_heard(|heard| heard.text() == Some("an answer"), SOON).await.unwrap();
    assert_eq!((answer.id.as_str(), answer.from.as_str()), (sent.message_id.as_str(), BOT));
    let error = client.until(|event| match event {
        Event::ServerAck(ack) if ack.id == sent.message_id => Some(ack.error.clone()),
        _ => None,
    });
    assert_eq!(error.await, None);
    client
        .until(|event| match event {
            Event::Receipt(receipt) => receipt.message_ids.contains(&sent.message_id).then_some(()),
            _ => None,
        })
        .await;
    // The bot's own phone has a copy.
    phone.until_heard(|heard| heard.own && heard.text() == Some("an answer"), SOON).await.unwrap();
    simulator.until_acknowledged((BOT, device), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_away_waits() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, keys, device) = Client::linked(&simulator, &phone).await;
    ana.say(&Address::pn(BOT), "first").await.unwrap();
    client.hears("first").await;
    client.stop().await;
    for text in ["second", "third"] {
        ana.say(&Address::pn(BOT), text).await.unwrap();
    }
    simulator.until_device((BOT, device), SOON, |status| status.unacknowledged >= 2).await.unwrap();
    let client = Client::start(&simulator, &keys).await;
    assert!(client.hears("second").await.info.is_offline);
    client.hears("third").await;
    simulator.until_acknowledged((BOT, device), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

/// Refuses the first batches.
struct Refusing {
    left: AtomicUsize,
}

#[async_trait]
impl InboundDurabilityHook for Refusing {
    async fn on_messages(&self, _client: Arc<Library>, _batch: &[InboundMessage]) -> anyhow::Result<()> {
        let refused = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        anyhow::ensure!(!refused, "not durable");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_made_durable_comes_again() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, keys, device) = Client::linked(&simulator, &phone).await;
    client.stop().await;
    let hook = Arc::new(Refusing { left: AtomicUsize::new(1) });
    let wishes = || Wishes { hook: Some(hook.clone()), ..Wishes::default() };
    let client = Client::start_with(&simulator, &keys, wishes()).await;
    client.until(|event| matches!(event, Event::Connected(_)).then_some(())).await;
    ana.say(&Address::pn(BOT), "keep this").await.unwrap();
    simulator.until_device((BOT, device), SOON, |status| status.unacknowledged == 1).await.unwrap();
    let mut refused = tokio::time::interval(std::time::Duration::from_millis(5));
    while hook.left.load(Ordering::SeqCst) > 0 {
        refused.tick().await;
    }
    client.crash();
    let client = Client::start_with(&simulator, &keys, wishes()).await;
    client.hears("keep this").await;
    simulator.until_acknowledged((BOT, device), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_ciphertext_is_asked_for_again() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    ana.say(&Address::pn(BOT), "whole").await.unwrap();
    client.hears("whole").await;
    for (repeated, text) in [(1, "broken once"), (2, "broken again")] {
        assert!(simulator.corrupt_next((BOT, device), 1));
        ana.say(&Address::pn(BOT), text).await.unwrap();
        client.hears(text).await;
        ana.until_repeated(repeated, SOON).await.unwrap();
    }

    client.library().send_text(ana_jid(), "whole").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("whole"), SOON).await.unwrap();
    assert!(simulator.corrupt_next((ANA, 0), 1));
    client.library().send_text(ana_jid(), "broken").await.unwrap();
    let heard = ana.until_heard(|heard| heard.text() == Some("broken"), SOON).await.unwrap();
    assert!(heard.healed);
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubled_message_is_one_message() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    assert!(simulator.duplicate_next((BOT, device), 1));
    let serial = simulator.traffic_serial();
    let id = ana.say(&Address::pn(BOT), "twice").await.unwrap();
    ana.say(&Address::pn(BOT), "once").await.unwrap();
    client.hears("once").await;
    simulator.until_acknowledged((BOT, device), SOON).await.unwrap();
    let copies = simulator.traffic_after(serial).into_iter().filter(|traffic| {
        traffic.device == Some((BOT, device).into())
            && traffic.tag() == "message"
            && traffic.attribute("id").as_ref() == Some(&id)
    });
    assert_eq!(copies.count(), 2);
    assert_eq!(client.heard("twice"), 1);
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_go_both_ways() {
    use whatsapp_rust::media::{ImageOptions, image_message};
    use whatsapp_rust::upload::UploadOptions;
    use whatsapp_rust::wacore::download::MediaType;
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, _) = Client::linked(&simulator, &phone).await;
    let picture: Vec<u8> = (0..40_000_u32).map(|i| (i * 7 % 251) as u8).collect();
    ana.send(&Address::pn(BOT), Draft::image(picture.clone(), Some("look"))).await.unwrap();
    let message = client.until(|event| match event {
        Event::Messages(batch) => batch.messages.iter().find(|m| m.message.image_message.is_set()).cloned(),
        _ => None,
    });
    let message = message.await;
    let image = message.message.image_message.as_option().unwrap();
    assert_eq!(client.library().download(image).await.unwrap(), picture);

    let upload = client.library().upload(picture.clone(), MediaType::Image, UploadOptions::new()).await.unwrap();
    client.library().send_message(ana_jid(), image_message(upload, ImageOptions::default())).await.unwrap();
    let heard = ana.until_heard(|heard| matches!(heard.body, Body::Image { .. }), SOON).await.unwrap();
    let Body::Image { bytes, .. } = heard.body else { unreachable!("it is a picture") };
    assert_eq!(bytes, picture);
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_reading_are_seen() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, _) = Client::linked(&simulator, &phone).await;
    ana.say(&Address::pn(BOT), "hello").await.unwrap();
    let heard = client.hears("hello").await;
    let library = client.library();
    library.chatstate().send_composing(&ana_jid()).await.unwrap();
    ana.until_typing(|typing| typing.from == BOT && typing.state == "composing", SOON).await.unwrap();
    let source = &heard.info.source;
    library.mark_as_read(&source.chat, Some(&source.sender), &[heard.info.id.as_str()]).await.unwrap();
    ana.until_receipt(|receipt| format!("{:?}", receipt.kind) == "Read", SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}
