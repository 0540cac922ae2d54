//! One person cannot have all of the bot's time.

use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants::{self, Fake};
use greenroom_contract::policy::Rates;
use std::sync::Arc;
use std::time::Duration;

async fn bot(rates: Rates) -> (Bot, Arc<Fake>) {
    let assistant = assistants::echo();
    let mut setup = Setup::new(assistant.clone());
    setup.policy.rates = rates;
    (setup.start().await, assistant)
}

#[tokio::test(start_paused = true)]
async fn the_excess_of_a_minute_is_settled_with_one_notice() {
    let (bot, assistant) = bot(Rates { person_per_minute: 3, ..Rates::UNLIMITED }).await;
    let mut last = None;
    for number in 0..6 {
        last = Some(bot.hears(said::text(ANA, format!("{number}"))).await);
        bot.settled().await;
    }
    assert_eq!(assistant.asked(), 3);
    let answers = bot.network.words_to(ANA);
    assert_eq!(answers[..3], ["0", "1", "2"]);
    assert_eq!(answers.len(), 4, "three answers and one kind sentence: {answers:?}");
    let why = bot.why(&last.expect("six were said")).await;
    assert!(why.contains("too many turns"), "{why}");
    bot.hears(said::text(BEN, "hi")).await;
    assert_eq!(bot.answers(BEN).await, ["hi"], "others do not pay for it");
    bot.passes(Duration::from_secs(61)).await;
    bot.hears(said::text(ANA, "later")).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("later"));
}

#[tokio::test(start_paused = true)]
async fn the_excess_of_a_day_waits_for_the_next_day() {
    let (bot, assistant) = bot(Rates { person_per_day: 4, ..Rates::UNLIMITED }).await;
    for _ in 0..8 {
        bot.hears(said::text(ANA, "hi")).await;
        bot.passes(Duration::from_secs(1_800)).await;
    }
    bot.settled().await;
    assert_eq!(assistant.asked(), 4);
    bot.passes(Duration::from_secs(24 * 3600)).await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    assert_eq!(assistant.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_group_has_a_limit_of_its_own() {
    let (bot, assistant) = bot(Rates { group_per_minute: 2, ..Rates::UNLIMITED }).await;
    for who in [ANA, BEN, ANA, BEN] {
        bot.hears(said::text(who, "hi").in_group("friends").mentioning()).await;
    }
    bot.settled().await;
    assert_eq!(assistant.asked(), 2);
    bot.hears(said::text(ANA, "direct")).await;
    assert_eq!(bot.answers(ANA).await, ["direct"]);
}

#[tokio::test(start_paused = true)]
async fn two_programs_that_answer_each_other_are_stopped_and_a_person_can_write_later() {
    let (bot, assistant) = bot(Rates::default()).await;
    let mut last = None;
    // Whatever the bot says, the other program says something at once.
    for number in 0..40 {
        let before = bot.network.words_to(ANA).len();
        last = Some(bot.hears(said::text(ANA, format!("turn {number}"))).await);
        bot.settled().await;
        if bot.network.words_to(ANA).len() == before {
            break;
        }
    }
    let answers = bot.network.words_to(ANA);
    assert_eq!(assistant.asked(), 10, "{answers:?}");
    assert_eq!(answers.len(), 11, "and one sentence: {answers:?}");
    assert!(answers[10].contains("two programs"), "{answers:?}");
    let why = bot.why(&last.expect("some were said")).await;
    assert!(why.contains("paused"), "{why}");
    let warnings = async || bot.running.handle().health().await.warnings;
    assert!(warnings().await.iter().any(|warning| warning.what.contains("two programs")), "{:?}", warnings().await);
    bot.hears(said::text(BEN, "hi")).await;
    assert_eq!(bot.answers(BEN).await, ["hi"], "others do not pay for it");
    bot.passes(Duration::from_secs(601)).await;
    assert!(warnings().await.is_empty(), "{:?}", warnings().await);
    bot.hears(said::text(ANA, "a person")).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("a person"));
}

#[tokio::test(start_paused = true)]
async fn an_echo_of_the_own_words_is_noticed_sooner() {
    let (bot, assistant) = bot(Rates::default()).await;
    for _ in 0..10 {
        bot.hears(said::text(ANA, "hello")).await;
        bot.settled().await;
    }
    assert_eq!(assistant.asked(), 3, "{:?}", bot.network.words_to(ANA));
}
