//! Wake-ups: bounded, counted, listed, taken back, and on time.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_conformance::messages::START;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Turn, Wake};
use greenroom_contract::channel::Ended;
use greenroom_contract::limits;
use greenroom_contract::policy::Rates;
use greenroom_contract::time::Clock;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// Asks for two more whenever it is asked anything.
#[derive(Default)]
struct Doubling {
    asked: AtomicU32,
}

#[async_trait]
impl Assistant for Doubling {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let wake = |number: u32| Wake { at: turn.now, token: format!("{asked}.{number}") };
        Ok(Answer { wake: vec![wake(0), wake(1)], ..Answer::silence() })
    }
}

#[tokio::test(start_paused = true)]
async fn an_assistant_that_asks_for_more_and_more_wake_ups_stays_within_the_rates_of_its_person() {
    let assistant = Arc::new(Doubling::default());
    let mut setup = Setup::new(assistant.clone());
    setup.policy.rates = Rates { person_per_minute: 20, person_per_day: 100, ..Rates::UNLIMITED };
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "go")).await;
    bot.passes(Duration::from_secs(12)).await;
    let asked = assistant.asked.load(Ordering::SeqCst);
    assert!((5..=20).contains(&asked), "{asked} turns in 12 seconds");
    bot.passes(Duration::from_secs(12 * 3_600)).await;
    let asked = assistant.asked.load(Ordering::SeqCst);
    assert!((21..=100).contains(&asked), "{asked} turns on one day");
    let waiting = bot.store.wakes(None, 1_000).await.expect("healthy").len();
    assert!(waiting <= limits::WAKES_PER_CONVERSATION_MAX, "{waiting} wake-ups wait");
    assert!(bot.store.rows_waiting().await.expect("healthy") <= limits::WAKES_PER_CONVERSATION_MAX as u64);
}

#[tokio::test(start_paused = true)]
async fn without_rates_too_the_number_that_waits_is_bounded_and_none_comes_within_a_second() {
    let assistant = Arc::new(Doubling::default());
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "go")).await;
    bot.passes(Duration::from_millis(900)).await;
    assert_eq!(assistant.asked.load(Ordering::SeqCst), 1, "the soonest is a second away");
    bot.passes(Duration::from_secs(20)).await;
    let asked = u64::from(assistant.asked.load(Ordering::SeqCst));
    // Each second those that wait become due, and a turn for each asks for as many as there is room for.
    assert!(asked <= 21 * limits::WAKES_PER_CONVERSATION_MAX as u64, "{asked} turns in 21 seconds");
    assert!(bot.store.wakes(None, 1_000).await.expect("healthy").len() <= limits::WAKES_PER_CONVERSATION_MAX);
}

/// `60 tea` reminds of tea after a minute, `not tea` takes that back, and `what` says what waits.
#[derive(Default)]
struct Reminder {
    woken: Mutex<Vec<(String, Instant)>>,
}

#[async_trait]
impl Assistant for Reminder {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if let Content::Wake { token } = &turn.messages[0].content {
            self.woken.lock().expect("nothing panics here").push((token.clone(), Instant::now()));
            return Ok(Answer::text(token.clone()));
        }
        let text = turn.text();
        let waiting: Vec<&str> = turn.wakes.iter().map(|wake| wake.token.as_str()).collect();
        Ok(match text.split_once(' ') {
            Some(("not", token)) => Answer { cancel_wakes: vec![token.to_owned()], ..Answer::text("forgotten") },
            Some((seconds, token)) => {
                let at = turn.now.plus(Duration::from_secs(seconds.parse().expect("a number")));
                Answer { wake: vec![Wake { at, token: token.to_owned() }], ..Answer::text("noted") }
            }
            None => Answer::text(format!("waiting: {}", waiting.join(", "))),
        })
    }
}

async fn says(bot: &Bot, words: &str) -> String {
    bot.hears(said::text(ANA, words)).await;
    bot.answers(ANA).await.pop().expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn an_assistant_sees_replaces_and_takes_back_what_it_asked_for() {
    let bot = Setup::new(Arc::new(Reminder::default())).start().await;
    says(&bot, "600 tea").await;
    says(&bot, "300 bread").await;
    assert_eq!(says(&bot, "what").await, "waiting: bread, tea");
    says(&bot, "100 tea").await;
    assert_eq!(says(&bot, "what").await, "waiting: tea, bread");
    says(&bot, "not bread").await;
    assert_eq!(says(&bot, "what").await, "waiting: tea");
    bot.passes(Duration::from_secs(3_600)).await;
    let answers = bot.answers(ANA).await;
    assert_eq!(answers.iter().filter(|words| *words == "tea").count(), 1);
    assert_eq!(answers.iter().filter(|words| *words == "bread").count(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_runs_the_bot_sees_what_waits_and_takes_it_back() {
    let bot = Setup::new(Arc::new(Reminder::default())).start().await;
    says(&bot, "600 tea").await;
    says(&bot, "300 bread").await;
    let handle = bot.running.handle();
    let wakes = handle.wakes(None, 10).await.expect("healthy");
    let shown: Vec<_> = wakes.iter().map(|wake| (wake.token.as_str(), wake.assistant.as_str())).collect();
    assert_eq!(shown, [("bread", "helper"), ("tea", "helper")]);
    handle.cancel_wake(wakes[0].number).await.expect("it waits");
    assert_eq!(handle.store().wakes(Some(wakes[1].conversation), 10).await.expect("healthy"), wakes[1..]);
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.answers(ANA).await.pop().as_deref(), Some("tea"));
    assert!(handle.cancel_wake(wakes[1].number).await.is_err(), "it is due already");
}

/// A machine that sleeps: the wall goes on, and every timer stands still.
fn sleeping() -> (Clock, &'static AtomicI64) {
    let by_ms: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
    (Clock::Moved { start: START, origin: Instant::now(), by_ms }, by_ms)
}

#[tokio::test(start_paused = true)]
async fn a_reminder_comes_soon_after_a_machine_slept_through_its_time() {
    let reminder = Arc::new(Reminder::default());
    let mut setup = Setup::new(reminder.clone());
    let (clock, by_ms) = sleeping();
    setup.clock = Some(clock);
    let bot = setup.start().await;
    says(&bot, "7200 tea").await;
    bot.passes(Duration::from_secs(60)).await;
    by_ms.store(8 * 3_600 * 1_000, Ordering::SeqCst);
    let awake = Instant::now();
    bot.passes(Duration::from_secs(90)).await;
    let woken = reminder.woken.lock().expect("nothing panics here").clone();
    assert_eq!(woken.len(), 1);
    assert!(woken[0].1.duration_since(awake) <= limits::WALL_SLEEP_MAX, "{:?}", woken[0].1.duration_since(awake));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_suspended_while_the_machine_slept_connects_soon_after() {
    let mut setup = Setup::new(Arc::new(Reminder::default()));
    let (clock, by_ms) = sleeping();
    setup.clock = Some(clock);
    let bot = setup.start().await;
    bot.network.connected(MAIN).await;
    let until = bot.clock.now().plus(Duration::from_secs(6 * 3_600));
    bot.network.cut(MAIN, Ended::Suspended { until, reason: "slow down".to_owned() });
    bot.network.disconnected(MAIN).await;
    bot.passes(Duration::from_secs(300)).await;
    assert!(!bot.network.is_connected(MAIN), "not before its time");
    by_ms.store(8 * 3_600 * 1_000, Ordering::SeqCst);
    bot.passes(Duration::from_secs(90)).await;
    assert!(bot.network.is_connected(MAIN), "timers stood still for eight hours, and the time is over");
}
