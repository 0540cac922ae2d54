//! An assistant hands a conversation to another one, or to a human, for a turn or for longer.

use crate::support::scripted::{Scripted, scripted, scripted_with};
use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, AssistantError, Content, HandOver, Needs, Receiver, Turn, Usage, Wake};
use greenroom_contract::ids::{ConversationId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::store::Store;
use greenroom_contract::trace::Decision;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn to(receiver: Receiver, stays: bool) -> Answer {
    Answer { hand_over: Some(HandOver { to: receiver, stays }), ..Answer::default() }
}

fn other() -> Receiver {
    Receiver::Assistant(id("other"))
}

/// `stay` hands over to the other one and stays there, `once` for this turn; `human` and `human please` to a human. All
/// else it answers itself.
fn front() -> Arc<Scripted> {
    scripted(|turn| {
        Ok(match turn.text().as_str() {
            "stay" => to(other(), true),
            "once" => to(other(), false),
            "human" => Answer { replies: Answer::text("a human comes").replies, ..to(Receiver::Human, true) },
            "human please" => to(Receiver::Human, false),
            words => Answer::text(format!("front: {words}")),
        })
    })
}

/// `back` lets the configured one answer, `bye` from the next message on.
fn back() -> Arc<Scripted> {
    scripted(|turn| {
        Ok(match turn.text().as_str() {
            "back" => to(Receiver::Configured, false),
            "bye" => Answer { replies: Answer::text("other: bye").replies, ..to(Receiver::Configured, true) },
            words => Answer::text(format!("other: {words}")),
        })
    })
}

fn two() -> Setup {
    let mut setup = Setup::new(front());
    setup.others.push(("other", back()));
    setup
}

/// A network that starts again gives its messages the ids that it gave before, so these have their own.
fn next_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("said-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn says(bot: &Bot, words: &str) -> Option<String> {
    let before = bot.answers(ANA).await.len();
    bot.hears(said::text(ANA, words).with_id(&next_id())).await;
    let answers = bot.answers(ANA).await;
    let new = answers[before..].join("|");
    (!new.is_empty()).then_some(new)
}

async fn conversation_of(store: &Arc<dyn Store>, message: &MessageId) -> ConversationId {
    store.why(message, None).await.expect("healthy")[0].conversation
}

#[tokio::test(start_paused = true)]
async fn what_the_one_who_hands_over_says_remembers_wishes_and_spends_is_kept() {
    let form = scripted(|turn| {
        if let Content::Wake { token } = &turn.messages[0].content {
            return Ok(Answer::text(format!("form woke for {token}")));
        }
        let usage = vec![Usage {
            model: Some("small".to_owned()),
            tokens_in: 3,
            tokens_out: 1,
            tokens_cached: 0,
            ..Usage::default()
        }];
        let wake = vec![Wake { at: turn.now.plus(Duration::from_secs(60)), token: "tea".to_owned() }];
        let state = Some("finished".into());
        Ok(Answer { replies: Answer::text("thanks").replies, state, wake, usage, ..to(other(), false) })
    });
    let talk = scripted(|turn| {
        let usage = vec![Usage {
            model: Some("large".to_owned()),
            tokens_in: 50,
            tokens_out: 9,
            tokens_cached: 7,
            ..Usage::default()
        }];
        Ok(Answer { state: Some("talked".into()), usage, ..Answer::text(format!("talk: {}", turn.text())) })
    });
    let mut setup = Setup::new(form);
    setup.others.push(("other", talk));
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "two pizzas")).await;
    bot.settled().await;
    assert_eq!(bot.network.words_to(ANA), ["thanks", "talk: two pizzas"]);
    let conversation = conversation_of(&bot.store, &message).await;
    for (name, expected) in [("helper", "finished"), ("other", "talked")] {
        let state = bot.store.state(conversation, &id(name)).await.expect("healthy");
        assert_eq!(state.as_deref(), Some(expected.as_bytes()), "{name}");
    }
    let decisions = bot.decisions(&message).await;
    for (model, tokens_in, tokens_out) in [("small", 3, 1), ("large", 50, 9)] {
        let spent = Decision::Spent { model: Some(model.to_owned()), tokens_in, tokens_out, cost_millionths: 0 };
        assert!(decisions.contains(&spent), "{decisions:?}");
    }
    bot.passes(Duration::from_secs(61)).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("form woke for tea"));
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_lasts_one_turn_or_stays_until_it_is_handed_back() {
    let bot = two().start().await;
    assert_eq!(says(&bot, "once").await.as_deref(), Some("other: once"));
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    let message = bot.hears(said::text(ANA, "stay")).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("other: stay"));
    let bound = Decision::Bound { to: "other".to_owned() };
    assert!(bot.decisions(&message).await.contains(&bound), "{}", bot.why(&message).await);
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("other: hi"));
    bot.hears(said::text(BEN, "hi")).await;
    assert_eq!(bot.answers(BEN).await, ["front: hi"], "others are answered as configured");
    assert_eq!(says(&bot, "back").await.as_deref(), Some("front: back"), "the configured one answers");
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    says(&bot, "stay").await;
    assert_eq!(says(&bot, "bye").await.as_deref(), Some("other: bye"), "it has the last word");
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    bot.promises_kept();
}

/// Two assistants over a store that goes on when a bot ends.
async fn begun(store: &Arc<FaultyStore>) -> Bot {
    let mut setup = two();
    setup.store = Some(store.clone());
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn what_stays_lasts_over_a_restart_and_is_ended_by_its_person_or_the_owner() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = || begun(&store);
    let bot = start().await;
    says(&bot, "stay").await;
    bot.running.drain().await;
    let bot = start().await;
    let message = bot.hears(said::text(ANA, "hi").with_id("after")).await;
    assert_eq!(bot.answers(ANA).await, ["other: hi"]);
    let conversation = conversation_of(&bot.store, &message).await;
    bot.running.handle().release_conversation(conversation).await.expect("it is there");
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    says(&bot, "stay").await;
    assert!(says(&bot, "/start").await.is_some());
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    let unknown = bot.running.handle().release_conversation(ConversationId(999)).await;
    assert!(unknown.is_err(), "{unknown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_human_answers_for_an_hour_or_until_the_conversation_is_released() {
    let bot = two().start().await;
    assert_eq!(says(&bot, "human please").await, None);
    assert_eq!(says(&bot, "hi").await, None, "the bot is silent");
    bot.passes(limits::HUMAN_PAUSE).await;
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    assert_eq!(says(&bot, "human").await.as_deref(), Some("a human comes"));
    bot.passes(Duration::from_secs(2 * 24 * 3600)).await;
    assert_eq!(says(&bot, "hi").await, None);
    let health = bot.running.handle().health().await;
    let warning = health.warnings.first().expect("the owner is told").to_string();
    assert!(health.ok && warning.contains("was handed to a human"), "{warning}");
    let Some(greenroom::NextAction::ReleaseConversation { conversation }) = health.warnings[0].next else {
        panic!("{health:?}")
    };
    bot.running.handle().release_conversation(conversation).await.expect("it is there");
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
    assert!(bot.running.handle().health().await.warnings.is_empty());
    says(&bot, "human").await;
    assert_eq!(says(&bot, "/start").await.as_deref(), Some("I am here again."));
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_told_after_a_restart_too_as_soon_as_someone_writes() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = || begun(&store);
    let bot = start().await;
    says(&bot, "human").await;
    bot.running.drain().await;
    let bot = start().await;
    bot.hears(said::text(ANA, "anyone?").with_id("after")).await;
    assert_eq!(bot.answers(ANA).await, Vec::<String>::new());
    assert_eq!(bot.running.handle().health().await.warnings.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_handed_to_is_given_what_it_needs_itself() {
    let router = scripted_with(Needs { history_turns: 0, addresses: false, ..Needs::default() }, |turn| {
        assert!(turn.history.is_empty() && turn.sender.addresses.is_empty());
        Ok(to(other(), false))
    });
    let talk = scripted_with(Needs { history_turns: 5, ..Needs::default() }, |turn| {
        Ok(Answer { state: Some("mine".into()), ..Answer::text(turn.text()) })
    });
    let mut setup = Setup::new(router.clone());
    setup.others.push(("other", talk.clone()));
    let bot = setup.start().await;
    for words in ["one", "two", "three"] {
        says(&bot, words).await;
    }
    let asked: Vec<usize> = talk.turns().iter().map(|turn| turn.history.len()).collect();
    assert_eq!(asked, [0, 1, 2]);
    assert!(talk.turns().iter().all(|turn| turn.sender.addresses == [id(ANA)]), "{:?}", talk.turns());
    assert_eq!(talk.turns()[2].state.as_deref(), Some(&b"mine"[..]));
    assert!(router.turns().iter().all(|turn| turn.state.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_fetched_for_the_one_who_looks_at_it() {
    let router = scripted_with(Needs { images: false, ..Needs::default() }, |_| Ok(to(other(), false)));
    let talk = scripted(|turn| {
        let is_there = matches!(&turn.messages[0].content, Content::Image { media: Some(_), .. });
        Ok(Answer::text(if is_there { "I see" } else { "I see nothing" }))
    });
    let mut setup = Setup::new(router.clone());
    setup.others.push(("other", talk));
    let bot = setup.start().await;
    bot.hears(said::image(ANA, "picture", Some("look"))).await;
    assert_eq!(bot.answers(ANA).await, ["I see"]);
    assert_eq!(bot.network.fetches(), 1);
    let blind = matches!(&router.turns()[0].messages[0].content, Content::Image { media: None, .. });
    assert!(blind, "{:?}", router.turns());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_bound_by_a_turn_that_fails() {
    let mut setup = Setup::new(front());
    setup.others.push(("other", assistants::refusing()));
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "stay")).await;
    bot.settled().await;
    assert!(bot.why(&message).await.contains("quarantined"), "{}", bot.why(&message).await);
    assert_eq!(says(&bot, "hi").await.as_deref(), Some("front: hi"));
}

#[tokio::test(start_paused = true)]
async fn unknown_ones_and_circles_end_in_quarantine_with_a_trace() {
    let unknown = scripted(|_| Ok(to(Receiver::Assistant(id("gone")), true)));
    let bot = Setup::new(unknown).start().await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    assert!(bot.why(&message).await.contains("no assistant is configured as gone"), "{}", bot.why(&message).await);

    let mut setup = Setup::new(scripted(|_| Ok(to(other(), true))));
    setup.others.push(("other", scripted(|_| Ok(to(Receiver::Assistant(id("helper")), true)))));
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    let why = bot.why(&message).await;
    assert!(why.contains(&format!("handed over more than {} times", limits::HAND_OVERS_MAX)), "{why}");
}

/// Remembers how many turns it has seen, forgets on demand.
fn counting() -> Arc<Scripted> {
    scripted(|turn: &Turn| -> Result<Answer, AssistantError> {
        let count: u32 = turn.recall::<u32>()?.unwrap_or_default();
        let forget = turn.text() == "forget";
        let count = if forget { 1 } else { count + 1 };
        let history = turn.history.len();
        Ok(Answer { forget, ..Answer::text(format!("{count} of {history}")) }.remember(&count)?)
    })
}

#[tokio::test(start_paused = true)]
async fn an_assistant_forgets_what_was_said_before_and_keeps_this_turn() {
    let bot = Setup::new(counting()).start().await;
    for (words, expected) in [("a", "1 of 0"), ("b", "2 of 1"), ("forget", "1 of 2"), ("c", "2 of 1"), ("d", "3 of 2")]
    {
        assert_eq!(says(&bot, words).await.as_deref(), Some(expected), "{words}");
    }
}
