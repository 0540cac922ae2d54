//! Benchmarks over WhatsApp Web: `cargo bench --features simulator --bench web [-- NAME…]`, with `--profile release` as it
//! is shipped.
//!
//! | name | measures |
//! |---|---|
//! | `echo` | 200 people write to one account at once and wait for each answer: messages a second, processor time, memory |
//! | `idle` | memory for each further linked account that nobody writes to |
//! | `start` | from the start of the process until 20 linked accounts are connected |
//!
//! Each bot is a process of its own and is linked to the same simulated server, to which the same people write:
//! ours on both engines of the store, and Baileys (node) with its keys in memory and in files. Both do the same work for each message: receive,
//! decrypt, answer with the same text, encrypt for the person's phone and for the own one. Ours is durable in between;
//! Baileys with keys in memory is not. Nothing here is a test: a slow machine fails nothing.

#[path = "../simulators/whatsapp-web/tests/support/mod.rs"]
mod support;

#[path = "web/baileys.rs"]
mod baileys;
#[path = "web/crowd.rs"]
mod crowd;
#[path = "web/ours.rs"]
mod ours;
#[path = "web/process.rs"]
mod process;

use crowd::{Crowd, Outcome};
use greenroom_simulator_whatsapp_web::{Options, Simulator};
use std::time::Duration;

/// The bot's phone number.
const BOT: &str = "15550000001";
/// How many people write at once.
const PEOPLE: usize = 200;
/// Messages that each of them writes, after one that is not counted.
const EACH: usize = 20;
const ACCOUNTS: usize = 20;
/// The default engine of the store.
const ENGINE: &str = "sled";

fn main() {
    if let Some(options) = std::env::var_os("GREENROOM_BENCH_BOT") {
        return ours::child(&options.to_string_lossy());
    }
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        println!("| what | system | figure |\n|---|---|---|");
        if wanted("echo") {
            echo().await;
        }
        if wanted("idle") {
            idle().await;
        }
        if wanted("start") {
            start().await;
        }
    });
}

fn row(what: &str, system: &str, figure: &str) {
    println!("| {what} | {system} | {figure} |");
}

/// A bot that answers every text with itself.
trait Bot {
    fn name(&self) -> &'static str;
    /// Its process.
    fn pid(&self) -> u32;
}

async fn simulator() -> Simulator {
    // The log of stanzas would be most of the simulator's memory and a part of its work.
    let options = Options { traffic_max: 0, ..Options::default() };
    Simulator::start(options).await.expect("the simulator starts")
}

async fn echo() {
    for engine in ["sled", "fjall"] {
        let simulator = simulator().await;
        measure(&simulator, &ours::Ours::start(&simulator, &[BOT], engine).await).await;
    }
    if let Some(missing) = support::baileys::missing() {
        return row("200 people at once", "Baileys", &format!("not measured: {missing}"));
    }
    for files in [false, true] {
        let simulator = simulator().await;
        measure(&simulator, &baileys::Peer::start(&simulator, files).await).await;
    }
}

async fn measure(simulator: &Simulator, bot: &impl Bot) {
    let crowd = Crowd::gather(simulator, PEOPLE).await;
    // The first message of each person makes the session, which is not what is measured.
    let first = crowd.talk(BOT, 1).await;
    let before = process::usage(bot.pid());
    let steady = crowd.talk(BOT, EACH).await;
    let after = process::usage(bot.pid());
    let what = format!("{PEOPLE} people at once, {EACH} messages each");
    row("first message of 200 people", bot.name(), &figure(&first));
    row(&what, bot.name(), &figure(&steady));
    let millis =
        after.processor.saturating_sub(before.processor).as_secs_f64() * 1000.0 / steady.answered.max(1) as f64;
    row(
        &what,
        bot.name(),
        &format!("{millis:.2} ms of processor time a message, {} MiB resident", after.resident_mib()),
    );
    let violations = simulator.violations();
    if !violations.is_empty() {
        row(
            "refused by the simulator",
            bot.name(),
            &format!("{} times; the first: {:?}", violations.len(), violations[0]),
        );
    }
}

fn figure(outcome: &Outcome) -> String {
    let Outcome { answered, lost, took, .. } = outcome;
    let rate = *answered as f64 / took.as_secs_f64();
    let (median, late) = (millis(outcome.at(0.5)), millis(outcome.at(0.99)));
    format!("{rate:.0} /s, answer p50 {median:.0} ms, p99 {late:.0} ms, {lost} without an answer")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The number of the account at this place.
fn number(at: usize) -> String {
    format!("1555000{at:04}")
}

async fn idle() {
    let simulator = simulator().await;
    let one = ours::Ours::start(&simulator, &[BOT], ENGINE).await;
    let alone = process::usage(one.pid()).resident_kib;
    drop(one);
    let numbers: Vec<String> = (0..ACCOUNTS).map(number).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let many = ours::Ours::start(&simulator, &numbers, ENGINE).await;
    let all = process::usage(many.pid()).resident_kib;
    let each = (all.saturating_sub(alone)) as f64 / 1024.0 / (ACCOUNTS - 1) as f64;
    let figure = format!("{each:.1} MiB each ({} MiB with one, {} with {ACCOUNTS})", alone / 1024, all / 1024);
    row("memory of a further idle linked account", many.name(), &figure);
}

async fn start() {
    let simulator = simulator().await;
    let numbers: Vec<String> = (0..ACCOUNTS).map(number).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut linked = ours::Ours::start(&simulator, &numbers, ENGINE).await;
    let took = linked.restart(&simulator, &numbers).await;
    row("start to connected, 20 linked accounts", "greenroom", &format!("{:.2} s", took.as_secs_f64()));
}
