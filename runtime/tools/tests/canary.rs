//! Secrets stay where they belong: variables that are not named never reach a program, and what a server was told is in no
//! log, error or result.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod server;
mod service;

use greenroom_contract::secret::Secret;
use greenroom_tools::ToolsConfig;
use serde::Deserialize;
use server::{Running, later, name};
use service::{Mode, Service};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

const TOKEN: &str = "canary-token-0123456789";

/// One test, because a log belongs to the process.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_log_error_or_result() {
    // Cargo sets these two for every test; the one is named, the other is not.
    let (named, kept) = (std::env::var("CARGO_PKG_DESCRIPTION").unwrap(), std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let log = Log::default();
    let never: Targets = greenroom_tools::LOG_DIRECTIVE.parse().unwrap();
    let filter = Targets::new().with_default(LevelFilter::TRACE).with_targets(never);
    let sink = log.clone();
    let lines = fmt::layer().with_ansi(false).with_writer(move || sink.clone());
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();

    let running = Running::started(&[], "env = [\"PATH\", \"CARGO_PKG_DESCRIPTION\"]");
    let returned = running.until_called("secrets").await.text;
    let variables: BTreeMap<String, String> = serde_json::from_str(&returned).unwrap();
    // Python sets some itself, and so does a shell in front of it, as pyenv puts one.
    let of_a_shell = |name: &str| ["PWD", "SHLVL", "OLDPWD", "_"].contains(&name) || name.contains("PYENV");
    let got = variables.keys().map(String::as_str).filter(|name| !name.starts_with("LC_") && !of_a_shell(name));
    assert_eq!(got.collect::<Vec<_>>(), ["CARGO_PKG_DESCRIPTION", "PATH"], "and no other");
    assert_eq!(variables["CARGO_PKG_DESCRIPTION"], "***");
    later(async || log.text().contains("the secret is ***").then_some(())).await;
    later(async || log.text().contains("xxx").then_some(())).await;

    let mut said = vec![returned];
    let service = Service::start().await;
    let mut table: toml::Table = format!("url = {:?}\nallow_private = true", service.url).parse().unwrap();
    table.insert("token".to_owned(), Secret::new(TOKEN).handed_over());
    said.push(format!("{:?}", ToolsConfig::deserialize(toml::Value::Table(table.clone())).unwrap()));
    let remote = Running::of_table(table, tempfile::tempdir().unwrap());
    for mode in [Mode::Well, Mode::Tells, Mode::Status(401), Mode::Status(500), Mode::Cut, Mode::Html] {
        service.is(mode);
        let tried = remote.tools.try_out(&name(), std::time::Duration::from_secs(9)).await.unwrap();
        said.push(format!("{tried:?} {}", tried.as_ref().map_or_else(ToString::to_string, |_| String::new())));
    }
    assert!(service.tokens().iter().all(|token| token == &format!("Bearer {TOKEN}")), "it was sent");
    said.push(log.text());
    for secret in [&named, TOKEN] {
        assert!(!said.iter().any(|text| text.contains(secret)), "{secret}");
        let half = &secret[secret.len() - 12..];
        assert!(!log.text().contains(half), "{half}");
    }
    assert!(!said[0].contains(&kept));
}
