//! A bot whose assistant asks a scripted server.

use crate::support::setup::{ANA, BEN, Bot, Ears};
use greenroom::{Doors, Runtime};
use greenroom_channel_loopback::{Options, loopback};
use greenroom_conformance::messages::id;
use greenroom_conformance::transcribers;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::model::Models;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers;
use greenroom_models::ModelConfig;
use greenroom_simulator_models::{ModelServer, Protocol};
use serde::Deserialize;
use std::sync::Arc;

/// What the server plays.
pub(crate) fn provider(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::OpenAiChat => "openai",
        Protocol::OpenAiResponses => "openai-responses",
        Protocol::Anthropic => "anthropic",
        Protocol::Gemini => "gemini",
    }
}

/// The models of this server, as a configuration makes them; with further keys.
pub(crate) fn models(keys: &str, server: &ModelServer, protocol: Protocol) -> Arc<dyn Models> {
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (provider, url) = (provider(protocol), server.base(protocol));
    let text = format!("provider = \"{provider}\"\nurl = \"{url}\"\nmodel = \"scripted\"\n{keys}");
    let mut table: toml::Table = text.parse().expect("a table");
    table.insert("key".to_owned(), Secret::new(server.key()).handed_over());
    let config = ModelConfig::deserialize(toml::Value::Table(table)).expect("sound keys");
    greenroom_models::build(vec![(id("main"), config)], Clock::System).expect("a sound model")
}

/// What a bot is made of. Change the fields that a test is about.
pub(crate) struct Setup {
    /// Further keys of `[models.main]`.
    pub(crate) model: String,
    /// Further keys of `[assistants.helper]`.
    pub(crate) assistant: String,
    pub(crate) policy: ChannelPolicy,
    pub(crate) tools: Option<Arc<dyn ToolServers>>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let mut policy = ChannelPolicy::new(id("helper"));
        policy.allow_from = vec![id::<AllowEntry>(ANA), id::<AllowEntry>(BEN)];
        policy.rates = Rates::UNLIMITED;
        // Nothing is collected: each message is a turn of its own.
        policy.debounce = Some(std::time::Duration::ZERO);
        Self { model: String::new(), assistant: String::new(), policy, tools: None }
    }

    pub(crate) async fn start(self, server: &ModelServer, protocol: Protocol) -> Bot {
        let clock = Clock::System;
        let (channel, network) = loopback(Options { clock, ..Options::default() });
        let config = format!("[assistants.helper]\nkind = \"llm\"\nmodel = \"main\"\n{}", self.assistant);
        let mut builder = Runtime::builder()
            .models(models(&self.model, server, protocol))
            .config(config)
            .channel("loopback", channel, self.policy)
            .transcriber(Ears(transcribers::hears_its_bytes()))
            .clock(clock)
            .memory_store();
        if let Some(tools) = self.tools {
            builder = builder.tools(tools);
        }
        let running = builder.start().await.expect("it starts");
        let store = running.handle().whole_store();
        Bot { running, network, store, clock }
    }
}
