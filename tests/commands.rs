//! Commands of the house: carried out whoever answers, for those who are admitted and speak to the bot.

use crate::support::scripted::{Scripted, scripted};
use crate::support::setup::{ANA, BEN, Bot, STRANGER, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn};
use greenroom_contract::limits;
use greenroom_contract::policy::{Busy, Rates};
use greenroom_contract::trace::{Decision, Ignored};
use std::sync::Arc;
use std::time::Duration;

const GROUP: &str = "friends";
const SILENT: &str = "I am silent here from now on. Write /start when you want me to answer again.";

async fn says(bot: &Bot, words: &str) -> Option<String> {
    let before = bot.answers(ANA).await.len();
    bot.hears(said::text(ANA, words)).await;
    let answers = bot.answers(ANA).await;
    let new = answers[before..].join("|");
    (!new.is_empty()).then_some(new)
}

/// Counts what it was told.
fn counting() -> Arc<Scripted> {
    scripted(|turn| {
        let count = turn.recall::<u32>()?.unwrap_or_default() + 1;
        Ok(Answer::text(format!("{count} of {}", turn.history.len())).remember(&count)?)
    })
}

/// Says what it offers, after its moods.
struct Offering(&'static str);

#[async_trait]
impl Assistant for Offering {
    fn offers(&self) -> Option<String> {
        assert!(!self.0.contains("panic"), "told to panic");
        Some(self.0.to_owned())
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        Ok(Answer::text(turn.text()))
    }
}

#[tokio::test(start_paused = true)]
async fn help_says_what_can_be_said_here() {
    let bot = Setup::new(Arc::new(Offering("Order a pizza."))).start().await;
    let help = says(&bot, "/Help ").await.expect("it is answered");
    assert!(help.starts_with("Order a pizza.\n\n/help shows this\n/new forgets"), "{help}");
    let bot = Setup::new(Arc::new(Offering("a panic"))).start().await;
    assert!(says(&bot, "/help").await.expect("it is answered").starts_with("/help shows this"));
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn new_forgets_what_was_said_and_what_assistants_remember() {
    let bot = Setup::new(counting()).start().await;
    for (words, expected) in [("a", "1 of 0"), ("b", "2 of 1")] {
        assert_eq!(says(&bot, words).await.as_deref(), Some(expected));
    }
    let message = bot.hears(said::text(ANA, "/new")).await;
    assert!(bot.answers(ANA).await[2].starts_with("I have forgotten what we talked about."));
    let commanded = Decision::Commanded { command: "new".to_owned() };
    assert!(bot.decisions(&message).await.contains(&commanded), "{}", bot.why(&message).await);
    assert_eq!(says(&bot, "c").await.as_deref(), Some("1 of 0"));
    bot.hears(said::text(BEN, "x")).await;
    assert_eq!(bot.answers(BEN).await, ["1 of 0"]);
}

#[tokio::test(start_paused = true)]
async fn stop_makes_silent_and_start_ends_it() {
    let bot = Setup::new(assistants::echo()).start().await;
    assert_eq!(says(&bot, "/stop").await.as_deref(), Some(SILENT));
    bot.passes(Duration::from_secs(30 * 24 * 3600)).await;
    for words in ["hi", "/help", "/new", "/stop"] {
        assert_eq!(says(&bot, words).await, None, "{words}");
    }
    assert!(bot.running.handle().health().await.warnings.is_empty(), "the person wanted it");
    bot.hears(said::text(BEN, "hi")).await;
    assert_eq!(bot.answers(BEN).await, ["hi"]);
    assert_eq!(says(&bot, "/start").await.as_deref(), Some("I am here again."));
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("hi"));
    let welcome = says(&bot, "/start").await.expect("it is answered");
    assert!(welcome.starts_with("Hello!") && welcome.contains("/help"), "{welcome}");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn in_a_group_they_are_for_the_bot_only_if_it_is_addressed() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.hears(said::text(ANA, "/stop").in_group(GROUP)).await;
    assert_eq!(bot.answers(GROUP).await, Vec::<String>::new());
    let message = bot.hears(said::text(ANA, "@15550000000 /stop").in_group(GROUP).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await, [SILENT]);
    assert_eq!(bot.network.sent()[0].reply_to, Some(message));
    bot.hears(said::text(BEN, "hi").in_group(GROUP).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await.len(), 1);
    bot.hears(said::text(BEN, "/start").in_group(GROUP).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn strangers_get_no_sign() {
    let bot = Setup::new(assistants::echo()).start().await;
    for words in ["/help", "/start", "/stop", "/new"] {
        bot.hears(said::text(STRANGER, words)).await;
    }
    assert_eq!(bot.answers(STRANGER).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn they_count_in_the_rates_also_in_a_silence() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.rates = Rates { person_per_minute: 3, ..Rates::default() };
    let bot = setup.start().await;
    bot.passes(Duration::from_secs(60)).await;
    let mut said = Vec::new();
    for words in ["/stop", "/start", "/stop", "/start", "/start"] {
        bot.passes(Duration::from_secs(3)).await;
        said.push(says(&bot, words).await);
    }
    let too_many = said.iter().flatten().filter(|words| words.starts_with("That is a lot of messages")).count();
    assert_eq!((too_many, said.iter().flatten().count()), (1, 4), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_two_programs_stays_paused() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.rates = Rates::default();
    let bot = setup.start().await;
    for _ in 0..=limits::LOOP_REPETITIONS_MAX {
        bot.hears(said::text(ANA, "ping")).await;
        bot.settled().await;
    }
    let answered = bot.answers(ANA).await.len();
    let message = bot.hears(said::text(ANA, "/start")).await;
    assert_eq!(bot.answers(ANA).await.len(), answered);
    let paused = |what: &Decision| matches!(what, Decision::Ignored { reason: Ignored::Paused { .. } });
    assert!(bot.decisions(&message).await.iter().any(paused), "{}", bot.why(&message).await);
}

#[tokio::test(start_paused = true)]
async fn they_are_renamed_and_switched_off_and_then_they_are_words() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.commands.help = Some("/hilfe".to_owned());
    setup.policy.commands.new = None;
    let bot = setup.start().await;
    assert!(says(&bot, "/HILFE").await.expect("it is answered").starts_with("/hilfe shows this\n/stop makes"));
    assert_eq!(says(&bot, "/help").await.as_deref(), Some("/help"));
    assert_eq!(says(&bot, "/new").await.as_deref(), Some("/new"));
    assert_eq!(says(&bot, "/stop please").await.as_deref(), Some("/stop please"));
}

#[tokio::test(start_paused = true)]
async fn they_are_never_a_part_of_a_turn() {
    let assistant = assistants::echo();
    let mut setup = Setup::new(assistant.clone());
    setup.policy.busy = Busy::Collect;
    let bot = setup.start().await;
    assistant.hold();
    bot.hears(said::text(ANA, "one")).await;
    assistant.asked_at_least(1).await;
    for words in ["two", "/help", "three", "four"] {
        bot.hears(said::text(ANA, words)).await;
    }
    assistant.let_go();
    bot.settled().await;
    let asked: Vec<String> = assistant.turns().iter().map(Turn::text).collect();
    assert_eq!(asked, ["one", "two", "three\nfour"]);
}
