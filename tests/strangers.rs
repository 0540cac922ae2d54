//! For a stranger nothing happens that they could notice.

use crate::support::setup::{ANA, BEN, Bot, MAIN, STRANGER, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::channel::Ended;
use greenroom_contract::ids::MessageId;
use greenroom_contract::store::ListScope;
use std::time::Duration;

async fn bot() -> Bot {
    Setup::new(assistants::slow(Duration::from_secs(30))).start().await
}

/// Nobody on the network can tell that a message was read.
async fn nothing_happened(bot: &Bot) {
    bot.settled().await;
    bot.passes(Duration::from_secs(3600)).await;
    assert_eq!(bot.network.sent(), []);
    assert_eq!(bot.network.typing(), []);
    assert_eq!(bot.network.fetches(), 0);
}

async fn reason(bot: &Bot, message: &MessageId) -> String {
    bot.why(message).await
}

#[tokio::test(start_paused = true)]
async fn a_stranger_gets_no_answer_no_typing_and_no_download() {
    let bot = bot().await;
    let text = bot.hears(said::text(STRANGER, "hi")).await;
    bot.hears(said::voice(STRANGER, "hi")).await;
    bot.hears(said::image(STRANGER, "picture", Some("look"))).await;
    bot.hears(said::unsupported(STRANGER, "document", Some("read"))).await;
    nothing_happened(&bot).await;
    assert!(reason(&bot, &text).await.contains("not on the allow-list"), "{}", reason(&bot, &text).await);
}

#[tokio::test(start_paused = true)]
async fn with_an_empty_list_everybody_is_a_stranger() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.allow_from.clear();
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    nothing_happened(&bot).await;
    assert!(reason(&bot, &message).await.contains("allow_from"), "it says what to do");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_number_behind_a_lid_is_a_stranger() {
    let bot = bot().await;
    let message = bot.hears(said::text("lid:12345", "it is me, Ana")).await;
    nothing_happened(&bot).await;
    assert!(reason(&bot, &message).await.contains("phone number is unknown"), "{}", reason(&bot, &message).await);
    bot.hears(said::text("lid:12345", "now with my number").also_known_as(ANA)).await;
    assert_eq!(bot.answers("lid:12345").await, ["now with my number"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_account_itself_writes_is_no_turn() {
    let bot = bot().await;
    bot.hears(said::text(ANA, "written by the owner on the phone").on_own_device(false)).await;
    nothing_happened(&bot).await;
}

#[tokio::test(start_paused = true)]
async fn somebody_admitted_is_typed_to_and_answered() {
    let bot = bot().await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
    let typing = bot.network.typing();
    assert!(typing.iter().any(|sign| sign.shown && sign.chat.as_str() == ANA), "{typing:?}");
    assert!(typing.iter().all(|sign| sign.message.as_ref().is_none_or(|of| *of == message)), "{typing:?}");
    assert!(typing.len() < 20, "typing is renewed, not hammered: {}", typing.len());
    assert!(typing.last().is_some_and(|sign| !sign.shown), "it ends with the turn: {typing:?}");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_at_once_needs_no_typing() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
    assert_eq!(bot.network.typing(), []);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_added_holds_from_the_next_message_on() {
    let bot = bot().await;
    bot.hears(said::text(STRANGER, "one")).await;
    bot.settled().await;
    let scope = ListScope::Channel(id("loopback"));
    bot.running.handle().allow(scope.clone(), id(STRANGER), "olga").await.expect("healthy");
    bot.hears(said::text(STRANGER, "two")).await;
    assert_eq!(bot.answers(STRANGER).await, ["two"], "what was refused stays refused");
    bot.running.handle().disallow(scope, &id(STRANGER)).await.expect("healthy");
    bot.hears(said::text(STRANGER, "three")).await;
    assert_eq!(bot.answers(STRANGER).await, ["two"]);
}

/// Polls a call once, which hands its commit over, and lets it go, as a web server does when a page is closed.
async fn begun_and_left<T>(call: impl Future<Output = T>) {
    let mut call = Box::pin(call);
    let _ = futures::poll!(call.as_mut());
}

// The calls are carried out by another thread than the one that lets go of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_list_holds_although_its_caller_went_away() {
    let bot = Setup::new(assistants::echo()).start().await;
    let (handle, scope) = (bot.running.handle(), ListScope::Channel(id("loopback")));
    let stored = async |there: bool| {
        while handle.store().allow_entries().await.expect("healthy").iter().any(|one| one.entry == id(STRANGER))
            != there
        {
            tokio::task::yield_now().await;
        }
    };
    for (number, way) in ["disallow", "take", "replace"].iter().enumerate() {
        begun_and_left(handle.allow(scope.clone(), id(STRANGER), "olga")).await;
        stored(true).await;
        let words = format!("before {way}");
        bot.hears(said::text(STRANGER, &words)).await;
        bot.network.sent_to_reached(STRANGER, number + 1).await;
        match *way {
            "disallow" => begun_and_left(handle.disallow(scope.clone(), &id(STRANGER))).await,
            "take" => begun_and_left(handle.take_allowed(scope.clone(), &id(STRANGER))).await,
            _ => begun_and_left(handle.replace_allowed(scope.clone(), vec![id(BEN)], "olga")).await,
        }
        stored(false).await;
        // The next change waits until the one before is through.
        handle.allow(scope.clone(), id(BEN), "olga").await.expect("healthy");
        let refused = bot.hears(said::text(STRANGER, "after")).await;
        assert!(reason(&bot, &refused).await.contains("not on the allow-list"), "{way}");
    }
    assert_eq!(bot.network.sent_to(STRANGER).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_somebody_no_longer_admitted_is_not_sent() {
    let bot = bot().await;
    let scope = ListScope::Channel(id("loopback"));
    let handle = bot.running.handle();
    handle.allow(scope.clone(), id(STRANGER), "olga").await.expect("healthy");
    let message = bot.hears(said::text(STRANGER, "hi")).await;
    // The answer is ready while nothing can be sent.
    bot.network.refuse_runs(MAIN, (0..3).map(|_| Ended::Dropped { reason: "far away".to_owned() }));
    bot.network.cut(MAIN, Ended::Dropped { reason: "the wire broke".to_owned() });
    handle.disallow(scope, &id(STRANGER)).await.expect("healthy");
    bot.passes(Duration::from_secs(600)).await;
    bot.network.connected(MAIN).await;
    bot.hears(said::text(BEN, "still here")).await;
    assert_eq!(bot.answers(BEN).await, ["still here"]);
    assert_eq!(bot.network.words_to(STRANGER), Vec::<String>::new());
    let why = reason(&bot, &message).await;
    assert!(why.contains("dropped") || why.contains("taken off the allow-list"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waited_while_its_sender_was_taken_off_the_list_is_not_answered() {
    let assistant = assistants::echo();
    let bot = Setup::new(assistant.clone()).start().await;
    let (handle, scope) = (bot.running.handle(), ListScope::Channel(id("loopback")));
    handle.allow(scope.clone(), id(STRANGER), "olga").await.expect("healthy");
    assistant.hold();
    bot.hears(said::text(STRANGER, "one")).await;
    assistant.asked_at_least(1).await;
    let waiting = bot.hears(said::text(STRANGER, "two")).await;
    handle.disallow(scope, &id(STRANGER)).await.expect("healthy");
    assistant.let_go();
    assert_eq!(bot.answers(STRANGER).await, Vec::<String>::new());
    assert_eq!(assistant.asked(), 1, "the second one was never shown to the assistant");
    let why = reason(&bot, &waiting).await;
    assert!(why.contains("taken off the allow-list"), "{why}");
}
