//! Asks a model of a server in a test.

use crate::server::Server;
use greenroom_contract::ids::{ModelName, PersonId};
use greenroom_contract::model::{Asking, Completion, LanguageModel, ModelError, Models, Prompt};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_models::{ConfiguredModels, ModelConfig, Provider, build};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const KEY: &str = "sk-canary-5d41402abc4b2a76b9719d911017c592";

/// A model of this table, at this server.
pub(crate) fn config(provider: Provider, url: &str, more: &str) -> ModelConfig {
    let word = match provider {
        Provider::Openai => "openai",
        Provider::OpenaiResponses => "openai-responses",
        Provider::Anthropic => "anthropic",
        Provider::Gemini => "gemini",
        Provider::Ollama => "ollama",
    };
    let model = if more.contains("model = ") { "" } else { "model = \"a-model\"\n" };
    let table = format!("provider = \"{word}\"\nurl = \"{url}\"\n{model}{more}");
    let mut table: toml::Table = table.parse().unwrap();
    table.insert("key".to_owned(), Secret::new(KEY).handed_over());
    ModelConfig::deserialize(toml::Value::Table(table)).unwrap()
}

pub(crate) fn models(tables: Vec<(&str, ModelConfig)>) -> Arc<ConfiguredModels> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tables = tables.into_iter().map(|(name, config)| (name.parse().unwrap(), config)).collect();
    build(tables, Clock::System).unwrap()
}

pub(crate) fn get(models: &ConfiguredModels, name: &str) -> Arc<dyn LanguageModel> {
    models.model(&name.parse::<ModelName>().unwrap()).unwrap()
}

/// The one model at a server.
pub(crate) fn model(provider: Provider, server: &Server, more: &str) -> Arc<dyn LanguageModel> {
    get(&models(vec![("main", config(provider, &server.url, more))]), "main")
}

pub(crate) fn within(ms: u64) -> Asking {
    Asking { within: Duration::from_millis(ms), conversation: None, person: Some(PersonId(1)) }
}

pub(crate) async fn ask(model: &Arc<dyn LanguageModel>, ms: u64) -> Result<Completion, ModelError> {
    model.ask(&Prompt::new("Be kind.").person("Hello"), within(ms)).await
}
