//! The list of tasks, from a chat: the example server, the assistant `llm` and a scripted model.

use super::setup::Setup;
use crate::support::setup::{ANA, BEN};
use greenroom_channel_loopback::said;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers as _;
use greenroom_contract::trace::Decision;
use greenroom_simulator_models::{ModelServer, Protocol};
use greenroom_tools::{ConfiguredTools, ToolsConfig, WhomKey};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

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

/// The example server, with these further keys; `None` where its packages are missing.
async fn task_list(kept: &Path, keys: &str) -> Option<(Arc<ConfiguredTools>, DropGuard)> {
    let python = folder().join("venv/bin/python");
    if !python.exists() {
        eprintln!("skipped: the packages of the task list are missing; `./x test` installs them");
        return None;
    }
    let (python, tasks) = (python.display(), folder().join("tasks.py"));
    let text = format!("command = [\"{python}\", \"{}\"]\nfolder = \"{}\"\n", tasks.display(), kept.display());
    let text = format!("{text}{keys}\n");
    let config = ToolsConfig::deserialize(toml::Value::Table(text.parse().expect("a table"))).expect("sound keys");
    let name = "tasks".parse().expect("a name");
    let tools = ConfiguredTools::build(vec![(name, config)], kept, Clock::System).expect("a sound table");
    let stop = CancellationToken::new();
    let ends = stop.clone().drop_guard();
    let running = tools.clone();
    tokio::spawn(async move { running.run(stop).await });
    // A busy machine takes longer to start Python than a turn waits for it.
    let server = tools.server(&"tasks".parse().expect("a name")).expect("it is configured");
    server.offers(Duration::from_secs(60)).await.expect("it starts");
    Some((tools, ends))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_added_after_a_yes_and_listed() {
    let kept = tempfile::tempdir().expect("a temporary folder");
    let Some((tools, _ends)) = task_list(kept.path(), "").await else { return };
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

/// Two people, one of whom also writes in a group: each has a list, and it is their own everywhere.
const OF_EACH: &str = r#"
when result contains "Added"
  say Done.
when result contains "milk"
  say Milk is on your list.
when result contains "There are none"
  say Your list is empty.
when says contains "add milk"
  call tasks_add_task {"title": "milk"}
when says contains "on my list"
  call tasks_list_tasks {}
otherwise
  say I do not know.
"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_person_has_a_list_of_their_own() {
    let kept = tempfile::tempdir().expect("a temporary folder");
    let keys = "tell_person = true\nconfirm = \"never\"";
    let Some((tools, _ends)) = task_list(kept.path(), keys).await else { return };
    tools.know(WhomKey::random().expect("random numbers"));
    let server = ModelServer::scripted(OF_EACH).await;
    let setup = Setup { assistant: "tools = [\"tasks\"]".to_owned(), tools: Some(tools), ..Setup::new() };
    let bot = setup.start(&server, Protocol::OpenAiChat).await;
    for (who, words, answer) in [
        (ANA, "add milk to my list", "Done."),
        (BEN, "what is on my list?", "Your list is empty."),
        (ANA, "what is on my list?", "Milk is on your list."),
    ] {
        let message = bot.hears(said::text(who, words)).await;
        let answers = bot.answers(who).await;
        assert_eq!(answers.last().map(String::as_str), Some(answer), "{who} {words}: {}", bot.why(&message).await);
    }
    for (who, answer) in [(ANA, "Milk is on your list."), (BEN, "Your list is empty.")] {
        bot.hears(said::text(who, "what is on my list?").in_group("friends").mentioning()).await;
        assert_eq!(bot.answers("friends").await.last().map(String::as_str), Some(answer), "{who}");
    }
    server.assert_no_violations();
    let names = std::fs::read_dir(kept.path()).expect("a folder").flatten().map(|entry| entry.file_name());
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| name.starts_with("tasks-p-")), "only names that say nothing: {names:?}");
    assert!(!names.concat().contains(ANA.trim_start_matches('+')), "{names:?}");
}
