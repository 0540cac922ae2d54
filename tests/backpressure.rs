//! When the store cannot take more, the channel waits; nothing is dropped, nothing happens twice.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_contract::channel::{BackOff, Ended, SendError};
use greenroom_contract::store::Store;
use std::sync::Arc;
use std::time::Duration;

/// A bot on a store that fails when it is told to.
async fn bot() -> (Bot, Arc<FaultyStore>) {
    let inner: Arc<dyn Store> = greenroom_store::memory();
    let faulty = FaultyStore::new(inner);
    let mut setup = Setup::new(assistants::echo());
    setup.store = Some(faulty.clone());
    (setup.start().await, faulty)
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_full_inbox_makes_the_channel_wait_and_drops_nothing() {
    let (bot, store) = bot().await;
    store.set_full(true);
    let mut deliveries = Vec::new();
    for number in numbers(50) {
        deliveries.push(bot.network.deliver(MAIN, said::text(ANA, number)).await);
    }
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!(bot.network.queued(MAIN), 50, "nothing is acknowledged");
    assert_eq!(bot.network.sent_count(), 0);
    assert!(store.accepts() > 1, "it is tried again");
    assert!(store.accepts() < 600, "with pauses: {} times in a minute", store.accepts());
    store.set_full(false);
    for delivery in deliveries {
        delivery.acknowledged().await.expect("there is room now");
    }
    assert_eq!(bot.answers(ANA).await, numbers(50));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_loses_and_doubles_nothing() {
    let (bot, store) = bot().await;
    for (number, words) in numbers(30).into_iter().enumerate() {
        match number % 3 {
            0 => store.fail_accepts(2),
            1 => store.fail_settles(1),
            _ => store.fail_sents(2),
        }
        bot.hears(said::text(ANA, words)).await;
        bot.settled().await;
    }
    assert_eq!(bot.answers(ANA).await, numbers(30));
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn answers_wait_while_the_network_is_away_and_keep_their_order() {
    let (bot, _) = bot().await;
    let away = || Ended::Dropped { reason: "far away".to_owned() };
    bot.network.pause(MAIN);
    bot.network.resume(MAIN);
    for words in numbers(5) {
        bot.hears(said::text(ANA, words)).await;
        bot.network.refuse_runs(MAIN, [away(), away()]);
        bot.network.cut(MAIN, away());
    }
    assert_eq!(bot.answers(ANA).await, numbers(5));
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_network_that_asks_for_patience_gets_it() {
    let (bot, _) = bot().await;
    let scope = BackOff::Conversation;
    let busy = SendError::Retry { reason: "slow down".into(), after: Some(Duration::from_secs(20)), scope };
    bot.network.next_sends(MAIN, [SendPlan::Fail(busy.clone()), SendPlan::Fail(busy)]);
    let begun = bot.clock.now();
    bot.hears(said::text(ANA, "0")).await;
    assert_eq!(bot.answers(ANA).await, numbers(1));
    assert!(bot.clock.now().since(begun) >= Duration::from_secs(40), "{:?}", bot.clock.now().since(begun));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_sent_again_under_the_same_name() {
    let (bot, _) = bot().await;
    bot.network.next_sends(MAIN, [SendPlan::DeliverUncertain]);
    bot.hears(said::text(ANA, "0")).await;
    bot.settled().await;
    bot.network.next_sends(MAIN, [SendPlan::LoseUncertain]);
    bot.hears(said::text(ANA, "1")).await;
    assert_eq!(bot.answers(ANA).await, numbers(2), "seen once each");
    assert_eq!(bot.network.sent()[0].repetitions, 1, "the first was repeated, and not seen again");
}

#[tokio::test(start_paused = true)]
async fn a_send_that_hangs_does_not_hold_up_another_chat() {
    let (bot, _) = bot().await;
    bot.network.next_sends(MAIN, [SendPlan::Hang]);
    bot.hears(said::text(ANA, "0")).await;
    bot.passes(Duration::from_secs(1)).await;
    bot.hears(said::text(crate::support::setup::BEN, "hi")).await;
    bot.network.sent_to_reached(crate::support::setup::BEN, 1).await;
    assert_eq!(bot.answers(ANA).await, numbers(1), "and is tried again");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_network_never_takes_is_given_up_and_shown() {
    let (bot, _) = bot().await;
    bot.network.next_sends(MAIN, [SendPlan::Fail(SendError::Refused { reason: "not this".to_owned() })]);
    let message = bot.hears(said::text(ANA, "0")).await;
    bot.hears(said::text(ANA, "1")).await;
    assert_eq!(bot.answers(ANA).await, ["1"], "the chat goes on");
    assert!(bot.why(&message).await.contains("dropped"), "{}", bot.why(&message).await);
}
