//! The owner types in a chat of the bot, on a phone of the account: the bot is silent there, and knows afterwards what was said.

use crate::support::scripted::scripted_with;
use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_channel_loopback::said;
use greenroom_contract::assistant::{Answer, Needs, PastTurn};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const GROUP: &str = "friends@g.us";

type Seen = Arc<Mutex<Vec<PastTurn>>>;

/// An echo, and what it was shown of the past the last time.
async fn bot(change: impl FnOnce(&mut Setup)) -> (Bot, Seen) {
    let seen = Seen::default();
    let history = Arc::clone(&seen);
    let needs = Needs { history_turns: 20, ..Needs::default() };
    let mut setup = Setup::new(scripted_with(needs, move |turn| {
        history.lock().expect("no panic under this lock").clone_from(&turn.history);
        Ok(Answer::text(turn.text()))
    }));
    change(&mut setup);
    (setup.start().await, seen)
}

#[tokio::test(start_paused = true)]
async fn words_of_the_owner_silence_the_bot_for_an_hour_and_are_known_afterwards() {
    let (bot, seen) = bot(|_| {}).await;
    bot.hears(said::text(ANA, "hello")).await;
    bot.hears(said::text(BEN, "hello")).await;
    assert_eq!(bot.answers(ANA).await, ["hello"]);
    bot.hears(said::text("owner", "I will see to it myself").written_to(ANA)).await;
    let unanswered = bot.hears(said::text(ANA, "thanks")).await;
    assert_eq!(bot.answers(ANA).await, ["hello"]);
    assert!(bot.why(&unanswered).await.contains("paused"), "{}", bot.why(&unanswered).await);
    // In this chat only.
    bot.hears(said::text(BEN, "and I")).await;
    assert_eq!(bot.answers(BEN).await, ["hello", "and I"]);
    bot.passes(59 * MINUTE).await;
    bot.hears(said::text(ANA, "still there?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello"]);
    bot.passes(2 * MINUTE).await;
    bot.hears(said::text(ANA, "what was it?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello", "what was it?"]);
    let history = seen.lock().expect("no panic under this lock").clone();
    let owner: Vec<_> = history.iter().filter(|turn| turn.by_owner).map(|turn| turn.answered.clone()).collect();
    assert_eq!(owner, ["I will see to it myself"], "{history:?}");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn the_owner_switches_it_off_and_on_in_the_chat() {
    let (bot, seen) = bot(|_| {}).await;
    bot.hears(said::text(ANA, "hello")).await;
    bot.hears(said::text("owner", "/bot off").written_to(ANA)).await;
    bot.passes(100 * 60 * MINUTE).await;
    bot.hears(said::text(ANA, "anyone?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello"]);
    bot.hears(said::text("owner", "/bot on").written_to(ANA)).await;
    bot.hears(said::text(ANA, "now?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello", "now?"]);
    let history = seen.lock().expect("no panic under this lock").clone();
    assert!(history.iter().all(|turn| !turn.by_owner), "commands are no part of the talk: {history:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_bot_said_itself_and_notes_to_oneself_silence_nothing() {
    let (bot, _) = bot(|_| {}).await;
    bot.hears(said::text(ANA, "hello")).await;
    bot.settled().await;
    let ours = bot.network.sent()[0].message();
    // Its own message comes back from the network, as from another device.
    bot.hears(said::text("owner", "hello").written_to(ANA).with_id(ours.as_str())).await;
    bot.hears(said::text(ANA, "a note").on_own_device(true)).await;
    bot.hears(said::reaction("owner", &ours, Some("👍")).written_to(ANA)).await;
    bot.hears(said::text(ANA, "more")).await;
    assert!(bot.answers(ANA).await.contains(&"more".to_owned()), "{:?}", bot.answers(ANA).await);
}

#[tokio::test(start_paused = true)]
async fn to_someone_whom_the_bot_does_not_know_the_owner_writes_unnoticed() {
    let (bot, _) = bot(|_| {}).await;
    bot.hears(said::text("owner", "hi mum").written_to(ANA)).await;
    bot.hears(said::text(ANA, "hello")).await;
    assert_eq!(
        bot.answers(ANA).await,
        ["hello"],
        "before the bot was spoken to the first time there is nothing to silence"
    );
}

#[tokio::test(start_paused = true)]
async fn it_can_be_switched_off_and_holds_in_groups() {
    let (off, _) = bot(|setup| setup.policy.owner_pause = Duration::ZERO).await;
    off.hears(said::text(ANA, "hello")).await;
    off.hears(said::text("owner", "me too").written_to(ANA)).await;
    off.hears(said::text(ANA, "more")).await;
    assert_eq!(off.answers(ANA).await, ["hello", "more"]);

    let (bot, _) = bot(|_| {}).await;
    bot.hears(said::text(ANA, "hello").in_group(GROUP).mentioning()).await;
    bot.hears(said::text("owner", "I am here").in_group(GROUP).on_own_device(false)).await;
    bot.hears(said::text(ANA, "bot?").in_group(GROUP).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await, ["hello"]);
}
