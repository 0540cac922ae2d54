//! The bot's process: this test binary, started again, running a real runtime on a real folder.

use super::wire::{FromBot, WireChannel};
use greenroom::Runtime;
use greenroom_assistant_echo::Echo;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::capabilities::Resend;
use greenroom_contract::model::Models;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_models::ModelConfig;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// What a child needs to know; travels in one environment variable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChildOptions {
    /// Where the network listens.
    pub(crate) address: String,
    /// Where the store is.
    pub(crate) folder: PathBuf,
    /// `sled` or `fjall`.
    pub(crate) engine: String,
    /// Who answers: `echo`, `state` or `history`, or `model` and the address of a scripted server.
    pub(crate) assistant: String,
    /// How long an idle conversation stays in memory.
    pub(crate) idle_ms: u64,
    /// Who is admitted.
    pub(crate) allow_from: Vec<String>,
    /// What the network says it does with a repetition.
    pub(crate) resend: Resend,
}

const VARIABLE: &str = "GREENROOM_TEST_CHILD";

/// A started child. Dropping it kills it.
pub(crate) struct ChildProcess {
    child: Child,
}

impl ChildProcess {
    /// Starts it; `fail` is a value for `GREENROOM_FAIL`.
    pub(crate) fn start(options: &ChildOptions, fail: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test knows its own path"));
        command.args(["crash::child", "--exact", "--ignored", "--nocapture"]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GREENROOM_")) {
            command.env_remove(name);
        }
        command.env(VARIABLE, serde_json::to_string(options).expect("plain data"));
        if let Some(fail) = fail {
            command.env("GREENROOM_FAIL", fail);
        }
        let log = std::fs::OpenOptions::new().create(true).append(true).open(options.folder.with_extension("log"));
        let log = log.expect("the folder's parent is writable");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self { child: command.spawn().expect("this test binary can be started again") }
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it ended by an abort, as a fail point ends it.
    #[cfg(all(unix, feature = "failpoints"))]
    pub(crate) fn was_aborted(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt;
        const SIGABRT: i32 = 6;
        self.child.wait().is_ok_and(|status| status.signal() == Some(SIGABRT))
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().ok().flatten().is_some()
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The end of a child's log, for a failing test.
pub(crate) fn log_of(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.with_extension("log")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// The child's own main; returns at once when this process is no child.
pub(crate) fn main() {
    let Ok(options) = std::env::var(VARIABLE) else { return };
    let options: ChildOptions = serde_json::from_str(&options).expect("written by the parent");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(live(options));
}

fn assistant(name: &str) -> Arc<dyn Assistant> {
    match name {
        "state" => assistants::remembering_by_state(),
        "history" => assistants::remembering_by_history(),
        _ => Arc::new(Echo::default()),
    }
}

/// The model of a scripted server, asked as OpenAI's are.
fn models(url: &str) -> Arc<dyn Models> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let keys = "provider = \"openai\"\nmodel = \"scripted\"\nread_timeout_seconds = 1\ntimeout_seconds = 5";
    let mut table: toml::Table = keys.parse().expect("a table");
    table.insert("url".to_owned(), url.into());
    table.insert("key".to_owned(), Secret::new("scripted-key").handed_over());
    let config = ModelConfig::deserialize(toml::Value::Table(table)).expect("sound keys");
    greenroom_models::build(vec![(id("main"), config)], Clock::System).expect("a sound model")
}

async fn live(options: ChildOptions) {
    let channel = WireChannel::new(&options.address, options.resend);
    let policy = ChannelPolicy {
        allow_from: options.allow_from.iter().map(id::<AllowEntry>).collect(),
        rates: Rates::UNLIMITED,
        // Evidence is awaited before a repetition; the minute of a real network would be long here.
        reconcile: Duration::from_millis(100),
        ..ChannelPolicy::new(id("helper"))
    };
    let mut config = format!("[store]\nengine = \"{}\"\npath = '{}'\n", options.engine, options.folder.display());
    let builder = match options.assistant.strip_prefix("model ") {
        Some(url) => {
            config.push_str("[assistants.helper]\nkind = \"llm\"\nmodel = \"main\"\n");
            Runtime::builder().models(models(url))
        }
        None => Runtime::builder().assistant("helper", assistant(&options.assistant)),
    };
    let policy = ChannelPolicy { debounce: Some(Duration::ZERO), ..policy };
    let runtime = builder
        .channel("wire", channel.clone(), policy)
        .conversation_idle(Duration::from_millis(options.idle_ms))
        .config(config)
        .build();
    let running = match runtime.expect("the parent's configuration is sound").start().await {
        Ok(running) => running,
        Err(error) => {
            eprintln!("the child did not start: {error}");
            std::process::exit(3);
        }
    };
    let handle = running.handle().clone();
    loop {
        handle.settled().await;
        let health = handle.health().await;
        let mut unsent = 0;
        for account in &health.accounts {
            unsent += handle.store().pending(&account.account, None, 1).await.map_or(1, |parcels| parcels.len() as u64);
        }
        let settled = FromBot::Settled { waiting: health.inbox_waiting, unsent, quarantined: health.quarantined };
        channel.tell(&settled).await;
        // Reports are a service to the parent; it looks at the newest one.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
