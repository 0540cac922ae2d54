//! Every way in which a message comes, and every way in which its content does not.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{BOT, SOON, Stage, is_readable, soon};
use greenroom_contract::channel::Ended;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::message::{Addressing, Body, Inbound, Unreadable};
use greenroom_simulator_whatsapp_web::Stripped;
use greenroom_simulator_whatsapp_web::people::{Address as To, Draft};

/// Waits until a message was reported without its content, and returns the report.
async fn reported(stage: &Stage, message: &str) -> Inbound {
    let find = |events: &[ChannelEvent]| {
        events.iter().find_map(|event| match event {
            ChannelEvent::Message(inbound) if inbound.key.message.as_str() == message && !is_readable(inbound) => {
                Some(inbound.as_ref().clone())
            }
            _ => None,
        })
    };
    soon("it is reported", stage.sink.until(|events| find(events).is_some())).await;
    find(&stage.sink.events()).unwrap()
}

/// Waits until the network has nothing left for us.
async fn nothing_is_left(stage: &Stage) {
    let left = || {
        let all = stage.world.whatsapp.devices();
        let ours = all.into_iter().find(|one| (one.number.as_str(), one.device) == stage.address());
        ours.map_or(0, |one| one.unacknowledged)
    };
    let acknowledged = async {
        while left() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    soon("everything is acknowledged", acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_phone_has_is_taken_from_the_phone() {
    let stage = Stage::new().await;
    let known = stage.world.ana.say(&To::pn(BOT), "before").await.unwrap();
    let known = stage.heard(&known).await;
    assert!(stage.world.whatsapp.strip_next(stage.address(), 1, Stripped::Unavailable));
    let message = stage.world.ana.say(&To::pn(BOT), "by way of an advertisement").await.unwrap();
    let inbound = stage.heard(&message).await;
    assert_eq!(inbound.body, Body::Text("by way of an advertisement".to_owned()));
    assert_eq!((&inbound.sender, &inbound.key.chat), (&known.sender, &known.key.chat), "as if it had come by itself");
    assert_eq!(reported(&stage, &message).await.body, Body::Unreadable(Unreadable::Waiting));
    nothing_is_left(&stage).await;
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_hands_over_is_acknowledged_when_it_is_durable() {
    let mut stage = Stage::new().await;
    stage.world.bot.offline();
    assert!(stage.world.whatsapp.strip_next(stage.address(), 1, Stripped::Unavailable));
    let message = stage.world.ana.say(&To::pn(BOT), "precious").await.unwrap();
    reported(&stage, &message).await;
    stage.sink.fail_next(greenroom_channel_whatsapp_web::limits::EMIT_ATTEMPTS as usize);
    stage.world.bot.online().await.unwrap();
    let ended = stage.ended().await;
    assert!(matches!(&ended, Ended::Dropped { reason } if reason.contains("stored")), "{ended:?}");
    assert_eq!(stage.taken(&message), 0);
    // The next connection has the answer again; also where the process knows nothing of the message any more.
    stage.link = stage.world.link().await;
    stage.connect().await;
    assert_eq!(stage.heard(&message).await.body, Body::Text("precious".to_owned()));
    nothing_is_left(&stage).await;
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_answers_after_a_restart_is_understood() {
    let mut stage = Stage::new().await;
    let known = stage.world.ben.say(&To::pn(BOT), "before").await.unwrap();
    let known = stage.heard(&known).await;
    let group = stage.world.group();
    stage.world.bot.offline();
    assert!(stage.world.whatsapp.strip_next(stage.address(), 2, Stripped::Unavailable));
    let direct = stage.world.ben.say(&To::lid(stage.world.bot.lid()), "for you").await.unwrap();
    let in_group = stage.world.ben.say(&To::group(group.id()), "for all").await.unwrap();
    reported(&stage, &direct).await;
    assert_eq!(reported(&stage, &in_group).await.addressing, Addressing::Overheard);
    assert_eq!(stage.stopped().await, Ended::Stopped);
    stage.link = stage.world.link().await;
    stage.connect().await;
    stage.world.bot.online().await.unwrap();
    for (message, words) in [(&direct, "for you"), (&in_group, "for all")] {
        let inbound = stage.heard(message).await;
        assert_eq!((inbound.body, inbound.sender.id), (Body::Text(words.to_owned()), known.sender.id.clone()));
    }
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decrypted_is_reported_and_comes_by_either_way() {
    for is_helpful in [true, false] {
        let stage = Stage::new().await;
        stage.world.bot.be_helpful(is_helpful);
        let message = stage.world.ana.say(&To::pn(BOT), "first").await.unwrap();
        stage.heard(&message).await;
        assert!(stage.world.whatsapp.corrupt_next(stage.address(), 1));
        let message = stage.world.ana.say(&To::pn(BOT), "garbled").await.unwrap();
        assert_eq!(stage.heard(&message).await.body, Body::Text("garbled".to_owned()));
        assert_eq!(reported(&stage, &message).await.body, Body::Unreadable(Unreadable::Waiting));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_one_gives_is_reported_for_what_it_is_and_acknowledged() {
    let stage = Stage::new().await;
    for (how, expected) in [
        (Stripped::ViewOnce, Unreadable::ViewOnce),
        (Stripped::Hosted, Unreadable::PhoneOnly),
        (Stripped::Bot, Unreadable::PhoneOnly),
        (Stripped::Empty, Unreadable::Foreign),
        (Stripped::Foreign, Unreadable::Foreign),
    ] {
        assert!(stage.world.whatsapp.strip_next(stage.address(), 1, how));
        let message = stage.world.ana.say(&To::pn(BOT), "look").await.unwrap();
        let report = reported(&stage, &message).await;
        assert_eq!((report.body, report.addressing), (Body::Unreadable(expected), Addressing::Direct), "{how:?}");
        nothing_is_left(&stage).await;
    }
    let after = stage.world.ana.say(&To::pn(BOT), "and now words").await.unwrap();
    assert_eq!(stage.heard(&after).await.body, Body::Text("and now words".to_owned()));
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_taken_whatever_came_of_each_message() {
    let mut stage = Stage::new().await;
    let first = stage.world.ana.say(&To::pn(BOT), "first").await.unwrap();
    stage.heard(&first).await;
    assert_eq!(stage.stopped().await, Ended::Stopped);
    for how in [Stripped::Unavailable, Stripped::ViewOnce, Stripped::Empty] {
        assert!(stage.world.whatsapp.strip_next(stage.address(), 1, how));
        stage.world.ana.say(&To::pn(BOT), "stripped").await.unwrap();
    }
    let last = stage.world.ana.send(&To::pn(BOT), Draft::text("last")).await.unwrap();
    stage.connect().await;
    stage.heard(&last).await;
    let stripped = |events: &[ChannelEvent]| {
        let texts = events.iter().filter_map(|event| match event {
            ChannelEvent::Message(inbound) => Some(inbound.body.clone()),
            _ => None,
        });
        texts.filter(|body| matches!(body, Body::Text(words) if words == "stripped")).count() == 1
            && events.iter().filter(|event| matches!(event, ChannelEvent::Message(one) if !is_readable(one))).count()
                == 3
    };
    soon("each is taken or reported", stage.sink.until(stripped)).await;
    nothing_is_left(&stage).await;
    stage.world.ana.until_receipt(|receipt| receipt.id == last, SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_to_no_chat_is_no_message() {
    let stage = Stage::new().await;
    let bot = To::lid(stage.world.bot.lid());
    let status = stage.world.ana.post_status(&[bot], "look at my day").await.unwrap();
    assert!(stage.world.whatsapp.newsletter_says(stage.address(), "120363999", "news of the day"));
    assert!(stage.world.whatsapp.strip_next(stage.address(), 1, Stripped::Unavailable));
    let stripped = stage.world.ana.post_status(&[To::lid(stage.world.bot.lid())], "and at my evening").await.unwrap();
    let after = stage.world.ana.say(&To::pn(BOT), "words for you").await.unwrap();
    stage.heard(&after).await;
    let about = |inbound: &Inbound| [status.as_str(), stripped.as_str()].contains(&inbound.key.message.as_str());
    assert!(!stage.sink.messages().iter().any(about), "{:?}", stage.sink.messages());
    assert_eq!(stage.texts(), ["words for you"]);
}
