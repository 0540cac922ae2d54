//! An assistant that is away is weather: the message waits, its person gets one word, and is answered when it is back.

use crate::support::blueprints::assistant;
use crate::support::scripted::{Scripted, away, away_for, scripted};
use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Wake};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::policy::GroupMode;
use greenroom_contract::trace::Decision;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const GROUP: &str = "friends";
const LATER: &str = "I cannot answer right now. Your message is not lost: I answer as soon as I can.";

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// A bot whose assistant is away for so long, and how many seconds after the beginning it answered.
async fn outage(time: Duration, in_group: bool) -> (Bot, Arc<Scripted>, MessageId, Duration) {
    let assistant = away_for(time);
    let bot = Setup::new(assistant.clone()).start().await;
    let begun = bot.clock.now();
    let said = said::text(ANA, "hello?");
    let message = bot.hears(if in_group { said.in_group(GROUP).mentioning() } else { said }).await;
    bot.settled().await;
    let took = bot.clock.now().since(begun);
    (bot, assistant, message, took)
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_out_an_outage_and_its_person_gets_one_word_when_it_is_long() {
    for (time, told) in [(Duration::from_secs(30), false), (minutes(5), false), (minutes(20), true)] {
        for (in_group, chat) in [(false, ANA), (true, GROUP)] {
            let (bot, assistant, message, took) = outage(time, in_group).await;
            let expected: &[&str] = if told { &[LATER, "hello?"] } else { &["hello?"] };
            assert_eq!(bot.network.words_to(chat), expected, "{time:?} {in_group}");
            let pause = (time / 2).min(limits::AWAY_PAUSE_MAX) + Duration::from_secs(2);
            assert!(took >= time && took <= time + pause, "{time:?}: answered after {took:?}");
            let turns = assistant.turns();
            assert!(turns.iter().all(|turn| turn.attempt == 1 && turn.id == turns[0].id), "no attempt counts");
            assert!(turns.len() < 40, "asked {} times in {time:?}", turns.len());
            assert_eq!(bot.network.typing(), [], "nothing is shown while it is away");
            let away = Decision::Away { assistant: id("helper"), reason: "told to be away".to_owned() };
            assert!(bot.decisions(&message).await.contains(&away), "{}", bot.why(&message).await);
            if told && in_group {
                assert_eq!(bot.network.sent_to(chat)[0].reply_to, Some(message), "it is clear whom it is for");
            }
            assert!(bot.running.handle().health().await.ok);
            bot.promises_kept();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_in_an_outage_is_answered_behind_it_in_order_and_with_one_notice() {
    let bot = Setup::new(away_for(minutes(20))).start().await;
    for number in 0..5 {
        bot.hears(said::text(ANA, format!("message {number}"))).await;
        bot.passes(minutes(3)).await;
    }
    let answers: Vec<String> = (0..5).map(|number| format!("message {number}")).collect();
    assert_eq!(bot.answers(ANA).await, [vec![LATER.to_owned()], answers].concat());
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn when_it_is_back_everyone_is_answered_at_once() {
    let back = Instant::now() + minutes(30);
    let assistant =
        scripted(move |turn| if Instant::now() < back { Err(away(None)) } else { Ok(Answer::text(turn.text())) });
    let mut setup = Setup::new(assistant.clone());
    setup.policy.allow_from = vec![id("*")];
    let bot = setup.start().await;
    let people: Vec<String> = (0..50).map(|number| format!("+1555000{number:04}")).collect();
    for person in &people {
        bot.hears(said::text(person, "hello?")).await;
        bot.passes(Duration::from_millis(777)).await;
    }
    bot.settled().await;
    let after: Vec<Instant> = assistant.moments().into_iter().filter(|at| *at >= back).collect();
    let took = after.iter().max().expect("it was asked").duration_since(*after.iter().min().expect("it was asked"));
    assert!(took < Duration::from_secs(3), "the first who is answered brings the others: {took:?}");
    assert_eq!(bot.network.sent_count(), 100, "each one had a word and an answer");
}

#[tokio::test(start_paused = true)]
async fn it_is_left_alone_as_long_as_it_asked_for() {
    let back = Instant::now() + Duration::from_secs(100);
    let assistant = scripted(move |turn| {
        let left = back.saturating_duration_since(Instant::now());
        if left.is_zero() { Ok(Answer::text(turn.text())) } else { Err(away(Some(left))) }
    });
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(50)).await;
    bot.hears(said::text(BEN, "two")).await;
    assert_eq!(bot.answers(ANA).await, ["one"]);
    assert_eq!(bot.answers(BEN).await, ["two"]);
    let early = back - Duration::from_millis(10);
    assert_eq!(assistant.moments().iter().filter(|at| **at < early).count(), 1, "others do not ask either");
}

#[tokio::test(start_paused = true)]
async fn one_who_wants_to_be_left_alone_for_long_keeps_no_one_from_a_word() {
    let assistant = scripted(|_| Err(away(Some(Duration::from_secs(45 * 60)))));
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "hello?")).await;
    bot.passes(minutes(11)).await;
    assert_eq!(bot.network.words_to(ANA), [LATER]);
    assert_eq!(assistant.turns().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_waits_takes_no_place() {
    let assistant =
        scripted(|turn| if turn.text() == "away" { Err(away(None)) } else { Ok(Answer::text(turn.text())) });
    let mut setup = Setup::new(assistant);
    setup.turns_max = 1;
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "away")).await;
    bot.passes(minutes(2)).await;
    let begun = bot.clock.now();
    bot.hears(said::text(BEN, "hi")).await;
    bot.network.sent_to_reached(BEN, 1).await;
    assert!(bot.clock.now().since(begun) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_outage_lasts_over_a_restart_and_the_word_is_said_once() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let back = Instant::now() + minutes(25);
    let start = async |now| {
        let assistant =
            scripted(move |turn| if Instant::now() < back { Err(away(None)) } else { Ok(Answer::text(turn.text())) });
        let mut setup = Setup::new(assistant);
        setup.store = Some(store.clone());
        setup.now = now;
        setup.start().await
    };
    let bot = start(greenroom_conformance::messages::START).await;
    bot.hears(said::text(ANA, "hello?")).await;
    bot.passes(minutes(5)).await;
    bot.running.drain().await;
    assert_eq!(bot.network.words_to(ANA), Vec::<String>::new());
    // Its age counts from when it was accepted.
    let bot = start(bot.clock.now()).await;
    bot.passes(minutes(6)).await;
    assert_eq!(bot.network.words_to(ANA), [LATER]);
    bot.running.drain().await;
    let bot = start(bot.clock.now()).await;
    bot.passes(minutes(6)).await;
    assert_eq!(bot.network.words_to(ANA), Vec::<String>::new(), "it was said");
    assert_eq!(bot.answers(ANA).await, ["hello?"]);
}

#[tokio::test(start_paused = true)]
async fn where_no_one_waits_for_a_word_none_is_said() {
    let mut setup = Setup::new(away_for(minutes(20)));
    setup.policy.groups = GroupMode::Always;
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "lunch?").in_group(GROUP)).await;
    assert_eq!(bot.answers(GROUP).await, ["lunch?"]);

    let back = Instant::now() + minutes(20);
    let assistant = scripted(move |turn| match turn.text().as_str() {
        "wake me" => {
            let wake = vec![Wake { at: turn.now.plus(Duration::from_secs(10)), token: "tea".to_owned() }];
            Ok(Answer { wake, ..Answer::text("noted") })
        }
        _ if Instant::now() < back => Err(away(None)),
        _ => Ok(Answer::text("tea")),
    });
    let bot = Setup::new(assistant).start().await;
    bot.hears(said::text(ANA, "wake me")).await;
    bot.passes(minutes(25)).await;
    assert_eq!(bot.answers(ANA).await, ["noted", "tea"]);
}

#[tokio::test(start_paused = true)]
async fn the_owner_sees_who_is_away_and_how_many_wait() {
    let bot = Setup::new(away_for(minutes(20))).start().await;
    bot.hears(said::text(ANA, "hello?")).await;
    bot.hears(said::text(BEN, "hello?")).await;
    bot.passes(minutes(2)).await;
    let health = bot.running.handle().health().await;
    let warning = health.warnings.first().expect("it is shown").to_string();
    assert!(health.ok && warning.starts_with("assistant helper has been away for 1"), "{warning}");
    assert!(warning.ends_with("2 conversation(s) wait: told to be away"), "{warning}");
    bot.passes(minutes(10)).await;
    let health = bot.running.handle().health().await;
    assert!(!health.ok && health.problems[0].to_string().contains("assistant helper has been away"), "{health:?}");
    bot.settled().await;
    let health = bot.running.handle().health().await;
    assert!(health.ok && health.warnings.is_empty(), "{health:?}");
}

#[tokio::test(start_paused = true)]
async fn another_assistant_takes_over_what_waits() {
    let bot = Setup::new(away_for(minutes(600))).start().await;
    bot.hears(said::text(ANA, "hello?")).await;
    bot.passes(minutes(5)).await;
    bot.rebuilt(|blueprint| blueprint.with_assistant(assistant("helper", assistants::echo()))).await;
    let begun = bot.clock.now();
    assert_eq!(bot.answers(ANA).await, ["hello?"]);
    assert!(bot.clock.now().since(begun) < Duration::from_secs(5));
    assert!(bot.running.handle().health().await.ok);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_deleted_in_an_outage_leaves_and_the_next_one_waits_from_its_own_beginning() {
    let bot = Setup::new(away_for(minutes(14))).start().await;
    let message = bot.hears(said::text(ANA, "one")).await;
    bot.passes(minutes(8)).await;
    bot.hears(said::text(ANA, "two")).await;
    bot.network.revoke("main", ANA, ANA, &message).await.acknowledged().await.expect("it is taken");
    assert_eq!(bot.answers(ANA).await, ["two"], "it waited for six minutes");
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_message_gets_one_word_where_someone_waits_for_it() {
    for (in_group, addressed, expected) in [(false, true, 1), (true, true, 1), (true, false, 0)] {
        let mut setup = Setup::new(assistants::refusing());
        setup.policy.groups = GroupMode::Always;
        let bot = setup.start().await;
        for words in ["one", "two"] {
            let said = said::text(ANA, words);
            let said = if in_group { said.in_group(GROUP) } else { said };
            bot.hears(if in_group && addressed { said.mentioning() } else { said }).await;
        }
        let chat = if in_group { GROUP } else { ANA };
        let said = bot.answers(chat).await;
        assert_eq!(said.len(), expected, "once an hour: {said:?}");
        assert!(said.iter().all(|words| words.starts_with("Sorry, I could not answer that message.")), "{said:?}");
        assert_eq!(bot.running.handle().health().await.quarantined, 2);
    }
}
