//! Turns that wait for one slow model.

use crate::bot::{Bot, ECHOES, Person, THINKS};
use crate::server::{SLOW_SECONDS, Server};
use crate::{Sorted, row};
use std::time::Duration;

/// How many turns wait.
const WAITING: u64 = 200;
/// Messages to the other assistant, before and meanwhile.
const ECHOED: usize = 1_000;

pub(crate) async fn for_a_slow_model() {
    let server = Server::start();
    let bot = Bot::start(&server.base, &server.key).await;
    let mut people: Vec<Person> = (0..WAITING).map(|at| bot.person(THINKS, at)).collect();
    let mut other = bot.person(ECHOES, 900);
    // The connections, the store's cache and the conversations of all of them are there before it is measured.
    for chunk in people.chunks_mut(20) {
        futures::future::join_all(chunk.iter_mut().map(|person| person.says("Hello!"))).await;
    }
    echoed(&mut other).await;
    let (before, kib) = (echoed(&mut other).await, resident_kib());
    let waiting: Vec<_> = people
        .into_iter()
        .map(|mut person| tokio::spawn(async move { person.says("Tell me slowly about the hotel.").await }))
        .collect();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut most = resident_kib();
    let meanwhile = echoed(&mut other).await;
    most = most.max(resident_kib());
    let early = waiting.iter().filter(|turn| turn.is_finished()).count();
    let mut answered = 0;
    for turn in waiting {
        let took = turn.await.expect("a person does not panic");
        answered += u32::from(took >= Duration::from_secs(SLOW_SECONDS));
    }
    let after = echoed(&mut other).await;
    let grown = (most as f64 - kib as f64) / 1024.0;
    row("200 turns that wait for one slow model: memory", "≤ 64 MiB", &format!("{grown:.1} MiB"));
    let ratio = |share| meanwhile.at(share) / before.at(share);
    let figure = format!("{:.2} × at p50, {:.2} × at p99", ratio(0.5), ratio(0.99));
    row("an echo meanwhile, against before", "unchanged", &figure);
    let both = |which: &Sorted| format!("{:.2} / {:.2}", which.at(0.5), which.at(0.99));
    let figure = format!("{} before, {} meanwhile, {} after", both(&before), both(&meanwhile), both(&after));
    row("the same in ms, p50 / p99", "", &figure);
    row("answers of the slow model", "200", &format!("{answered}, {early} of them too early"));
}

async fn echoed(person: &mut Person) -> Sorted {
    let mut took = Vec::with_capacity(ECHOED);
    for _ in 0..ECHOED {
        took.push(person.says("hello").await);
    }
    Sorted::new(took)
}

/// Resident memory of this process in KiB, as Linux tells it.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}
