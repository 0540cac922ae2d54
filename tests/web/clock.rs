//! The clock of the bot is moved by days while that of the network goes on: nobody waits for it, nothing comes twice, and
//! the connection stays.

use super::{PATIENCE, Setup, World, hears, times, to_bot};
use crate::support::moved::moved;
use greenroom_simulator_whatsapp_web::Options;
use std::time::Duration;

const ROUNDS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_by_days_silences_no_one() {
    let (clock, mut jumps) = moved();
    let world = World::with(Options::default(), Setup { clock, ..Setup::usual() }).await;
    let ben = world.whatsapp.phone("15550000077", "Ben").await.unwrap();
    for round in 0..ROUNDS {
        // The first three in order, so that each is there whatever the seed.
        if round < 3 {
            jumps.to([1, -1, 0][round]);
        } else {
            jumps.jump();
        }
        let person = if round % 2 == 0 { &world.ana } else { &ben };
        let words = format!("message {round}");
        person.say(&to_bot(), &words).await.unwrap();
        hears(person, &words).await;
    }
    jumps.to(1);
    let handle = world.bot.running.handle();
    let warned = async {
        while !handle.health().await.warnings.iter().any(|warning| warning.what.contains("clock was set")) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, warned).await.expect("the owner is told");
    world.bot.settled().await;
    for round in 0..ROUNDS {
        let person = if round % 2 == 0 { &world.ana } else { &ben };
        assert_eq!(times(person, &format!("message {round}")), 1, "each once");
    }
    let account = handle.health().await.accounts.remove(0);
    assert_eq!((account.status.word(), account.connections), ("connected", 1), "{account:?}");
    world.well_behaved();
}
