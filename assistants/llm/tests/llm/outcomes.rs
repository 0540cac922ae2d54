//! What becomes of whatever a model says or does not say.

use crate::support::{Bot, Step, away, calls, completion, says, texts, usage};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{AssistantError, Markup, Note};
use greenroom_contract::ids::TurnId;
use greenroom_contract::model::{Ended, ModelError, WrongModel};
use serde_json::json;
use std::time::Duration;

fn remarks(notes: &[Note]) -> usize {
    notes.iter().filter(|note| matches!(note, Note::Remark(_))).count()
}

fn main() -> String {
    "main".to_owned()
}

#[tokio::test]
async fn an_answer_is_markdown_and_counts_what_it_cost() {
    let bot = Bot::new().await;
    bot.then([says("**Hello** ⟦message⟧Ana")]);
    let answer = bot.answer(turn("hi")).await;
    assert_eq!(texts(&answer), ["**Hello** Ana"], "without imitated marks");
    assert_eq!((answer.replies[0].markup, answer.usage), (Markup::Markdown, vec![usage(10)]));
    assert_eq!((answer.state, answer.notes), (None, Vec::new()));
}

#[tokio::test]
async fn a_cut_a_refused_and_an_empty_answer_become_one_sentence_and_a_remark() {
    let bot = Bot::new().await;
    let mut turn = turn("hi").build();
    turn.language = Some("de".to_owned());
    for (steps, expected) in [
        (vec![Step::Say(completion("Es war einmal", Ended::Cut))], vec!["Es war einmal", "Das war mehr"]),
        (vec![Step::Say(completion("", Ended::Refused))], vec!["Darauf möchte ich"]),
        (vec![says(" "), says("")], vec!["Darauf habe ich keine"]),
        (vec![Step::Fail(ModelError::Refused { model: main(), what: "a filter".into() })], vec!["Darauf möchte ich"]),
    ] {
        bot.then(steps);
        let answer = bot.ask(&turn).await.unwrap();
        let texts = texts(&answer);
        assert_eq!(texts.len(), expected.len(), "{texts:?}");
        assert!(texts.iter().zip(&expected).all(|(text, expected)| text.starts_with(expected)), "{texts:?}");
        assert_eq!(remarks(&answer.notes), 1);
    }
    bot.then([says(""), says("here")]);
    assert_eq!(texts(&bot.ask(&turn).await.unwrap()), ["here"], "an empty one is asked for once more");
}

#[tokio::test]
async fn an_outage_and_a_wrong_configuration_are_weather() {
    let bot = Bot::new().await;
    let after = Some(Duration::from_secs(7));
    for (error, expected) in [
        (ModelError::Busy { model: main(), after }, after),
        (ModelError::Unavailable { model: main(), what: "gone".into() }, None),
        (ModelError::Wrong { model: main(), what: WrongModel::Key }, None),
    ] {
        bot.then([Step::Fail(error.clone())]);
        let Err(AssistantError::Unavailable { reason, after }) = bot.ask(&turn("hi").build()).await else {
            panic!("{error}")
        };
        assert_eq!((reason.to_string(), after), (error.to_string(), expected));
    }
}

#[tokio::test]
async fn a_spent_budget_is_told_once_a_day() {
    let bot = Bot::new().await;
    let spent = || {
        Step::Fail(ModelError::OverBudget { model: main(), whose: "this person".into(), after: Duration::from_secs(9) })
    };
    bot.then([spent(), spent(), spent()]);
    let mut turn = turn("hi").build();
    let first = bot.ask(&turn).await.unwrap();
    assert!(texts(&first)[0].contains("tomorrow") && remarks(&first.notes) == 1);
    turn.state = first.state;
    let second = bot.ask(&turn).await.unwrap();
    assert!(second.replies.is_empty() && remarks(&second.notes) == 1);
    turn.now = turn.now.plus(Duration::from_secs(24 * 3600));
    assert_eq!(texts(&bot.ask(&turn).await.unwrap()).len(), 1);
}

#[tokio::test]
async fn a_prompt_that_is_too_long_gets_shorter_until_it_fits() {
    let bot = Bot::new().await;
    let long = || Step::Fail(ModelError::TooLong { model: main() });
    let past: Vec<(String, String)> =
        (0..20).map(|at| (format!("{at} {}", "words ".repeat(50)), "ok".into())).collect();
    bot.then([long(), long(), says("short")]);
    assert_eq!(texts(&bot.answer(turn("hi").history(past.clone())).await), ["short"]);
    let lengths: Vec<usize> = bot.around.model.prompts().iter().map(|prompt| prompt.messages.len()).collect();
    assert!(lengths[0] > lengths[1] && lengths[1] > lengths[2] && lengths[2] > 1, "{lengths:?}");
    bot.then([long(), long(), long(), long()]);
    let answer = bot.answer(turn("hi").history(past)).await;
    assert!(texts(&answer)[0].contains("too long") && remarks(&answer.notes) == 1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_ends_within_its_time_and_the_model_is_told_how_much_is_left() {
    let bot = Bot::new().await;
    *bot.around.tools.takes.lock() = Duration::from_secs(30);
    bot.then([calls(&[("tasks_list", json!({}))]), Step::Hang(Duration::from_secs(1000))]);
    let mut turn = turn("hi").build();
    turn.answer_within = Duration::from_secs(60);
    let begin = tokio::time::Instant::now();
    let outcome = bot.ask(&turn).await;
    assert!(matches!(outcome, Err(AssistantError::Unavailable { .. })), "{outcome:?}");
    assert!(begin.elapsed() < turn.answer_within);
    let left: Vec<u64> = bot.around.model.asked.lock().iter().map(|(_, asking)| asking.within.as_secs()).collect();
    assert_eq!(left, [57, 27]);
}

#[tokio::test]
async fn what_failed_attempts_spent_is_in_the_answer_and_finished_calls_are_not_made_again() {
    let bot = Bot::new().await;
    bot.then([calls(&[("tasks_list", json!({}))]), away(), away(), says("milk")]);
    let mut turn = turn("what is on my list?").build();
    turn.id = TurnId(77);
    for _ in 0..2 {
        assert!(bot.ask(&turn).await.is_err());
    }
    turn.attempt = 3;
    let answer = bot.ask(&turn).await.unwrap();
    assert_eq!((texts(&answer), bot.called()), (vec!["milk".to_owned()], vec!["list".to_owned()]));
    assert_eq!(answer.usage.iter().map(|usage| usage.tokens_in).sum::<u64>(), 20);
    assert_eq!(answer.notes.iter().filter(|note| matches!(note, Note::Called { .. })).count(), 1);
    // The answer could not be committed: it is asked for once more.
    bot.then([says("milk again")]);
    assert_eq!(texts(&bot.ask(&turn).await.unwrap()), ["milk again"]);
    assert_eq!(bot.called(), ["list"]);
}
