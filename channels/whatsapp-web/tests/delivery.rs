//! What must not get lost, and what must not be sent twice.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{ANA, BOT, SOON, Stage, outbound, soon};
use greenroom_contract::channel::{Ended, SendError};
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Contact, Location, Media, Origin};
use greenroom_contract::outbound::{Outbound, OutboundBody, Sound};
use greenroom_simulator_whatsapp_web::people::{Address as To, Body as Heard, Draft, ReceiptKind};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_stored_comes_again_after_a_reconnect() {
    let mut stage = Stage::new().await;
    // The message is decrypted, its key is used up, and then the store refuses it for good.
    stage.sink.fail_next(greenroom_channel_whatsapp_web::limits::EMIT_ATTEMPTS as usize);
    let message = stage.world.ana.say(&To::pn(BOT), "precious").await.unwrap();
    let ended = stage.ended().await;
    assert!(matches!(&ended, Ended::Dropped { reason } if reason.contains("stored")), "{ended:?}");
    let device = stage.device;
    let delivered = |receipt: &greenroom_simulator_whatsapp_web::people::Receipt| {
        receipt.id == message && receipt.device.device == device
    };
    assert!(!stage.world.ana.receipts().iter().any(delivered), "nothing was acknowledged");
    assert_eq!(stage.taken(&message), 0);
    stage.connect().await;
    assert_eq!(stage.heard(&message).await.body, Body::Text("precious".to_owned()));
    stage.world.ana.until_receipt(delivered, SOON).await.unwrap();
    assert_eq!(stage.taken(&message), 1);
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_when_a_run_is_dropped_comes_again() {
    let mut stage = Stage::new().await;
    stage.sink.hold();
    let begun = stage.sink.emits();
    let message = stage.world.ana.say(&To::pn(BOT), "in flight").await.unwrap();
    soon("the message is offered", stage.sink.emits_begun(begun + 1)).await;
    stage.dropped().await;
    stage.sink.let_go();
    stage.connect().await;
    stage.heard(&message).await;
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_full_inbox() {
    let mut stage = Stage::new().await;
    stage.sink.hold();
    let begun = stage.sink.emits();
    let message = stage.world.ana.say(&To::pn(BOT), "waiting").await.unwrap();
    soon("the message is offered", stage.sink.emits_begun(begun + 1)).await;
    let told = std::time::Instant::now();
    assert_eq!(stage.stopped().await, Ended::Stopped);
    assert!(told.elapsed() < limits::STOP_TIMEOUT, "it took {:?}", told.elapsed());
    stage.sink.let_go();
    stage.connect().await;
    stage.heard(&message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_outcome_is_resent_under_the_same_id_and_evidence_comes() {
    let mut stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    let outbound = outbound(&inbound, OutboundBody::Text("perhaps".to_owned()));
    let name = outbound.id.clone();
    assert!(stage.world.whatsapp.hold_acks(stage.address(), true));
    let (link, parcel) = (stage.link.clone(), outbound.clone());
    let sending = tokio::spawn(async move { link.send(&parcel).await });
    stage.world.ana.until_heard(|heard| heard.id == name.as_str(), SOON).await.unwrap();
    assert!(stage.world.whatsapp.cut(stage.address()));
    assert!(matches!(soon("the send ends", sending).await.unwrap(), Err(SendError::Uncertain { .. })));
    assert!(matches!(stage.ended().await, Ended::Dropped { .. }));
    assert!(stage.world.whatsapp.hold_acks(stage.address(), false));
    stage.connect().await;
    // Ana's phone had it, and says so.
    let of = StatusOf::Outbound(name.clone());
    let arrived = |events: &[ChannelEvent]| {
        events.iter().any(|event| matches!(event, ChannelEvent::Status { of: which, .. } if *which == of))
    };
    soon("evidence comes", stage.sink.until(arrived)).await;
    // Sent again all the same, it is the same message.
    assert_eq!(stage.sends(&outbound).await.unwrap().message.as_str(), name.as_str());
    let other = stage
        .world
        .ana
        .heard()
        .iter()
        .filter(|heard| heard.text() == Some("perhaps") && heard.id != name.as_str())
        .count();
    assert_eq!(other, 0, "never under another id");
    assert_eq!(stage.world.whatsapp.violations(), [], "and never with a key that was used before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_server_loses_is_uncertain_and_not_forgotten() {
    let mut stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    let outbound = outbound(&inbound, OutboundBody::Text("swallowed".to_owned()));
    assert!(stage.world.whatsapp.swallow_next(stage.address(), 1));
    assert!(matches!(stage.sends(&outbound).await, Err(SendError::Uncertain { .. })));
    stage.sends(&outbound).await.unwrap();
    let heard = stage.world.ana.until_heard(|heard| heard.text() == Some("swallowed"), SOON).await.unwrap();
    assert_eq!(heard.id, outbound.id.as_str());
    assert_eq!(stage.stopped().await, Ended::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_by_their_code() {
    let stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    let send = async |code| {
        assert!(stage.world.whatsapp.refuse_next(stage.address(), 1, code));
        stage.sends(&outbound(&inbound, OutboundBody::Text(format!("{code}")))).await.unwrap_err()
    };
    assert!(matches!(send(479).await, SendError::Refused { .. }));
    assert!(matches!(send(463).await, SendError::WindowClosed { .. }));
    assert!(matches!(send(503).await, SendError::Retry { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_our_messages_are_told() {
    let stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    let ours = stage.says(&inbound, "hello").await.message;
    let heard = stage.world.ana.until_heard(|heard| heard.id == ours.as_str(), SOON).await.unwrap();
    stage.world.ana.read(&heard).unwrap();
    for wanted in [DeliveryStatus::Delivered, DeliveryStatus::Read] {
        let told = |events: &[ChannelEvent]| {
            events.iter().any(|event| match event {
                ChannelEvent::Status { of: StatusOf::Outbound(id), status, .. } => {
                    id.as_str() == ours.as_str() && *status == wanted
                }
                _ => false,
            })
        };
        soon("the status is told", stage.sink.until(told)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_the_same_by_number_and_by_lid() {
    let stage = Stage::new().await;
    let by_number = stage.world.ana.say(&To::pn(BOT), "by number").await.unwrap();
    let by_lid = stage.world.ana.say(&To::lid(stage.world.bot.lid()), "by lid").await.unwrap();
    let (one, two) = (stage.heard(&by_number).await, stage.heard(&by_lid).await);
    assert_eq!(one.sender.id, two.sender.id);
    assert_eq!(one.sender.addresses, two.sender.addresses);
    assert_eq!(one.sender.addresses.len(), 2);
    for (inbound, words) in [(&one, "to number"), (&two, "to lid")] {
        stage.says(inbound, words).await;
        stage.world.ana.until_heard(|heard| heard.text() == Some(words), SOON).await.unwrap();
    }
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_with_oneself_is_told_apart() {
    let stage = Stage::new().await;
    let note = stage.world.bot.say(&To::Myself, "note").await.unwrap();
    let inbound = stage.heard(&note).await;
    assert_eq!(inbound.origin, Origin::OwnDevice { to_self: true });
    stage.says(&inbound, "noted").await;
    stage.world.bot.until_heard(|heard| heard.text() == Some("noted"), SOON).await.unwrap();
    assert!(!stage.texts().contains(&"noted".to_owned()), "what we said does not come back as if it were said to us");
    assert!(stage.link.phone().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_titles_and_answers_name_their_author() {
    let stage = Stage::new().await;
    let group = stage.world.group();
    let to = To::group(group.id());
    let message = stage.world.ben.say(&to, "who comes?").await.unwrap();
    let inbound = stage.heard(&message).await;
    assert_eq!(inbound.chat, greenroom_contract::message::Chat::Group { title: Some("Tea".to_owned()) });
    let mut answer = outbound(&inbound, OutboundBody::Text("me".to_owned()));
    answer.reply_to = Some(inbound.key.message.clone());
    stage.sends(&answer).await.unwrap();
    let heard = stage.world.ana.until_heard(|heard| heard.text() == Some("me"), SOON).await.unwrap();
    let quote = heard.quote.unwrap();
    assert_eq!((quote.id.as_str(), quote.text.as_deref()), (message.as_str(), Some("who comes?")));
    let participant = quote.participant.unwrap();
    assert!(!participant.contains(':') && participant.starts_with(stage.world.ben.lid()), "{participant}");
    let reaction = OutboundBody::Reaction { to: inbound.key.message.clone(), emoji: Some("🍵".to_owned()) };
    stage.sends(&outbound(&inbound, reaction)).await.unwrap();
    let reacted = |heard: &greenroom_simulator_whatsapp_web::people::Heard| {
        heard.body == Heard::Reaction { to: message.clone(), emoji: Some("🍵".to_owned()) }
    };
    stage.world.ben.until_heard(reacted, SOON).await.unwrap();
    assert!(group.set_subject(&stage.world.ana, "Coffee"));
    let retitled = async {
        loop {
            let message = stage.world.ben.say(&to, "and now?").await.unwrap();
            let chat = stage.heard(&message).await.chat;
            if chat == (greenroom_contract::message::Chat::Group { title: Some("Coffee".to_owned()) }) {
                return;
            }
        }
    };
    soon("the new title is known", retitled).await;
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_note_is_drawn() {
    let stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    let media = Media { mime: "audio/ogg; codecs=opus".to_owned(), bytes: b"OggS not really".as_slice().into() };
    let sound = Sound { duration: Duration::from_secs(4), waveform: vec![50; limits::WAVEFORM_BYTES] };
    let body = OutboundBody::Voice { media, sound: Some(sound) };
    stage.sends(&outbound(&inbound, body)).await.unwrap();
    let voice = |heard: &greenroom_simulator_whatsapp_web::people::Heard| matches!(&heard.body, Heard::Voice { seconds: 4, mime, .. } if mime.starts_with("audio/ogg"));
    stage.world.ana.until_heard(voice, SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_are_told() {
    let stage = Stage::new().await;
    let to = To::pn(BOT);
    let message = stage.world.ana.say(&to, "tea at for").await.unwrap();
    let inbound = stage.heard(&message).await;
    stage.world.ana.send(&to, Draft::edit(&message, "tea at four")).await.unwrap();
    stage.world.ana.send(&to, Draft::revoke(&message)).await.unwrap();
    let told = |events: &[ChannelEvent]| events.iter().any(|event| matches!(event, ChannelEvent::Revoked { .. }));
    soon("the deletion is told", stage.sink.until(told)).await;
    let events = stage.sink.events();
    let edited = events.iter().find_map(|event| match event {
        ChannelEvent::Edited { message, sender, text, .. } => Some((message.clone(), sender.clone(), text.clone())),
        _ => None,
    });
    assert_eq!(edited, Some((inbound.key.message.clone(), inbound.sender.id.clone(), "tea at four".to_owned())));
    let revoked = events.iter().any(|event| {
        matches!(event, ChannelEvent::Revoked { message, sender, .. }
            if *message == inbound.key.message && *sender == inbound.sender.id)
    });
    assert!(revoked, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_message_heals() {
    let stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "first").await.unwrap();
    stage.heard(&message).await;
    assert!(stage.world.whatsapp.corrupt_next(stage.address(), 1));
    let message = stage.world.ana.say(&To::pn(BOT), "garbled").await.unwrap();
    // By its author's repetition or from the phone, whichever is first; the engine takes it once.
    assert_eq!(stage.heard(&message).await.body, Body::Text("garbled".to_owned()));
    assert!(stage.taken(&message) <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_read_marks_are_shown_when_asked_for() {
    use greenroom_contract::outbound::Route;
    let stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    assert_eq!(inbound.addressing, Addressing::Direct);
    let of_bot = |typing: &greenroom_simulator_whatsapp_web::people::Typing| typing.from == BOT;
    assert!(!stage.world.ana.typing().iter().any(of_bot), "nobody asked for it yet");
    let is_read = |receipt: &greenroom_simulator_whatsapp_web::people::Receipt| {
        receipt.id == message && receipt.kind == ReceiptKind::Read
    };
    assert!(!stage.world.ana.receipts().iter().any(is_read));
    let route = Route { account: common::row().id, chat: inbound.key.chat.clone(), kind: inbound.chat.clone() };
    let presence = stage.link.presence().unwrap();
    presence.typing(&route, Some(&inbound.key.message)).await;
    stage.world.ana.until_typing(|typing| of_bot(typing) && typing.state == "composing", SOON).await.unwrap();
    stage.world.ana.until_receipt(is_read, SOON).await.unwrap();
    presence.paused(&route).await;
    stage.world.ana.until_typing(|typing| of_bot(typing) && typing.state == "paused", SOON).await.unwrap();
    assert_eq!(ANA, stage.world.ana.number());
}

#[tokio::test(flavor = "multi_thread")]
async fn media_that_the_host_has_forgotten_are_asked_for_again() {
    use greenroom_contract::channel::MediaError;
    let stage = Stage::new().await;
    let group = stage.world.group();
    let picture = |body: Body| match body {
        Body::Image { media, .. } | Body::Voice { media, .. } | Body::Document { media, .. } => media,
        other => panic!("{other:?}"),
    };
    let (to, in_group) = (To::pn(BOT), To::group(group.id()));
    let image = stage.world.ana.send(&to, Draft::image(vec![7; 5_000], None)).await.unwrap();
    let voice = stage.world.ben.send(&in_group, Draft::voice(vec![8; 5_000], 3).forwarded()).await.unwrap();
    let file = stage.world.ana.send(&to, Draft::document(vec![9; 5_000], "a.bin")).await.unwrap();
    let image = picture(stage.heard(&image).await.body);
    let file = picture(stage.heard(&file).await.body);
    let voice = picture(stage.heard(&voice).await.body);
    stage.world.whatsapp.forget_media();
    for (media, byte) in [(&image, 7), (&voice, 8), (&file, 9)] {
        let fetched = soon("the fetch ends", stage.link.fetch(media, 1_000_000)).await.unwrap();
        assert_eq!(fetched.bytes, vec![byte; 5_000]);
    }
    // What the phone has not either is gone, and said so at once.
    stage.world.whatsapp.lose_media();
    let gone = soon("the fetch ends", stage.link.fetch(&image, 1_000_000)).await;
    assert!(matches!(gone, Err(MediaError::Gone { .. })), "{gone:?}");
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_and_places_go_both_ways() {
    let stage = Stage::new().await;
    let (to, pdf) = (To::pn(BOT), b"%PDF-1.7 and so on".to_vec());
    for caption in [Some("for today"), None] {
        let draft = Draft::file(pdf.clone(), "menu.pdf", "application/pdf", caption);
        let message = stage.world.ana.send(&to, draft).await.unwrap();
        let inbound = stage.heard(&message).await;
        let Body::Document { media, name, caption: words } = &inbound.body else { panic!("{:?}", inbound.body) };
        assert_eq!((name.as_deref(), words.as_deref()), (Some("menu.pdf"), caption));
        let fetched = soon("the fetch ends", stage.link.fetch(media, 1_000_000)).await.unwrap();
        assert_eq!((fetched.mime.as_str(), fetched.bytes.to_vec()), ("application/pdf", pdf.clone()));
        let back = OutboundBody::Document {
            media: fetched,
            name: "menu.pdf".to_owned(),
            caption: caption.map(|_| "thank you".to_owned()),
        };
        let sent = Outbound { reply_to: Some(inbound.key.message.clone()), ..outbound(&inbound, back) };
        stage.sends(&sent).await.unwrap();
        let heard = stage.world.ana.until_heard(|heard| heard.id == sent.id.as_str(), SOON).await.unwrap();
        let expected = Heard::Document {
            bytes: pdf.clone(),
            name: Some("menu.pdf".to_owned()),
            mime: "application/pdf".to_owned(),
            caption: caption.map(|_| "thank you".to_owned()),
        };
        assert_eq!((heard.body, heard.quote.map(|quote| quote.id)), (expected, Some(message)));
    }
    let place = |name: Option<&str>, address: Option<&str>| Location {
        latitude: 52.5,
        longitude: 13.25,
        name: name.map(str::to_owned),
        address: address.map(str::to_owned),
    };
    for (draft, expected) in [
        (Draft::place(52.5, 13.25, Some("Zoo"), Some("Gate 1")), place(Some("Zoo"), Some("Gate 1"))),
        (Draft::live_location(52.5, 13.25, "on my way"), place(Some("on my way"), None)),
    ] {
        let message = stage.world.ana.send(&to, draft).await.unwrap();
        let inbound = stage.heard(&message).await;
        assert_eq!(inbound.body, Body::Location(expected.clone()));
        let sent = outbound(&inbound, OutboundBody::Location(expected.clone()));
        stage.sends(&sent).await.unwrap();
        let heard = stage.world.ana.until_heard(|heard| heard.id == sent.id.as_str(), SOON).await.unwrap();
        let Location { latitude, longitude, name, address } = expected;
        assert_eq!(heard.body, Heard::Location { latitude, longitude, name, address });
    }
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_and_taps_are_read_and_no_buttons_are_sent() {
    use greenroom_contract::choices::{Choice, Choices};
    let stage = Stage::new().await;
    let to = To::pn(BOT);
    let contact = |name: &str, phone: &str| Contact { name: Some(name.to_owned()), phones: vec![phone.to_owned()] };
    let tapped = |id: &str, title: &str| Body::Choice { id: id.to_owned(), title: title.to_owned() };
    let (ben, cy) = (contact("Ben", "+15550000002"), contact("Cy", "+15550000003"));
    let mut last = None;
    for (draft, expected) in [
        (Draft::contact("Ben", "15550000002"), Body::Contacts(vec![ben.clone()])),
        (Draft::contacts(&[("Ben", "15550000002"), ("Cy", "15550000003")]), Body::Contacts(vec![ben, cy])),
        (Draft::tap("tea", "Tea"), tapped("tea", "Tea")),
        (Draft::pick("c", "Coffee"), tapped("c", "Coffee")),
    ] {
        let message = stage.world.ana.send(&to, draft).await.unwrap();
        let inbound = stage.heard(&message).await;
        assert_eq!(inbound.body, expected);
        last = Some(inbound);
    }
    let question = OutboundBody::Choices(Choices::new("which?", [Choice::new("t", "Tea")]));
    let refused = stage.sends(&outbound(&last.expect("four came"), question)).await;
    assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
    assert_eq!(stage.world.whatsapp.violations(), []);
}
