//! The reaction that shows that a message is worked on, until the answer is there.

use crate::support::setup::{ANA, Bot, STRANGER, Setup};
use greenroom_channel_loopback::{Options, capabilities, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_contract::capabilities::{Capabilities, Support};
use greenroom_contract::ids::MessageId;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::policy::{Busy, GroupMode};
use std::sync::Arc;
use std::time::Duration;

const GROUP: &str = "friends";

fn setup(pause: Duration) -> Setup {
    let mut setup = Setup::new(assistants::slow(pause));
    setup.policy.ack = Some("👀".to_owned());
    setup
}

/// What a chat saw: texts, and reactions with their message.
fn seen(bot: &Bot, chat: &str) -> Vec<String> {
    let of = |message: &MessageId| message.as_str().to_owned();
    let seen = bot.network.sent_to(chat).into_iter().map(|message| match message.body {
        OutboundBody::Reaction { to, emoji } => format!("{} {}", emoji.unwrap_or_else(|| "-".to_owned()), of(&to)),
        _ => message.words().to_owned(),
    });
    seen.collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_there_until_the_answer_is() {
    let bot = setup(Duration::from_secs(20)).start().await;
    bot.hears(said::text(ANA, "hi").with_id("m1")).await;
    bot.passes(Duration::from_secs(1)).await;
    assert_eq!(seen(&bot, ANA), ["👀 m1"]);
    bot.settled().await;
    assert_eq!(seen(&bot, ANA), ["👀 m1", "hi", "- m1"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_at_once_needs_none() {
    let bot = setup(Duration::from_millis(100)).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.hears(said::text(ANA, "/help")).await;
    bot.settled().await;
    assert_eq!(bot.network.sent_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_says_nothing_to_strangers_and_nothing_about_what_is_not_for_the_bot() {
    let bot = setup(Duration::from_secs(20)).start().await;
    bot.hears(said::text(STRANGER, "hi")).await;
    bot.hears(said::text(ANA, "hi all").in_group(GROUP)).await;
    bot.settled().await;
    assert_eq!(bot.network.sent_count(), 0);
    bot.hears(said::text(ANA, "you there?").with_id("m1").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    assert_eq!(seen(&bot, GROUP), ["👀 m1", "you there?", "- m1"]);
}

#[tokio::test(start_paused = true)]
async fn a_network_without_reactions_gets_none() {
    let mut setup = setup(Duration::from_secs(20));
    setup.options =
        Options { capabilities: Capabilities { reactions: Support::No, ..capabilities() }, ..Options::default() };
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    assert_eq!(seen(&bot, ANA), ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn however_a_turn_ends_it_is_taken_back() {
    let assistant = assistants::hanging();
    let mut setup = setup(Duration::ZERO);
    (setup.assistant, setup.timeout) = (assistant, Duration::from_secs(5));
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi").with_id("m1")).await;
    bot.settled().await;
    let seen = seen(&bot, ANA);
    assert_eq!((seen.first().map(String::as_str), seen.last().map(String::as_str)), (Some("👀 m1"), Some("- m1")));
    assert_eq!(seen.len(), 3, "one for all attempts, and the notice: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_given_up_and_is_quick_then_takes_it_back_too() {
    let assistant = assistants::echo();
    let mut setup = setup(Duration::ZERO);
    setup.assistant = assistant.clone();
    setup.policy.busy = Busy::Interrupt;
    setup.policy.groups = GroupMode::Always;
    let bot = setup.start().await;
    assistant.hold();
    bot.hears(said::text(ANA, "one").with_id("m1")).await;
    bot.passes(Duration::from_secs(1)).await;
    bot.hears(said::text(ANA, "two").with_id("m2")).await;
    assistant.asked_at_least(2).await;
    assistant.let_go();
    bot.settled().await;
    let seen = seen(&bot, ANA);
    assert_eq!(seen.iter().filter(|line| *line == "👀 m1").count(), 1, "{seen:?}");
    assert_eq!(seen.iter().filter(|line| *line == "- m1").count(), 1, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_next_run_takes_back_what_an_earlier_one_left() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = async |assistant| {
        let mut setup = setup(Duration::ZERO);
        setup.assistant = assistant;
        setup.store = Some(store.clone());
        setup.start().await
    };
    let bot = start(assistants::hanging()).await;
    bot.hears(said::text(ANA, "hi").with_id("m1")).await;
    bot.passes(Duration::from_secs(1)).await;
    assert_eq!(seen(&bot, ANA), ["👀 m1"]);
    bot.running.drain().await;
    let bot = start(assistants::echo()).await;
    bot.settled().await;
    assert_eq!(seen(&bot, ANA), ["hi", "- m1"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_could_not_be_sent_in_time_is_not_sent() {
    let bot = Arc::new(setup(Duration::from_secs(20)).start().await);
    bot.hears(said::text(ANA, "hi").with_id("m1")).await;
    bot.network.cut("main", greenroom_contract::channel::Ended::Dropped { reason: "away".into() });
    bot.settled().await;
    let seen = seen(&bot, ANA);
    assert!(seen.contains(&"hi".to_owned()) && seen.last().is_some_and(|last| last != "👀 m1"), "{seen:?}");
}
