//! One person behind several addresses is one conversation, also when that is learnt in the middle of it.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_conformance::assistants::{self, Fake};
use greenroom_conformance::messages::id;
use greenroom_contract::event::ChannelEvent;
use std::sync::Arc;
use std::time::Duration;

const LID: &str = "lid:777";

/// A bot that admits both addresses, and does not know that they are one person.
async fn bot(assistant: &Arc<Fake>) -> Bot {
    let mut setup = Setup::new(assistant.clone());
    setup.policy.allow_from.push(id(LID));
    setup.start().await
}

async fn same_person(bot: &Bot) {
    let event = ChannelEvent::SamePerson { addresses: vec![id(ANA), id(LID)] };
    bot.network.deliver_event(MAIN, event).await.acknowledged().await.expect("it is taken");
}

/// Everything that was seen, whichever address it went to, in order.
async fn seen(bot: &Bot) -> Vec<String> {
    bot.settled().await;
    bot.network.sent().iter().map(|sent| sent.words().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_said_under_one_address_is_known_under_the_other() {
    let assistant = assistants::remembering_by_history();
    let bot = bot(&assistant).await;
    bot.hears(said::text(LID, "one")).await;
    bot.settled().await;
    same_person(&bot).await;
    bot.hears(said::text(ANA, "two")).await;
    assert_eq!(bot.answers(ANA).await, ["before: one"]);
    assert_eq!(bot.answers(LID).await, ["before: nothing"], "an answer goes where its message came from");
}

#[tokio::test(start_paused = true)]
async fn two_conversations_that_become_one_while_both_work_answer_everything_once() {
    for older_first in [true, false] {
        let assistant = assistants::echo();
        let bot = bot(&assistant).await;
        // The conversation of the number is the older one in both cases.
        bot.hears(said::text(ANA, "zero")).await;
        bot.settled().await;
        assistant.hold();
        let order = if older_first { [ANA, LID] } else { [LID, ANA] };
        for (number, who) in order.iter().enumerate() {
            bot.hears(said::text(who, format!("running {number}"))).await;
        }
        assistant.asked_at_least(3).await;
        for (number, who) in [ANA, LID, ANA].iter().enumerate() {
            bot.hears(said::text(who, format!("waiting {number}"))).await;
        }
        same_person(&bot).await;
        bot.hears(said::text(LID, "after")).await;
        assistant.let_go();
        let expected = ["zero", "running 0", "running 1", "waiting 0", "waiting 1", "waiting 2", "after"];
        let mut answers = seen(&bot).await;
        // Two that ran side by side before anybody knew may end in either order.
        answers[1..3].sort();
        assert_eq!(answers, expected, "older first: {older_first}");
        assert_eq!(bot.store.quarantined(10).await.expect("healthy").len(), 0);
        bot.promises_kept();
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_wait_for_a_retry_go_on_after_their_conversations_became_one() {
    let assistant = assistants::failing(2);
    let bot = bot(&assistant).await;
    bot.hears(said::text(ANA, "one")).await;
    bot.hears(said::text(LID, "two")).await;
    assistant.ended_at_least(2).await;
    same_person(&bot).await;
    bot.passes(Duration::from_secs(60)).await;
    let mut answers = seen(&bot).await;
    answers.sort();
    assert_eq!(answers, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_message_under_both_addresses_is_answered_once() {
    let bot = bot(&assistants::echo()).await;
    bot.hears(said::text(LID, "hi").with_id("m-1")).await;
    bot.settled().await;
    bot.hears(said::text(ANA, "hi").with_id("m-1").also_known_as(LID)).await;
    assert_eq!(seen(&bot).await, ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn conversations_that_become_one_while_both_are_busy_ask_about_each_message_once() {
    for older_first in [true, false] {
        let assistant = assistants::slow(Duration::from_millis(300));
        let bot = bot(&assistant).await;
        let order = if older_first { [ANA, LID] } else { [LID, ANA] };
        let mut said = 0;
        for who in order.iter().cycle().take(10) {
            bot.hears(said::text(who, format!("before {said}"))).await;
            said += 1;
        }
        bot.passes(Duration::from_millis(450)).await;
        same_person(&bot).await;
        // Both actors stay busy for as long as somebody writes.
        for who in order.iter().cycle().take(24) {
            bot.hears(said::text(who, format!("after {said}"))).await;
            bot.passes(Duration::from_millis(100)).await;
            said += 1;
        }
        assert_eq!(seen(&bot).await.len(), said);
        assert_eq!(assistant.asked(), said, "one question for each message; the older first: {older_first}");
        bot.promises_kept();
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_under_way_when_two_conversations_become_one_holds_back_the_answers_of_both() {
    for plan in [SendPlan::DeliverAfter(Duration::from_secs(20)), SendPlan::LoseUncertain] {
        let bot = bot(&assistants::echo()).await;
        bot.hears(said::text(ANA, "zero")).await;
        bot.settled().await;
        // The newer conversation answers into the chat of its address, and that takes long.
        bot.network.next_sends(MAIN, [plan]);
        bot.hears(said::text(LID, "one")).await;
        bot.passes(Duration::from_millis(500)).await;
        same_person(&bot).await;
        for words in ["two", "three"] {
            bot.hears(said::text(ANA, words).in_chat(LID)).await;
            bot.passes(Duration::from_secs(1)).await;
        }
        bot.hears(said::text(LID, "four")).await;
        bot.settled().await;
        assert_eq!(bot.network.words_to(LID), ["one", "two", "three", "four"]);
        // The network counts two sends at once in one chat as a broken promise.
        bot.promises_kept();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_has_a_number_now_is_given_nothing_of_its_old_owner() {
    let mut setup = Setup::new(assistants::remembering_by_history());
    // The list names the old owner by an id, and everybody else too.
    setup.policy.allow_from = vec![id("lid:1"), id("*")];
    let bot = setup.start().await;
    let says = |words: &str, lid: &str| said::text(ANA, words).also_known_as(lid).in_chat(lid);
    bot.hears(says("my diagnosis", "lid:1")).await;
    bot.settled().await;
    // As adapters tell beside each message.
    let event = ChannelEvent::SamePerson { addresses: vec![id(ANA), id("lid:2")] };
    bot.network.deliver_event(MAIN, event).await.acknowledged().await.expect("it is taken");
    bot.hears(says("hello", "lid:2")).await;
    assert_eq!(bot.answers("lid:2").await, ["before: nothing"]);
    bot.hears(says("anything new?", "lid:1")).await;
    let last = bot.answers("lid:1").await.pop();
    assert_eq!(last.as_deref(), Some("before: my diagnosis"), "her own history is hers still");
}

#[tokio::test(start_paused = true)]
async fn the_new_owner_of_a_number_is_not_admitted_for_its_old_one() {
    let assistant = assistants::echo();
    let mut setup = Setup::new(assistant.clone());
    setup.policy.allow_from = vec![id("lid:1")];
    let bot = setup.start().await;
    bot.hears(said::text("lid:1", "hi").also_known_as(ANA).in_chat("a")).await;
    bot.hears(said::text("lid:2", "let me in").also_known_as(ANA).in_chat("b")).await;
    bot.settled().await;
    assert_eq!((bot.network.words_to("a").len(), bot.network.words_to("b").len()), (1, 0));
}
