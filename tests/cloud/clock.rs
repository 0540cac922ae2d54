//! The clock of the bot is moved by days while that of the network goes on: nobody waits for it, and nothing comes twice.

use super::{PATIENCE, pair_with, quick};
use crate::support::moved::moved;
use std::time::Duration;

/// Each clock is seen by messages that wait, are answered, and come new.
const ROUNDS: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_by_days_silences_no_one() {
    let (clock, mut jumps) = moved();
    let (meta, bot, _folder) = pair_with(quick(), |mut setup| {
        setup.clock = clock;
        setup
    })
    .await;
    for round in 0..ROUNDS {
        // The first three in order, so that each is there whatever the seed.
        if round < 3 {
            jumps.to([1, -1, 0][round]);
        } else {
            jumps.jump();
        }
        let person = meta.person(&format!("+1202555{round:04}"));
        let words = format!("message {round}");
        let message = person.says(&words).await;
        let received = person.received_within(PATIENCE).await;
        let Some(received) = received else { panic!("round {round}: {}", bot.why(&message).await) };
        assert_eq!(received.text(), words);
    }
    jumps.to(1);
    let warned = async {
        while !bot.running.handle().health().await.warnings.iter().any(|warning| warning.what.contains("clock was set"))
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, warned).await.expect("the owner is told");
    bot.settled().await;
    let total: u64 = (0..ROUNDS).map(|of| meta.person(&format!("+1202555{of:04}")).received_total()).sum();
    assert_eq!(total, ROUNDS as u64, "each once");
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}
