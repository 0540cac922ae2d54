//! A tool server of a test, its folder, and the life that the program gives it.
#![allow(dead_code, reason = "not every file uses all of it")]

use greenroom_contract::ids::{ConversationId, PersonId, ToolServerName, TurnId};
use greenroom_contract::model::ToolCall;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::{Calling, ToolError, ToolOffer, ToolReturn, ToolServer, ToolServers};
use greenroom_tools::{ConfiguredTools, ToolsConfig};
use rustix::process::{Pid, test_kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    pub(crate) tools: Arc<ConfiguredTools>,
    pub(crate) server: Arc<dyn ToolServer>,
    pub(crate) folder: tempfile::TempDir,
    stop: CancellationToken,
    life: Option<JoinHandle<()>>,
}

pub(crate) fn name() -> ToolServerName {
    "tasks".parse().unwrap()
}

pub(crate) fn built(table: toml::Table, folder: &Path) -> Arc<ConfiguredTools> {
    let config = ToolsConfig::deserialize(toml::Value::Table(table)).unwrap();
    ConfiguredTools::build(vec![(name(), config)], folder, Clock::System).unwrap_or_else(|error| panic!("{error:?}"))
}

impl Running {
    pub(crate) fn of_table(table: toml::Table, folder: tempfile::TempDir) -> Self {
        let tools = built(table, folder.path());
        let server = tools.server(&name()).unwrap();
        Self { tools, server, folder, stop: CancellationToken::new(), life: None }
    }

    /// The server written by hand, in these modes, with more keys; it is not started.
    pub(crate) fn made(modes: &[&str], more: &str) -> Self {
        let mut table: toml::Table = more.parse().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/server.py");
        let words = ["python3", "-u", script].into_iter().chain(modes.iter().copied());
        let words = words.map(|word| toml::Value::String(word.to_owned())).collect();
        table.entry("command").or_insert(toml::Value::Array(words));
        Self::of_table(table, tempfile::tempdir().unwrap())
    }

    pub(crate) fn started(modes: &[&str], more: &str) -> Self {
        let mut running = Self::made(modes, more);
        running.run();
        running
    }

    pub(crate) fn run(&mut self) {
        let (tools, stop) = (Arc::clone(&self.tools), self.stop.clone());
        self.life = Some(tokio::spawn(async move { tools.run(stop).await }));
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        if let Some(life) = self.life.take() {
            life.await.unwrap();
        }
    }

    pub(crate) fn drop_life(&mut self) {
        if let Some(life) = self.life.take() {
            life.abort();
        }
    }

    pub(crate) async fn offers(&self) -> Arc<[ToolOffer]> {
        self.server.offers(LONG).await.unwrap()
    }

    pub(crate) async fn call(&self, name: &str) -> Result<ToolReturn, ToolError> {
        self.call_within(name, json!({}), Duration::from_secs(30)).await
    }

    pub(crate) async fn call_within(
        &self,
        name: &str,
        arguments: Value,
        within: Duration,
    ) -> Result<ToolReturn, ToolError> {
        self.call_for(PersonId(7), name, arguments, within).await
    }

    /// The same for a person.
    pub(crate) async fn call_for(
        &self,
        person: PersonId,
        name: &str,
        arguments: Value,
        within: Duration,
    ) -> Result<ToolReturn, ToolError> {
        let call = ToolCall { id: "c-1".to_owned(), name: name.to_owned(), arguments };
        let calling = Calling { turn: TurnId(81), person, conversation: ConversationId(5), within };
        self.server.call(&call, calling).await
    }

    /// What a call returns once the server is ready.
    pub(crate) async fn until_called(&self, name: &str) -> ToolReturn {
        later(async || self.call(name).await.ok()).await
    }

    pub(crate) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }

    pub(crate) fn numbers(&self, file: &str) -> Vec<i32> {
        self.text(file).lines().map(|line| line.trim().parse().unwrap()).collect()
    }
}

/// A life that ends with its test.
impl Drop for Running {
    fn drop(&mut self) {
        self.drop_life();
    }
}

pub(crate) fn is_running(pid: i32) -> bool {
    // One that has ended and is not waited for yet is a name and nothing more.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_dead = stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X']));
    !is_dead && Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

/// Waits until there is something to see.
pub(crate) async fn later<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, waited).await.expect("seen within a minute")
}

/// What became of a call, in one word, and why.
pub(crate) fn word(outcome: &Result<ToolReturn, ToolError>) -> (&'static str, String) {
    match outcome {
        Ok(returned) if returned.failed => ("failed", returned.text.clone()),
        Ok(returned) => ("returned", returned.text.clone()),
        Err(error) => (
            match error {
                ToolError::Away { .. } => "away",
                ToolError::Unknown { .. } => "unknown",
                ToolError::Refused { .. } => "refused",
                ToolError::Unclear { .. } => "unclear",
                other => panic!("{other:?}"),
            },
            error.to_string(),
        ),
    }
}
