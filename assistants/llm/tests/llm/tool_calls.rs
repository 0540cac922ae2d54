//! Calls of tools of servers.

use crate::support::{Bot, Down, assert_well_formed, calls, offer, says, texts, words};
use greenroom_assistant_llm::limits::OFFERS_TIMEOUT;
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::Note;
use greenroom_contract::capabilities::Ability;
use greenroom_contract::ids::TurnId;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::tools::{ToolError, ToolMedium, ToolReturn};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_goes_wrong_with_a_call_is_told_to_the_model_and_never_ends_the_turn() {
    let bot = Bot::new().await;
    let unclear = ToolError::Unclear { server: "tasks".into(), what: "it ended".into() };
    let failed = ToolReturn { text: "no such list".into(), failed: true, ..ToolReturn::default() };
    bot.around.tools.returns.lock().extend([Err(unclear), Ok(failed)]);
    bot.then([
        calls(&[
            ("tasks_list", json!({})),
            ("tasks_list", json!({})),
            ("tasks_list", json!("words")),
            ("no_such_tool", json!({})),
            ("remind_me", json!({ "text": "" })),
            ("send_file", json!({ "number": 1 })),
        ]),
        says("sorry"),
    ]);
    let answer = bot.answer(turn("hi")).await;
    assert_eq!(texts(&answer), ["sorry"]);
    let prompt = bot.around.model.last();
    assert_well_formed(&prompt);
    let tools = words(&prompt).2;
    assert_eq!(tools.matches("became=\"failed\"").count(), 6, "{tools}");
    for told in ["not known what became", "no such list", "not an object", "no tool of this name"] {
        assert!(tools.contains(told), "{told}: {tools}");
    }
    let failed = answer.notes.iter().filter(|note| matches!(note, Note::Called { failed: Some(_), .. })).count();
    assert_eq!(failed, 6);
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_round_run_beside_each_other_and_are_told_with_times_and_sizes() {
    let bot = Bot::new().await;
    *bot.around.tools.takes.lock() = Duration::from_secs(5);
    let list = ("tasks_list", json!({ "a": 1 }));
    bot.then([calls(&[list.clone(), list.clone(), list]), says("ok")]);
    let begin = tokio::time::Instant::now();
    let answer = bot.answer(turn("hi")).await;
    assert_eq!(begin.elapsed().as_secs(), 5);
    let note = Note::Called { tool: "tasks.list".into(), took_ms: 5000, bytes_in: 7, bytes_out: 4, failed: None };
    assert_eq!(answer.notes, vec![note; 3]);
}

#[tokio::test]
async fn a_loop_of_calls_ends_with_a_last_question_without_tools() {
    let bot = Bot::with("tools = [\"tasks\"]\nrounds_max = 3").await;
    bot.then((0..5).map(|_| calls(&[("tasks_list", json!({}))])));
    let answer = bot.answer(turn("hi")).await;
    assert_eq!(bot.called().len(), 3);
    let prompt = bot.around.model.prompts()[3].clone();
    assert_well_formed(&prompt);
    assert!(prompt.tools.is_empty() && words(&prompt).0.contains("No more tools") && words(&prompt).0.contains("done"));
    assert!(!answer.replies.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_given_up_in_the_middle_keeps_what_ended_and_repeats_nothing() {
    let bot = Bot::new().await;
    *bot.around.tools.takes.lock() = Duration::from_secs(10);
    let round = || calls(&[("tasks_list", json!({}))]);
    bot.then([round(), round()]);
    let mut turn = turn("hi").build();
    turn.id = TurnId(5);
    // The first call ended, the second one is under way.
    assert!(tokio::time::timeout(Duration::from_secs(15), bot.ask(&turn)).await.is_err());
    assert_eq!(bot.called().len(), 1);
    bot.then([says("ok")]);
    assert_eq!(texts(&bot.ask(&turn).await.unwrap()), ["ok"]);
    assert_eq!(bot.called().len(), 1, "neither of them is made once more");
    let tools = words(&bot.around.model.last()).2;
    assert!(tools.contains("done") && tools.contains("not made a second time"), "{tools}");
}

#[tokio::test]
async fn a_file_of_a_tool_is_sent_where_the_model_wants_it() {
    let bot = Bot::new().await;
    let media = Media { mime: "image/png".into(), bytes: vec![1, 2, 3].into() };
    let file = ToolMedium { media: media.clone(), name: Some("chart.png".into()) };
    bot.around.tools.returns.lock().push_back(Ok(ToolReturn { text: "here".into(), media: vec![file], failed: false }));
    bot.then([
        calls(&[("tasks_list", json!({}))]),
        calls(&[("send_file", json!({ "number": 1, "caption": "your week" })), ("send_file", json!({ "number": 2 }))]),
        says("There it is."),
    ]);
    let mut turn = turn("draw my week").build();
    turn.can = vec![Ability::Images];
    let answer = bot.ask(&turn).await.unwrap();
    let OutboundBody::Image { media: sent, caption } = &answer.replies[1].body else { panic!("{answer:?}") };
    assert_eq!((sent, caption.as_deref()), (&media, Some("your week")));
    let offered = |at: usize| bot.around.model.prompts()[at].tools.iter().any(|tool| tool.name == "send_file");
    assert_eq!((offered(0), offered(1)), (false, true));
    assert!(words(&bot.around.model.prompts()[1]).2.contains("(file 1: image/png, chart.png, 3 bytes)"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_told_of_and_the_turn_is_answered() {
    for down in [Down::Away, Down::Mute] {
        let bot = Bot::new().await;
        *bot.around.tools.down.lock() = Some(down);
        bot.then([calls(&[("tasks_list", json!({}))]), says("I cannot look at your list now.")]);
        let begin = tokio::time::Instant::now();
        let answer = bot.answer(turn("what is on my list?")).await;
        assert_eq!(texts(&answer), ["I cannot look at your list now."], "{down:?}");
        assert!(begin.elapsed() <= OFFERS_TIMEOUT, "{down:?}: it waits {:?}", begin.elapsed());
        let asked = bot.around.model.prompts();
        assert!(!asked[0].tools.iter().any(|tool| tool.name.starts_with("tasks")), "{down:?}: none is offered");
        assert!(asked[0].system.contains("tasks"), "{down:?}: the model knows: {}", asked[0].system);
        assert!(words(&asked[1]).2.contains("no tool of this name"), "{down:?}: nor called");
        assert!(bot.called().is_empty());
        let told = |note: &Note| matches!(note, Note::Remark(text) if text.contains("tasks is away"));
        assert!(answer.notes.iter().any(told), "{down:?}: its owner reads it: {:?}", answer.notes);
        // Back, it is offered in the next turn.
        *bot.around.tools.down.lock() = None;
        bot.answer(turn("and now?")).await;
        assert!(bot.around.model.last().tools.iter().any(|tool| tool.name == "tasks_list"), "{down:?}");
    }
}

#[tokio::test]
async fn tools_are_offered_under_names_of_their_own_and_only_to_a_model_that_calls_any() {
    let bot = Bot::new().await;
    let prompt = |bot: &Bot| bot.around.model.last();
    *bot.around.tools.offers.lock() = vec![offer("list", false); 3];
    bot.answer(turn("hi")).await;
    let names: Vec<String> = prompt(&bot).tools.iter().map(|tool| tool.name.clone()).collect();
    assert!(names.contains(&"tasks_list".into()) && names.contains(&"tasks_list_2".into()), "{names:?}");
    bot.around.model.traits.lock().tools = false;
    bot.answer(turn("hi")).await;
    assert!(prompt(&bot).tools.is_empty(), "a model that calls no tools is offered none");
}
