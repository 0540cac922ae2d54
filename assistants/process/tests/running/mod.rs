//! A program of a test, its folder, and the life that the host gives it.
#![allow(dead_code, reason = "not every file uses all of it")]

use greenroom_assistant_process::{Process, ProcessConfig};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn};
use greenroom_contract::factory::{AssistantKind, AssistantParts};
use greenroom_contract::ids::{AssistantName, TurnId};
use rustix::process::{Pid, test_kill_process};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Answers every turn with "hello".
pub(crate) const ANSWERS: &str =
    "sed -u 's/.*\"turn\":\"\\([^\"]*\\)\".*/{\"turn\":\"\\1\",\"replies\":[{\"text\":\"hello\"}]}/'";

pub(crate) struct Running {
    pub(crate) assistant: Arc<dyn Assistant>,
    pub(crate) folder: tempfile::TempDir,
    stop: CancellationToken,
    life: Option<JoinHandle<()>>,
}

/// The assistant that is this program.
pub(crate) async fn made(command: &[&str], more: &str, folder: &Path) -> Arc<dyn Assistant> {
    let mut table: toml::Table = more.parse().unwrap();
    let words = command.iter().map(|word| toml::Value::String((*word).to_owned())).collect();
    table.insert("command".to_owned(), toml::Value::Array(words));
    let config = ProcessConfig::deserialize(toml::Value::Table(table)).unwrap();
    let name: AssistantName = "program".parse().unwrap();
    let parts = AssistantParts { folder: folder.to_owned(), ..AssistantParts::new(name) };
    Process::build(config, parts).await.unwrap()
}

impl Running {
    pub(crate) async fn made(command: &[&str], more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let assistant = made(command, more, folder.path()).await;
        Self { assistant, folder, stop: CancellationToken::new(), life: None }
    }

    pub(crate) async fn started(command: &[&str], more: &str) -> Self {
        let mut running = Self::made(command, more).await;
        running.run();
        running
    }

    pub(crate) async fn shell(script: &str, more: &str) -> Self {
        Self::started(&["sh", "-c", &format!("echo > up; {script}")], more).await
    }

    pub(crate) fn run(&mut self) {
        let (assistant, stop) = (Arc::clone(&self.assistant), self.stop.clone());
        self.life = Some(tokio::spawn(async move { assistant.run(stop).await }));
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        if let Some(life) = self.life.take() {
            life.await.unwrap();
        }
    }

    /// Waits until it runs.
    pub(crate) async fn up(&self) {
        later(async || self.folder.path().join("up").exists().then_some(())).await;
    }

    /// What becomes of a turn once the program runs.
    pub(crate) async fn answered(&self, turn: Turn) -> Result<Answer, AssistantError> {
        later(async || {
            let outcome = self.assistant.respond(turn.clone()).await;
            (word(&outcome).0 != "away").then_some(outcome)
        })
        .await
    }

    /// The answer, after as many attempts as it takes.
    pub(crate) async fn until_answered(&self, turn: Turn) -> Answer {
        later(async || self.assistant.respond(turn.clone()).await.ok()).await
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
        if let Some(life) = self.life.take() {
            life.abort();
        }
    }
}

pub(crate) fn hello(id: u64) -> Turn {
    let mut turn = turn("hello").build();
    turn.id = TurnId(id);
    turn.answer_within = Duration::from_secs(20);
    turn
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
    tokio::time::timeout(Duration::from_secs(60), waited).await.expect("seen within a minute")
}

/// What became of the turn, in one word, and why.
pub(crate) fn word(outcome: &Result<Answer, AssistantError>) -> (&'static str, String) {
    match outcome {
        Ok(answer) => ("answer", format!("{:?}", answer.replies)),
        Err(AssistantError::Retry { reason, .. }) => ("retry", reason.to_string()),
        Err(AssistantError::Unavailable { reason, .. }) => ("away", reason.to_string()),
        Err(AssistantError::Permanent { reason }) => ("never", reason.to_string()),
        Err(other) => panic!("{other:?}"),
    }
}
