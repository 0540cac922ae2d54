//! Networks that take answers for a day only: chats that are closed hold up no other, and open when their person writes.

use super::{DAY, HOUR, open_to_all, person};
use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::{START, id};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, Wake};
use greenroom_contract::capabilities::{WhenClosed, WindowRule};
use greenroom_contract::channel::SendError;
use greenroom_contract::limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A bot whose network takes answers for a day only and holds what comes later.
fn with_a_window(assistant: Arc<dyn Assistant>) -> Setup {
    let mut setup = open_to_all(assistant);
    setup.options.capabilities.window = Some(WindowRule { open: DAY, closed: WhenClosed::Hold });
    setup
}

/// Puts a message of several parts into chats whose person last wrote long ago.
async fn closed_chats(bot: &Bot, chats: usize, parts: &str) {
    for number in 0..chats {
        let old = said::text(&person(number), parts).at(START.minus(DAY * 2));
        bot.hears(old).await;
    }
    bot.passes(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn closed_chats_take_no_room_from_the_others() {
    let mut setup = with_a_window(assistants::echo());
    setup.options.capabilities.text_chars_max = 10;
    let bot = setup.start().await;
    closed_chats(&bot, 200, &"as long as this ".repeat(20)).await;
    assert_eq!(bot.network.sent_count(), 0);
    let count = bot.store.unsent_count().await.expect("healthy");
    assert!(count.waiting > limits::OUTBOX_WINDOW as u64 && count.for_person == 200, "{count:?}");
    bot.hears(said::text(BEN, "hello?")).await;
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!(bot.network.words_to(BEN), ["hello?"]);
    // Whoever writes gets what waited, in order, and nobody else does.
    bot.hears(said::text(&person(7), "back").at(bot.clock.now())).await;
    bot.passes(Duration::from_secs(5)).await;
    let got = bot.network.words_to(&person(7));
    assert!(got.len() > 20 && got[0] == "as long" && got.last().is_some_and(|last| last == "back"), "{got:?}");
    assert_eq!(bot.network.sent_count() as usize, 1 + got.len());
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn closed_chats_take_no_room_after_a_restart_either() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = async || {
        let mut setup = with_a_window(assistants::echo());
        setup.options.capabilities.text_chars_max = 10;
        setup.store = Some(store.clone());
        setup.start().await
    };
    let bot = start().await;
    closed_chats(&bot, 2_100, "one one two").await;
    bot.running.drain().await;
    let bot = start().await;
    bot.hears(said::text(BEN, "hello?")).await;
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!(bot.network.words_to(BEN), ["hello?"]);
    assert_eq!(bot.network.sent_count(), 1);
    bot.hears(said::text(&person(7), "back").at(bot.clock.now())).await;
    bot.passes(Duration::from_secs(90)).await;
    assert_eq!(bot.network.words_to(&person(7)), ["one one", "two", "back"]);
}

#[tokio::test(start_paused = true)]
async fn of_the_messages_that_no_one_asked_for_only_the_newest_waits_in_a_closed_chat() {
    let bot = open_to_all(assistants::echo()).start().await;
    let handle = bot.running.handle();
    let closed = || SendPlan::Fail(SendError::WindowClosed { reason: "24 hours are over".to_owned() });
    bot.network.on_send(MAIN, Box::new(move |_| closed()));
    let mut queued = Vec::new();
    for words in ["monday", "tuesday", "wednesday"] {
        queued.push(bot.running.send(&id::<Address>(ANA), words).await.expect("admitted"));
        bot.passes(DAY).await;
    }
    let waiting = handle.unsent(10).await.expect("healthy");
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let why = bot.why(&id(&queued[0].id)).await;
    assert!(why.contains("a newer message of the bot takes its place"), "{why}");
    bot.network.on_send(MAIN, Box::new(|_| SendPlan::Deliver));
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["wednesday", "hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_no_one_asked_for_does_not_wait_for_ever() {
    let bot = open_to_all(assistants::echo()).start().await;
    let closed = SendError::WindowClosed { reason: "24 hours are over".to_owned() };
    bot.network.next_sends(MAIN, [SendPlan::Fail(closed)]);
    let queued = bot.running.send(&id::<Address>(ANA), "a reminder").await.expect("admitted");
    bot.passes(limits::SPEAKS_FIRST_WAIT_MAX + limits::EXPIRY_LOOK_PAUSE + Duration::from_secs(1)).await;
    assert_eq!(bot.store.unsent_count().await.map(|count| count.waiting), Ok(0));
    let why = bot.why(&id(&queued.id)).await;
    assert!(why.contains("expired: the person did not write for 5 days"), "{why}");
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_writes_while_the_refusal_is_on_its_way_gets_the_answer() {
    for asked in [true, false] {
        let bot = Setup::new(assistants::echo()).start().await;
        let closed = SendError::WindowClosed { reason: "24 hours are over".to_owned() };
        bot.network.next_sends(MAIN, [SendPlan::FailAfter(Duration::from_secs(3), closed)]);
        if asked {
            bot.hears(said::text(ANA, "old")).await;
        } else {
            bot.running.send(&id::<Address>(ANA), "old").await.expect("admitted");
        }
        bot.passes(Duration::from_secs(1)).await;
        bot.hears(said::text(ANA, "new")).await;
        bot.passes(Duration::from_secs(5)).await;
        assert_eq!(bot.network.words_to(ANA), ["old", "new"], "an answer to a message: {asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_again_after_the_person_wrote_shuts_the_chat_for_good() {
    let bot = Setup::new(assistants::silent()).start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let closed = || SendError::WindowClosed { reason: "24 hours are over".to_owned() };
    let decide = move |_: &_| {
        count.fetch_add(1, Ordering::SeqCst);
        SendPlan::FailAfter(Duration::from_secs(3), closed())
    };
    bot.network.on_send(MAIN, Box::new(decide));
    bot.running.send(&id::<Address>(ANA), "old").await.expect("admitted");
    bot.passes(Duration::from_secs(1)).await;
    bot.hears(said::text(ANA, "new")).await;
    bot.passes(HOUR).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once more, and not again and again");
}

/// Asks to be woken after a day and a half, and reminds then.
struct LateReminder;

#[async_trait]
impl Assistant for LateReminder {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        match turn.messages[0].content.words() {
            None => Ok(Answer::text("tea!")),
            Some("remind me") => {
                let at = turn.now.plus(DAY + HOUR * 12);
                Ok(Answer { wake: vec![Wake { at, token: "tea".to_owned() }], ..Answer::text("noted") })
            }
            Some(_) => Ok(Answer::text("hello")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_does_not_pass_for_a_message_of_the_person() {
    for restarted in [false, true] {
        let store = FaultyStore::lasting(greenroom_store::memory());
        let start = async |now| {
            let mut setup = with_a_window(Arc::new(LateReminder));
            setup.now = now;
            setup.store = Some(store.clone());
            setup.start().await
        };
        let who = person(usize::from(restarted));
        let mut bot = start(START).await;
        bot.hears(said::text(&who, "remind me").at(bot.clock.now())).await;
        bot.passes(Duration::from_secs(5)).await;
        if restarted {
            bot.running.drain().await;
            bot = start(bot.clock.now()).await;
        }
        let before = bot.network.words_to(&who).len();
        bot.passes(DAY + HOUR * 13).await;
        assert_eq!(bot.network.words_to(&who).len(), before, "a day and a half later nothing may be sent");
        let waiting = bot.running.handle().unsent(10).await.expect("healthy").remove(0);
        assert!(waiting.reason.contains("24 hours have passed"), "{waiting:?}");
        // A network that was made anew counts its ids from the beginning.
        bot.hears(said::text(&who, "hi").with_id("hi").at(bot.clock.now())).await;
        bot.passes(Duration::from_secs(90)).await;
        assert_eq!(bot.network.words_to(&who)[before..], ["tea!", "hello"]);
        bot.running.drain().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_wrote_before_a_restart_is_reminded_in_time() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = async |now| {
        let mut setup = with_a_window(Arc::new(LateReminder));
        setup.now = now;
        setup.store = Some(store.clone());
        setup.start().await
    };
    let bot = start(START).await;
    bot.hears(said::text(ANA, "remind me").at(bot.clock.now())).await;
    bot.passes(DAY).await;
    bot.hears(said::text(ANA, "hi").at(bot.clock.now())).await;
    bot.passes(HOUR).await;
    bot.running.drain().await;
    let bot = start(bot.clock.now()).await;
    bot.passes(HOUR * 12).await;
    assert_eq!(bot.network.words_to(ANA), ["tea!"], "half a day after the last message");
}
