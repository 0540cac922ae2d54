//! A call that changes something is made only after its person said yes.

use crate::support::{Around, Bot, assert_well_formed, away, calls, completion, offer, parts, says, texts, words};
use greenroom_assistant_llm::{Llm, LlmConfig};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{Acting, ActingBook, Answer, AssistantError, Content, Turn};
use greenroom_contract::factory::AssistantKind as _;
use greenroom_contract::ids::{PersonId, TurnId};
use greenroom_contract::model::{Ended, PromptMessage};
use greenroom_contract::outbound::OutboundBody;
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::time::Duration;

fn add(arguments: Value) -> crate::support::Step {
    calls(&[("tasks_list", json!({})), ("tasks_add", arguments)])
}

async fn asked(bot: &Bot, arguments: Value) -> (Turn, Answer) {
    bot.then([add(arguments)]);
    let mut turn = turn("add milk").build();
    turn.id = TurnId(1);
    let answer = bot.ask(&turn).await.unwrap();
    (turn, answer)
}

/// The next turn, in which this option is picked.
fn picked(turn: &Turn, answer: &Answer, option: usize) -> Turn {
    let Some(OutboundBody::Choices(choices)) = answer.replies.last().map(|reply| reply.body.clone()) else {
        panic!("{answer:?}")
    };
    let option = &choices.options[option];
    let mut next = turn.clone();
    next.id = TurnId(turn.id.0 + 1);
    next.state.clone_from(&answer.state);
    next.messages[0].message = "message-picked".parse().unwrap();
    next.messages[0].content = Content::Choice { id: option.id.clone(), title: option.title.clone() };
    next
}

#[tokio::test]
async fn a_yes_has_it_called_once_and_the_model_goes_on() {
    let bot = Bot::new().await;
    let (turn, question) = asked(&bot, json!({ "text": "milk", "to": "Ana" })).await;
    let text = texts(&question).join("|");
    assert!(text.contains("tasks.add") && text.contains("text: milk") && text.contains("to: Ana"), "{text}");
    assert_eq!(bot.called(), ["list"], "only what asks no one");
    let yes = picked(&turn, &question, 0);
    bot.then([says("It is on the list.")]);
    let answer = bot.ask(&yes).await.unwrap();
    assert_eq!((texts(&answer), bot.called()), (vec!["It is on the list.".into()], vec!["list".into(), "add".into()]));
    assert_eq!(bot.around.tools.called.lock()[1].arguments, json!({ "text": "milk", "to": "Ana" }));
    let prompt = bot.around.model.last();
    assert_well_formed(&prompt);
    assert!(matches!(prompt.messages.last(), Some(PromptMessage::Tools(outputs)) if outputs.len() == 2));
    // The same option once more, from the phone: nothing waits any more.
    let mut once_more = picked(&turn, &question, 0);
    once_more.id = TurnId(9);
    once_more.state = answer.state;
    bot.ask(&once_more).await.unwrap();
    assert_eq!(bot.called().len(), 2);
}

#[tokio::test]
async fn a_no_other_words_and_a_day_end_it_and_the_model_is_told() {
    let bot = Bot::new().await;
    let (turn, question) = asked(&bot, json!({})).await;
    let no = picked(&turn, &question, 1);
    let mut other = no.clone();
    other.messages[0].content = Content::Text("what is the weather?".into());
    let mut late = picked(&turn, &question, 0);
    late.now = late.now.plus(Duration::from_secs(25 * 3600));
    for (at, (next, told)) in (10..).zip([(no, "said no"), (other, "something else"), (late, "too old")]) {
        let mut next = next;
        next.id = TurnId(at);
        let answer = bot.ask(&next).await.unwrap();
        assert_eq!(bot.called(), ["list"]);
        let prompt = bot.around.model.last();
        assert!(words(&prompt).0.contains(told), "{}", words(&prompt).0);
        // What was picked later finds nothing.
        let mut yes = picked(&turn, &question, 0);
        (yes.id, yes.state) = (TurnId(at + 100), answer.state);
        bot.ask(&yes).await.unwrap();
        assert_eq!(bot.called(), ["list"]);
    }
}

/// Names are made of those of server and tool, and may be those of another tool when the yes comes.
#[tokio::test]
async fn a_yes_is_one_to_the_tool_that_was_asked_about() {
    let bot = Bot::new().await;
    *bot.around.tools.offers.lock() = vec![offer("list", false), offer("add.item", true)];
    bot.then([calls(&[("tasks_add_item", json!({ "text": "milk" }))])]);
    let turn = turn("add milk").build();
    let question = bot.ask(&turn).await.unwrap();
    assert!(texts(&question).concat().contains("tasks.add.item"));
    *bot.around.tools.offers.lock() = vec![offer("list", false), offer("add item", true)];
    bot.then([says("It is not there any more.")]);
    bot.ask(&picked(&turn, &question, 0)).await.unwrap();
    assert_eq!(bot.called(), Vec::<String>::new());
    let told = words(&bot.around.model.last()).2;
    assert!(told.contains("is not there any more"), "{told}");
}

#[tokio::test]
async fn only_who_was_asked_can_say_yes() {
    let bot = Bot::new().await;
    let (turn, question) = asked(&bot, json!({})).await;
    let mut other = picked(&turn, &question, 0);
    other.person = PersonId(99);
    let answer = bot.ask(&other).await.unwrap();
    assert_eq!((bot.called(), answer.state), (vec!["list".to_owned()], None), "it still waits");
    let mut yes = picked(&turn, &question, 0);
    yes.id = TurnId(50);
    bot.ask(&yes).await.unwrap();
    assert_eq!(bot.called(), ["list", "add"]);
}

#[tokio::test]
async fn a_further_attempt_after_a_yes_does_not_call_once_more() {
    let bot = Bot::new().await;
    let (turn, question) = asked(&bot, json!({})).await;
    let yes = picked(&turn, &question, 0);
    bot.then([away(), says("done")]);
    assert!(bot.ask(&yes).await.is_err());
    assert_eq!(texts(&bot.ask(&yes).await.unwrap()), ["done"]);
    assert_eq!(bot.called(), ["list", "add"]);
    // The question itself, where it could not be committed, is asked once more and calls nothing.
    let once_more = bot.ask(&turn).await.unwrap();
    assert!(texts(&once_more)[0].contains("tasks.add") && bot.called().len() == 2);
}

/// As after a crash: the store has counted the attempt, and the process that made it is gone.
#[tokio::test]
async fn what_a_process_that_is_gone_may_have_called_is_asked_about_before_it_is_called_a_second_time() {
    let asked_bot = Bot::new().await;
    let (turn, question) = asked(&asked_bot, json!({ "text": "milk" })).await;
    let mut yes = picked(&turn, &question, 0);
    asked_bot.then([away()]);
    assert!(asked_bot.ask(&yes).await.is_err());
    assert_eq!(asked_bot.called(), ["list", "add"], "it was called, and its process dies");

    let bot = Bot::new().await;
    yes.attempt = 2;
    let doubt = bot.ask(&yes).await.unwrap();
    let text = texts(&doubt).join("|");
    assert!(text.starts_with("I was interrupted") && text.contains("text: milk"), "{text}");
    assert_eq!(bot.called(), Vec::<String>::new(), "not without its person");
    let mut next = picked(&yes, &doubt, 0);
    next.attempt = 1;
    bot.then([says("Now it is on the list.")]);
    assert_eq!(texts(&bot.ask(&next).await.unwrap()), ["Now it is on the list."]);
    assert_eq!(bot.called(), ["add"]);

    // What needs no one's yes, and does more each time, is asked about as well; what may be repeated is not.
    let bot = Bot::new().await;
    let mut adds = offer("add", false);
    adds.repeatable = false;
    *bot.around.tools.offers.lock() = vec![offer("list", false), adds];
    let mut turn = turn.clone();
    (turn.attempt, turn.id) = (2, TurnId(70));
    bot.then([add(json!({}))]);
    let doubt = texts(&bot.ask(&turn).await.unwrap()).concat();
    assert!(doubt.starts_with("I was interrupted") && !doubt.contains("tasks.list"), "{doubt}");
    assert_eq!(bot.called(), ["list"]);
    // The question that asks anyhow: nothing was called before it.
    let bot = Bot::new().await;
    bot.then([add(json!({}))]);
    assert!(texts(&bot.ask(&turn).await.unwrap())[0].starts_with("Shall I do this?"));
}

/// Notes for how many calls it was written down that something begins, and how many had been made then.
struct Book {
    tools: std::sync::Arc<crate::support::CountingTools>,
    made_before: parking_lot::Mutex<Vec<usize>>,
    is_full: std::sync::atomic::AtomicBool,
}

#[async_trait::async_trait]
impl ActingBook for Book {
    async fn begin(&self) -> Result<(), greenroom_contract::cause::Cause> {
        if self.is_full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err("the disk is full".into());
        }
        self.made_before.lock().push(self.tools.called.lock().len());
        Ok(())
    }
}

/// The engine takes the attempt back where the model is away or the program stops. What must not be made twice is written down
/// before it is made, so that it does not.
#[tokio::test]
async fn a_call_that_must_not_be_made_twice_is_written_down_before_it_is_made() {
    let bot = Bot::new().await;
    let book = std::sync::Arc::new(Book {
        tools: bot.around.tools.clone(),
        made_before: parking_lot::Mutex::default(),
        is_full: false.into(),
    });
    bot.then([add(json!({ "text": "milk" }))]);
    let mut turn = turn("add milk").build();
    turn.acting = Acting::new(book.clone());
    let question = bot.ask(&turn).await.unwrap();
    assert_eq!((bot.called(), book.made_before.lock().clone()), (vec!["list".to_owned()], vec![]), "it only reads");
    let yes = picked(&turn, &question, 0);
    book.is_full.store(true, std::sync::atomic::Ordering::SeqCst);
    let outcome = bot.ask(&yes).await;
    assert!(matches!(outcome, Err(AssistantError::Unavailable { .. })), "{outcome:?}");
    assert_eq!(bot.called(), ["list"], "nothing is made that is not written down");
    book.is_full.store(false, std::sync::atomic::Ordering::SeqCst);
    bot.then([away()]);
    assert!(bot.ask(&yes).await.is_err());
    assert_eq!((bot.called(), book.made_before.lock().clone()), (vec!["list".into(), "add".into()], vec![1]));
}

#[tokio::test]
async fn a_configuration_that_is_read_meanwhile_does_not_have_it_called_a_second_time() {
    let around = Around::default();
    let parts = parts(&around);
    let made = async || {
        let table: toml::Table = "model = \"main\"\ntools = [\"tasks\"]".parse().unwrap();
        let config = LlmConfig::deserialize(toml::Value::Table(table)).unwrap();
        Bot { around: around.clone(), assistant: Llm::build(config, parts.clone()).await.unwrap() }
    };
    let before = made().await;
    let (turn, question) = asked(&before, json!({})).await;
    let yes = picked(&turn, &question, 0);
    before.then([away(), says("done")]);
    assert!(before.ask(&yes).await.is_err());
    let after = made().await;
    drop(before);
    assert_eq!(texts(&after.ask(&yes).await.unwrap()), ["done"]);
    assert_eq!(after.called(), ["list", "add"]);
}

#[tokio::test]
async fn the_question_is_bounded_and_of_one_line_for_each_argument() {
    let bot = Bot::new().await;
    let mut many = json!({ "text": "a\nShall I do this? Yes\u{202e}".repeat(50) });
    for number in 0..20 {
        many[format!("z{number}")] = json!("x".repeat(500));
    }
    let (_, question) = asked(&bot, many).await;
    let text = texts(&question).join("");
    assert!(text.len() <= 960 && !text.contains('\u{202e}') && !text.contains("\nShall I"), "{text}");
    let mut said = completion("I will add it.", Ended::Calls);
    said.said.calls =
        vec![greenroom_contract::model::ToolCall { id: "a".into(), name: "tasks_add".into(), arguments: json!({}) }];
    bot.then([crate::support::Step::Say(said)]);
    let mut next = turn("and bread").build();
    next.id = TurnId(7);
    assert_eq!(texts(&bot.ask(&next).await.unwrap()).len(), 2, "the model's words, and the question");
}
