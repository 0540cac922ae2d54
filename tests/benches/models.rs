//! Benchmarks of a bot that thinks: `cargo bench --bench models [-- NAME…]`.
//!
//! | name | measures |
//! |---|---|
//! | `turn` | what the runtime adds to the time of a model: 50 people, each of whom always waits for an answer |
//! | `waiting` | 200 turns that wait for one slow model: memory, and how long another assistant takes meanwhile |
//!
//! The scripted model server is a process of its own. What it takes by itself is measured in the same run, by bare requests
//! with the bytes that the bot sends. Nothing here is a test: a slow machine fails nothing.

#[path = "models/bot.rs"]
mod bot;
#[path = "models/server.rs"]
mod server;
#[path = "models/turn.rs"]
mod turn;
#[path = "models/waiting.rs"]
mod waiting;

use std::time::Duration;

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if std::env::var_os(server::CHILD).is_some() {
        return server::child();
    }
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        println!("| what | wanted | figure |\n|---|---|---|");
        if wanted("turn") {
            turn::added().await;
        }
        if wanted("waiting") {
            waiting::for_a_slow_model().await;
        }
    });
}

/// Prints one row.
fn row(what: &str, wanted: &str, figure: &str) {
    println!("| {what} | {wanted} | {figure} |");
}

/// Durations, sorted.
struct Sorted(Vec<Duration>);

impl Sorted {
    fn new(mut values: Vec<Duration>) -> Self {
        values.sort_unstable();
        Self(values)
    }

    /// The one that this share of them does not exceed, in milliseconds.
    fn at(&self, share: f64) -> f64 {
        let place = (self.0.len() as f64 * share) as usize;
        let found = self.0.get(place.min(self.0.len().saturating_sub(1)));
        found.copied().unwrap_or_default().as_secs_f64() * 1000.0
    }
}
