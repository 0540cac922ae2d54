//! A bot that was put back from a backup talks on without being linked once more; and what its owner types on the phone is
//! told with whom it was written to.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{ANA, BOT, SOON, Stage, World};
use greenroom_contract::channel::Ended;
use greenroom_contract::event::Sign;
use greenroom_contract::message::{Body, Origin};
use greenroom_simulator_whatsapp_web::StreamError;
use greenroom_simulator_whatsapp_web::people::{Address as To, Body as Words, Heard};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_both_sides_are_read_and_it_stays_linked() {
    let world = World::new().await;
    let group = world.group();
    let mut stage = Stage::of(world).await;
    let first = stage.world.ana.say(&To::pn(BOT), "one").await.unwrap();
    let first = stage.heard(&first).await;
    stage.says(&first, "answer one").await;
    let in_group = stage.world.ana.say(&To::group(group.id()), "all").await.unwrap();
    let in_group = stage.heard(&in_group).await;
    stage.says(&in_group, "answer all").await;
    let backup = stage.world.vault.copy();
    // It goes on: ratchets move on both sides, and in the group.
    for number in 0..5 {
        let more = stage.world.ana.say(&To::pn(BOT), &format!("more {number}")).await.unwrap();
        let more = stage.heard(&more).await;
        stage.says(&more, "and more").await;
        stage.says(&in_group, "in the group, too").await;
    }
    assert_eq!(stage.stopped().await, Ended::Stopped);
    stage.world.vault.restore(&backup, 9);
    stage.connect().await;
    // What the bot writes is encrypted in a session of its own, and read.
    let receipt = stage.says(&first, "I am back").await;
    let read = |heard: &Heard| {
        heard.id == receipt.message.as_str() && matches!(&heard.body, Words::Text(words) if words == "I am back")
    };
    stage.world.ana.until_heard(read, SOON).await.unwrap();
    // What Ana's phone still encrypts for the session of before is asked for once more, and comes.
    let hers = stage.world.ana.say(&To::pn(BOT), "welcome back").await.unwrap();
    assert_eq!(stage.heard(&hers).await.body, Body::Text("welcome back".to_owned()));
    let all = stage.world.ben.say(&To::group(group.id()), "good to see you").await.unwrap();
    assert_eq!(stage.heard(&all).await.body, Body::Text("good to see you".to_owned()));
    let receipt = stage.says(&in_group, "to all of you").await;
    let read = |heard: &Heard| heard.id == receipt.message.as_str();
    stage.world.ben.until_heard(read, SOON).await.unwrap();
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_the_older_one_is_replaced_and_waits() {
    let mut stage = Stage::new().await;
    let backup = stage.world.vault.copy();
    // Its copy connects elsewhere: the network ends this one's connection.
    assert!(stage.world.whatsapp.stream_error(stage.address(), StreamError::Replaced));
    assert_eq!(stage.ended().await, Ended::Replaced);
    stage.world.vault.restore(&backup, 9);
    stage.connect().await;
    let signs = stage.sink.signs().iter().filter(|sign| **sign == Sign::Connected).count();
    assert_eq!(signs, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_types_on_the_phone_says_to_whom() {
    let stage = Stage::new().await;
    let first = stage.world.ana.say(&To::pn(BOT), "hello").await.unwrap();
    let first = stage.heard(&first).await;
    let typed = stage.world.bot.say(&To::pn(ANA), "I will see to it").await.unwrap();
    let typed = stage.heard(&typed).await;
    assert_eq!(typed.origin, Origin::OwnDevice { to_self: false });
    let to = typed.written_to.expect("it is known with whom the chat is");
    assert!(
        to.addresses.iter().any(|address| first.sender.addresses.contains(address)),
        "{:?} is not who wrote: {:?}",
        to.addresses,
        first.sender.addresses
    );
    assert_eq!(first.written_to, None);
    let note = stage.world.bot.say(&To::pn(BOT), "milk").await.unwrap();
    let note = stage.heard(&note).await;
    assert_eq!((note.origin, note.written_to), (Origin::OwnDevice { to_self: true }, None));
}
