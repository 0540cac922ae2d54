//! Questions with options: an assistant sees the same choice, however a person picks it and whatever the network has.

use crate::support::setup::{ANA, BEN, Bot, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::START;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Reply, Turn};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::policy::Busy;
use greenroom_contract::time::Clock;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const GROUP: &str = "friends";

/// Asks for a size, or for a drink; fails at `fail`; tells what it was given otherwise.
struct Waiter;

#[async_trait]
impl Assistant for Waiter {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let ask = |text: &str, options: [(&str, &str); 2]| {
            Reply::choices(Choices::new(text, options.map(|(id, title)| Choice::new(id, title))))
        };
        let replies = turn.messages.into_iter().map(|message| match message.content {
            Content::Text(words) if words == "order" => ask("Which size?", [("s", "Small"), ("l", "Large")]),
            Content::Text(words) if words == "drink" => ask("And to drink?", [("t", "Tea"), ("w", "Water")]),
            Content::Choice { id, title } => Reply::text(format!("chosen {id} {title}")),
            content => Reply::text(format!("said {}", content.words().unwrap_or_default())),
        });
        Ok(Answer { replies: replies.collect(), ..Answer::default() })
    }
}

async fn bot(change: impl FnOnce(&mut Setup)) -> Bot {
    let mut setup = Setup::new(Arc::new(Waiter));
    change(&mut setup);
    setup.start().await
}

/// Says it, and returns the last answer.
async fn told(bot: &Bot, words: &str) -> String {
    bot.hears(said::text(ANA, words)).await;
    last(bot, ANA).await
}

async fn last(bot: &Bot, chat: &str) -> String {
    bot.answers(chat).await.pop().unwrap_or_default()
}

/// The message of ours that was sent last.
fn last_id(bot: &Bot) -> MessageId {
    bot.network.sent().last().expect("something was sent").message()
}

#[tokio::test(start_paused = true)]
async fn a_tap_a_number_and_a_title_are_the_same_choice_with_buttons_and_without() {
    for has_buttons in [true, false] {
        let bot = bot(|setup| {
            if !has_buttons {
                setup.options.capabilities.choices = None;
            }
        })
        .await;
        for words in ["2", " 2. ", "２", "large", "LARGE "] {
            told(&bot, "order").await;
            let question = bot.network.sent().pop().unwrap();
            assert_eq!(matches!(question.body, OutboundBody::Choices(_)), has_buttons);
            let message = bot.hears(said::text(ANA, words)).await;
            assert_eq!(last(&bot, ANA).await, "chosen l Large", "{words:?}, buttons: {has_buttons}");
            assert!(bot.why(&message).await.contains("option"), "{}", bot.why(&message).await);
        }
        told(&bot, "order").await;
        bot.hears(said::choice(ANA, "s", "Small").replying_to_us(&last_id(&bot))).await;
        assert_eq!(last(&bot, ANA).await, "chosen s Small");
        assert_eq!(told(&bot, "2").await, "said 2", "a question is answered once");
        bot.promises_kept();
    }
}

#[tokio::test(start_paused = true)]
async fn other_words_stay_words_and_the_question_stays_open() {
    let bot = bot(|_| {}).await;
    told(&bot, "order").await;
    for words in ["3", "a large one", "how much is 2?"] {
        assert_eq!(told(&bot, words).await, format!("said {words}"));
    }
    assert_eq!(told(&bot, "2").await, "said 2", "something else was said since: a number may mean that");
    assert_eq!(told(&bot, "large").await, "chosen l Large", "a title names its option");
}

#[tokio::test(start_paused = true)]
async fn a_number_that_visibly_answers_the_question_is_a_choice_whatever_was_said_since() {
    let bot = bot(|_| {}).await;
    told(&bot, "order").await;
    let question = last_id(&bot);
    told(&bot, "hm").await;
    let other = last_id(&bot);
    bot.hears(said::text(ANA, "1").replying_to_us(&other)).await;
    assert_eq!(last(&bot, ANA).await, "said 1");
    bot.hears(said::text(ANA, "1").replying_to_us(&question)).await;
    assert_eq!(last(&bot, ANA).await, "chosen s Small");
}

#[tokio::test(start_paused = true)]
async fn the_next_question_takes_the_place_of_the_last_one() {
    let bot = bot(|_| {}).await;
    told(&bot, "order").await;
    told(&bot, "drink").await;
    assert_eq!(told(&bot, "large").await, "said large");
    assert_eq!(told(&bot, "tea").await, "chosen t Tea");
    // An old button still works: its id is what the assistant gave it.
    bot.hears(said::choice(ANA, "l", "Large")).await;
    assert_eq!(last(&bot, ANA).await, "chosen l Large");
}

#[tokio::test(start_paused = true)]
async fn a_question_is_open_for_a_day() {
    let bot = bot(|_| {}).await;
    told(&bot, "order").await;
    bot.passes(limits::OPEN_CHOICE_AGE_MAX.checked_sub(Duration::from_secs(60)).unwrap()).await;
    assert_eq!(told(&bot, "2").await, "chosen l Large");
    told(&bot, "order").await;
    bot.passes(limits::OPEN_CHOICE_AGE_MAX + Duration::from_secs(60)).await;
    assert_eq!(told(&bot, "2").await, "said 2");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_moved_opens_and_closes_no_question() {
    let by_ms: &'static AtomicI64 = Box::leak(Box::default());
    let clock = Clock::Moved { start: START, origin: Instant::now(), by_ms };
    let bot = bot(|setup| setup.clock = Some(clock)).await;
    for days in [-2, 2] {
        told(&bot, "order").await;
        by_ms.fetch_add(days * 24 * 3_600_000, Ordering::Relaxed);
        assert_eq!(told(&bot, "2").await, "chosen l Large", "moved by {days} days");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_the_question_open() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let first = bot(|setup| setup.store = Some(store.clone())).await;
    told(&first, "order").await;
    first.running.drain().await;
    let second = bot(|setup| setup.store = Some(store)).await;
    // A network that is made again counts its messages again.
    second.hears(said::text(ANA, "2").with_id("two")).await;
    assert_eq!(last(&second, ANA).await, "chosen l Large");
}

#[tokio::test(start_paused = true)]
async fn in_groups_only_a_visible_answer_to_the_question_counts() {
    let bot = bot(|_| {}).await;
    bot.hears(said::text(ANA, "order").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    let question = last_id(&bot);
    bot.hears(said::text(BEN, "2").in_group(GROUP)).await;
    bot.hears(said::text(BEN, "2").in_group(GROUP).mentioning()).await;
    assert_eq!(last(&bot, GROUP).await, "said 2");
    let other = last_id(&bot);
    bot.hears(said::text(BEN, "2").in_group(GROUP).replying_to_us(&other)).await;
    assert_eq!(last(&bot, GROUP).await, "said 2");
    // The network need not say whose the message is: it is known by its id.
    bot.hears(said::text(BEN, "2").in_group(GROUP).quoting(&question, None)).await;
    assert_eq!(last(&bot, GROUP).await, "chosen l Large");
}

#[tokio::test(start_paused = true)]
async fn what_waited_before_the_question_was_asked_is_no_answer_to_it() {
    let mut setup = Setup::new(Arc::new(Slow));
    setup.policy.busy = Busy::Queue;
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "order")).await;
    bot.hears(said::text(ANA, "2")).await;
    assert_eq!(last(&bot, ANA).await, "said 2");
}

/// Waits a second for each answer.
struct Slow;

#[async_trait]
impl Assistant for Slow {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Waiter.respond(turn).await
    }
}

/// Fails at the choice until it is let go.
#[derive(Clone)]
struct Stumbling(Arc<Mutex<bool>>);

#[async_trait]
impl Assistant for Stumbling {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if *self.0.lock() && matches!(turn.messages[0].content, Content::Choice { .. }) {
            return Err(AssistantError::Permanent { reason: "no kitchen".into() });
        }
        Waiter.respond(turn).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_choice_whose_turn_failed_is_one_when_it_is_released() {
    let fails = Arc::new(Mutex::new(true));
    let bot = Setup::new(Arc::new(Stumbling(Arc::clone(&fails)))).start().await;
    told(&bot, "order").await;
    bot.hears(said::text(ANA, "2")).await;
    bot.settled().await;
    *fails.lock() = false;
    let quarantined = bot.store.quarantined(10).await.expect("healthy");
    assert_eq!(quarantined.len(), 1);
    bot.running.handle().release(quarantined[0].entry.sequence).await.expect("it is released");
    assert_eq!(last(&bot, ANA).await, "chosen l Large");
}
