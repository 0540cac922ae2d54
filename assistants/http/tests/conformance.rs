//! Every rule of an assistant, for a web service.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod server;

use greenroom_assistant_http::{Http, HttpConfig};
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::{AssistantKind, AssistantParts};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use server::{Act, Server, answer};
use std::sync::Arc;

async fn at(url: &str) -> Arc<dyn Assistant> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let table = format!("url = \"{url}\"\nallow_private = true\nimages = true\ndocuments = true\naddresses = true");
    let mut table: toml::Table = table.parse().unwrap();
    table.insert("secret".to_owned(), Secret::new("a secret of some length").handed_over());
    let config = HttpConfig::deserialize(toml::Value::Table(table)).unwrap();
    let name: AssistantName = "service".parse().unwrap();
    let parts = AssistantParts { folder: std::env::temp_dir(), ..AssistantParts::new(name) };
    Http::build(config, parts).await.unwrap()
}

async fn service() -> Arc<dyn Assistant> {
    at(&Server::start(vec![Act::Say(answer(r#"{"replies":[{"text":"hello"}],"memory":{"a":"b"}}"#))]).await.url).await
}

async fn away() -> Arc<dyn Assistant> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    at(&format!("http://{}/", listener.local_addr().unwrap())).await
}

greenroom_conformance::assistant_conformance!(service, away = away);
