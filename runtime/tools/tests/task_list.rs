//! The task list below `examples/task-list`, run as a bot runs it.
//!
//! Its packages have to be installed, in the folder that README.md names or in the one that `TASK_LIST_PYTHON` says.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod server;

use serde_json::{Value, json};
use server::{LONG, Running, later};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/task-list")).canonicalize().unwrap()
}

/// A Python that has the packages.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("TASK_LIST_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| folder().join("venv/bin/python"));
    let checked = std::process::Command::new(&python).args(["-c", "import mcp.server.mcpserver"]).output();
    if checked.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let advice = "python3 -m venv examples/task-list/venv && \
                  examples/task-list/venv/bin/pip install -r examples/task-list/requirements.txt";
    eprintln!("skipped: the packages of the task list are missing: {advice}");
    None
}

/// The server, with a file of tasks of its own.
fn running(python: &std::path::Path) -> Running {
    let temporary = tempfile::tempdir().unwrap();
    let mut table = toml::Table::new();
    let words = [python.to_owned(), folder().join("tasks.py")];
    let words = words.map(|word| toml::Value::String(word.to_str().unwrap().to_owned()));
    table.insert("command".to_owned(), words.to_vec().into());
    let mut running = Running::of_table(table, temporary);
    running.run();
    running
}

async fn says(running: &Running, name: &str, arguments: Value) -> (bool, String) {
    let returned = running.call_within(name, arguments, LONG).await.unwrap();
    (returned.failed, returned.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_kept_and_told() {
    let Some(python) = python() else { return };
    let running = running(&python);
    let offers = running.offers().await;
    let mut asks: Vec<(&str, bool)> = offers.iter().map(|offer| (offer.spec.name.as_str(), offer.confirm)).collect();
    asks.sort_unstable();
    let expected = [
        ("add_task", true),
        ("complete_task", true),
        ("list_tasks", false),
        ("remove_task", true),
        ("week_summary", false),
    ];
    assert_eq!(asks, expected);
    for offer in offers.iter() {
        assert!(!offer.spec.about.is_empty() && offer.spec.parameters["type"] == "object", "{offer:?}");
        assert!(offer.spec.parameters["properties"].get("ctx").is_none(), "{offer:?}");
    }
    let none = (false, "There are none.".to_owned());
    assert_eq!(says(&running, "list_tasks", json!({})).await, none);
    assert_eq!(says(&running, "add_task", json!({ "title": "milk" })).await, (false, "Added: #1 milk".to_owned()));
    let again = says(&running, "add_task", json!({ "title": " milk " })).await;
    assert_eq!(again, (false, "It is on the list already: #1 milk".to_owned()), "the same turn, tried once more");
    says(&running, "add_task", json!({ "title": "oat milk", "due": "2020-02-29" })).await;
    let listed = says(&running, "list_tasks", json!({})).await.1;
    assert_eq!(listed, "#2 oat milk, due 2020-02-29\n#1 milk");
    assert_eq!(
        says(&running, "complete_task", json!({ "task": "2" })).await.1.split(',').next(),
        Some("Done: #2 oat milk")
    );
    assert!(says(&running, "complete_task", json!({ "task": "bread" })).await.0);
    let summary = says(&running, "week_summary", json!({})).await.1;
    assert!(summary.contains("Done in the last seven days: 1\n- #2 oat milk"), "{summary}");
    assert!(summary.contains("Other open tasks: 1\n- #1 milk"), "{summary}");
    assert_eq!(says(&running, "remove_task", json!({ "task": "MILK" })).await, (false, "Removed: #1 milk".to_owned()));
    assert_eq!(says(&running, "list_tasks", json!({})).await, none);
    let wrong = running.call_within("add_task", json!({ "title": "milk", "due": "tomorrow" }), LONG).await;
    assert!(wrong.map_or(true, |returned| returned.failed), "a date is a date");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_are_added_at_the_same_time_and_a_kill_lose_nothing() {
    let Some(python) = python() else { return };
    let running = running(&python);
    running.offers().await;
    let titles: Vec<String> = (0..20).map(|number| format!("task {number}")).collect();
    let added = titles.iter().map(|title| says(&running, "add_task", json!({ "title": title })));
    for (failed, said) in futures::future::join_all(added).await {
        assert!(!failed, "{said}");
    }
    let pid = later(async || child_of(std::process::id())).await;
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    let call = async || running.call_within("list_tasks", json!({}), LONG).await.ok();
    let listed = later(call).await.text;
    assert_eq!(listed.lines().count(), titles.len(), "{listed}");
    let file: Value = serde_json::from_str(&running.text("tasks.json")).unwrap();
    assert_eq!(file["next"], 21);
}

/// A child of a process.
fn child_of(parent: u32) -> Option<i32> {
    let mut processes =
        std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.find(|pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let of = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        of == Some(parent)
    })
}
