//! What a conversation costs while it is in memory, and what is left of it afterwards.
//!
//! Two child processes do the same work; in one the conversations stay in memory, in the other they
//! leave it a few hundred at a time. The difference of their resident memory belongs to the conversations.

use crate::setup::{person, row, runtime, start};
use greenroom_channel_loopback::said;
use std::time::Duration;

const CONVERSATIONS: u64 = 20_000;
const CHUNK: u64 = 500;

pub(crate) fn idle_conversations() {
    let (kept, left) = (measure("kept"), measure("left"));
    let each = (kept.0 as f64 - left.0 as f64) / CONVERSATIONS as f64;
    row("memory of an idle conversation", "memory", &format!("{each:.1} KiB"));
    row("conversations in memory after the idle time", "memory", &format!("{} (of {})", left.1, kept.1));
}

fn measure(part: &str) -> (u64, u64) {
    let program = std::env::current_exe().expect("this program has a path");
    let output =
        std::process::Command::new(program).env("GREENROOM_BENCH_MEMORY", part).output().expect("a child process runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().filter_map(|word| word.parse().ok());
    (numbers.next().expect("resident memory"), numbers.next().expect("conversations"))
}

/// The work of one child: prints its resident memory in KiB and the conversations in memory.
pub(crate) fn child(part: &str) {
    let idle = if part == "left" { Duration::from_millis(40) } else { Duration::from_secs(600) };
    runtime().block_on(async {
        let bot = start(greenroom_store::memory(), idle).await;
        for number in 0..CONVERSATIONS {
            bot.network.deliver("main", said::text(&person(number), "hello")).await;
            if number % CHUNK == CHUNK - 1 {
                bot.network.sent_count_reached(number + 1).await;
                // What left memory must not have been there all at once, or it would still be counted.
                while part == "left" && bot.handle.health().await.conversations_active > 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
        bot.network.sent_count_reached(CONVERSATIONS).await;
        bot.handle.settled().await;
        let active = bot.handle.health().await.conversations_active;
        println!("{} {active}", resident_kib());
    });
}

/// Resident memory of this process in KiB, as Linux tells it.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}
