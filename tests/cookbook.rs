//! Every recipe of `examples/cookbook.md`, built and talked to.

use greenroom::contract::message::Body;
use greenroom::contract::time::Clock;
use greenroom::prelude::*;
use greenroom_conformance::messages::START;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, BufReader};

#[path = "../examples/cookbook/recipes.rs"]
mod recipes;

const ANA: &str = "+15551234567";

/// A bot of a recipe, and Ana who writes to it.
struct Talk {
    network: LoopbackNetwork,
    running: Running,
    answers: usize,
}

impl Talk {
    async fn with(recipe: &str) -> Self {
        let (_, bot) = recipes::ALL.iter().find(|(name, _)| *name == recipe).expect("there is such a recipe");
        // A clock that paused time moves.
        let clock = Clock::tokio(START);
        let (channel, network) = loopback(LoopbackOptions { clock, ..LoopbackOptions::default() });
        let running = bot(channel).memory_store().clock(clock).start().await.expect("a recipe starts");
        Self { network, running, answers: 0 }
    }

    async fn says(&mut self, words: &str) -> String {
        self.network.deliver("main", said::text(ANA, words)).await;
        self.next().await
    }

    /// The next message of the bot, without what a network adds.
    async fn next(&mut self) -> String {
        self.answers += 1;
        let sent = self.network.sent_to_reached(ANA, self.answers).await;
        match &sent[self.answers - 1].body {
            OutboundBody::Choices(choices) => choices.text.clone(),
            _ => sent[self.answers - 1].words().to_owned(),
        }
    }

    async fn end(self) {
        self.running.drain().await;
    }
}

#[tokio::test(start_paused = true)]
async fn echo() {
    let mut talk = Talk::with("echo").await;
    assert_eq!(talk.says("hello").await, "hello");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_counter_remembers() {
    let mut talk = Talk::with("counter").await;
    assert_eq!(talk.says("a").await, "That was message 1.");
    assert_eq!(talk.says("b").await, "That was message 2.");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_reminder_comes() {
    let mut talk = Talk::with("reminder").await;
    assert_eq!(talk.says("hello").await, "Write what and when, such as: tea in 3");
    assert_eq!(talk.says("tea in 3").await, "I will remind you.");
    assert_eq!(talk.next().await, "Now: tea!");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_menu_asks() {
    let mut talk = Talk::with("menu").await;
    let question = talk.says("hello").await;
    assert!(question.starts_with("What would you like to know?"), "{question}");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_menu_is_answered_by_a_tap() {
    let mut talk = Talk::with("menu").await;
    talk.says("hello").await;
    let tap = Body::Choice { id: "place".to_owned(), title: "Where we are".to_owned() };
    talk.network.deliver_inbound("main", greenroom_conformance::messages::from(ANA, tap)).await;
    assert_eq!(talk.next().await, "Main Street 1.");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_form_of_a_script() {
    let mut talk = Talk::with("form").await;
    assert!(talk.says("order a pizza").await.starts_with("Let us see."));
    assert!(talk.next().await.starts_with("Which pizza?"));
    assert!(talk.says("Funghi").await.starts_with("Which size?"));
    assert_eq!(talk.says("cancel").await, "All right, nothing was ordered.");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_router_with_two_assistants() {
    let mut talk = Talk::with("router").await;
    assert_eq!(talk.says("/shout Hello").await, "HELLO");
    assert_eq!(talk.says("Hello").await, "hello");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_human_is_fetched() {
    let mut talk = Talk::with("human").await;
    assert!(talk.says("hello").await.starts_with("I am only a program."));
    assert_eq!(talk.says("A human, please").await, "I will fetch someone.");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_report_is_markdown_and_a_file() {
    let mut talk = Talk::with("report").await;
    let text = talk.says("one two three").await;
    assert!(text.contains("*3* words"), "{text}");
    talk.next().await;
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_has_an_assistant_of_its_own() {
    let mut talk = Talk::with("groups").await;
    assert_eq!(talk.says("hello").await, "How can I help?");
    talk.network.deliver("main", said::text(ANA, "hello").in_group("friends")).await;
    let sent = talk.network.sent_to_reached("friends", 1).await;
    assert_eq!(sent[0].words(), "Hey!");
    talk.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_what_it_cost() {
    let mut talk = Talk::with("cost").await;
    assert_eq!(talk.says("what is the time").await, "A model would answer here.");
    talk.end().await;
}

/// Whether there is Python. CI has it.
fn is_there() -> bool {
    let found = std::process::Command::new("python3").arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "python3 is missing");
    found
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_in_python_answers() {
    if is_there() {
        let mut talk = Talk::with("process").await;
        let question = talk.says("hello").await;
        assert!(question.contains("size"), "{question}");
        talk.end().await;
    }
}

#[tokio::test]
async fn a_web_service_in_python_answers() {
    if !is_there() {
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Set wherever tests run, and long enough for a secret.
    let secret = std::env::var("PATH").expect("programs are found by it");
    let mut service = tokio::process::Command::new("python3")
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/examples/assistants/http_bot.py"), "0"])
        .env("BOT_SECRET", secret)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Python is there");
    let mut lines = BufReader::new(service.stdout.take().expect("it is piped")).lines();
    let line = lines.next_line().await.expect("it can be read").expect("it says its port");
    let url = format!("http://127.0.0.1:{}/turn", line.rsplit(' ').next().unwrap_or_default());
    let (channel, network) = loopback(LoopbackOptions::default());
    let bot = recipes::http::bot_at(channel, &url, "PATH").memory_store();
    let mut talk = Talk { network, running: bot.start().await.expect("a recipe starts"), answers: 0 };
    assert_eq!(talk.says("hello").await, "HELLO");
    talk.end().await;
}

#[test]
fn every_recipe_is_listed_and_is_a_file() {
    let page = include_str!("../examples/cookbook.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cookbook");
    for (name, _) in recipes::ALL {
        assert!(page.contains(&format!("(cookbook/{name}.rs)")), "cookbook.md does not name {name}");
        assert!(folder.join(format!("{name}.rs")).is_file(), "{name} is a file");
    }
    for entry in std::fs::read_dir(folder).expect("the cookbook is there") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        let is_named = page.contains(&format!("cookbook/{name}"));
        assert!(is_named || ["main.rs", "recipes.rs"].contains(&name.as_str()), "cookbook.md does not name {name}");
    }
    assert!(include_str!("../README.md").contains("examples/cookbook.md"), "the README leads to the cookbook");
}
