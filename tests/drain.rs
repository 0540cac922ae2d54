//! Stopping: what runs may finish, what waits goes on at the next start, nothing is answered twice.

use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use greenroom::Ended;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants::{self, Fake};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

#[tokio::test(start_paused = true)]
async fn a_running_turn_may_finish_and_its_answer_is_sent() {
    let assistant = assistants::slow(Duration::from_secs(5));
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assistant.asked_at_least(1).await;
    let Ended::Drained(drained) = bot.running.drain().await else { panic!("it was drained") };
    assert_eq!(drained.turns_left, 0);
    assert_eq!(bot.network.words_to(ANA), ["hi"]);
    assert!(!bot.network.is_connected(MAIN));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_finish_in_time_is_counted() {
    let assistant = assistants::slow(Duration::from_secs(3_600));
    let mut setup = Setup::new(assistant.clone());
    setup.timeout = Duration::from_secs(7_200);
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assistant.asked_at_least(1).await;
    let begun = bot.clock.now();
    let drained = bot.running.handle().drain(Duration::from_secs(3)).await;
    assert_eq!(drained.turns_left, 1);
    assert!(bot.clock.now().since(begun) < Duration::from_secs(20), "{:?}", bot.clock.now().since(begun));
    assert_eq!(bot.network.sent_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stopping_bot_takes_nothing_more() {
    let assistant = assistants::slow(Duration::from_secs(5));
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assistant.asked_at_least(1).await;
    let network = bot.network.clone();
    let late = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        network.deliver(MAIN, said::text(BEN, "late")).await
    });
    bot.running.drain().await;
    late.await.expect("no panic");
    assert_eq!(bot.network.queued(MAIN), 1, "it was not acknowledged, so the network keeps it");
    assert_eq!(bot.network.words_to(BEN), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn draining_twice_ends_once() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    let (first, second) = tokio::join!(bot.running.drain(), bot.running.drain());
    assert_eq!(first, second);
    assert!(matches!(bot.running.ended().await, Ok(Ended::Drained(_))));
}

#[tokio::test(start_paused = true)]
async fn when_every_input_ended_the_bot_ends_by_itself_after_the_last_answer() {
    let bot = Setup::new(assistants::slow(Duration::from_secs(2))).start().await;
    for words in ["one", "two", "three"] {
        bot.network.deliver(MAIN, said::text(ANA, words)).await;
    }
    bot.network.finish(MAIN);
    assert!(matches!(bot.running.ended().await, Ok(Ended::Finished)));
    assert_eq!(bot.network.words_to(ANA), ["one", "two", "three"]);
}

// The store is on disk, so this runs in real time.
#[tokio::test]
async fn being_stopped_counts_no_attempt_and_the_next_start_goes_on() {
    let folder = TempDir::new().expect("a temporary folder");
    for stop in 0..5 {
        let hanging = assistants::hanging();
        let bot = on_disk(&folder, hanging.clone()).await;
        if stop == 0 {
            bot.hears(said::text(ANA, "hi")).await;
        }
        hanging.asked_at_least(1).await;
        assert_eq!(hanging.turns()[0].attempt, 1);
        bot.running.handle().drain(Duration::from_millis(50)).await;
    }
    let bot = on_disk(&folder, assistants::echo()).await;
    assert_eq!(bot.network.sent_to_reached(ANA, 1).await[0].words(), "hi");
    bot.running.drain().await;
}

async fn on_disk(folder: &TempDir, assistant: Arc<Fake>) -> Bot {
    let store = greenroom_store::open(greenroom_store::OpenOptions::at(folder.path())).expect("a fresh folder");
    let mut setup = Setup::new(assistant);
    setup.store = Some(store);
    setup.start().await
}

#[tokio::test]
async fn a_drained_store_can_be_opened_again_at_once() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut answers = Vec::new();
    for words in ["one", "two", "three"] {
        let bot = on_disk(&folder, assistants::echo()).await;
        bot.hears(said::text(ANA, words).with_id(words)).await;
        // Whether its turn still runs now or at the next start is a matter of moments.
        bot.running.drain().await;
        answers.extend(bot.network.words_to(ANA));
    }
    let bot = on_disk(&folder, assistants::echo()).await;
    answers.extend(bot.answers(ANA).await);
    assert_eq!(answers, ["one", "two", "three"]);
}
