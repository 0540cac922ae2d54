//! The list of tasks, from a chat: the example server, the assistant `llm` and a scripted model.

use super::setup::Setup;
use crate::support::setup::ANA;
use greenroom_channel_loopback::said;
use greenroom_contract::time::Clock;
use greenroom_contract::trace::Decision;
use greenroom_simulator_models::{ModelServer, Protocol};
use greenroom_tools::{ConfiguredTools, ToolsConfig};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

const SCRIPT: &str = r#"
when result contains "milk"
  say Your list is about milk.
when result contains "0 done"
  say A quiet week.
when says contains "add milk"
  call tasks_add_task {"title": "milk"}
when says contains "on my list"
  call tasks_list_tasks {}
when says contains "my week"
  call tasks_week_summary {}
otherwise
  say I do not know.
"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/task-list")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_added_after_a_yes_and_listed() {
    let python = folder().join("venv/bin/python");
    if !python.exists() {
        return eprintln!("skipped: the packages of the task list are missing; `./x test` installs them");
    }
    let kept = tempfile::tempdir().expect("a temporary folder");
    let (python, tasks) = (python.display(), folder().join("tasks.py"));
    let text = format!("command = [\"{python}\", \"{}\"]\nfolder = \"{}\"\n", tasks.display(), kept.path().display());
    let config = ToolsConfig::deserialize(toml::Value::Table(text.parse().expect("a table"))).expect("sound keys");
    let name = "tasks".parse().expect("a name");
    let tools = ConfiguredTools::build(vec![(name, config)], kept.path(), Clock::System).expect("a sound table");
    let stop = CancellationToken::new();
    let _ends = stop.clone().drop_guard();
    let running = tools.clone();
    tokio::spawn(async move { running.run(stop).await });

    let server = ModelServer::scripted(SCRIPT).await;
    let setup = Setup { assistant: "tools = [\"tasks\"]".to_owned(), tools: Some(tools), ..Setup::new() };
    let bot = setup.start(&server, Protocol::Anthropic).await;
    bot.hears(said::text(ANA, "add milk to my list")).await;
    let question = bot.answers(ANA).await.concat();
    assert!(question.contains("add_task") && question.contains("milk"), "it asks first: {question}");
    let yes = bot.hears(said::text(ANA, "1")).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("Your list is about milk."));
    let called = bot.decisions(&yes).await.into_iter().find_map(|decision| match decision {
        Decision::Called { tool, failed, .. } => Some((tool, failed)),
        _ => None,
    });
    assert!(called.as_ref().is_some_and(|(tool, failed)| tool.contains("add_task") && failed.is_none()), "{called:?}");
    bot.hears(said::text(ANA, "what is on my list?")).await;
    let answers = bot.answers(ANA).await;
    assert_eq!((answers.len(), answers.last().map(String::as_str)), (3, Some("Your list is about milk.")));
    server.assert_no_violations();
}
