//! The web service below `examples/assistants`, started and asked as a bot does: it knows our signature, and no other.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

use greenroom_assistant_http::{Http, HttpConfig};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError};
use greenroom_contract::factory::{AssistantKind, AssistantParts};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn assistant(port: &str, secret: &str) -> Arc<dyn Assistant> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let table = format!("url = \"http://127.0.0.1:{port}/turn\"\nallow_private = true");
    let mut table: toml::Table = table.parse().unwrap();
    table.insert("secret".to_owned(), Secret::new(secret).handed_over());
    let config = HttpConfig::deserialize(toml::Value::Table(table)).unwrap();
    let name: AssistantName = "service".parse().unwrap();
    let parts = AssistantParts { folder: std::env::temp_dir(), ..AssistantParts::new(name) };
    Http::build(config, parts).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_python_answers_whom_it_knows() {
    let example = format!("{}/../../examples/assistants/http_bot.py", env!("CARGO_MANIFEST_DIR"));
    let service = Command::new("python3")
        .args([&example, "0"])
        .env("BOT_SECRET", SECRET)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut service) = service else {
        assert!(std::env::var_os("CI").is_none(), "python3 is missing");
        return;
    };
    let mut lines = BufReader::new(service.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("it says its port");
    let port = line.rsplit(' ').next().unwrap();
    let known = assistant(port, SECRET).await;
    for _ in 0..3 {
        assert_eq!(known.respond(turn("hello").build()).await, Ok(Answer::text("HELLO")));
    }
    let other = assistant(port, "another secret of some length").await.respond(turn("hello").build()).await;
    let Err(AssistantError::Permanent { reason }) = other else { panic!("{other:?}") };
    assert!(reason.to_string().contains("the same secret"), "{reason}");
}
