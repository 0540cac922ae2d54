//! The tools that the assistant brings itself.

use crate::support::{Bot, away, calls, says, texts, words};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{Content, HandOver, Receiver, Turn, Wake};
use greenroom_contract::capabilities::Ability;
use greenroom_contract::limits::{WAKES_PER_CONVERSATION_MAX, WAKES_PER_TURN_MAX};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

async fn with(bot: &Bot, turn: &Turn, name: &str, arguments: Value) -> (greenroom_contract::assistant::Answer, String) {
    bot.then([calls(&[(name, arguments)]), says("ok")]);
    let answer = bot.ask(turn).await.unwrap();
    let told = words(&bot.around.model.last()).2;
    (answer, told)
}

fn numbered(id: u64) -> Turn {
    let mut turn = turn("hi").named("Ana").build();
    turn.id = greenroom_contract::ids::TurnId(id);
    turn.time_zone = Some("Europe/Zurich".to_owned());
    turn
}

#[tokio::test]
async fn a_reminder_is_a_wake_up_is_listed_cancelled_and_said() {
    let bot = Bot::new().await;
    let set = numbered(1);
    let (answer, told) = with(&bot, &set, "remind_me", json!({ "text": "water the plants", "in_minutes": 10 })).await;
    let [wake] = answer.wake.as_slice() else { panic!("{answer:?}") };
    assert_eq!(wake.at, set.now.plus(Duration::from_secs(600)));
    assert!(told.contains("1: ") && told.contains("water the plants"), "{told}");
    let mut later = numbered(2);
    later.wakes = answer.wake.clone();
    let (_, told) = with(&bot, &later, "list_reminders", json!({})).await;
    assert!(told.contains("water the plants"), "{told}");
    later.id.0 = 3;
    let (cancelled, _) = with(&bot, &later, "cancel_reminder", json!({ "number": 1 })).await;
    assert_eq!((cancelled.cancel_wakes, cancelled.wake), (vec![wake.token.clone()], vec![]));
    let mut due = numbered(4);
    due.messages[0].content = Content::Wake { token: wake.token.clone() };
    bot.then([says("Time for the plants, Ana!")]);
    let said = bot.ask(&due).await.unwrap();
    assert_eq!((texts(&said), said.wake), (vec!["Time for the plants, Ana!".into()], vec![]));
    let people = words(&bot.around.model.last()).0;
    assert!(people.contains("⟦reminder due=") && people.contains("for=\"Ana\""), "{people}");
    let offered: Vec<String> = bot.around.model.last().tools.iter().map(|tool| tool.name.clone()).collect();
    assert!(!offered.contains(&"stay_silent".into()));
}

#[tokio::test]
async fn a_reminder_is_said_without_a_model_and_a_repeated_one_comes_again() {
    let bot = Bot::new().await;
    let mut set = numbered(1);
    // A quarter past six on a Saturday, local time.
    set.now = Timestamp(1_795_842_900_000);
    let (answer, _) =
        with(&bot, &set, "remind_me", json!({ "text": "stand-up", "at": "09:00", "every": "weekdays" })).await;
    let wake = answer.wake[0].clone();
    let mut due = numbered(2);
    due.now = wake.at;
    due.messages[0].content = Content::Wake { token: wake.token.clone() };
    due.language = Some("de".to_owned());
    bot.then([away()]);
    let said = bot.ask(&due).await.unwrap();
    assert_eq!(texts(&said), ["⏰ Erinnerung: stand-up"]);
    let day = Duration::from_secs(24 * 3600);
    assert_eq!(said.wake, [Wake { at: wake.at.plus(day), token: wake.token.clone() }]);
    assert!(!said.worded, "no model worded it");
    bot.then([crate::support::Step::Say(crate::support::completion("", greenroom_contract::model::Ended::Refused))]);
    let mut refused = due.clone();
    refused.id.0 = 9;
    assert_eq!(texts(&bot.ask(&refused).await.unwrap()), ["⏰ Erinnerung: stand-up"], "and nothing about the model");
    // Cancelled while it is due: it does not come back.
    let mut stop = due.clone();
    stop.id.0 = 3;
    let (answer, _) = with(&bot, &stop, "cancel_reminder", json!({ "number": 1 })).await;
    assert_eq!(answer.wake, []);
}

#[tokio::test]
async fn there_are_only_so_many_reminders() {
    let bot = Bot::new().await;
    let reminder = |number: usize| {
        let token = json!({ "reminder": number, "text": "x", "first": "2027-01-01T00:00:00", "zone": "UTC" });
        Wake { at: Timestamp(u64::MAX / 2), token: token.to_string() }
    };
    let mut full = numbered(1);
    full.wakes = (1..=WAKES_PER_CONVERSATION_MAX).map(reminder).collect();
    let wanted = || json!({ "text": "tea", "in_minutes": 1 });
    let (answer, told) = with(&bot, &full, "remind_me", wanted()).await;
    assert!(answer.wake.is_empty() && told.contains("too many reminders"), "{told}");
    let many: Vec<_> = (0..16).map(|_| ("remind_me", wanted())).collect();
    bot.then([calls(&many), calls(&many), says("ok")]);
    let answer = bot.ask(&numbered(2)).await.unwrap();
    assert_eq!(answer.wake.len(), WAKES_PER_TURN_MAX);
    let tokens: std::collections::HashSet<_> = answer.wake.iter().map(|wake| &wake.token).collect();
    assert_eq!(tokens.len(), WAKES_PER_TURN_MAX, "each with a number of its own");
}

#[tokio::test]
async fn a_conversation_is_handed_over_only_to_whom_the_owner_names() {
    let bot = Bot::new().await;
    let (answer, told) = with(&bot, &numbered(1), "hand_over", json!({ "to": "boss" })).await;
    assert!(answer.hand_over.is_none() && told.contains("human, orders"), "{told}");
    bot.then([calls(&[("hand_over", json!({ "to": "human" }))])]);
    let answer = bot.ask(&numbered(2)).await.unwrap();
    assert_eq!(answer.hand_over, Some(HandOver { to: Receiver::Human, stays: false }));
    assert!(texts(&answer)[0].contains("human"));
    bot.then([says("left over"), calls(&[("hand_over", json!({ "to": "orders" }))])]);
    bot.ask(&numbered(3)).await.unwrap();
    let answer = bot.ask(&numbered(4)).await.unwrap();
    let to = Receiver::Assistant("orders".parse().unwrap());
    assert_eq!((texts(&answer), answer.hand_over.clone()), (vec![], Some(HandOver { to, stays: true })));
}

#[tokio::test]
async fn it_can_be_silent_in_groups_and_react() {
    let bot = Bot::new().await;
    let mut group = turn("lol").in_group().build();
    group.can = vec![Ability::Reactions];
    bot.then([calls(&[("stay_silent", json!({}))])]);
    assert!(bot.ask(&group).await.unwrap().replies.is_empty());
    bot.then([calls(&[("react", json!({ "emoji": "👍" }))]), says("")]);
    group.id.0 = 2;
    let answer = bot.ask(&group).await.unwrap();
    let [reply] = answer.replies.as_slice() else { panic!("{answer:?}") };
    assert_eq!(reply.body, OutboundBody::Reaction { to: group.messages[0].message.clone(), emoji: Some("👍".into()) });
    let mut direct = numbered(3);
    direct.can = vec![Ability::Reactions];
    let (answer, told) = with(&bot, &direct, "stay_silent", json!({})).await;
    assert!(
        texts(&answer) == ["ok"] && told.contains("no tool of this name"),
        "in a chat with one person an answer is due"
    );
}
