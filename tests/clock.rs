//! The system's clock is moved while messages flow, and while the bot is away: nobody waits for it, and nothing is
//! sent twice.

use crate::support::number;
use crate::support::rng::Rng;
use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use greenroom::registry::Registry;
use greenroom_channel_loopback::{Options, SendPlan, capabilities, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::{START, id};
use greenroom_contract::capabilities::{Capabilities, Resend};
use greenroom_contract::channel::{BackOff, SendError};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::policy::Rates;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::trace::Decision;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// How long anybody may wait, by a clock that does not jump.
const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that is moved by hand.
fn moved(start: Timestamp) -> (Clock, &'static AtomicI64) {
    let by_ms: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
    (Clock::Moved { start, origin: Instant::now(), by_ms }, by_ms)
}

/// What the network does with a send: most are taken, some are refused, some lost without a word.
fn send_plan(dice: &mut Rng) -> SendPlan {
    match dice.below(100) {
        0..5 => SendPlan::Fail(SendError::Retry { reason: "busy".into(), after: None, scope: BackOff::Conversation }),
        5..7 => SendPlan::Fail(SendError::Retry { reason: "busy".into(), after: None, scope: BackOff::Account }),
        7..10 => SendPlan::LoseUncertain,
        10..12 => SendPlan::Fail(SendError::NotConnected),
        _ => SendPlan::Deliver,
    }
}

/// A bot by the rules of an adapter, and when each answer left for the last time.
async fn bot_by(able: &Capabilities, seed: u64) -> (Bot, &'static AtomicI64, Arc<Mutex<HashMap<String, Instant>>>) {
    let (clock, by_ms) = moved(START);
    let mut setup = Setup::new(assistants::slow(Duration::from_millis(300)));
    setup.clock = Some(clock);
    setup.policy.allow_from = vec![id("*")];
    setup.policy.reconcile = Duration::from_secs(5);
    setup.policy.rates = Rates { person_per_minute: 10, ..Rates::UNLIMITED };
    let of_network = &mut setup.options.capabilities;
    (of_network.rates, of_network.window, of_network.budget) = (able.rates.clone(), able.window, able.budget);
    of_network.resend = able.resend;
    let bot = setup.start().await;
    let left = Arc::<Mutex<HashMap<String, Instant>>>::default();
    let (notes, mut dice) = (Arc::clone(&left), Rng::new(seed));
    let on_send = move |outbound: &greenroom_contract::outbound::Outbound| {
        let OutboundBody::Text(words) = &outbound.body else { panic!("not words") };
        notes.lock().expect("nothing panics here").insert(words.clone(), Instant::now());
        send_plan(&mut dice)
    };
    bot.network.on_send(MAIN, Box::new(on_send));
    (bot, by_ms, left)
}

async fn clock_jumps(kind: &str, able: &Capabilities, seed: u64) {
    let (bot, by_ms, left) = bot_by(able, seed).await;
    let mut rng = Rng::new(seed);
    let mut said_at = HashMap::new();
    for number in 0..80 {
        let who = format!("+1555000{:04}", rng.below(5));
        let words = format!("message {number}");
        said_at.insert(words.clone(), Instant::now());
        bot.hears(said::text(&who, &words)).await;
        if rng.percent(30) {
            by_ms.store([-DAY_MS, 0, DAY_MS][rng.below(3) as usize], Ordering::Relaxed);
        }
        bot.passes(Duration::from_millis(3_000 + rng.below(4_000))).await;
    }
    bot.passes(PATIENCE).await;
    for (words, said) in said_at {
        let left = left.lock().expect("nothing panics here").get(&words).copied();
        let waited = left.map(|left| left - said);
        assert!(waited.is_some_and(|waited| waited < PATIENCE), "{kind}, seed {seed}: {words} left after {waited:?}");
    }
    assert_eq!(bot.network.sent_count(), 80, "{kind}, seed {seed}: each once");
    assert_eq!(bot.store.rows_waiting().await, Ok(0), "{kind}, seed {seed}");
    let health = bot.running.handle().health().await;
    let warned = health.warnings.iter().filter(|warning| warning.what.contains("clock was set")).count();
    assert_eq!(warned, 1, "the owner is told: {:?}", health.warnings);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_by_days_delays_nothing_whatever_the_network_allows() {
    let registry = Registry::standard();
    for entry in registry.channels() {
        let Some(able) = entry.kind.capabilities() else { continue };
        for seed in 0..number("GREENROOM_CLOCK_SEEDS", 4) {
            clock_jumps(entry.kind.kind(), &able, seed).await;
        }
    }
}

/// One life of a process. Whatever was under way at its end is gone, as after a kill -9.
fn life<T>(lived: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime can be made");
    let outcome = runtime.block_on(lived);
    runtime.shutdown_background();
    outcome
}

#[test]
fn what_an_earlier_run_may_have_sent_is_known_although_the_clock_was_set_back_since() {
    let store = FaultyStore::new(greenroom_store::memory());
    let shown_twice = Capabilities { resend: Resend::Visible, ..capabilities() };
    let ends = loopback(Options { capabilities: shown_twice, ..Options::default() });
    let start = async |now| {
        let mut setup = Setup::new(assistants::echo());
        setup.store = Some(store.clone());
        (setup.now, setup.ends) = (now, Some(ends.clone()));
        setup.start().await
    };
    let first = life(async {
        let bot = start(START.plus(Duration::from_secs(24 * 3_600))).await;
        bot.network.next_sends(MAIN, [SendPlan::DeliverAndHang]);
        let first = bot.hears(said::text(ANA, "one")).await;
        bot.network.sent_to_reached(ANA, 1).await;
        first
    });
    life(async {
        let bot = start(START).await;
        let began = Instant::now();
        bot.hears(said::text(BEN, "two").with_id("of-ben")).await;
        bot.network.sent_to_reached(BEN, 1).await;
        assert!(began.elapsed() < Duration::from_secs(1), "what is new waits for nothing: {:?}", began.elapsed());
        bot.passes(Duration::from_secs(30)).await;
        assert_eq!(bot.network.words_to(ANA), ["one"], "it may be there already, so evidence is waited for");
        let uncertain = |decision: &Decision| matches!(decision, Decision::Uncertain { .. });
        assert!(bot.decisions(&first).await.iter().any(uncertain), "{}", bot.why(&first).await);
        bot.passes(Duration::from_secs(40)).await;
        assert_eq!(bot.network.words_to(ANA), ["one", "one"], "silence counts as never sent, after the usual time");
    });
}

#[tokio::test(start_paused = true)]
async fn rates_of_people_count_on_after_the_clock_was_set_back() {
    let (clock, by_ms) = moved(START);
    let mut setup = Setup::new(assistants::echo());
    setup.clock = Some(clock);
    setup.policy.rates = Rates { person_per_minute: 1, ..Rates::UNLIMITED };
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "one")).await;
    bot.settled().await;
    by_ms.store(-DAY_MS, Ordering::Relaxed);
    bot.passes(Duration::from_secs(61)).await;
    bot.hears(said::text(ANA, "two")).await;
    assert_eq!(bot.answers(ANA).await, ["one", "two"], "a minute is a minute");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_a_month_ahead_for_a_sweep_makes_no_message_new_once_more() {
    let (clock, by_ms) = moved(START);
    let mut setup = Setup::new(assistants::echo());
    setup.clock = Some(clock);
    let bot = setup.start().await;
    let said = || said::text(ANA, "hi").with_id("m-1");
    let message = bot.hears(said()).await;
    bot.passes(Duration::from_secs(2 * 3_600)).await;
    by_ms.store(30 * DAY_MS, Ordering::SeqCst);
    bot.passes(Duration::from_secs(3 * 3_600)).await;
    by_ms.store(0, Ordering::SeqCst);
    bot.passes(Duration::from_secs(3_600)).await;
    bot.hears(said()).await;
    assert_eq!(bot.answers(ANA).await, ["hi"], "it is a repetition still");
    assert!(!bot.decisions(&message).await.is_empty(), "and what became of it is known");
    // The time that really passes makes it old.
    bot.passes(Duration::from_secs(15 * 24 * 3_600)).await;
    assert!(bot.decisions(&message).await.is_empty());
}
