//! Benchmarks of the engine over the loopback network: `cargo bench --bench engine [-- NAME…]`.
//!
//! Each prints a table for BENCHMARKS.md. Ratios are taken within one run, because machines and their
//! load differ. Nothing here is a test: a slow machine fails nothing.

mod backlog;
mod latency;
mod markdown;
mod memory;
mod setup;
mod throughput;

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    if let Some(part) = std::env::var_os("GREENROOM_BENCH_MEMORY") {
        return memory::child(&part.to_string_lossy());
    }
    println!("| what | engine | figure |\n|---|---|---|");
    for engine in setup::ENGINES {
        if wanted("throughput") {
            throughput::messages(engine);
        }
        if wanted("growth") {
            throughput::growth(engine);
        }
        if wanted("latency") {
            latency::idle(engine);
        }
        if wanted("backlog") {
            backlog::start(engine);
        }
    }
    if wanted("markdown") {
        markdown::rendering();
    }
    if wanted("memory") {
        memory::idle_conversations();
    }
}
