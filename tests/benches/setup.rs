//! A bot on a loopback network over a real store, as the benchmarks need it.

use greenroom_assistant_echo::Echo;
use greenroom_channel_loopback::{LoopbackNetwork, Options, loopback};
use greenroom_conformance::transcribers;
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_engine::{AssistantPart, ChannelPart, EngineHandle, Parts};
use greenroom_store::{EngineKind, GreenroomStore, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ENGINES: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Fjall];

/// A running bot and the network it talks on.
pub(crate) struct Bot {
    pub(crate) handle: EngineHandle,
    pub(crate) network: LoopbackNetwork,
}

/// Two workers, as on the machines that the figures are given for.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts")
}

/// Opens a store.
pub(crate) fn open(path: &Path, engine: EngineKind) -> Arc<GreenroomStore> {
    let mut options = OpenOptions::at(path);
    options.engine = engine;
    greenroom_store::open(options).expect("the store opens")
}

/// Starts an echo bot that admits everybody.
pub(crate) async fn start(store: Arc<dyn Store>, conversation_idle: Duration) -> Bot {
    let options = Options { sent_recorded_max: 0, queued_max: 1_000_000, lanes: 8, ..Options::default() };
    start_on(store, conversation_idle, options).await
}

/// The same on a network with these options.
pub(crate) async fn start_on(store: Arc<dyn Store>, conversation_idle: Duration, options: Options) -> Bot {
    let (channel, network) = loopback(options);
    let name = AssistantName::new("helper").expect("a valid name");
    let mut policy = ChannelPolicy::new(name.clone());
    policy.allow_from = vec!["*".parse().expect("a valid entry")];
    policy.rates = Rates::UNLIMITED;
    let channel = ChannelPart { name: front(), adapter: "loopback".to_owned(), channel, policy };
    let echo = Arc::new(Echo::new(""));
    let assistant = AssistantPart { name, assistant: echo, turns_max: 4_096, timeout: Duration::from_secs(60) };
    let parts = Parts {
        store,
        channels: vec![channel],
        assistants: vec![assistant],
        transcriber: transcribers::hears("hello"),
        voice_encoder: Arc::new(greenroom::transcription::Opus),
        voice_workers: 1,
        clock: Clock::System,
        services: Vec::new(),
        conversation_idle,
        session_limits: greenroom_engine::SessionLimits::default(),
        identity: None,
    };
    let handle = greenroom_engine::start(parts).await.expect("the engine starts");
    network.connected("main").await;
    Bot { handle, network }
}

/// The name of the channel.
pub(crate) fn front() -> ChannelName {
    ChannelName::new("front").expect("a valid name")
}

/// Prints one row.
pub(crate) fn row(what: &str, engine: &str, figure: &str) {
    println!("| {what} | {engine} | {figure} |");
}

/// The name of an engine.
pub(crate) fn name(engine: EngineKind) -> String {
    format!("{engine:?}").to_lowercase()
}

/// The middle value.
pub(crate) fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    values[values.len() / 2]
}

/// The phone number of the n-th person.
pub(crate) fn person(number: u64) -> String {
    format!("+1555{number:09}")
}
