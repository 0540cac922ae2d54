//! What a plugin costs: `cargo bench -p greenroom-plugins`, after `plugins/build` and, for Python, `plugins/build python`.
//! One language: `cargo bench -p greenroom-plugins -- JavaScript`.
//!
//! Prints a table for BENCHMARKS.md. Nothing here is a test: a slow machine fails nothing. What takes turns with others on the
//! same processors is measured several times, and the best counts.

use async_trait::async_trait;
use greenroom_conformance::turn;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn};
use greenroom_contract::ids::{ConversationId, TurnId};
use greenroom_plugins::Plugin;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TURNS: usize = 1_000;
const CONVERSATIONS: u64 = 1_000;
/// How often what others on the machine disturb is measured.
const ROUNDS: usize = 5;
const GUESTS: [(&str, &str); 3] =
    [("Rust", "hostile.wasm"), ("JavaScript", "hostile-js.wasm"), ("Python", "captioner.wasm")];

/// The argument of a process that measures an idle plugin.
const IDLE: &str = "--idle";

/// The same as the guests do, without a sandbox.
struct Native;

#[async_trait]
impl Assistant for Native {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        Ok(Answer::text(turn.text()))
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if let [word, plugin, plugins] = arguments.as_slice()
            && word == IDLE
        {
            return idle(plugin, plugins).await;
        }
        println!("| what | language | figure |\n|---|---|---|");
        let native = median(&(Arc::new(Native) as Arc<dyn Assistant>)).await;
        println!("| a turn, native trait call, p50 | - | {native:.1?} |");
        let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
        for (language, file) in GUESTS {
            if !wanted.is_empty() && !wanted.iter().any(|one| *one == language) {
                continue;
            }
            let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins").join(file);
            if component.is_file() {
                measured(language, &component, native).await;
            }
        }
    });
}

async fn measured(language: &str, component: &Path, native: Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    let plugins = folder.path().join("kept");
    let plugin = plugin(folder.path(), component);
    let (began, computed) = (Instant::now(), processor_time());
    let load = || Plugin::in_folder(plugin.clone(), plugins.clone()).load();
    let first: Arc<dyn Assistant> = load().await.expect("it is compiled");
    let computed = processor_time().saturating_sub(computed);
    println!(
        "| compiled and loaded for the first time | {language} | {:.2?}, {computed:.2?} of processors |",
        began.elapsed()
    );
    drop(first);
    let began = Instant::now();
    let loaded: Arc<dyn Assistant> = load().await.expect("it is loaded");
    println!("| loaded from what was compiled | {language} | {:.2?} |", began.elapsed());
    let _ = loaded.respond(turn("hello").build()).await.expect("an answer");
    println!("| idle, resident | {language} | {} |", idle_elsewhere(&plugin, &plugins));
    let (mut above, mut most) = (Duration::MAX, 0.0_f64);
    for _ in 0..ROUNDS {
        above = above.min(median(&loaded).await.saturating_sub(native));
        most = most.max(throughput(&loaded).await);
    }
    println!("| a whole turn above the native call, p50 | {language} | {above:.1?} |");
    println!("| {CONVERSATIONS} conversations, 2 cores | {language} | {most:.0} turns/s |");
}

fn plugin(folder: &Path, component: &Path) -> PathBuf {
    let head = "[plugin]\nname = \"bench\"\nversion = \"1\"\napi = \"0.1\"\nabout = \"a guest\"\ncomponent = \"guest.wasm\"\n\
                [limits]\nown_ms = 10000\nmemory_mb = 128\n[uses]\n";
    let plugin = folder.join("plugin");
    std::fs::create_dir_all(&plugin).expect("a folder");
    std::fs::write(plugin.join("plugin.toml"), head).expect("a manifest");
    std::fs::copy(component, plugin.join("guest.wasm")).expect("a component");
    plugin
}

async fn median(assistant: &Arc<dyn Assistant>) -> Duration {
    let mut took = Vec::with_capacity(TURNS);
    for _ in 0..TURNS {
        let turn = turn("hello there").build();
        let began = Instant::now();
        assistant.respond(turn).await.expect("an answer");
        took.push(began.elapsed());
    }
    took.sort_unstable();
    took[TURNS / 2]
}

/// Each conversation has five turns, one behind the other.
async fn throughput(assistant: &Arc<dyn Assistant>) -> f64 {
    const EACH: u64 = 5;
    let began = Instant::now();
    let all: Vec<_> = (0..CONVERSATIONS)
        .map(|number| {
            let assistant = Arc::clone(assistant);
            tokio::spawn(async move {
                for _ in 0..EACH {
                    let mut turn = turn("hello there").build();
                    (turn.id, turn.conversation) = (TurnId(number), ConversationId(number));
                    assistant.respond(turn).await.expect("an answer");
                }
            })
        })
        .collect();
    for one in all {
        one.await.expect("all are answered");
    }
    (CONVERSATIONS * EACH) as f64 / began.elapsed().as_secs_f64()
}

/// Asks a process of its own what an idle plugin takes, where nothing is left of compiling it.
fn idle_elsewhere(plugin: &Path, plugins: &Path) -> String {
    let program = std::env::current_exe().expect("this program");
    let told = std::process::Command::new(program).arg(IDLE).args([plugin, plugins]).output().expect("it runs");
    String::from_utf8_lossy(&told.stdout).trim().to_owned()
}

/// What a further plugin takes that answered once: the engine is there, and what is compiled is only loaded.
async fn idle(plugin: &str, plugins: &str) {
    let first = answered_once(Path::new(plugin), plugins).await;
    let further = Path::new(plugin).with_file_name("further");
    std::fs::create_dir_all(&further).expect("a folder");
    // Another manifest is another version, which shares nothing with the first.
    let manifest = std::fs::read_to_string(Path::new(plugin).join("plugin.toml")).expect("it was written");
    std::fs::write(further.join("plugin.toml"), format!("# further\n{manifest}")).expect("it can be written");
    std::fs::copy(Path::new(plugin).join("guest.wasm"), further.join("guest.wasm")).expect("it can be copied");
    let before = resident();
    let further = answered_once(&further, plugins).await;
    println!("{:.1} MB", resident().saturating_sub(before) as f64 / 1e6);
    drop((first, further));
}

async fn answered_once(plugin: &Path, plugins: &str) -> Arc<Plugin> {
    let loaded = Plugin::in_folder(plugin, plugins).load().await.expect("it is loaded");
    let _ = loaded.respond(turn("hello").build()).await.expect("an answer");
    loaded
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).unwrap_or(0) * 1024
}

/// How long the processors have computed for this process, all threads together, in steps of 10 ms.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}
