//! The program as a newcomer starts it: the lines of the README, and what is said where something is missing.

use crate::support::process::{PATIENCE, clean, folder, run, succeeded};
use greenroom_simulator_models::{Model, ModelServer, Script, Settings};
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

/// A server as Ollama is one: it asks for no key, and has one model.
async fn ollama() -> ModelServer {
    let settings = Settings { keys: Vec::new(), models: vec![Model::new("llama3.2")], ..Settings::default() };
    ModelServer::start_with(settings, Script::echo()).await
}

/// The first block of the README's section about language models.
fn lines_of_the_readme() -> String {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## Chat with a language model").expect("the section");
    let (_, block) = section.split_once("```toml\n").expect("a block");
    block.split("```").next().expect("its end").to_owned()
}

fn chat(config: &str, at: &Path) -> Command {
    std::fs::write(at.join("greenroom.toml"), config).expect("a writable folder");
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), at);
    command.arg("chat").env("MODEL_KEY", "some-key");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lines_of_the_readme_are_enough_for_an_answer() {
    let (server, folder) = (ollama().await, folder());
    // Where a real one listens, another one may.
    let config = format!("{}url = \"{}/v1/\"\n", lines_of_the_readme(), server.url());
    let command = chat(&config, folder.path());
    let said = tokio::task::spawn_blocking(move || succeeded(&run(command, "hello there\n"))).await.expect("it ran");
    assert!(said.starts_with("you said:") && said.contains("hello there"), "{said}");
    server.assert_no_violations();
}

/// What the program says on its standard error until it says this, or has had its time.
async fn complaints(command: Command, expected: &str) -> String {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("it was built");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(b"hello there\n").await.expect("it listens");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut said = String::new();
    // The end of the time is seen by what is missing.
    let _ = tokio::time::timeout(PATIENCE, async {
        while let Ok(Some(line)) = lines.next_line().await {
            said.push_str(&line);
            said.push('\n');
            if said.contains(expected) {
                break;
            }
        }
    })
    .await;
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_said_with_what_to_do_while_the_message_waits() {
    let server = ModelServer::start(Script::echo()).await;
    let url = server.url();
    let beginning = lines_of_the_readme();
    let (beginning, _) = beginning.split_once("[models.main]").expect("its last table");
    let openai = |url: &str, model: &str| {
        format!(
            "[models.main]\nprovider = \"openai\"\nmodel = \"{model}\"\nurl = \"{url}\"\nkey = {{ env = \"MODEL_KEY\" }}\n"
        )
    };
    let tools = format!(
        "tools = [\"tasks\"]\n{}[tools.tasks]\ncommand = [\"no-such-program\"]\n",
        openai(&format!("{url}/v1/"), "scripted")
    );
    for (table, expected) in [
        // A port that nothing listens on.
        (
            "[models.main]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"http://127.0.0.1:9/v1/\"\n".to_owned(),
            "no connection to it can be made (http://127.0.0.1:9)",
        ),
        (openai(&format!("{url}/v1/"), "scripted"), "does not take the key; set the variable"),
        (openai(&format!("{url}/somewhere/"), "scripted"), "correct its keys provider and url"),
        (
            openai(&format!("{url}/v1/"), "unheard-of").replace("MODEL_KEY", "RIGHT_KEY"),
            "does not know a model of this name; correct its key model",
        ),
        (tools, "no-such-program cannot be started: no program of this name is in the PATH"),
    ] {
        let folder = folder();
        let mut command = chat(&format!("{beginning}{table}"), folder.path());
        command.env("RIGHT_KEY", server.key());
        let said = complaints(command, expected).await;
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("some-key") && !said.contains(server.key()), "no key is shown: {said}");
    }
}
