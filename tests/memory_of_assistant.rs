//! A bot that needs the previous message still has it: after passivation, a restart and a kill -9.

use crate::crash::Scene;
use crate::support::rng::Rng;
use crate::support::setup::Setup;
use crate::support::wire::WireMessage;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use std::time::Duration;
use tokio::task::JoinSet;

const ANA: &str = "+15550000001";

/// Says one thing and returns what was answered to it.
async fn ask(scene: &Scene, words: &str) -> String {
    let before = answers(scene).len();
    let id = format!("m-{}", scene.people.said().len());
    scene.people.say(WireMessage { id, who: ANA.to_owned(), group: None, text: words.to_owned() });
    scene.people.until("it is answered", |_| answers(scene).len() > before).await;
    answers(scene).pop().expect("just counted")
}

fn answers(scene: &Scene) -> Vec<String> {
    let seen = scene.people.seen();
    seen.get(ANA).into_iter().flatten().map(|(_, text)| text.clone()).collect()
}

async fn remembers(engine: &str, assistant: &str) {
    let mut scene = Scene::new(engine, assistant).await;
    // A conversation leaves memory as soon as it is idle: every turn here begins from the store.
    scene.options.idle_ms = 1;
    let mut first = scene.started(None).await;
    assert_eq!(ask(&scene, "one").await, "before: nothing");
    scene.people.all_settled().await;
    assert_eq!(ask(&scene, "two").await, "before: one", "passivation");
    scene.people.all_settled().await;
    first.kill();
    let mut second = scene.started(None).await;
    assert_eq!(ask(&scene, "three").await, "before: two", "kill -9 while idle");
    second.kill();
    // Killed right after the answer was seen: the turn is settled, the mark of the send may be lost.
    let _third = scene.started(None).await;
    assert_eq!(ask(&scene, "four").await, "before: three", "kill -9 right after the answer");
    scene.people.all_settled().await;
    assert_eq!(answers(&scene), ["before: nothing", "before: one", "before: two", "before: three"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_its_state() {
    remembers("sled", "state").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_its_state_with_the_second_engine() {
    remembers("fjall", "state").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_its_history() {
    remembers("sled", "history").await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_conversation_leaves_memory_and_comes_back_with_what_it_knew() {
    for assistant in [assistants::remembering_by_state(), assistants::remembering_by_history()] {
        let mut setup = Setup::new(assistant);
        setup.idle = Duration::from_secs(60);
        let bot = setup.start().await;
        bot.hears(said::text(ANA, "one")).await;
        bot.settled().await;
        assert_eq!(bot.running.handle().health().await.conversations_active, 1);
        bot.passes(Duration::from_secs(180)).await;
        assert_eq!(bot.running.handle().health().await.conversations_active, 0, "it left memory");
        bot.hears(said::text(ANA, "two")).await;
        assert_eq!(bot.answers(ANA).await, ["before: nothing", "before: one"]);
    }
}

// Leaving memory and being rung must meet by chance, so this runs in real time and tries it often.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_while_its_conversation_leaves_memory_is_answered() {
    const CHATS: u64 = 40;
    const MESSAGES: u64 = 60;
    let seed = Rng::seed();
    println!("GREENROOM_SEED={seed}");
    let mut setup = Setup::new(assistants::echo());
    setup.policy.allow_from = vec![id("*")];
    setup.idle = Duration::from_millis(1);
    let bot = setup.start().await;
    let mut chats = JoinSet::new();
    for chat in 0..CHATS {
        let (network, mut rng) = (bot.network.clone(), Rng::new(seed + chat));
        let who = format!("+1555100{chat:04}");
        chats.spawn(async move {
            for answers in 1..=MESSAGES as usize {
                network.deliver("main", said::text(&who, "hi")).await;
                network.sent_to_reached(&who, answers).await;
                tokio::time::sleep(Duration::from_micros(rng.below(12_000))).await;
            }
        });
    }
    let all = async { while chats.join_next().await.is_some() {} };
    let done = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(done.is_ok(), "a message waits for ever: {} of {} answered", bot.network.sent_count(), CHATS * MESSAGES);
    bot.promises_kept();
}
