//! What happens to messages that come quickly, or while an answer is prepared.

use crate::support::scripted::{Scripted, scripted_with};
use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants::{self, Fake};
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Needs, Turn};
use greenroom_contract::policy::{Busy, GroupPolicy};
use std::sync::Arc;
use std::time::Duration;

async fn bot(assistant: &Arc<Fake>, busy: Busy, debounce: Duration) -> Bot {
    let mut setup = Setup::new(assistant.clone());
    setup.policy.busy = busy;
    setup.policy.debounce = Some(debounce);
    setup.start().await
}

/// The words of each turn, in the order in which the assistant was asked.
fn asked(assistant: &Fake) -> Vec<String> {
    assistant.turns().iter().map(|turn| turn.text().replace('\n', "+")).collect()
}

/// Says one thing, and three more while the answer to it is prepared.
async fn one_then_three(assistant: &Arc<Fake>, busy: Busy) -> Bot {
    let bot = bot(assistant, busy, Duration::ZERO).await;
    assistant.hold();
    bot.hears(said::text(ANA, "one")).await;
    assistant.asked_at_least(1).await;
    for words in ["two", "three", "four"] {
        bot.hears(said::text(ANA, words)).await;
    }
    bot
}

#[tokio::test(start_paused = true)]
async fn queue_answers_each_in_order() {
    let assistant = assistants::echo();
    let bot = one_then_three(&assistant, Busy::Queue).await;
    assistant.let_go();
    assert_eq!(bot.answers(ANA).await, ["one", "two", "three", "four"]);
    assert_eq!(asked(&assistant), ["one", "two", "three", "four"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn collect_answers_all_that_waited_in_one_turn() {
    let assistant = assistants::echo();
    let bot = one_then_three(&assistant, Busy::Collect).await;
    assistant.let_go();
    bot.settled().await;
    assert_eq!(asked(&assistant), ["one", "two+three+four"]);
    assert_eq!(bot.network.sent_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn interrupt_gives_the_running_turn_up_and_counts_no_attempt() {
    let assistant = assistants::echo();
    let bot = one_then_three(&assistant, Busy::Interrupt).await;
    assistant.let_go();
    bot.settled().await;
    let answers = bot.network.words_to(ANA);
    assert_eq!(answers.len(), 1, "the output of the turn that was given up is discarded: {answers:?}");
    assert_eq!(answers[0], "one\ntwo\nthree\nfour", "old and new rows run together");
    assert!(assistant.turns().iter().all(|turn| turn.attempt == 1), "no attempt was counted");
}

#[tokio::test(start_paused = true)]
async fn collecting_never_joins_what_two_people_said() {
    let assistant = assistants::echo();
    let bot = bot(&assistant, Busy::Collect, Duration::ZERO).await;
    assistant.hold();
    let group = |who: &str, words: &str| said::text(who, words).in_group("friends").mentioning();
    bot.hears(group(ANA, "one")).await;
    assistant.asked_at_least(1).await;
    for (who, words) in [(ANA, "a1"), (ANA, "a2"), (BEN, "b1"), (ANA, "a3")] {
        bot.hears(group(who, words)).await;
    }
    assistant.let_go();
    bot.settled().await;
    assert_eq!(asked(&assistant), ["one", "a1+a2", "b1", "a3"], "a contiguous prefix of one sender's rows");
}

#[tokio::test(start_paused = true)]
async fn debounce_waits_for_more_and_answers_once() {
    let assistant = assistants::echo();
    let bot = bot(&assistant, Busy::Queue, Duration::from_secs(3)).await;
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(2)).await;
    assert_eq!(assistant.asked(), 0, "it waits");
    bot.hears(said::text(ANA, "two")).await;
    bot.settled().await;
    assert_eq!(asked(&assistant), ["one+two"]);
    bot.hears(said::text(ANA, "three")).await;
    bot.settled().await;
    assert_eq!(asked(&assistant), ["one+two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn without_debounce_nothing_waits() {
    let assistant = assistants::echo();
    let bot = bot(&assistant, Busy::Queue, Duration::ZERO).await;
    let before = bot.clock.now();
    bot.hears(said::text(ANA, "one")).await;
    bot.network.sent_count_reached(1).await;
    let took = bot.clock.now().since(before);
    assert!(took < Duration::from_millis(50), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_deleted_before_its_turn_is_not_answered() {
    let assistant = assistants::echo();
    let bot = bot(&assistant, Busy::Queue, Duration::from_secs(5)).await;
    let message = bot.hears(said::text(ANA, "oops")).await;
    bot.network.revoke("main", ANA, ANA, &message).await.acknowledged().await.expect("it is taken");
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!(bot.answers(ANA).await, Vec::<String>::new());
    assert_eq!(assistant.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_edit_before_the_turn_replaces_the_text_and_after_it_does_nothing() {
    let assistant = assistants::echo();
    let bot = bot(&assistant, Busy::Queue, Duration::from_secs(5)).await;
    let message = bot.hears(said::text(ANA, "teh")).await;
    bot.network.edit("main", ANA, ANA, &message, "the").await.acknowledged().await.expect("it is taken");
    assert_eq!(bot.answers(ANA).await, ["the"]);
    bot.network.edit("main", ANA, ANA, &message, "then").await.acknowledged().await.expect("it is taken");
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!(bot.answers(ANA).await, ["the"], "an edit makes no second answer");
}

#[tokio::test(start_paused = true)]
async fn an_assistant_that_wants_to_wait_for_more_does_where_the_channel_says_nothing() {
    let needs = Needs { debounce: Duration::from_millis(1_500), ..Needs::default() };
    let assistant = scripted_with(needs, |turn| Ok(Answer::text(turn.text())));
    let words = |assistant: &Scripted| {
        let turns = assistant.turns();
        turns.iter().map(|turn| turn.text().replace('\n', "+")).collect::<Vec<_>>()
    };
    let bot = Setup::new(assistant.clone()).start().await;
    for said in ["one", "two", "three"] {
        bot.hears(said::text(ANA, said)).await;
        bot.passes(Duration::from_secs(1)).await;
    }
    bot.settled().await;
    assert_eq!(words(&assistant), ["one+two+three"]);
    bot.hears(said::text(ANA, "four")).await;
    bot.settled().await;
    assert_eq!(words(&assistant), ["one+two+three", "four"]);

    let mut setup = Setup::new(assistant.clone());
    setup.policy.debounce = Some(Duration::ZERO);
    let bot = setup.start().await;
    let before = bot.clock.now();
    bot.hears(said::text(ANA, "now")).await;
    bot.network.sent_count_reached(1).await;
    assert!(bot.clock.now().since(before) < Duration::from_millis(50), "the channel says so");
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_a_conversation_says_how_long_it_waits_for_more() {
    let needs = Needs { debounce: Duration::from_secs(2), ..Needs::default() };
    let patient = scripted_with(needs, |turn| Ok(Answer::text(turn.text())));
    let mut setup = Setup::new(assistants::echo());
    setup.others.push(("other", patient.clone()));
    let friends = GroupPolicy { assistant: Some(id("other")), ..GroupPolicy::default() };
    setup.policy.group.insert(id("friends"), friends);
    let bot = setup.start().await;
    let group = |words: &str| said::text(ANA, words).in_group("friends").mentioning();
    for words in ["one", "two"] {
        bot.hears(group(words)).await;
    }
    bot.settled().await;
    for words in ["three", "four"] {
        bot.hears(group(words)).await;
        bot.passes(Duration::from_secs(1)).await;
    }
    bot.settled().await;
    assert_eq!(patient.turns().iter().map(Turn::text).collect::<Vec<_>>(), ["one\ntwo", "three\nfour"]);
    let before = bot.clock.now();
    bot.hears(said::text(ANA, "direct")).await;
    bot.network.sent_to_reached(ANA, 1).await;
    assert!(bot.clock.now().since(before) < Duration::from_millis(50));
}
