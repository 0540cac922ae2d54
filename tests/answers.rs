//! What an answer can hold beside words: wake-ups, memory, and somebody else who answers.

use crate::support::setup::{ANA, BEN, Bot, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::{START, id};
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Reply, Turn, Wake};
use greenroom_contract::limits;
use greenroom_contract::store::Store;
use greenroom_contract::time::Timestamp;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Reminds: `60 tea` says `tea` after a minute. Counts how often it was asked.
#[derive(Default)]
struct Reminder {
    asked: AtomicU32,
}

#[async_trait]
impl Assistant for Reminder {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Content::Wake { token } = &turn.messages[0].content {
            return Ok(Answer::text(token.clone()));
        }
        let text = turn.text();
        let Some((seconds, token)) = text.split_once(' ') else { return Ok(Answer::text("what?")) };
        let after = Duration::from_secs(seconds.parse().unwrap_or(1));
        let wake = vec![Wake { at: turn.now.plus(after), token: token.to_owned() }];
        Ok(Answer { wake, ..Answer::text("noted") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_comes_back_at_its_time_and_once() {
    let bot = Setup::new(Arc::new(Reminder::default())).start().await;
    bot.hears(said::text(ANA, "60 tea")).await;
    bot.hears(said::text(BEN, "30 coffee")).await;
    bot.passes(Duration::from_secs(20)).await;
    assert_eq!(bot.answers(ANA).await, ["noted"]);
    bot.passes(Duration::from_secs(15)).await;
    assert_eq!(bot.answers(BEN).await, ["noted", "coffee"]);
    assert_eq!(bot.answers(ANA).await, ["noted"]);
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.answers(ANA).await, ["noted", "tea"]);
    assert_eq!(bot.answers(BEN).await, ["noted", "coffee"]);
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_passes_the_gate_when_it_fires() {
    let reminder = Arc::new(Reminder::default());
    let bot = Setup::new(reminder.clone()).start().await;
    let handle = bot.running.handle();
    let scope = greenroom_contract::store::ListScope::Channel(id("loopback"));
    let guest = "+15550000077";
    handle.allow(scope.clone(), id(guest), "olga").await.expect("healthy");
    bot.hears(said::text(guest, "60 tea")).await;
    assert_eq!(bot.answers(guest).await, ["noted"]);
    handle.disallow(scope, &id(guest)).await.expect("healthy");
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.answers(guest).await, ["noted"], "whoever was taken off the list is not woken");
    assert_eq!(reminder.asked.load(Ordering::SeqCst), 1, "nor is the assistant asked");
}

/// One life of the process; it ends as a kill -9 ends it, and only the store lives on.
fn life<F: Future<Output = ()>>(run: impl FnOnce() -> F) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime can be made");
    runtime.block_on(run());
    runtime.shutdown_background();
}

#[test]
fn a_wake_up_survives_the_death_of_the_process() {
    let store: Arc<dyn Store> = greenroom_store::memory();
    let start = |store: &Arc<dyn Store>, now: Timestamp| {
        let mut setup = Setup::new(Arc::new(Reminder::default()));
        setup.store = Some(store.clone());
        setup.now = now;
        setup.start()
    };
    life(|| async {
        let bot = start(&store, START).await;
        bot.hears(said::text(ANA, "60 tea")).await;
        bot.settled().await;
    });
    life(|| async {
        let bot = start(&store, START.plus(Duration::from_secs(10))).await;
        assert_eq!(bot.answers(ANA).await, Vec::<String>::new());
        bot.passes(Duration::from_secs(55)).await;
        assert_eq!(bot.answers(ANA).await, ["tea"]);
    });
    life(|| async {
        let bot = start(&store, START.plus(Duration::from_secs(600))).await;
        bot.passes(Duration::from_secs(600)).await;
        assert_eq!(bot.answers(ANA).await, Vec::<String>::new(), "once");
    });
}

#[test]
fn a_wake_up_that_was_due_while_nobody_ran_comes_at_the_next_start() {
    let store: Arc<dyn Store> = greenroom_store::memory();
    for (now, expected) in [(START, vec!["noted"]), (START.plus(Duration::from_secs(86_400)), vec!["tea"])] {
        life(|| async {
            let mut setup = Setup::new(Arc::new(Reminder::default()));
            setup.store = Some(store.clone());
            setup.now = now;
            let bot = setup.start().await;
            if now == START {
                bot.hears(said::text(ANA, "60 tea")).await;
            } else {
                bot.network.sent_to_reached(ANA, 1).await;
            }
            assert_eq!(bot.answers(ANA).await, expected);
        });
    }
}

/// Says its word and hands the turn on. Counts how often it was asked, together with its friends.
struct Passes {
    word: &'static str,
    to: &'static str,
    asked: Arc<AtomicU32>,
}

fn passes(word: &'static str, to: &'static str, asked: &Arc<AtomicU32>) -> Passes {
    Passes { word, to, asked: asked.clone() }
}

#[async_trait]
impl Assistant for Passes {
    async fn respond(&self, _: Turn) -> Result<Answer, AssistantError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Answer { replies: vec![Reply::text(self.word)], ..Answer::hand_over(id(self.to)) })
    }
}

async fn bot_of(first: Passes, others: Vec<(&'static str, Arc<dyn Assistant>)>) -> Bot {
    let mut setup = Setup::new(Arc::new(first));
    setup.others = others;
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn a_turn_can_be_handed_over_and_both_are_heard_in_order() {
    let bot = bot_of(passes("one moment", "expert", &Arc::default()), vec![("expert", assistants::echo())]).await;
    let message = bot.hears(said::text(ANA, "why?")).await;
    assert_eq!(bot.answers(ANA).await, ["one moment", "why?"]);
    assert!(bot.why(&message).await.contains("handed over to expert"), "{}", bot.why(&message).await);
}

#[tokio::test(start_paused = true)]
async fn assistants_that_hand_over_in_circles_are_stopped() {
    let asked = Arc::default();
    let back = passes("pong", "helper", &asked);
    let bot = bot_of(passes("ping", "other", &asked), vec![("other", Arc::new(back))]).await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    assert_eq!(asked.load(Ordering::SeqCst), limits::HAND_OVERS_MAX + 1, "and not tried again");
    let why = bot.why(&message).await;
    assert!(why.contains("quarantined"), "the owner learns of it: {why}");
}

#[tokio::test(start_paused = true)]
async fn handing_over_to_nobody_is_shown_to_the_owner() {
    let bot = bot_of(passes("ask them", "nobody", &Arc::default()), Vec::new()).await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    assert!(bot.why(&message).await.contains("nobody"), "{}", bot.why(&message).await);
}
