//! The world is bad for longer than a moment: networks that are away for hours, accounts that are dead, a store that
//! stumbles, actors that crash. When it is good again every answer leaves.

mod content;
mod stumbles;
mod told_later;
mod windows;

use crate::support::process::{clean, run, succeeded};
use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::channel::{BackOff, SendError};
use greenroom_contract::limits;
use greenroom_contract::store::ParcelVerdict;
use greenroom_contract::trace::{Decision, Step};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn busy() -> SendError {
    SendError::Retry { reason: "503".into(), after: None, scope: BackOff::Conversation }
}

/// A network that refuses everything for now while the switch is on; how often it was asked.
fn outage(bot: &Bot) -> (Arc<AtomicBool>, Arc<AtomicUsize>) {
    let (away, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (is_away, count) = (Arc::clone(&away), Arc::clone(&asked));
    let decide = move |_: &_| {
        count.fetch_add(1, Ordering::SeqCst);
        if is_away.load(Ordering::SeqCst) { SendPlan::Fail(busy()) } else { SendPlan::Deliver }
    };
    bot.network.on_send(MAIN, Box::new(decide));
    (away, asked)
}

/// Admits everybody.
fn open_to_all(assistant: Arc<dyn Assistant>) -> Setup {
    let mut setup = Setup::new(assistant);
    setup.policy.allow_from = vec![id("*")];
    setup
}

fn person(number: usize) -> String {
    format!("+1555{:07}", 1_000 + number)
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_hours_loses_no_answer_and_the_order_stays() {
    for hours in [1, 6, 20] {
        let bot = Setup::new(assistants::echo()).start().await;
        let (away, _) = outage(&bot);
        for words in ["one", "two"] {
            bot.hears(said::text(ANA, words)).await;
        }
        bot.passes(HOUR * hours).await;
        bot.hears(said::text(ANA, "three")).await;
        bot.passes(Duration::from_secs(60)).await;
        away.store(false, Ordering::SeqCst);
        bot.passes(limits::SEND_RETRY_PAUSE_MAX + Duration::from_secs(1)).await;
        assert_eq!(bot.network.words_to(ANA), ["one", "two", "three"], "after {hours} hours");
        assert!(bot.running.handle().health().await.ok);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_refused_for_a_day_is_held_shown_and_leaves_when_the_owner_releases_it() {
    let bot = Setup::new(assistants::echo()).start().await;
    let handle = bot.running.handle();
    let (away, _) = outage(&bot);
    let message = bot.hears(said::text(ANA, "one")).await;
    bot.passes(HOUR).await;
    let waiting = handle.unsent(10).await.expect("healthy").remove(0);
    assert_eq!((waiting.state, waiting.kind, waiting.chat.as_str()), ("waiting", "answer", ANA));
    assert!(
        waiting.reason.contains("503") && waiting.until.is_some_and(|until| until > bot.clock.now()),
        "{waiting:?}"
    );
    let trace = bot.store.why(&message, None).await.expect("healthy").remove(0);
    assert!(trace.parcels[0].waits_until.is_some_and(|until| until > bot.clock.now()), "{trace:?}");
    bot.passes(DAY).await;
    let held = handle.unsent(10).await.expect("healthy").remove(0);
    assert_eq!((held.state, held.until), ("held", None));
    assert!(held.reason.starts_with("expired: refused ") && held.reason.contains("24 hours"), "{held:?}");
    let health = handle.health().await;
    assert_eq!((health.ok, health.outbox_held), (false, 1));
    let problem = health.problems[0].to_string();
    assert!(problem.contains("1 message(s) of the bot are held") && problem.contains("release or drop"), "{problem}");
    // It is not tried again by itself.
    away.store(false, Ordering::SeqCst);
    bot.passes(DAY).await;
    assert_eq!(bot.network.sent_count(), 0);
    // A second outage just then: the released message begins to be tried again, and does not expire immediately.
    away.store(true, Ordering::SeqCst);
    handle.release_unsent(&held.id).await.expect("it is held");
    bot.passes(HOUR * 20).await;
    assert_eq!(handle.unsent(10).await.expect("healthy")[0].state, "waiting");
    away.store(false, Ordering::SeqCst);
    assert_eq!(bot.answers(ANA).await, ["one"]);
    assert!(handle.release_unsent(&held.id).await.is_err(), "it is sent");
    assert!(handle.health().await.ok);
}

#[tokio::test(start_paused = true)]
async fn how_old_an_answer_may_become_is_configured() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.answers_expire_after = HOUR;
    let bot = setup.start().await;
    let (away, _) = outage(&bot);
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(HOUR + limits::SEND_RETRY_PAUSE_MAX).await;
    assert_eq!(bot.running.handle().health().await.outbox_held, 1);
    away.store(false, Ordering::SeqCst);
    assert_eq!(bot.running.handle().release_all_unsent().await, Ok(1));
    assert_eq!(bot.answers(ANA).await, ["one"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_owner_drops_is_not_sent_and_lets_those_behind_it_go() {
    let bot = Setup::new(assistants::echo()).start().await;
    let handle = bot.running.handle();
    let closed = SendError::WindowClosed { reason: "24 hours are over".to_owned() };
    bot.network.next_sends(MAIN, [SendPlan::Fail(closed)]);
    let message = bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(5)).await;
    let waiting = handle.unsent(10).await.expect("healthy").remove(0);
    assert!(waiting.reason.contains("until the person writes"), "{waiting:?}");
    handle.drop_unsent(&waiting.id).await.expect("it is not sent");
    bot.hears(said::text(ANA, "two")).await;
    assert_eq!(bot.answers(ANA).await, ["two"]);
    assert!(bot.why(&message).await.contains("the owner gave it up"), "{}", bot.why(&message).await);
    assert_eq!(handle.unsent(10).await.expect("healthy"), []);
    assert!(handle.drop_unsent(&waiting.id).await.is_err(), "it is dropped already");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_dropped_while_it_is_on_its_way_is_shown_as_sent() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.next_sends(MAIN, [SendPlan::DeliverAfter(Duration::from_secs(5))]);
    let message = bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(1)).await;
    let on_its_way = bot.running.handle().unsent(10).await.expect("healthy").remove(0);
    bot.running.handle().drop_unsent(&on_its_way.id).await.expect("it is not sent yet");
    assert_eq!(bot.answers(ANA).await, ["one"]);
    let trace = bot.store.why(&message, None).await.expect("healthy").remove(0);
    assert_eq!(trace.parcels[0].state, "sent", "{trace:?}");
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_chats_do_not_hammer_a_network_that_is_away() {
    let bot = open_to_all(assistants::echo()).start().await;
    let (away, asked) = outage(&bot);
    for number in 0..300 {
        bot.hears(said::text(&person(number), "hi")).await;
    }
    bot.passes(HOUR).await;
    let in_an_hour = asked.load(Ordering::SeqCst);
    assert!(in_an_hour < 700, "{in_an_hour} attempts in an hour");
    let waiting = bot.running.handle().unsent(1).await.expect("healthy").remove(0);
    assert!(waiting.until.is_some(), "{waiting:?}");
    let health = bot.running.handle().health().await;
    let warned = health.warnings.iter().any(|warning| warning.what.contains("takes no messages now; 300 wait"));
    assert!(health.ok && warned, "{health:?}");
    away.store(false, Ordering::SeqCst);
    bot.passes(limits::SEND_RETRY_PAUSE_MAX + limits::BREAKER_PAUSE_MAX).await;
    assert_eq!(bot.network.sent_count(), 300);
    assert_eq!(bot.running.handle().health().await.warnings, []);
}

#[tokio::test(start_paused = true)]
async fn more_answers_than_are_remembered_leave_once_each_and_in_order_when_the_network_is_back() {
    let mut setup = open_to_all(assistants::echo());
    setup.options.capabilities.text_chars_max = 10;
    let bot = setup.start().await;
    let (away, _) = outage(&bot);
    let words: Vec<String> = (10..70).map(|number| format!("words {number}")).collect();
    let (people, parts) = (90, words.len());
    for number in 0..people {
        bot.hears(said::text(&person(number), words.join(" "))).await;
    }
    bot.passes(Duration::from_secs(60)).await;
    let waiting = bot.store.unsent_count().await.expect("healthy").waiting as usize;
    assert!(waiting == people * parts && waiting > limits::OUTBOX_WINDOW, "{waiting}");
    away.store(false, Ordering::SeqCst);
    bot.passes(limits::SEND_RETRY_PAUSE_MAX + limits::BREAKER_PAUSE_MAX).await;
    assert_eq!(bot.network.sent_count() as usize, waiting);
    for number in 0..people {
        assert_eq!(bot.network.words_to(&person(number)), words);
    }
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn three_chats_with_trouble_of_their_own_delay_the_others_by_a_minute_at_most() {
    let bot = open_to_all(assistants::echo()).start().await;
    let refuses = |outbound: &greenroom_contract::outbound::Outbound| {
        let troubled = (0..3).any(|number| outbound.route.chat.as_str() == person(number));
        if troubled { SendPlan::Fail(busy()) } else { SendPlan::Deliver }
    };
    bot.network.on_send(MAIN, Box::new(refuses));
    for number in 0..3 {
        bot.hears(said::text(&person(number), "hi")).await;
    }
    for round in 0..20 {
        bot.passes(Duration::from_secs(600)).await;
        bot.hears(said::text(BEN, round.to_string())).await;
        bot.passes(limits::BREAKER_PAUSE_MAX + Duration::from_secs(1)).await;
        assert_eq!(bot.network.words_to(BEN).len(), round + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_releases_and_drops_what_is_not_sent() {
    let folder = crate::support::process::folder();
    let mut setup = Setup::new(assistants::echo());
    let store = greenroom_store::OpenOptions::at(folder.path().join("data"));
    setup.store = Some(greenroom_store::open(store).expect("it opens"));
    let bot = setup.start().await;
    let closed = SendError::WindowClosed { reason: "24 hours are over".to_owned() };
    bot.network.on_send(MAIN, Box::new(move |_| SendPlan::Fail(closed.clone())));
    for who in [ANA, BEN] {
        bot.hears(said::text(who, "secret words")).await;
    }
    bot.running.handle().settled().await;
    let waiting = bot.store.unsent(None, 10).await.expect("healthy");
    assert_eq!(waiting.len(), 2);
    let held = ParcelVerdict::Held { reason: "expired: refused 300 times".to_owned() };
    let step = Step::new(waiting[0].created_at, Decision::Held { reason: "expired".to_owned() });
    bot.store.verdict(&waiting[0].key, held, step).await.expect("it is not sent");
    bot.running.drain().await;
    drop(bot);

    let greenroom = |arguments: &[&str]| {
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.args(arguments);
        succeeded(&run(command, ""))
    };
    let (one, two) = (waiting[0].id.to_string(), waiting[1].id.to_string());
    let listed = greenroom(&["outbox"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with(&one) && lines[0].ends_with("held: expired: refused 300 times"), "{listed}");
    assert!(lines[1].starts_with(&two) && lines[1].contains("until the person writes"), "{listed}");
    assert!(!listed.contains("secret"), "what it says is not shown: {listed}");
    let json: serde_json::Value = serde_json::from_str(&greenroom(&["outbox", "list", "--json"])).expect("JSON");
    assert_eq!((&json[0]["id"], &json[0]["state"]), (&one.as_str().into(), &"held".into()));
    assert_eq!(greenroom(&["outbox", "release", "--all"]), "1 message(s) released\n");
    assert_eq!(greenroom(&["outbox", "drop", &two]), format!("{two} is dropped\n"));
    let listed = greenroom(&["outbox", "list"]);
    assert!(listed.starts_with(&one) && listed.contains("waiting") && !listed.contains(&two), "{listed}");
}
