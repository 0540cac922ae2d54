//! The programs below `examples/assistants`, started and asked as a bot does.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod running;

use greenroom_contract::assistant::{Answer, Content, HandOver, Receiver};
use greenroom_contract::outbound::OutboundBody;
use running::{Running, hello};

fn example(name: &str) -> String {
    format!("{}/../../examples/assistants/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Whether this language is on the machine. CI has all of them.
fn is_there(program: &str) -> bool {
    let found = std::process::Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is missing");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_python_asks_remembers_and_hands_over() {
    if !is_there("python3") {
        return;
    }
    let running = Running::started(&["python3", &example("process_bot.py")], "env = [\"PATH\", \"HOME\"]").await;
    let question = running.answered(hello(1)).await.unwrap();
    let OutboundBody::Choices(choices) = &question.replies[0].body else { panic!("{question:?}") };
    assert_eq!(choices.options.len(), 2);
    let mut state = question.state;
    for count in 1..=2 {
        let mut chosen = hello(1 + count);
        chosen.messages[0].content = Content::Choice { id: "large".to_owned(), title: "Large".to_owned() };
        chosen.state = state;
        let answer = running.answered(chosen).await.unwrap();
        let said = Answer::markdown(format!("**Large** it is. That makes {count}."));
        assert_eq!(answer.replies, said.replies);
        state = answer.state;
    }
    let mut asks = hello(9);
    asks.messages[0].content = Content::Text("human".to_owned());
    let handed = running.answered(asks).await.unwrap();
    assert_eq!(handed.hand_over, Some(HandOver { to: Receiver::Human, stays: true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_javascript_works_on_several_turns_at_a_time() {
    if !is_there("node") {
        return;
    }
    let running = Running::started(&["node", &example("process_bot.mjs")], "parallel = 16").await;
    running.answered(hello(1)).await.unwrap();
    let turns = (2..18).map(|id| running.answered(hello(id)));
    for answer in futures::future::join_all(turns).await {
        let OutboundBody::Text(text) = &answer.unwrap().replies[0].body.clone() else { panic!("a text") };
        assert!(text.ends_with(" said: hello"), "{text}");
    }
}
