//! Benchmarks over WhatsApp's Cloud API: `cargo bench --bench cloud [-- NAME…]`.
//!
//! | name | measures |
//! |---|---|
//! | `webhook` | signed posts that are answered 200 once they are durable, over 64 connections |
//! | `pywa` | the same load on pywa (FastAPI, uvicorn, uvloop, SQLite with synchronous=FULL); needs python3 |
//! | `loop` | post, echo, Graph call against the simulator, with pacing lifted |
//! | `statuses` | the same, and `sent`, `delivered` and `read` are posted for every answer; on both engines |
//! | `api` | `GET /api/v1/sessions` with a signed token |
//! | `streams` | memory of a thousand open streams of events, and what they do to signed posts |
//! | `memory` | resident memory while many people write |
//!
//! The bot is a process of its own. Nothing here is a test: a slow machine fails nothing.

#[path = "cloud/api.rs"]
mod api;
#[path = "cloud/bot.rs"]
mod bot;
#[path = "cloud/load.rs"]
mod load;

use bot::Process;
use greenroom_simulator_whatsapp_cloud::{Number, Rates, Settings, Simulator, Statuses};
use greenroom_store::EngineKind;
use std::time::{Duration, Instant};

/// Messages of the webhook benchmark.
const POSTS: u64 = 60_000;
/// The same for pywa, which takes as long for fewer.
const POSTS_PYWA: u64 = 6_000;
const LOOP_MESSAGES: u64 = 20_000;
const MEMORY_MESSAGES: u64 = 200_000;

fn main() {
    if let Some(options) = std::env::var_os("GREENROOM_BENCH_BOT") {
        return bot::child(&options.to_string_lossy());
    }
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        println!("| what | system | figure |\n|---|---|---|");
        if wanted("webhook") {
            webhook().await;
        }
        if wanted("pywa") {
            pywa().await;
        }
        if wanted("loop") {
            full_loop().await;
        }
        if wanted("statuses") {
            for engine in [EngineKind::Sled, EngineKind::Fjall] {
                with_statuses(engine).await;
            }
        }
        if wanted("api") {
            let meta = Simulator::start_with(settings()).await;
            api::questions(&Process::start(&meta, "silent", EngineKind::Sled)).await;
        }
        if wanted("streams") {
            let meta = Simulator::start_with(settings()).await;
            api::streams(&Process::start(&meta, "silent", EngineKind::Sled)).await;
        }
        if wanted("memory") {
            memory().await;
        }
    });
}

fn row(what: &str, system: &str, figure: &str) {
    println!("| {what} | {system} | {figure} |");
}

fn settings() -> Settings {
    // Meta's throughput and the pair rate would be what is measured otherwise.
    Settings { rates: Rates::Lifted, statuses: Statuses::None, remembered_max: 1, ..Settings::default() }
}

async fn webhook() {
    let meta = Simulator::start_with(settings()).await;
    let bot = Process::start(&meta, "silent", EngineKind::Sled);
    load::row(&bot.url, "greenroom", POSTS).await;
}

async fn pywa() {
    match bot::Pywa::start() {
        Ok(peer) => load::row(&peer.url, "pywa", POSTS_PYWA).await,
        Err(reason) => row("signed webhooks", "pywa", &format!("not measured: {reason}")),
    }
}

async fn full_loop() {
    let meta = Simulator::start_with(settings()).await;
    let bot = Process::start(&meta, "echo", EngineKind::Sled);
    meta.point_at(&bot.url);
    talk(&meta, 0, 2_000, 2_000).await;
    let rate = talk(&meta, 2_000, LOOP_MESSAGES, 2_000).await;
    row("post, echo, Graph call", "greenroom", &format!("{rate:.0} /s"));
    let refused = meta.counters().refused;
    if !refused.is_empty() {
        row("refused by the simulator", "greenroom", &format!("{refused:?}"));
    }
}

/// What a real network does: three posts tell what became of each answer.
async fn with_statuses(engine: EngineKind) {
    let meta = Simulator::start_with(Settings { statuses: Statuses::All, ..settings() }).await;
    let bot = Process::start(&meta, "echo", engine);
    meta.point_at(&bot.url);
    talk(&meta, 0, 2_000, 2_000).await;
    let rate = talk(&meta, 2_000, LOOP_MESSAGES, 2_000).await;
    let figure = format!("{rate:.0} /s");
    row("post, echo, Graph call, three statuses", &format!("greenroom on {}", engine.name()), &figure);
}

async fn memory() {
    let people = MEMORY_MESSAGES / 10;
    let meta = Simulator::start_with(settings()).await;
    let bot = Process::start(&meta, "echo", EngineKind::Sled);
    meta.point_at(&bot.url);
    let step = MEMORY_MESSAGES / 10;
    let mut samples = Vec::new();
    for done in 0..10 {
        talk(&meta, done * step, step, people).await;
        samples.push(bot.resident_kib());
    }
    // The first half warms up: every person is known, and the engine's cache has filled.
    let (half, end) = (samples[4], samples[9]);
    let growth = 100.0 * (end as f64 - half as f64) / half as f64;
    let samples: Vec<String> = samples.iter().map(|kib| (kib / 1024).to_string()).collect();
    let figure = format!("{growth:+.1} % from half to end; MiB after each {step}: {}", samples.join(" "));
    row(&format!("memory, {MEMORY_MESSAGES} messages from {people} people"), "greenroom", &figure);
}

/// Lets people write until all are answered; says how many messages a second that were.
async fn talk(meta: &Simulator, done: u64, messages: u64, people: u64) -> f64 {
    const AHEAD: u64 = 512;
    let posts = match meta.settings().statuses {
        Statuses::All => 4,
        _ => 1,
    };
    let started = Instant::now();
    for number in 0..messages {
        // A prime step visits the people in a scattered order.
        let person = meta.person(&format!("+1666{:07}", (number * 7_919) % people));
        person.says("hello there").soon();
        if number % 64 == 63 {
            let wanted = (done + number).saturating_sub(AHEAD);
            meta.until(Duration::from_secs(60), |counters| counters.taken >= wanted).await;
        }
    }
    let wanted = done + messages;
    let all = meta
        .until(Duration::from_secs(120), |counters| counters.taken >= wanted && counters.acknowledged >= wanted * posts)
        .await;
    if !all {
        row("messages that were never answered", "greenroom", &format!("{:?}", meta.counters()));
    }
    messages as f64 / started.elapsed().as_secs_f64()
}

/// The number that posts are for.
fn number() -> String {
    Number::default().id
}
