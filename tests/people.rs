//! One person behind several addresses is one conversation, also when that is learnt in the middle of it.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom_channel_loopback::said;
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
