//! The bot and its peer, each a process of its own.

use super::number;
use greenroom::Runtime;
use greenroom_assistant_echo::Echo;
use greenroom_channel_whatsapp_cloud::CloudChannel;
use greenroom_channel_whatsapp_cloud::config::{Config, Pacing};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator};
use greenroom_store::{EngineKind, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What signs tokens for its API.
pub(crate) const SECRET: &str = "a-secret-of-the-benchmark-0123456789";
/// The variable that hands it over.
const SECRET_VARIABLE: &str = "BENCH_AUTH_SECRET";

/// A bot that admits everybody.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    _folder: TempDir,
}

impl Process {
    /// `assistant` is `echo` or `silent`.
    pub(crate) fn start(meta: &Simulator, assistant: &str, engine: EngineKind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = format!("{}\n{}\n{assistant}\n{}", meta.graph_url(), folder.path().display(), engine.name());
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command
            .env("GREENROOM_BENCH_BOT", options)
            .env(SECRET_VARIABLE, SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("a child process runs");
        let url = first_line(&mut child);
        Self { child, url, _folder: folder }
    }

    /// Resident memory in KiB, as Linux tells it.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let read = BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line);
    read.expect("the child says where it listens");
    line.trim().to_owned()
}

/// The work of the bot's process.
pub(crate) fn child(options: &str) {
    let mut lines = options.lines();
    let mut next = || lines.next().expect("written by the parent").to_owned();
    let (graph_url, folder, assistant) = (next(), next(), next());
    let engine = if next() == EngineKind::Fjall.name() { EngineKind::Fjall } else { EngineKind::Sled };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(live(graph_url, Path::new(&folder), &assistant, engine));
}

async fn live(graph_url: String, folder: &Path, assistant: &str, engine: EngineKind) {
    let settings = Settings::default();
    let secret = |text: &str| Secret::new(text);
    let (token, app, verify) =
        (secret(&settings.access_token), secret(&settings.app_secret), secret(&settings.verify_token));
    let config = Config { graph_url, pacing: Pacing::Off, ..Config::new(&number(), token, app, verify) };
    let parts = ChannelParts { name: id("whatsapp"), names: Vec::new(), clock: Clock::System };
    let channel = Arc::new(CloudChannel::new(config, &parts).expect("a sound configuration"));
    let policy =
        ChannelPolicy { allow_from: vec![id("*")], rates: Rates::UNLIMITED, ..ChannelPolicy::new(id("helper")) };
    let assistant: Arc<dyn Assistant> =
        if assistant == "silent" { assistants::silent() } else { Arc::new(Echo::default()) };
    let store = greenroom_store::open(OpenOptions { engine, ..OpenOptions::at(folder) }).expect("the store opens");
    // A thousand streams and the posts of a network need files.
    let _ = rlimit::increase_nofile_limit(8 * 1_024);
    let running = Runtime::builder()
        .config(format!("[gateway]\nauth_secret = {{ env = \"{SECRET_VARIABLE}\" }}\n"))
        .assistant("helper", assistant)
        .channel("whatsapp", channel, policy)
        .gateway("127.0.0.1:0".parse().expect("an address"))
        .store(store)
        .build()
        .expect("sound")
        .start()
        .await
        .expect("it starts");
    // The network is asked for the number first; until then posts would be put off.
    while running.handle().health().await.accounts.iter().any(|account| account.connections == 0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("http://{}/api/channels/whatsapp", running.gateway_address().expect("it has a gateway"));
    let _ = running.ended().await;
}

/// pywa behind uvicorn, as `tests/benches/pywa/serve` starts it.
pub(crate) struct Pywa {
    child: Child,
    pub(crate) url: String,
    _folder: TempDir,
}

impl Pywa {
    pub(crate) fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/benches/pywa/serve");
        let settings = Settings::default();
        let mut command = Command::new(script);
        command.env("PYWA_APP_SECRET", settings.app_secret).env("PYWA_VERIFY_TOKEN", settings.verify_token);
        command.env("PYWA_DATABASE", folder.path().join("messages.sqlite")).env("PYWA_PHONE_ID", number());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let url = first_line(&mut child);
        let peer = Self { child, url, _folder: folder };
        let address = peer.url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let started = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                return Err(format!("it does not listen on {address:?}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(peer)
    }
}

impl Drop for Pywa {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
